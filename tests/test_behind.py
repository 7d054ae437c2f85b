"""After an outage the sweeps are behind for a few minutes, and everybody is told once of all that is caught up on.

Until then what goes into digests waits, whoever delivers; dangers, residents and the clock's last word do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.models import behind, cases, outbox, recipient
from chalicelib.usecases import send
from infra.serve.pumps import stream_record
from tests import steps, wire
from tests.mail import person, provider, resident, states, street_with, tell, templates
from tests.world import World, open_world

LOUD = """
[[notices]]
on = "reminded"
to = "office"
template = "near"
"""
CASES = 12


def stream(world: World) -> None:
    """What waits for its first try is brought once more, as the event source does with what is new."""
    records = []
    for number, row in enumerate(steps.rows(world, "OutboxTable"), start=1):
        if row["state"]["S"] == "pending":
            raw = {"eventName": "INSERT", "dynamodb": {"NewImage": row, "SequenceNumber": str(number)}}
            records.append(stream_record(raw, "arn:aws:dynamodb:example:stream"))
    assert world.app.notify({"Records": records}, None) == {"batchItemFailures": []}


class Short:
    """An invocation with time for so many calls to AWS."""

    def __init__(self, made: list[str], calls: int) -> None:
        self.made, self.end = made, len(made) + calls

    def get_remaining_time_in_millis(self) -> int:
        return 60_000 if len(self.made) < self.end else 1_000


def mark() -> outbox.OutboxRow | None:
    return outbox.get(behind.PK, behind.SK)


@contextmanager
def neglected(moto: Any, folder: Path) -> Iterator[World]:
    """A street whose centre left a dozen cases lying, and nothing ran for six hours."""
    with open_world(moto, folder, street_file=street_with(folder, LOUD)) as world:
        for number in range(CASES):
            steps.reported(world, phone="", text=f"第{number}盏灯不亮")
        world.deliver()
        world.clock.advance(hours=6)
        yield world


@pytest.mark.parametrize("calls", [12, 40, 1000], ids=["many invocations", "a few", "one"])
def test_a_catch_up_is_one_digest_for_each_though_the_stream_delivers_in_between(moto: Any, tmp_path: Path, calls: int) -> None:
    with neglected(moto, tmp_path) as world:
        people = [person(world, "dispatcher@street", phone=f"138 0000 000{number}") for number in (1, 2)]
        sms = provider(world)
        invocations = 0
        with wire.counted() as made:
            while not invocations or {"pending", "held", "sending"} & set(states(world)):
                answer = world.app.sweep({}, Short(made, calls))
                invocations += 1
                stream(world)
                assert answer["finished"] or sms.out == [], "before all steps are made nobody is told"
                world.clock.advance(minutes=1)
                assert invocations < 14
        assert invocations > 1 or calls == 1000
        assert templates(sms) == ["digest"] * len(people)
        assert {message.params[1] for message in sms.out} == {str(CASES)}
        world.clock.advance(hours=2)
        world.deliver()
        assert len(sms.out) == len(people)


def test_dangers_and_residents_do_not_wait(world: World) -> None:
    sms, to = provider(world), person(world, phone="138 0000 0002")
    behind.found(world.clock.civil())
    tell(world, to, "new")
    tell(world, to, "hazard")
    resident(world, phone="138 0000 0003")
    stream(world)
    assert sorted(templates(sms)) == ["hazard", "received"]
    tell(world, to, "hazard", seq=2)
    assert send.sweep(world.context, stepped=False)
    assert sorted(templates(sms)) == ["hazard", "hazard", "received"]
    assert sorted(states(world, to)) == ["pending", "sent", "sent"]
    send.sweep(world.context)
    assert templates(sms)[-1] == "new"
    assert states(world, to).count("sent") == 3


@pytest.mark.parametrize(("minutes", "goes"), [(14.9, False), (15, True)])
def test_nobody_waits_longer_than_a_quarter_of_an_hour(world: World, minutes: float, goes: bool) -> None:
    sms, to = provider(world), person(world)
    behind.found(world.clock.civil())
    tell(world, to, "new")
    for _ in range(3):
        world.clock.advance(minutes=minutes / 3)
        behind.found(world.clock.civil())
    send.sweep(world.context, stepped=False)
    stream(world)
    assert len(sms.out) == goes


def test_it_is_not_over_while_an_office_has_something_left_for_its_people(world: World) -> None:
    sms, to = provider(world), person(world, "dispatcher@street")
    behind.found(world.clock.civil())
    rows = [tell(world, "office:dispatcher@street", "new", f"CASE-{number}") for number in range(6)]
    tell(world, to, "late", "CASE-6")
    other = recipient.take(rows[0].pk, world.clock.civil(), world.clock.wall())
    assert other is not None
    send.sweep(world.context)
    assert (sms.out, states(world)) == ([], ["pending"] * 7)
    other.release()
    send.sweep(world.context)
    assert [message.params[1:] for message in sms.out] == [("7", "1")]


def test_a_case_that_can_never_be_moved_on_holds_digests_up_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sms, to = provider(world), person(world)
    steps.reported(world, phone="")
    send.sweep(world.context)
    monkeypatch.setattr(cases, "write", lambda *_: 1 / 0)
    world.clock.advance(minutes=30)
    held = []
    for minute in range(60):
        tell(world, to, "late", f"CASE-{minute}")
        assert world.app.sweep({}, Short([], 1))["failed"] == 1
        held.append(behind.holds(world.clock.civil()))
        world.clock.advance(minutes=1)
    assert held == [True] * 15 + [False] * 45
    assert templates(sms)[0] == "digest"


def test_what_failed_on_the_way_is_caught_up_on_with_the_rest(moto: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with neglected(moto, tmp_path) as world:
        person(world, "dispatcher@street")
        sms, write, tried = provider(world), cases.write, list[int]()

        def failing(*given: Any) -> cases.Stored:
            tried.append(1)
            if len(tried) == 1:
                raise RuntimeError("said by a test")
            return write(*given)

        monkeypatch.setattr(cases, "write", failing)
        assert world.app.sweep({}, Short([], 1))["failed"] == 1
        assert sms.out == []
        world.clock.advance(minutes=1)
        world.app.sweep({}, Short([], 1))
        assert [(message.template, message.params[1]) for message in sms.out] == [("digest", str(CASES))]


def test_where_nothing_is_overdue_nothing_is_said_of_it(world: World) -> None:
    sms = provider(world)
    person(world, "dispatcher@street")
    steps.reported(world, phone="")
    assert world.app.sweep({}, Short([], 1))["messages"]
    world.clock.advance(minutes=15)
    assert world.app.sweep({}, Short([], 1))["steps"]
    assert templates(sms)[0] == "new"
    assert mark() is None


def test_of_two_catch_ups_the_end_of_the_first_does_not_end_the_second(world: World) -> None:
    wiring.house()
    behind.found(world.clock.civil())
    first = behind.standing(world.clock.civil())
    assert first is not None
    world.clock.advance(minutes=6)
    behind.found(world.clock.civil())
    behind.over(first)
    assert behind.holds(world.clock.civil())
    assert not behind.holds(world.clock.civil() + timedelta(minutes=15))
