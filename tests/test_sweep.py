"""The sweep after an outage: five thousand overdue cases, on the engine that is atomic as AWS is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from chalicelib.models.outbox import every
from chalicelib.usecases import send
from infra.engine import Engine
from infra.say import say
from tests.mail import person, provider, street_with
from tests.strict_sms import StrictSms
from tests.sweep_cases import BUDGET_S, Many, Story, due_now, steps_of
from tests.world import NOW, World, open_world

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

# How many invocations five thousand overdue cases may take. The engine answers faster than AWS does, so each call counts as what
# it takes there, network and our own work included.
CALL_S = 0.012
MOST_INVOCATIONS = 10
OUTAGE = timedelta(hours=6)


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
