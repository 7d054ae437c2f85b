"""The registers as people fill them in: by forms without JavaScript, with everything that is wrong said in their language;
and as they find them again by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework.register import Register
from chalicelib.models import registers
from chalicelib.usecases import register_link
from chalicelib.web import i18n
from tests import steps
from tests.client import Page, Visitor
from tests.register_people import id_number, phone, register_world, rental, rows, send
from tests.world import World


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world, i18n.strict():
        yield world


def person(at: str, number: int, name: str = "租客甲") -> dict[str, str]:
    return {f"{at}_name": name, f"{at}_id": id_number(number), f"{at}_phone": phone(number)}


FLAT = {"room": "101", "area": "７５．５", "rooms": "3", "lease_from": "2026-11-01", "lease_to": "2027-10-31", "by": "landlord"}
LANDLORD = {"l_name": "房东甲", "l_phone": "021-0012 8800"}


def registered(visitor: Visitor, code: str, **more: str) -> Page:
    return visitor.get(f"/Q/{code}").form("/f/rental").fill(**{**FLAT, **LANDLORD, **person("p1", 1), **more}).submit()


def token_of(page: Page) -> str:
    return page.path.split("/")[2]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_rental_is_registered_changed_by_its_link_and_read_in_masks(town: World, lang: str) -> None:
    visitor = town.client(lang=lang)
    form = visitor.get(f"/Q/{town.code(0, 'rental')}")
    terms = town.street.form("rental")
    assert terms is not None
    assert terms.notice.text(lang) in form.words
    done = registered(visitor, town.code(0, "rental"))
    assert (done.status, done.path.split("/")[-1]) == (200, "received")
    token = token_of(done)
    page = visitor.get(f"/t/{token}")
    assert id_number(1) not in page.text
    assert "310*************" in page.text
    assert "75.5" in page.words
    edit = visitor.get(f"/t/{token}/edit")
    assert id_number(1) not in edit.text
    again = edit.form("/edit").fill(room="102", p1_phone="021-0012 4321").submit()
    assert (again.status, again.path) == (200, f"/t/{token}")
    assert "102" in again.words
    assert "021-****4321" in again.words


def test_a_form_opened_before_somebody_elses_change_undoes_nothing(town: World) -> None:
    """Two tabs, the verifier's form beside them, and two people who say at once that somebody has left."""
    visitor, verifier = town.client(), town.signed_in("verifier", "committee:c01")
    made = send(town, rental(3))
    no, token = made.no, register_link.token_for(town.context, made)
    first, second, gone = (visitor.get(f"/t/{token}/edit").form("/edit") for _ in range(3))
    desk = verifier.get(f"/desk/registers/{no}/correct").form("/correct")

    def now() -> Register:
        found = registers.get(no)
        assert found is not None
        return found.register

    assert first.fill(area="88", p2_gone="1").submit().status == 200
    # A row more, without JavaScript, makes an old form no newer.
    second.fields["do"] = "add"
    second = second.fill(rooms="4", p1_phone="021-0012 4321").submit().form("/edit").fill(**person("p4", 4))
    second.fields["do"] = "send"
    for form, typed, title in (
        (second, {}, "刚刚有人改过，您的修改还没有保存"),
        (desk, {"lease_to": "2027-06-30"}, "刚刚有人改过，您的修改还没有保存"),
    ):
        refused = form.fill(**typed).submit()
        assert (refused.status, title in refused.words) == (409, True)
        again = refused.form(form.action[form.action.rindex("/") :])
        kept = {name: again.fields[name] for name in ("area", "rooms", "lease_to", "p1_key", "p2_key")}
        assert kept["area"] == now().area == "88"
        assert (kept["p1_key"], kept["p2_key"]) == ("p1", "p3")
        if form is second:
            assert (kept["rooms"], again.fields["p1_phone"], again.fields["p3_id"]) == ("4", "021-0012 4321", id_number(4))
        assert again.submit().status == 200
    after = now()
    assert (after.area, after.rooms, after.lease_to) == ("88", 4, "2027-06-30")
    assert [one.key for one in after.living] == ["p1", "p3", "p4"]
    # Who has left already may be said to have left once more, and so may anything that stands already.
    assert gone.fill(p2_gone="1").submit().status == 200
    assert gone.fill(p3_gone="1").submit().status == 409
    assert now() == after
    first.fields["version"] = "9" * 5000
    assert first.submit().status == 400


def test_without_javascript_rows_are_added_and_taken_out_by_posting_back(town: World) -> None:
    visitor = town.client()
    form = visitor.get(f"/Q/{town.code(0, 'rental')}").form("/f/rental").fill(**FLAT, **LANDLORD, **person("p1", 1))
    for number in (2, 3):
        form.fields["do"] = "add"
        form = form.submit().form("/f/rental").fill(**person(f"p{number}", number, "租客乙"))
    form.fields["do"] = "remove2"
    page = form.submit()
    assert (page.status, rows(town)) == (200, [])
    form = page.form("/f/rental")
    assert (form.fields["p1_id"], form.fields["p2_id"]) == (id_number(1), id_number(3))
    assert "p3_name" not in form.fields
    form.fields["do"] = "send"
    token = token_of(form.submit())
    edit = visitor.get(f"/t/{token}/edit").form("/edit")
    edit.fields["do"] = "add"
    edit = edit.submit().form("/edit").fill(**person("p3", 5, "租客丙"), p1_gone="1")
    edit.fields["do"] = "send"
    assert edit.submit().words.count("已搬走") == 1


@pytest.mark.parametrize(
    ("lang", "word"), [("zh-CN", "承租人1，身份证号码：身份证号码不对"), ("en", "Tenant 1, ID number: this is no valid")]
)
def test_everything_wrong_stands_beside_its_field_and_nothing_typed_is_lost(town: World, lang: str, word: str) -> None:
    visitor = town.client(lang=lang)
    page = registered(visitor, town.code(0, "rental"), p1_employer="示例公司", lease_from="2026-13-01")
    assert page.status == 422
    page = (
        page.form("/f/rental")
        .fill(p1_id=id_number(1)[:-1] + "9" if id_number(1)[-1] != "9" else id_number(1)[:-1] + "8")
        .submit()
    )
    assert page.status == 422
    assert word in page.words
    assert 'href="#f-p1_id"' in page.text
    assert 'id="f-p1_id"' in page.text
    assert page.form("/f/rental").fields["p1_employer"] == "示例公司"
    fixed = page.form("/f/rental").fill(p1_id=id_number(1), lease_from="2026-11-01").submit()
    assert fixed.path.endswith("/received")
    assert rows(town)


def test_the_household_form_asks_for_a_separate_consent_and_a_half_day(town: World) -> None:
    visitor = town.client()
    form = visitor.get(f"/Q/{town.code(0, 'population')}").form("/f/population").fill(room="5", **person("p1", 4))
    refused = form.submit()
    assert refused.status == 422
    assert {"单独同意：请看过说明，同意后勾选", "日期：请填写"} <= set(refused.words.replace(" ", "\n").split())
    done = refused.form("/f/population").fill(agree="2026-11", slot_day="2026-11-20", slot_part="am").submit()
    assert done.path.endswith("/received")
    assert "上午" in done.words


def test_the_same_form_sent_twice_is_one_and_another_under_its_key_is_told_so(town: World) -> None:
    visitor = town.client()
    form = visitor.get(f"/Q/{town.code(0, 'rental')}").form("/f/rental").fill(**FLAT, **LANDLORD, **person("p1", 1))
    first = form.submit()
    assert form.submit().path == first.path
    other = form.fill(room="909").submit()
    assert other.status == 409
    assert other.form("/f/rental").fields["key"] != form.fields["key"]
    assert other.form("/f/rental").fields["room"] == "909"


def test_strange_posts_are_answered_and_store_nothing(town: World) -> None:
    visitor = town.client()
    code = town.code(0, "rental")
    for fields in (
        {"code": code},
        {"code": code, "key": "x", **FLAT, **LANDLORD, **person("p1", 1)},
        {"code": code, "key": "ab" * 16, "do": "remove" + "9" * 50},
        {"code": "R" * 21, "key": "ab" * 16},
        {"code": town.code(0, "issue"), "key": "ab" * 16},
    ):
        assert visitor.post("/f/rental", fields).status in {200, 400, 404, 422}
    assert visitor.get("/t/" + "2" * 9 + "R" + "2" * 26).status == 404
    assert visitor.get("/t/" + "2" * 9 + "R" + "2" * 26 + "/edit").status == 404
    assert rows(town) == []


# ---- Found by its number --------------------------------------------------------------------------------------------


@pytest.fixture
def still(town: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The wall clock in the middle of an hour, so that no test straddles the end of a window."""
    now = datetime.now(UTC).replace(minute=30, second=0)
    monkeypatch.setattr(town.clock, "wall", lambda: now)
    return town


def number_of(page: Page) -> str:
    found = re.search(r'id="no">([^<]+)<', page.text)
    assert found
    return found[1]


def look_up(world: World, number: str, last4: str, lang: str = "zh-CN") -> Page:
    return world.client(lang=lang).get("/track").form("/track").fill(number=number, last4=last4).submit()


@pytest.mark.parametrize(("lang", "word"), [("zh-CN", "只能看"), ("en", "reading only")])
def test_a_registrations_number_and_four_digits_show_it_in_masks_to_read(still: World, lang: str, word: str) -> None:
    done = registered(still.client(), still.code(0, "rental"))
    no, token = number_of(done), token_of(done)
    page = look_up(still, no.lower().replace("-", ""), "8800", lang)
    assert (page.status, page.path) == (200, "/track")
    assert no in page.words
    assert "310*************" in page.text
    assert word in page.words
    assert id_number(1) not in page.text
    assert token not in page.text
    assert "/edit" not in page.text
    # The tenant's digits open it where the tenant filled it in, and nowhere else.
    tenants = phone(1)[-4:]
    assert look_up(still, no, tenants).status == 404
    theirs = registered(still.client(), still.code(1, "rental"), by="tenant")
    assert look_up(still, number_of(theirs), tenants).status == 200
    assert look_up(still, number_of(theirs), "8800").status == 404


def test_nobody_can_tell_a_registration_from_a_case_or_from_nothing(still: World) -> None:
    no = number_of(registered(still.client(), still.code(0, "rental")))
    case, _ = steps.reported(still)
    kinds = {no: "registration", case: "case", "2222-2222-2": "nothing"}
    answers = {one: [look_up(still, one, "0000") for _ in range(5)] for one in kinds}
    # Locked, each for itself, and the right digits open none of them then.
    for one, right in ((no, "8800"), (case, "7788"), ("2222-2222-2", "0000")):
        answers[one].append(look_up(still, one, right))
    seen = {kinds[one]: [(page.status, page.words.replace(one, "#")) for page in pages] for one, pages in answers.items()}
    assert seen["registration"] == seen["case"] == seen["nothing"]
    assert [status for status, _ in seen["nothing"]] == [404] * 5 + [429]
    other = number_of(registered(still.client(), still.code(1, "rental")))
    assert [look_up(still, other, "8800").status for _ in range(7)] == [200] * 7
