"""Erasing a case whole: words, number, hashes wherever they went, photos and messages; and whatever breaks, a repeat finishes."""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib import wiring
from chalicelib.casework.access import Actor
from chalicelib.casework.folds import fold
from chalicelib.casework.orders import Order
from chalicelib.casework.photos import ready_key
from chalicelib.models import cases, faq, photos, registers
from chalicelib.usecases import capability, orders, privacy_cases, tidying
from chalicelib.usecases.context import Context
from tests import steps, wire
from tests.client import FORM, Page, Visitor
from tests.world import World

ADMIN = Actor("staff:KEEPER", "隐私专员", ("street_admin@street",))
NO_WAY = EndpointConnectionError(endpoint_url="https://engine.example")
FAULTS = ("before", "after")


class Killed(BaseException):
    """The process is gone."""


class Later:
    """The machine's time, so many hours on."""

    def __init__(self, hours: float) -> None:
        self.hours = hours

    def civil(self) -> datetime:
        return datetime(2026, 11, 18, 2, 0, tzinfo=UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=self.hours)


def later(context: Context, hours: float) -> Context:
    return replace(context, clock=Later(hours))


def tidied(world: World, hours: float = 0) -> tidying.Tidied:
    return tidying.tidy(later(world.context, hours), wiring.house().photo_files, lambda: 60.0)


def objects(world: World, prefix: str = "") -> list[str]:
    found = world.aws("s3").list_objects_v2(Bucket=world.outputs["PhotosBucket"], Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def put(world: World, key: str) -> None:
    world.aws("s3").put_object(Bucket=world.outputs["PhotosBucket"], Key=key, Body=b"jpeg")


def photographed(world: World, **fields: str) -> cases.Stored:
    """A case with a photo that is ready, one that waits, and messages to its reporter."""
    no, _ = steps.reported(world, **fields)
    stored = cases.get(no)
    assert stored is not None
    ref = stored.case.photo_ref
    photos.claim(ref, 1, source="s", at="2026-11-18T02:00:00Z", now=1, lease=2, ttl=2**31)
    photos.settle(ref, 1, source="s", status="ready", width=1, height=1)
    for size in ("full", "thumb"):
        put(world, ready_key(ref, 1, size))
    put(world, f"incoming/{ref}/02")
    return stored


def left(world: World, stored: cases.Stored) -> list[str]:
    """What is still there of whoever reported that case."""
    case = stored.case
    now = cases.get(case.no)
    assert now is not None
    assert fold(case.no, now.events) == now.case
    found = [f"object {key}" for key in objects(world) if case.photo_ref in key]
    found += ["photo row" for row in photos.rows(case.photo_ref) if row.status == "ready"]
    found += ["look-up" for row in registers.found_by(case.phone_mac) if row == f"C#{case.no}"]
    found += [
        "message" for row in steps.rows(world, "OutboxTable") if row["case"]["S"] == case.no and row["to"]["S"] == "reporter"
    ]
    known = (now.sealed, now.case.phone_mac, now.case.phone_mask, now.case.last4_mac, now.case.nickname, now.case.text)
    return found + [str(value) for value in known if value]


def test_a_case_is_erased_with_its_photos_messages_and_look_up(world: World) -> None:
    world.deliver()
    stored = photographed(world)
    other = photographed(world)
    assert len(left(world, stored)) > 5
    privacy_cases.erase_case(world.context, ADMIN, stored.case.no, "本人要求", "a" * 32)
    # At once: no page shows a photo, nothing is sent any more, nobody finds the person.
    assert photos.rows(stored.case.photo_ref) == []
    assert stored.case.no not in str(registers.found_by(stored.case.phone_mac))
    world.deliver()
    sent = [row for row in steps.rows(world, "OutboxTable") if row["state"]["S"] == "sent"]
    assert stored.case.no not in [row["case"]["S"] for row in sent]
    assert tidied(world).erased == 0
    assert left(world, stored) == []
    # An upload that was under way meanwhile goes with the last look; then the note goes too.
    put(world, ready_key(stored.case.photo_ref, 2, "full"))
    assert tidied(world, hours=3).erased == 1
    assert left(world, stored) == []
    assert privacy_cases.todos() == []
    assert tidied(world, hours=3).erased == 0
    # Somebody else's report, though under the same number, is as it was.
    assert len(left(world, other)) > 5


@pytest.mark.parametrize("when", FAULTS)
def test_whatever_call_the_process_dies_at_a_repeat_finishes(world: World, when: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    # Of every three calls the two kinds of death take one each; the soak takes them all.
    number, stride = (0, 1) if os.environ.get("DOORSTEP_SOAK") else (-1 - FAULTS.index(when), 3)
    while True:
        number += stride
        stored = photographed(world)
        attempt = secrets.token_hex(16)
        calls: list[str] = []

        def strike(calls: list[str] = calls, at: int = number, **_: Any) -> None:
            calls.append("")
            if len(calls) == at:
                raise Killed

        def work(no: str = stored.case.no, attempt: str = attempt) -> None:
            privacy_cases.erase_case(world.context, ADMIN, no, "本人要求", attempt)
            tidied(world)

        with wire.hooked("before-call" if when == "before" else "after-call", strike):
            try:
                work()
            except Killed:
                pass
            else:
                break
        work()
        assert left(world, stored) == [], (when, number)
        erased = [kind for kind in steps.events_of(stored.case.no) if kind == "erased"]
        assert erased == ["erased"], (when, number)
        tidied(world, hours=3)
    assert number > 10


def test_the_schedule_alone_finishes_what_a_dead_process_left(world: World) -> None:
    stored = photographed(world)

    def strike(**_: Any) -> None:
        raise Killed

    with wire.hooked("after-call.dynamodb.TransactWriteItems", strike), pytest.raises(Killed):
        privacy_cases.erase_case(world.context, ADMIN, stored.case.no, "本人要求", "a" * 32)
    assert left(world, stored) != []
    tidied(world)
    assert left(world, stored) == []


def test_the_case_that_it_was_merged_into_keeps_no_hash_of_it(world: World) -> None:
    centre = world.signed_in("dispatcher", "street")
    first, stays = steps.reported(world)[0], steps.reported(world)[0]
    steps.act(centre, first, "merge", other=stays)
    before = cases.get(stays)
    assert before is not None
    (follower,) = before.case.followers
    assert follower.phone_mac
    privacy_cases.erase_case(world.context, ADMIN, first, "本人要求", "a" * 32)
    after = cases.get(stays)
    assert after is not None
    (kept,) = after.case.followers
    assert (kept.no, kept.phone_mac) == (first, "")
    assert not [event for event in after.events if event.type == "absorbed" and "phone_mac" in event.data["follower"]]
    # Its own reporter's stays: that case was not erased. Repeated, nothing more happens.
    assert (after.case.phone_mac, after.case.text, after.sealed) == (before.case.phone_mac, before.case.text, before.sealed)
    assert fold(stays, after.events) == after.case
    privacy_cases.erase_case(world.context, ADMIN, first, "本人要求", "a" * 32)
    again = cases.get(stays)
    assert again is not None
    assert again.case.version == after.case.version


def test_what_an_order_says_after_it_was_merged_is_its_callers_own(world: World) -> None:
    """It stands on the neighbour's case: neither handed out to the neighbour, nor left when the caller's is erased."""
    ctx, known = world.context, {"external": "H-1", "place": world.places[0].id, "phone": "021-0012 9911"}
    scan, _ = steps.reported(world)
    order = orders.receive(ctx, "hotline_12345", Order(text="灯坏了", **known)).case
    steps.act(world.signed_in("dispatcher", "street"), order.no, "merge", other=scan)
    assert orders.receive(ctx, "hotline_12345", Order(text="五楼张三再次来电", **known)).case.no == scan
    before = cases.get(scan)
    assert before is not None and "张三" in str(before.events)
    assert "张三" not in str(privacy_cases.hand_out(ctx, ADMIN, [before.case.phone_mac], "本人要求", "b" * 32))
    privacy_cases.erase_case(ctx, ADMIN, order.no, "本人要求", "a" * 32)
    after = cases.get(scan)
    assert after is not None and "张三" not in str(after.events)
    assert after.case.text == before.case.text and fold(scan, after.events) == after.case


def test_who_was_merged_into_an_erased_case_is_still_answered(world: World) -> None:
    stays = cases.get(steps.reported(world)[0])
    assert stays is not None
    theirs = {"follower": {"no": "2222-2222-2", "phone_mac": "someone else"}, "phone_mac": "someone else", "text": "住三楼"}
    cleaned = privacy_cases.clean({**theirs, "nickname": "王阿姨"}, stays.case.phone_mac)
    assert cleaned == {**theirs, "text": ""}
    assert privacy_cases.clean({"phone_mac": stays.case.phone_mac}, stays.case.phone_mac) == {}


def test_an_answer_that_became_public_is_withdrawn_until_somebody_has_read_it(world: World) -> None:
    clerk, no = world.signed_in("dispatcher", "street"), steps.reported(world)[0]
    steps.act(clerk, no, "answer", text="三楼王阿姨家门口的灯换好了")
    for question, case in (("楼道灯不亮找谁", no), ("电梯停了找谁", "")):
        form = clerk.get("/desk/faq/new" + (f"?case={case}" if case else "")).forms[-1]
        form.fill(question=question, **({} if case else {"answer": "打物业电话"})).submit()
    assert "王阿姨" in world.client().get("/faq").words
    done = asked(world.signed_in("street_admin", "street"), "erase_case", whose=no, case=no)
    assert "常见问题已撤下" in done.words
    public = world.client().get("/faq").words
    assert ("王阿姨" in public, "打物业电话" in public) == (False, True)
    assert [(one.case, one.published) for one in faq.every(world.street.id) if "灯" in one.question] == [("", False)]
    assert sum(one.published for one in faq.every(world.street.id)) == 1


def asked(visitor: Visitor, do: str, **fields: str) -> Page:
    form = visitor.get("/desk/people").form("/people").fill(reason="本人要求", **{"whose": fields.pop("whose")})
    form.fields |= {"do": do, **fields}
    return form.submit()


def test_a_person_gets_what_they_reported_too_and_erases_what_came_without_a_number(world: World) -> None:
    no, token = steps.reported(world)
    nameless, _ = steps.reported(world, phone="", nickname="")
    world.client().get(f"/t/{token}").form("/add").fill(text="补充：住三楼").submit()
    admin = world.signed_in("street_admin", "street")
    shown = asked(admin, "hand_out", whose=steps.PHONE)
    for words in (no, "王阿姨", "+862100127788", steps.TEXT, "补充：住三楼"):
        assert words in shown.words
    # The words of a rating, where it was, why it was opened again, and the photos: theirs too, and nobody else's.
    told = photographed(world, elsewhere="后门的车棚")
    steps.act(world.signed_in("dispatcher", "street"), told.case.no, "answer", text="已经修好了")
    form = world.client().get(f"/t/{capability.token_for(world.context, told.case.no, told.case.generation)}/rate").form("/rate")
    form.fill(satisfied="no", words="第二天又坏了").submit()
    whole = asked(admin, "hand_out", whose=steps.PHONE)
    for words in ("后门的车棚", "第二天又坏了"):
        assert words in whole.words
    assert "已经修好了" not in whole.words
    links = [link for link in whole.links if told.case.photo_ref in link]
    assert [ready_key(told.case.photo_ref, 1, "full") in link for link in links] == [True]
    stored = cases.get(no)
    assert stored is not None
    assert (stored.events[-1].type, stored.events[-1].data["note"]) == ("revealed", "本人要求")
    # A log that can't be written shows nothing.
    with wire.refused("PutItem", NO_WAY):
        assert "+862100127788" not in asked(admin, "hand_out", whose=steps.PHONE).text
    found = asked(admin, "find", whose=nameless)
    assert nameless in found.words
    done = asked(admin, "erase_case", whose=nameless, case=nameless)
    assert "35天" in done.words
    gone = cases.get(nameless)
    assert gone is not None
    assert gone.case.text == ""
    for role, unit in (("street_admin", "committee:c01"), ("dispatcher", "street"), ("verifier", "street")):
        other = world.signed_in(role, unit)
        for do in ("find", "hand_out", "erase_case"):
            sent = {"csrf": other.get("/desk").form("/signout").fields["csrf"], "attempt": "b" * 32, "reason": "x"}
            body = urlencode({**sent, "whose": no, "do": do, "case": no}).encode("ascii")
            assert other.call("POST", "/desk/people", body, {"Content-Type": FORM, "Origin": other.origin}).status == 403
    still = cases.get(no)
    assert still is not None
    assert still.case.text == steps.TEXT
