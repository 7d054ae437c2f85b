"""How a city and a country of streets run: accounts, quotas, costs. `python -m infra.scale` writes docs/scale.md."""
