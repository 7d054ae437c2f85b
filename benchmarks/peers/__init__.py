"""What others build on, doing the same job as the package or the one write at the bottom of it, for `python -m benchmarks`.

Each module has a Lambda `handler(event, context)`. Laid out with their dependencies (the group `bench` of pyproject.toml) in
a folder of their own and compiled there as the package is; nothing of it is ever in the product's environment.
"""
