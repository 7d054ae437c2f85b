"""The figures that costs are computed from are what is metered, and an idle street stays under two dollars a month."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework import calendar
from chalicelib.usecases import sweeping, watching
from infra import costs
from infra.errors import InfraError
from infra.say import say
from tests import packages, wire
from tests.life import lived
from tests.units import Meter, metered
from tests.world import World

METERED: dict[str, Any] = tomllib.loads((Path(costs.__file__).parent / "metered.toml").read_text("utf-8"))


def holds(name: str, meter: Meter, **more: float) -> None:
    """The committed figure is not below what was metered, nor far above it."""
    group, _, part = name.partition(".")
    known = METERED[group][part] if part else METERED[group]
    for what, count in {"read_units": meter.read, "write_units": float(meter.write), **more}.items():
        say(f"{name} {what}: {count:g} metered, {known[what]} counted with")
        assert count <= known[what] <= max(2 * count, count + 5), f"{name} {what}"


def test_idle_functions_ask_for_no_more_than_is_counted_with(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "days_left", lambda *_: 365)
    from chalicelib.usecases import send

    with metered(world) as meter:
        swept = sweeping.sweep(world.context, lambda: 45.0)
        send.sweep(world.context, lambda: 45.0, swept.offices, stepped=swept.stepped)
    holds("idle.Sweep", meter)
    with metered(world) as meter:
        watching.watch(world.context)
    holds("idle.Watch", meter)


def test_a_whole_case_life_costs_no_more_than_is_counted_with(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    worker = world.signed_in("department", "street")
    world.context.keys.mac("phone", "warm")
    with metered(world) as meter, wire.counted() as calls:
        lived(world, clerk, worker)
    kms = sum(call in {"GenerateDataKey", "Decrypt"} for call in calls)
    holds("life", meter, kms=float(kms))


@pytest.mark.parametrize("region", ["us-east-1"])
def test_an_idle_street_costs_less_than_two_dollars_a_month(region: str) -> None:
    template = packages.template("aws-cn" if region.startswith("cn-") else "aws")
    lines = costs.idle(template, costs.prices(region), METERED)
    total = sum(line.money for line in lines)
    say(costs.table(region, lines, costs.thousand(template, costs.prices(region), METERED)))
    assert {line.what for line in lines} >= {"key", "alarms", "functions, time", "tables, reads"}
    assert all(line.money >= 0 for line in lines)
    if region == "us-east-1":
        assert 1.0 < total <= 2.0


def test_every_price_has_its_source_and_the_file_its_day() -> None:
    text = (Path(costs.__file__).parent / "prices.toml").read_text("utf-8")
    assert "As of 20" in text
    assert costs.prices("us-east-1")["source"].startswith("https://")
    with pytest.raises(InfraError, match=r"no prices for cn-north-1; it has us-east-1: add a table \[cn-north-1\]"):
        costs.prices("cn-north-1")


@pytest.mark.parametrize(
    ("expression", "runs"),
    [("rate(1 minute)", 1440), ("rate(2 hours)", 12), ("cron(0/10 9,10 * * ? *)", 12), ("cron(5 1 * * ? *)", 1)],
)
def test_schedules_are_counted_as_they_run(expression: str, runs: float) -> None:
    rule = {"Properties": {"ScheduleExpression": expression, "Targets": [{"Arn": {"Fn::GetAtt": ["Sweep", "Arn"]}}]}}
    assert costs.runs_a_month({"Resources": {"Rule": rule}}) == {"Sweep": pytest.approx(runs * costs.DAYS)}
