"""What one person gets of many messages: order, digests for staff, an office's message for each of its people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.models import together
from chalicelib.ports import SmsRefused
from chalicelib.usecases import send
from tests import mail, wire
from tests.mail import MOBILE, at, messages, person, provider, resident, states, street_with, tell, templates
from tests.world import World, open_world


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


def test_while_a_number_can_not_be_looked_up_nothing_goes_without_the_rest(world: World) -> None:
    sms, to = provider(world), person(world)
    for number in range(5):
        tell(world, to, "late", f"CASE-{number}")
    tried: list[str] = []

    def fail(params: dict[str, Any], **_: Any) -> None:
        if params["TableName"] == world.outputs["StaffTable"]:
            tried.append("person")
            raise RuntimeError("said by a test")

    with wire.hooked("provide-client-params.dynamodb.GetItem", fail):
        world.deliver()
    assert (sms.out, tried) == ([], ["person"])
    world.clock.advance(minutes=2)
    world.deliver()
    assert [message.params[1:] for message in sms.out] == [("5", "5")]
    assert sorted(states(world)) == ["digested"] * 5 + ["sent"]


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


def test_contacts_without_an_account_are_told_of_hazards_at_any_hour(moto: Any, tmp_path: Path) -> None:
    contact = '\n[[contacts]]\nid = "{0}"\nname = {{ zh = "{1}" }}\nphone = "{2}"\n'
    more = contact.format("lamps", "供电抢修", "138 0000 0009") + contact.format("gas", "燃气抢修", "021-0012 9502")
    more += contact.format("grid", "供电热线", "95598")
    with open_world(moto, tmp_path, street_file=street_with(tmp_path, more)) as world:
        sms = provider(world)
        at(world, 18, "03:00")
        tell(world, "contact:lamps", "hazard")
        tell(world, "contact:gone", "hazard")
        world.deliver()
        assert sms.to == [("+8613800000009", "hazard")]
        assert sorted((row.to, row.state) for row in messages(world)) == [
            ("contact:gone", "parked"),
            ("contact:lamps", "sent"),
        ]
        provider(world, SmsRefused("not_mobile"))
        tell(world, "contact:gas", "hazard")
        tell(world, "contact:grid", "hazard")
        world.deliver()
        # Staff read these numbers on the case and call: nothing has gone wrong that somebody must look into.
        assert states(world, "contact:gas") == states(world, "contact:grid") == ["dropped"]


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
