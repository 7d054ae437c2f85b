"""The sweep: what it reads while nothing is due, and its CPU for each case that is, among few and among many.

The tables are simulated (`benchmarks.held`), since no machine of a developer's holds a million cases; the application's own code
runs on them, its SDK included, and what the simulation takes is taken off.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.coldstart import environment
from benchmarks.held import Held
from benchmarks.row import Row
from chalicelib import wiring
from chalicelib.casework import decide
from chalicelib.casework.access import unit_of
from chalicelib.casework.case import Case
from chalicelib.casework.folds import fold
from chalicelib.casework.tick import tick
from chalicelib.models.cases import Stored
from chalicelib.settings import Settings
from chalicelib.street import Place, Street, read_places, read_street
from chalicelib.usecases import send, sweeping
from infra.streetfile import compile as streetfile
from tests.world import environment as during

MANY, FEW = 1_000_000, 1_000
MANY_DUE, FEW_DUE = 100_000, 1_000
# What an invocation has, and what a call takes on AWS, network and our own work included: some two thousand cases a minute.
BUDGET_S, CALL_S = 50.0, 0.012
ROUNDS = 2
OUTAGE = timedelta(hours=6)
STORIES = 60
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Both clocks stand still."""

    instant: datetime

    def civil(self) -> datetime:
        return self.instant

    def wall(self) -> datetime:
        return self.instant


def rows(source: Path, many: int = MANY, many_due: int = MANY_DUE) -> list[Row]:
    """`source` is the street's file."""
    logging.getLogger("doorstep").setLevel(logging.WARNING)
    with opened(source) as (street, stories):
        much, little = (idle(Held(stories, street, NOW, opened, 0)) for opened in (many, FEW))
        loud, quiet = _cpu(stories, street, many_due)
    return [
        Row(
            f"sweep, read units, {many:,} open, none due", much, little, 1.0, unit="units", of=f"{FEW:,} open", key="sweep_units"
        ),
        Row(f"sweep, CPU per due case, {many_due:,} due", loud, quiet, 1.2, of=f"{FEW_DUE:,} due", key="sweep_cpu"),
    ]


@contextmanager
def opened(source: Path) -> Iterator[tuple[Street, list[Stored]]]:
    """The street compiled, the application pointed at it, and cases of it on which something is due."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        street_json, places_json = streetfile.write(source, Path(folder))
        environ = {
            **environment("https://held.example"),
            "DOORSTEP_STREET_FILE": str(street_json),
            "DOORSTEP_PLACES_FILE": str(places_json),
        }
        with during({name: value for name, value in environ.items() if name.startswith("AWS_")}):
            wiring.use(settings=Settings.from_environ(environ), clock=Clock(NOW))
            try:
                street = read_street(street_json)
                yield street, _stories(street, next(place for place in read_places(places_json).values() if not place.retired))
            finally:
                wiring.use()


def _stories(street: Street, place: Place) -> list[Stored]:
    """Cases whose entry rung is late, at one minute or another of an outage; their reminder went out before."""
    rung = street.entry_rung("qr", "")
    committee = street.committee_by_id[place.committee]
    facts = Case(
        no="-",
        place=place.id,
        community=place.community,
        committee=committee.id,
        zone=committee.zone,
        rung=rung.id,
        highest=rung.level,
        text="楼道的灯坏了三天",
        channel="qr",
    )
    facts = msgspec.structs.replace(facts, unit=unit_of(rung.scope, facts))
    return [_story(street, facts, NOW - OUTAGE * (number + 1) / (STORIES + 1)) for number in range(STORIES)]


def _story(street: Street, facts: Case, late: datetime) -> Stored:
    events = decide.submit(facts, "report", late - timedelta(days=1), street)
    events = decide.submit(facts, "report", late - (_first_end(fold("-", events)) - (late - timedelta(days=1))), street)
    case = fold("-", events)
    events += tick(case, _first_end(case) - timedelta(minutes=1), street, "before")
    return Stored(case=fold("-", events), events=tuple(events), attempt=events[-1].attempt)


def _first_end(case: Case) -> datetime:
    return min(datetime.fromisoformat(run.due) for run in case.clocks if run.due)


@contextmanager
def answering(held: Held) -> Iterator[None]:
    events: Any = wiring.house().aws.client("dynamodb").meta.events
    events.register("before-send.dynamodb", held.answer)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", held.answer)


def idle(held: Held) -> float:
    """Read units of one run of the function, its net under the outbox included."""
    with answering(held):
        wiring.context().keys.mac("warm")
        held.read_units = 0.0
        swept = sweeping.sweep(wiring.context(), lambda: BUDGET_S)
        send.sweep(wiring.context(), lambda: BUDGET_S, swept.offices, stepped=swept.stepped)
    if swept.cases or swept.failed or set(held.calls) - {"Query", "GetItem"}:
        raise RuntimeError(f"nothing was due, and yet: {swept}, {held.calls}")
    return held.read_units


def _cpu(stories: list[Stored], street: Street, many_due: int) -> tuple[float, float]:
    """CPU ms a case: at the first, the middle and the last pass of catching up on many, and in the one pass of few; in turn."""
    standing = (many_due, many_due // 2, FEW_DUE * 2)
    loud: list[float] = []
    quiet: list[float] = []
    one_pass(Held(stories, street, NOW, FEW_DUE, FEW_DUE // 10))
    for left in standing * ROUNDS:
        loud.append(one_pass(Held(stories, street, NOW, left, left)))
        quiet.append(one_pass(Held(stories, street, NOW, FEW_DUE, FEW_DUE)))
    return statistics.fmean(loud), statistics.fmean(quiet)


def one_pass(held: Held) -> float:
    """CPU ms of one invocation of the step timers for each case that it moved on."""
    with answering(held):
        wiring.context().keys.mac("warm")
        held.own_s, began = 0.0, time.process_time()
        swept = sweeping.sweep(wiring.context(), lambda: BUDGET_S - held.calls.total() * CALL_S)
        spent = time.process_time() - began - held.own_s
    if swept.failed or not swept.cases or swept.steps < swept.cases:
        raise RuntimeError(f"cases were due, and yet: {swept}")
    return spent * 1000 / swept.cases
