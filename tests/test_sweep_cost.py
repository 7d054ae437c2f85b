"""What a sweep reads follows what is due, not what is open: read units by AWS's own formula, on the engine."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.usecases import sweeping
from infra.say import say
from tests.sweep_cases import BUDGET_S, MINUTE, Many, Story, told
from tests.world import World

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

DUE = 10


class Units:
    """Read units by AWS's own formula, from what came back: 4 kB each, half for reads that need not be consistent."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.units = 0.0
        self.reported = 0.0

    def ask(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def take(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        if model.name not in {"Query", "GetItem", "Scan", "BatchGetItem"}:
            return
        self.calls[model.name] += 1
        self.reported += float(parsed.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0))
        items = parsed.get("Items", [parsed["Item"]] if "Item" in parsed else [])
        # Nothing was read and then thrown away.
        assert parsed.get("ScannedCount", len(items)) == len(items)
        read = max(1, math.ceil(sum(map(size_of, items)) / 4096))
        self.units += read * (0.5 if model.name == "Query" else 1.0)


def size_of(item: dict[str, Any]) -> int:
    """As DynamoDB counts an item: names and values, texts in UTF-8."""
    return sum(len(name) + len(next(iter(value.values()))) for name, value in item.items())


def swept_units(world: World) -> tuple[Units, sweeping.Swept]:
    from chalicelib import wiring

    events = wiring.house().aws.client("dynamodb").meta.events
    units = Units()
    events.register("provide-client-params.dynamodb", units.ask)
    events.register("after-call.dynamodb", units.take)
    try:
        return units, sweeping.sweep(world.context, lambda: BUDGET_S)
    finally:
        events.unregister("provide-client-params.dynamodb", units.ask)
        events.unregister("after-call.dynamodb", units.take)


def test_a_sweep_of_ten_due_reads_as_much_among_a_hundred_open_as_among_five_thousand(
    engine_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world = engine_world
    told(world)
    many = Many(world)
    figures: dict[int, tuple[float, float, Counter[str]]] = {}
    written = 0
    for opened in (100, 1_000, 5_000):
        now = world.clock.instant
        many.write([Story("zone", now, accepted=True)] * (opened - written))
        written = opened
        many.write([Story("zone", now - timedelta(days=7), swept_to=now - MINUTE)] * DUE)
        units, swept = swept_units(world)
        assert (swept.cases, swept.steps, swept.failed) == (DUE, DUE, 0)
        figures[opened] = units.units, units.reported, units.calls
    with capsys.disabled():
        say()
        for opened, (units_read, reported, calls) in figures.items():
            shown = f"{units_read:g} read units in {calls['Query']} queries and {calls['GetItem']} gets"
            say(f"  {DUE} due among {opened} open: {shown} (the engine says {reported:g})")
    assert len({units_read for units_read, _, _ in figures.values()}) == 1
    assert len({tuple(sorted(calls.items())) for _, _, calls in figures.values()}) == 1
