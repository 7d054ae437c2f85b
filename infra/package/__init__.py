"""`make package`: from a street file to what AWS takes: `build/<street>/package.zip` and `template.json`.

- `wheels`    fetches the dependencies' wheels for Lambda's platform, once.
- `prune`     says which of their files ship.
- `sdk`       trims the SDK's own data, which every cold start parses.
- `bytecode`  compiles what ships, so that no start has to.
- `project`   makes a throw-away Chalice project and reads what Chalice's packager says about the app.
- `archive`   writes the zip: the same bytes from the same sources.
- `common`    does all that is the same for every street, once in a run.
- `build`     adds a street to it.
- `many`      builds several streets in one run.
"""
