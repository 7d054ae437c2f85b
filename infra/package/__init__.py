"""`make package`: from a street file to what AWS takes: `build/<street>/package.zip` and `template.json`.

- `wheels`    fetches the dependencies' wheels for Lambda's platform, once.
- `prune`     says which of their files ship.
- `sdk`       trims the SDK's own data, which every cold start parses.
- `bytecode`  compiles what ships, so that no start has to.
- `project`   makes a throw-away Chalice project and reads what Chalice's packager says about the app.
- `archive`   writes the zip: the same bytes from the same sources.
- `build`     does all of it in order.
"""
