"""When one person gets it: the carriers' cap by the number's local day, one receipt a day, quiet hours. Nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.models import cases
from chalicelib.usecases import send, sweeping
from chalicelib.usecases.delivering import forever
from infra.engine import Engine
from tests import steps
from tests.mail import MOBILE, at, messages, person, provider, resident, states, street_with, tell, templates
from tests.world import World, open_world

CAP = 10


LOUD = """
[[notices]]
on = "lapsed"
to = "office"
template = "late"
"""


def test_fifty_escalations_in_a_day_are_at_most_ten_messages_and_all_fifty_are_on_the_desk(
    ministack: Engine, tmp_path: Path
) -> None:
    file = street_with(tmp_path, LOUD)
    with open_world(ministack.client, tmp_path, endpoint=ministack.endpoint, street_file=file) as world:
        sms, _ = provider(world), person(world, "dispatcher@street")
        at(world, 18, "08:00")
        numbers = []
        for _ in range(50):
            numbers.append(steps.reported(world, phone="")[0])
            world.clock.advance(minutes=15)
            sweeping.sweep(world.context, forever)
            send.sweep(world.context)
        assert len(sms.out) <= CAP
        assert templates(sms)[-1] == "digest", "the last one of the day names all that waits"
        assert {row.state for row in messages(world) if row.to.startswith("staff:")} == {"sent", "digested", "held"}
        assert len([row for row in messages(world) if row.template == "late" and row.to.startswith("staff:")]) >= 45
        assert {card.no for card in cases.queue("dispatcher@street", 200)} == set(numbers)
        before = len(sms.out)
        at(world, 19, "07:00")
        world.deliver()
        [morning] = sms.out[before:]
        assert morning.template == "digest"
        assert {row.state for row in messages(world) if row.to.startswith("staff:")} == {"sent", "digested"}


def test_the_day_of_the_cap_ends_at_local_midnight(world: World) -> None:
    sms, to = provider(world), person(world)
    at(world, 18, "07:59")
    for _ in range(9):
        tell(world, to, "late")
        world.deliver()
        world.clock.advance(seconds=1)
    assert templates(sms) == ["late"] * 9
    at(world, 18, "08:00:30")  # another day in UTC already, the same day in the street
    tell(world, to, "late")
    world.deliver()
    assert templates(sms)[9:] == ["digest"]
    at(world, 18, "23:59:59")
    held = tell(world, to, "late")
    world.deliver()
    assert len(sms.out) == CAP
    held.refresh()
    assert (held.state, held.why, held.pending_at) == ("held", "cap", "2026-11-18T23:00:00.000Z")
    at(world, 19, "00:00")
    tell(world, to, "late")
    world.deliver()
    assert templates(sms)[10:] == ["late"]


def test_what_did_not_fit_in_a_residents_day_comes_next_morning_in_order(world: World) -> None:
    sms, no = provider(world), resident(world)
    for seq in range(2, 15):
        tell(world, "reporter", "question" if seq % 2 else "accepted", no, seq)
        world.clock.advance(seconds=1)
        world.deliver()
    assert len(sms.out) == CAP
    assert states(world, "reporter").count("held") == 4
    at(world, 19, "06:59")
    world.deliver()
    assert len(sms.out) == CAP
    at(world, 19, "07:00")
    world.deliver()
    assert states(world, "reporter") == ["sent"] * 14
    assert templates(sms) == ["received", *("question" if seq % 2 else "accepted" for seq in range(2, 15))]


def test_one_number_has_one_cap_whoever_it_belongs_to(world: World) -> None:
    sms, to, no = provider(world), person(world), resident(world)
    for seq in range(2, 10):
        tell(world, "reporter", "accepted", no, seq)
        world.deliver()
    assert len(sms.out) == 9
    tell(world, to, "new")
    world.deliver()
    assert templates(sms)[9:] == ["digest"]
    tell(world, to, "new")
    tell(world, "reporter", "handled", no, 20)
    world.deliver()
    assert {message.phone for message in sms.out} == {MOBILE}
    assert len(sms.out) == CAP


def test_a_hazard_may_have_the_place_that_is_kept_for_a_digest(world: World) -> None:
    sms, to = provider(world), person(world)
    for _ in range(9):
        tell(world, to, "new")
        world.deliver()
    tell(world, to, "hazard")
    world.deliver()
    assert templates(sms) == ["new"] * 9 + ["hazard"]
    tell(world, to, "new")
    world.deliver()
    assert states(world).count("held") == 1


def test_a_number_gets_one_receipt_a_day_and_the_others_stay_on_record(world: World) -> None:
    sms = provider(world)
    first, second = resident(world), resident(world)
    resident(world, "138 0000 0002")
    world.deliver()
    assert templates(sms) == ["received"] * 2
    assert sorted(states(world, "reporter")) == ["capped", "sent", "sent"]
    asked = [no for no in (first, second) if any(row.case == no and row.state == "capped" for row in messages(world))]
    tell(world, "reporter", "question", asked[0], 5)
    world.deliver()
    assert templates(sms)[2:] == ["question"], "an answer earns its own message"
    world.clock.advance(days=1)
    resident(world)
    world.deliver()
    assert templates(sms)[3:] == ["received"]


@pytest.mark.parametrize(
    ("clock", "goes"), [("21:59:59", True), ("22:00", False), ("03:00", False), ("06:59:59", False), ("07:00", True)]
)
def test_residents_are_left_alone_in_quiet_hours(world: World, clock: str, goes: bool) -> None:
    sms = provider(world)
    at(world, 18, clock)
    resident(world)
    world.deliver()
    assert len(sms.out) == goes
    at(world, 19, "07:00")
    world.deliver()
    assert templates(sms) == ["received"]


def test_a_receipt_that_waited_for_the_morning_promises_nothing_that_has_passed(world: World) -> None:
    sms = provider(world)
    # Early in the night: first feedback within a working day, which ends the next night; dispatched within half an hour.
    at(world, 18, "23:00")
    resident(world)
    world.deliver()
    at(world, 19, "23:30")
    world.deliver()
    assert sms.out == []
    at(world, 20, "07:00")
    world.deliver()
    assert [(message.template, message.params[1]) for message in sms.out] == [("received", "11月25日23:00")]


@pytest.mark.parametrize("template", ["new", "late", "hazard", "near", "dispatched", "supervised", "register"])
def test_at_night_staff_get_only_what_can_not_wait(world: World, template: str) -> None:
    sms, to = provider(world), person(world)
    at(world, 18, "23:30")
    row = tell(world, to, template)
    world.deliver()
    assert templates(sms) == ([template] if template in {"new", "late", "hazard"} else [])
    if not sms.out:
        row.refresh()
        assert (row.state, row.pending_at) == ("held", "2026-11-18T23:00:00.000Z")
    at(world, 19, "07:00")
    world.deliver()
    assert templates(sms) == [template]


def test_a_digest_at_night_speaks_of_what_can_not_wait_and_the_rest_comes_in_the_morning(world: World) -> None:
    sms, to = provider(world), person(world)
    at(world, 18, "23:30")
    for _ in range(5):
        tell(world, to, "late")
        tell(world, to, "near", seq=2)
    world.deliver()
    [digest] = sms.out
    assert digest.params[1:] == ("5", "5")
    at(world, 19, "07:00")
    world.deliver()
    assert [message.params[1:] for message in sms.out] == [("5", "5"), ("5", "0")]
