"""Offers of help (社区能人): made once, agreed to, called on with a reason, taken back; the number is nowhere in clear."""

from __future__ import annotations

import logging
import secrets

import pytest

from chalicelib.casework.access import Actor
from chalicelib.models import volunteers as offers
from chalicelib.usecases import volunteers as helping
from chalicelib.web import i18n
from tests import canaries, steps
from tests.client import Page, Visitor
from tests.world import World

PHONE = "021-0012 6655"


def offered(visitor: Visitor, start: str = "/volunteer?committee=c01", **changes: str) -> Page:
    form = visitor.get(start).form("/volunteer")
    fields = {"skills": "repair", "hours": "evening", "phone": PHONE, "nickname": "老师傅", "agree": "2026-11"}
    return form.fill(**{**fields, **changes}).submit()


def test_help_is_offered_called_on_and_taken_back_and_nobody_reads_the_number(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="doorstep")
    with i18n.strict():
        visitor, clerk = world.client(), world.signed_in("committee", "committee:c01")
        _, token = steps.reported(world)
        assert "/volunteer?committee=c01" in visitor.get(f"/t/{token}/received").links
        assert "/volunteer" in visitor.get("/public").links
        # Everything that is wrong at once; nothing is ticked beforehand, and without agreeing nothing is kept.
        form = visitor.get("/volunteer").form("/volunteer")
        assert not {"skills", "hours", "agree"} & set(form.fields)
        assert form.fill(phone="123").submit().status == 422
        page = offered(visitor, nickname="13800138000")
        assert page.status == 422
        assert "手机号" in page.words
        assert offered(visitor, nickname="一三八零零一三八零零零").status == 422
        page = offered(visitor)
        assert page.status == 200
        assert "021-****6655" in page.words
        own = page.path
        # The same form again is the same offer; with other words it is another matter.
        form = visitor.get("/volunteer?committee=c01").form("/volunteer")
        fields = {"skills": "teach", "hours": "weekend", "phone": PHONE, "agree": "2026-11"}
        twice = form.fill(**fields).submit(), form.submit()
        assert twice[0].path == twice[1].path != own
        assert form.fill(other="象棋").submit().status == 409
        assert len(offers.of("c01", 0)) == 2

        listed = clerk.get("/desk/volunteers")
        assert "2人" in listed.words.replace(" ", "")
        assert "老师傅" in clerk.get("/desk/volunteers?skill=repair").words
        assert "老师傅" not in clerk.get("/desk/volunteers?skill=teach").words
        no = helping.open_link(world.context, own.removeprefix("/volunteer/")).offer.no
        csrf = listed.form(f"/{no}").fields
        sent = {**csrf, "act": "reveal", "attempt": secrets.token_hex(16)}
        refused = clerk.post(f"/desk/volunteers/{no}", {**sent, "reason": "other"})
        assert refused.status == 422
        assert "00126655" not in refused.text.replace("-", "").replace(" ", "")
        for _ in range(2):
            shown = clerk.post(f"/desk/volunteers/{no}", {**sent, "reason": "call", "note": "三号楼漏水"})
            assert "+862100126655" in shown.text
        stored = offers.get("c01", no)
        assert stored is not None
        assert [(one.who, one.reason, one.note) for one in stored.offer.log] == [
            ("committee:c01 committee", "call", "三号楼漏水")
        ]
        assert stored.offer.consent == "2026-11"
        assert 0 < stored.ttl - world.clock.civil().timestamp() <= world.street.retention.register_days * 86400
        assert canaries.leaks(world, [PHONE], caplog.text) == []

        # Others neither see nor call.
        other = world.signed_in("committee", "committee:c02")
        assert other.get("/desk/volunteers?committee=c01").status == 404
        token_of_other = other.get("/desk/volunteers").form("/signout").fields["csrf"]
        stolen = {**sent, "csrf": token_of_other, "reason": "call"}
        assert other.post(f"/desk/volunteers/{no}", stolen).status == 404
        assert world.signed_in("property", "community:c01a").get("/desk/volunteers").status == 403

        # Taken back by the link: the number, the words and the way to find the person go, the log stays.
        assert "已撤回" in visitor.get(own).form(own).submit().words
        assert visitor.get(own).status == 404
        assert visitor.get(own[:-4] + "XXXX").status == 404
        left = offers.get("c01", no)
        assert left is not None
        assert (left.sealed, left.offer.phone_mac, left.offer.phone_mask, left.offer.nickname) == (None, "", "", "")
        assert [one.reason for one in left.offer.log] == ["call", "withdrawn"]
        assert clerk.post(f"/desk/volunteers/{no}", {**sent, "reason": "call"}).status == 404
        assert "老师傅" not in clerk.get("/desk/volunteers").words


def test_a_persons_offers_are_found_handed_out_and_erased_with_everything_else(world: World) -> None:
    visitor, keeper = world.client(), world.signed_in("street_admin", "street")
    offered(visitor)
    page = keeper.get("/desk/people").form("/people").fill(whose=PHONE, reason="本人要求").submit()
    ((committee, no),) = helping.located([world.context.keys.mac("phone", "+862100126655").hex()])
    assert f"/desk/volunteers?committee={committee}#v-{no}" in page.links
    form = keeper.get("/desk/people").form("/people").fill(whose=PHONE, reason="本人要求")
    form.fields["do"] = "hand_out"
    told = form.submit().words
    assert "+862100126655" in told
    assert "老师傅" in told
    erase = keeper.get(f"/desk/volunteers?committee={committee}").form(f"/{no}")
    erase.fields["act"] = "erase"
    assert "老师傅" not in erase.submit().words
    assert helping.located([world.context.keys.mac("phone", "+862100126655").hex()]) == []
    left = offers.get(committee, no)
    assert left is not None
    assert [one.reason for one in left.offer.log] == ["other", "erased"]


def test_an_offer_past_its_time_is_listed_no_more(world: World) -> None:
    offered(world.client())
    actor = Actor("staff:C", "居委", ("committee@committee:c01",))
    assert len(helping.listed(world.context, actor, "c01", "")) == 1
    world.clock.advance(days=world.street.retention.register_days)
    assert helping.listed(world.context, actor, "c01", "") == []
