"""What a street costs in a month in which nobody reports anything, from its template, by AWS's list prices."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from benchmarks.row import Row
from infra import costs
from infra.package.build import Built

REGION, MOST_USD = "us-east-1", 2.0


def row(built: Built) -> Row:
    """The dashboard, which is off by default, is not in it; free tiers are not taken off."""
    template = json.loads(built.template.read_text("utf-8"))
    metered = tomllib.loads((Path(costs.__file__).parent / "metered.toml").read_text("utf-8"))
    total = sum(line.money for line in costs.idle(template, costs.prices(REGION), metered))
    return Row("idle street, a month", total, MOST_USD, 1, unit="USD", key="idle")
