"""What one person gets: digests for staff, the carriers' cap, quiet hours, one receipt a day. Nothing is lost by any of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.models import together
from chalicelib.ports import SmsRefused
from chalicelib.usecases import send, sweeping, work
from chalicelib.usecases.delivering import forever
from tests import mail, steps, wire
from tests.mail import MOBILE, messages, person, provider, resident, states, tell, templates
from tests.world import SMALL, World, open_world

SHANGHAI = ZoneInfo("Asia/Shanghai")
CAP = 10


def at(world: World, day: int, clock: str) -> None:
    hour, minute, second = (*map(int, clock.split(":")), 0)[:3]
    world.clock.instant = datetime(2026, 11, day, hour, minute, second, tzinfo=SHANGHAI).astimezone(UTC)


def test_a_few_messages_go_one_by_one_in_the_order_of_their_causes(world: World) -> None:
    sms, to = provider(world), person(world)
    for template in ("new", "late", "near"):
        tell(world, to, template)
        world.clock.advance(seconds=1)
    world.deliver()
    assert templates(sms) == ["new", "late", "near"]
    assert states(world) == ["sent"] * 3


def test_more_than_a_few_at_once_are_one_digest_that_counts_cases_and_late_ones(world: World) -> None:
    sms, to = provider(world), person(world)
    for number in range(4):
        tell(world, to, "new", f"CASE-{number}")
        tell(world, to, "late", f"CASE-{number % 2}", 2 + number)
    world.deliver()
    [digest] = sms.out
    assert (digest.template, digest.params) == ("digest", ("11月18日10:00", "4", "2"))
    rows = messages(world)
    [sent] = [row for row in rows if row.template == "digest"]
    assert sent.state == "sent"
    assert "有待办工单4件,其中超时2件" in sent.text
    assert {(row.state, row.digest) for row in rows if row is not sent} == {("digested", sent.sk)}


def test_a_hazard_goes_first_and_is_never_part_of_a_digest(world: World) -> None:
    sms, to = provider(world), person(world)
    for _ in range(5):
        tell(world, to, "new")
    world.clock.advance(seconds=1)
    for _ in range(2):
        tell(world, to, "hazard")
    world.deliver()
    assert templates(sms) == ["hazard", "hazard", "digest"]
    assert sms.out[-1].params[1] == "5"


def test_residents_are_never_digested(world: World) -> None:
    sms, no = provider(world), resident(world)
    for seq in range(2, 8):
        tell(world, "reporter", "accepted", no, seq)
    world.deliver()
    assert templates(sms) == ["received"] + ["accepted"] * 6


def test_a_digest_larger_than_a_transaction_is_one_message_wherever_its_maker_died(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms, to = provider(world), person(world)
    monkeypatch.setattr(together, "CHUNK", 4)
    rows = [tell(world, to, "late", f"CASE-{number}") for number in range(10)]
    calls: list[str] = []

    def dying(**_: Any) -> None:
        calls.append("transaction")
        if len(calls) == 2:
            raise KeyboardInterrupt

    with wire.hooked("before-call.dynamodb.TransactWriteItems", dying), pytest.raises(KeyboardInterrupt):
        send.deliver(world.context, rows[0].pk)
    assert states(world).count("digested") == 4
    world.clock.advance(minutes=3)
    world.deliver()
    [digest] = sms.out
    assert digest.params[1:] == ("10", "10")
    assert sorted(states(world)) == ["digested"] * 10 + ["sent"]


def test_what_comes_soon_after_a_digest_waits_for_the_next_when_it_is_more_than_a_few(world: World) -> None:
    sms, to = provider(world), person(world)
    for burst in range(3):
        for number in range(4):
            tell(world, to, "new", f"CASE-{burst}-{number}")
        world.deliver()
        world.clock.advance(minutes=10)
    assert templates(sms) == ["digest"]
    tell(world, to, "hazard")
    world.deliver()
    assert templates(sms) == ["digest", "hazard"]
    world.clock.advance(minutes=40)
    world.deliver()
    assert templates(sms) == ["digest", "hazard", "digest"]
    assert sms.out[-1].params[1] == "8"
    assert set(states(world)) == {"digested", "sent"}


def street_with(folder: Path, more: str) -> Path:
    """The small street's file with more at its end."""
    file = folder / "street" / SMALL.name
    file.parent.mkdir()
    file.write_text(SMALL.read_text("utf-8") + more, "utf-8")
    file.with_suffix(".csv").write_text(SMALL.with_suffix(".csv").read_text("utf-8"), "utf-8")
    return file


LOUD = """
[[notices]]
on = "lapsed"
to = "office"
template = "late"
"""


def test_fifty_escalations_in_a_day_are_at_most_ten_messages_and_all_fifty_are_on_the_desk(moto: Any, tmp_path: Path) -> None:
    with open_world(moto, tmp_path, street_file=street_with(tmp_path, LOUD)) as world:
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
        assert {card.no for card in work.cases.queue("dispatcher@street", 200)} == set(numbers)
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


def test_contacts_without_an_account_are_told_of_hazards_at_any_hour(moto: Any, tmp_path: Path) -> None:
    contact = '\n[[contacts]]\nid = "{0}"\nname = {{ zh = "{1}" }}\nphone = "{2}"\n'
    more = contact.format("power", "供电抢修", "138 0000 0009") + contact.format("gas", "燃气抢修", "021-0012 9502")
    with open_world(moto, tmp_path, street_file=street_with(tmp_path, more)) as world:
        sms = provider(world)
        at(world, 18, "03:00")
        tell(world, "contact:power", "hazard")
        tell(world, "contact:gone", "hazard")
        world.deliver()
        assert sms.to == [("+8613800000009", "hazard")]
        assert sorted((row.to, row.state) for row in messages(world)) == [("contact:gone", "parked"), ("contact:power", "sent")]
        provider(world, SmsRefused("not_mobile"))
        tell(world, "contact:gas", "hazard")
        world.deliver()
        assert states(world, "contact:gas") == ["dropped"]


def test_the_nearest_are_the_people_of_the_first_unit_that_has_any(world: World) -> None:
    sms = provider(world)
    person(world, "grid_worker@street", phone="138 0000 0003")
    person(world, "grid_worker@committee:c01")
    tell(world, "nearest:grid_worker@community:c01a,committee:c01,zone:z1,street", "hazard")
    world.deliver()
    assert sms.to == [(MOBILE, "hazard")]
    row = tell(world, "nearest:micro_grid@community:c01a,committee:c01", "hazard")
    world.deliver()
    row.refresh()
    assert (row.state, row.why) == ("parked", "nobody")


def test_an_office_of_many_is_told_in_chunks_and_each_once_wherever_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms = provider(world)
    monkeypatch.setattr(together, "CHUNK", 3)
    for number in range(8):
        person(world, "dispatcher@street", phone=f"138 0000 00{number:02d}")
    row = tell(world, "office:dispatcher@street", "new")
    calls: list[str] = []

    def dying(**_: Any) -> None:
        calls.append("transaction")
        if len(calls) == 3:
            raise KeyboardInterrupt

    with wire.hooked("before-call.dynamodb.TransactWriteItems", dying), pytest.raises(KeyboardInterrupt):
        send.deliver(world.context, row.pk)
    row.refresh()
    assert (row.state, len(messages(world))) == ("pending", 7)
    world.clock.advance(minutes=3)
    world.deliver()
    row.refresh()
    assert row.state == "expanded"
    assert len(sms.said) == len(sms.out) == 8
    assert mail.leases(world) == 0


def test_ended_messages_go_after_the_streets_days(world: World) -> None:
    provider(world)
    resident(world)
    world.deliver()
    [row] = messages(world, "reporter")
    wanted = world.clock.wall() + timedelta(days=world.street.retention.message_days)
    assert abs(int(row.ttl) - wanted.timestamp()) < 60
