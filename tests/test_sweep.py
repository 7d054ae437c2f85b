"""The sweep after an outage, beside itself, and over many open cases, on the engine that is atomic as AWS is.

Cases are written as items, with the mapping that the application itself uses, because five thousand reports by form would take
an hour.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import msgspec
import pytest

from chalicelib.casework import numbers
from chalicelib.casework.access import Actor, unit_of
from chalicelib.casework.case import Case
from chalicelib.casework.decide import Command, decide, submit
from chalicelib.casework.events import Event
from chalicelib.casework.folds import apply
from chalicelib.casework.tick import tick
from chalicelib.models import cases
from chalicelib.models.cases import CaseItem, Stored
from chalicelib.models.outbox import every
from chalicelib.usecases import send, sweeping
from infra.engine import Engine
from infra.say import say
from tests.mail import person, provider, street_with
from tests.strict_sms import StrictSms
from tests.world import NOW, World, open_world

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

# What one invocation has on AWS, and how many of them five thousand overdue cases may take. The engine answers faster than AWS
# does, so each call counts as what it takes there, network and our own work included.
BUDGET_S = 50.0
CALL_S = 0.012
MOST_INVOCATIONS = 10
OUTAGE = timedelta(hours=6)
MINUTE = timedelta(minutes=1)
DISPATCHER = "+8613800001000"


# ---- Many cases, quickly -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """How a case came to where it stands: its rung, when it was reported, whether it was accepted, until when it was swept."""

    rung: str
    reported: datetime
    accepted: bool = True
    swept_to: datetime | None = None


class Many:
    """Writes cases of a few stories under numbers of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.place = world.places[0]
        self._written = 0

    @cache  # noqa: B019 - one writer a test
    def _events(self, story: Story) -> tuple[Case, tuple[Event, ...]]:
        street = self.world.street
        committee = street.committee_by_id[self.place.committee]
        rung = street.rung_by_id[story.rung]
        facts = Case(
            no="-",
            place=self.place.id,
            community=self.place.community,
            committee=committee.id,
            zone=committee.zone,
            rung=rung.id,
            highest=rung.level,
            text="楼道灯不亮",
            channel="visit" if story.rung == "committee" else "qr",
        )
        facts = msgspec.structs.replace(facts, unit=unit_of(rung.scope, facts))
        events = submit(facts, "report", story.reported, street)
        case = _fold(events)
        if story.accepted:
            clerk = Actor("staff:C1", "居委", (f"{rung.role}@{case.unit}",))
            events += decide(case, Command("accept", "accept"), clerk, story.reported + MINUTE, street)
            case = _fold(events)
        if story.swept_to:
            events += tick(case, story.swept_to, street, "before")
        return _fold(events), tuple(events)

    def write(self, stories: Sequence[Story]) -> list[str]:
        written = []
        with CaseItem.batch_write() as batch:
            for story in stories:
                case, events = self._events(story)
                self._written += 1
                # Spread over the shards as keyed hashes are.
                no = numbers.case_number(self._written * 0x9E3779B97F % 2**40)
                named = Stored(case=msgspec.structs.replace(case, no=no), events=events)
                item, _ = cases.item_of(named, events[-1].attempt, self.world.street, self.place)
                batch.save(item)
                written.append(no)
        return written


def _fold(events: Sequence[Event]) -> Case:
    case = Case(no="-")
    for event in events:
        case = apply(case, event)
    return case


def steps_of(numbers_: Sequence[str]) -> dict[str, list[str]]:
    """What was made of each case since, by events; read once for all."""
    wanted = set(numbers_)
    found: dict[str, list[str]] = {}
    for item in CaseItem.scan(CaseItem.sk == "CASE", consistent_read=True):
        stored = cases.read(item)
        if stored.case.no in wanted:
            assert cases.unpack(item.body).state.version == len(stored.events)
            found[stored.case.no] = [
                f"{event.type} {event.data.get('clock', '')}" for event in stored.events if event.by == "system"
            ]
    return found


class Calls:
    """Every call of the process's DynamoDB client, by operation, while the block runs."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.lock = Lock()

    def count(self, model: Any, **_: Any) -> None:
        with self.lock:
            self.made[model.name] += 1


@contextmanager
def watched(calls: Calls) -> Iterator[None]:
    from chalicelib import wiring

    events = wiring.house().aws.client("dynamodb").meta.events
    events.register("before-call.dynamodb", calls.count)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", calls.count)


class Lambda:
    """The context of an invocation that begins now and lives by the calls it makes."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._began = time.monotonic()
        self._before = calls.made.total()

    @property
    def spent(self) -> float:
        return max((self._calls.made.total() - self._before) * CALL_S, time.monotonic() - self._began)

    def get_remaining_time_in_millis(self) -> int:
        return int((BUDGET_S - self.spent) * 1000)


@pytest.fixture
def told(engine_world: World) -> StrictSms:
    """A provider that counts; the street's people have numbers."""
    from chalicelib import wiring

    provider = StrictSms()
    wiring.use(clock=engine_world.clock, sms=provider)
    wiring.context()
    for number, (role, unit) in enumerate((("dispatcher", "street"), ("supervisor", "street"), ("committee", "committee:c01"))):
        hire(engine_world, role, unit, f"138 0000 10{number:02d}")
    return provider


def hire(world: World, role: str, unit: str, phone: str) -> None:
    from chalicelib.usecases import signin

    signin.create_staff(world.context, username=f"{role}.{phone[-2:]}", name=role, grants=(f"{role}@{unit}",), phone=phone)


# ---- After six hours without a sweep -------------------------------------------------------------------------------

OVERDUE = 5_000
# Half of the cases left their committee in the outage, and the centre above hears of them; the others are late with the whole
# case and stay where they are, and their own office and the supervisor hear of it.
LOUD = """
[[notices]]
on = "lapsed"
to = "office"
template = "late"

[[notices]]
on = "lapsed"
to = "tell"
template = "late"
"""
STAFF = {
    "+8613800001000": "dispatcher@street",
    "+8613800001001": "dispatcher@street",
    "+8613800001002": "supervisor@street",
    "+8613800001003": "committee@committee:c01",
    "+8613800001004": "zone_head@zone:z1",
}


def test_five_thousand_overdue_cases_are_caught_up_without_skipping_and_each_person_is_told_once(
    ministack: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = street_with(tmp_path, LOUD)
    with open_world(ministack.client, tmp_path, endpoint=ministack.endpoint, street_file=file) as world:
        sms = provider(world)
        for phone, grant in STAFF.items():
            person(world, grant, phone=phone.removeprefix("+86"))
        caught_up(world, sms, capsys)


def caught_up(world: World, sms: StrictSms, capsys: pytest.CaptureFixture[str]) -> None:
    now, half = NOW, OVERDUE // 2
    begun = now - OUTAGE
    many = Many(world)
    ends = [begun + OUTAGE * (number + 1) / 61 for number in range(60)]
    climbing = many.write(
        [Story("committee", end - timedelta(days=3), swept_to=begun) for end in (ends[n % 60] for n in range(half))]
    )
    staying = many.write([Story("zone", end - timedelta(days=7), swept_to=begun) for end in (ends[n % 60] for n in range(half))])
    before = steps_of([climbing[0], staying[0]])
    world.clock.instant = now

    spent: list[float] = []
    told: list[int] = []
    began, calls = time.monotonic(), Calls()
    with watched(calls):
        while len(spent) < MOST_INVOCATIONS:
            invocation = Lambda(calls)
            answer = world.app.sweep({}, invocation)
            spent.append(invocation.spent)
            told.append(len(sms.out))
            assert spent[-1] <= BUDGET_S
            assert answer["failed"] == 0
            if answer["finished"] and not answer["messages"]:
                break
            # The next minute's.
            world.clock.advance(minutes=1)
    with capsys.disabled():
        shown = " + ".join(f"{seconds:.0f}" for seconds in spent)
        took = f"{calls.made.total()} calls at {CALL_S * 1000:.0f} ms; {time.monotonic() - began:.0f} s here"
        say(f"\n  {OVERDUE} overdue cases: {len(spent)} invocations of {shown} s ({took}); messages out after each: {told}")
    assert (answer["finished"], answer["messages"]) == (True, 0)

    made = steps_of([*climbing, *staying])
    assert len(made) == OVERDUE
    assert Counter(tuple(made[no][len(before[climbing[0]]) :]) for no in climbing) == {
        ("lapsed handle", "passed_up handle"): half
    }
    assert Counter(tuple(made[no][len(before[staying[0]]) :]) for no in staying) == {("lapsed whole_case",): half}
    assert list(due_now(world.clock.instant)) == []
    assert len(spent) > 2, "what is caught up on in one invocation says nothing about the others"
    # Whoever hears of so many hears once, and nothing by itself; and once is all, however long one waits.
    one = str(half)
    expected = {
        ("+8613800001000", "digest", one, "0"),
        ("+8613800001001", "digest", one, "0"),
        ("+8613800001002", "digest", one, one),
        ("+8613800001003", "digest", one, one),
        ("+8613800001004", "digest", one, one),
    }
    for _ in range(2):
        assert sms.wrong == []
        assert Counter((message.phone, message.template, *message.params[1:]) for message in sms.out) == dict.fromkeys(
            expected, 1
        )
        world.clock.advance(hours=1, minutes=1)
        while send.sweep(world.context):
            pass
    states = Counter((row.template, row.state) for row in every() if row.to.startswith("staff:"))
    assert states == {("digest", "sent"): len(expected), ("new", "digested"): 2 * half, ("late", "digested"): 3 * half}


def digested(world: World, told: StrictSms, climbed: Sequence[str]) -> None:
    """The one person of the office above got one digest of all of them, and nothing by itself, then or an hour later."""
    for _ in range(2):
        assert told.wrong == []
        assert [(message.phone, message.template, message.params[1]) for message in told.out] == [
            (DISPATCHER, "digest", str(len(climbed)))
        ]
        world.clock.advance(hours=1, minutes=1)
        while send.sweep(world.context):
            pass
    states = Counter(row.state for row in every() if row.to.startswith("staff:") and row.template == "new")
    assert states == {"digested": len(climbed)}


def due_now(now: datetime) -> Iterator[str]:
    from chalicelib.casework.card import TIMER_SHARDS

    for shard in range(TIMER_SHARDS):
        yield from cases.due(shard, now)


# ---- Many sweeps at once -------------------------------------------------------------------------------------------

PARALLEL = 20


def test_twenty_sweeps_at_once_make_each_step_once_and_each_message_once(engine_world: World, told: StrictSms) -> None:
    world, now = engine_world, NOW
    due = 1_000
    climbing = Many(world).write([Story("committee", now - timedelta(days=3, minutes=number % 50)) for number in range(due)])
    world.clock.instant = now
    ctx = world.context
    start = Barrier(PARALLEL)

    def sweep(_: int) -> sweeping.Swept:
        start.wait(30)
        return sweeping.sweep(ctx, lambda: BUDGET_S)

    with ThreadPoolExecutor(PARALLEL) as pool:
        swept = list(pool.map(sweep, range(PARALLEL)))
    assert [one.failed for one in swept] == [0] * PARALLEL
    assert sum(one.cases for one in swept) == due
    made = steps_of(climbing)
    expected = ("reminded handle", "lapsed handle", "passed_up handle")
    assert Counter(map(tuple, made.values())) == {expected: due}
    assert list(due_now(now)) == []
    rows = Counter((row.case, row.template, row.to) for row in every())
    assert rows == {(no, "new", "office:dispatcher@street"): 1 for no in climbing}

    # The senders beside each other too: one person, one digest, whoever of them gets there first.
    def deliver(_: int) -> int:
        return send.sweep(ctx)

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(deliver, range(PARALLEL)))
    digested(world, told, climbing)


# ---- Over many open cases ------------------------------------------------------------------------------------------

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
    engine_world: World, told: StrictSms, capsys: pytest.CaptureFixture[str]
) -> None:
    world = engine_world
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
