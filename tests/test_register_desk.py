"""The registers' desk: visits and results, corrections and their history, reveals behind a log, files and digests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import wiring
from chalicelib.casework.access import ROLES
from chalicelib.handlers.routing import ROUTES
from chalicelib.usecases import register_link
from chalicelib.web import i18n
from tests import steps, wire
from tests.client import Visitor
from tests.register_desk import NO_WAY, events, everything, press, reveal_form, stored
from tests.register_people import household, id_number, register_world, rental, rows, send
from tests.world import World


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world, i18n.strict():
        yield world


@pytest.fixture
def verifier(town: World) -> Visitor:
    return town.signed_in("verifier", "committee:c01")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_visit_is_booked_made_and_recorded(town: World, verifier: Visitor, lang: str) -> None:
    verifier.lang = lang
    no = send(town, rental(2)).no
    assert no in verifier.get("/desk/registers").text
    page = verifier.get(f"/desk/registers/{no}")
    page = page.form("/book").fill(slot_day="2026-11-20", slot_part="pm").submit()
    assert (page.status, stored(no).register.state) == (200, "booked")
    refused = page.form("/visit").fill(result="wrong").submit()
    assert refused.status == 422
    refused = page.form("/visit").fill(result="wrong", remark=f"证件上是{id_number(9)}").submit()
    assert refused.status == 422 and id_number(9) not in everything(town)
    page = refused.form("/visit").fill(result="wrong", remark="面积不对").submit()
    assert stored(no).register.state == "wrong"
    edit = page.visitor.get(f"/desk/registers/{no}/correct").form("/correct").fill(area="99").submit()
    assert edit.path == f"/desk/registers/{no}"
    assert (stored(no).register.area, stored(no).register.state) == ("99", "wrong")
    edit.form("/visit").fill(result="verified").submit()
    assert events(no) == ["registered", "booked", "verified", "corrected", "verified"]
    assert no not in verifier.get("/desk/registers").text
    assert stored(no).events[3].data["who"]


def test_a_visit_sent_twice_is_one(town: World, verifier: Visitor) -> None:
    no = send(town, rental(1)).no
    form = verifier.get(f"/desk/registers/{no}").form("/visit").fill(result="not_found")
    form.submit()
    form.submit()
    assert (events(no), stored(no).register.visits) == (["registered", "verified"], 1)


def test_an_id_number_is_shown_to_the_verifier_after_the_reason_is_on_record(town: World, verifier: Visitor) -> None:
    no = send(town, rental(2)).no
    page = verifier.get(f"/desk/registers/{no}")
    assert id_number(0) not in page.text
    bare = reveal_form(page, "p1").submit()
    assert (bare.status, id_number(0) in bare.text, events(no)) == (422, False, ["registered"])
    shown = reveal_form(page, "p1").fill(reason="verify").submit()
    assert id_number(0) in shown.words
    assert id_number(1) not in shown.text
    last = stored(no).events[-1]
    assert (last.type, last.data["person"], last.data["reason"]) == ("revealed", "p1", "verify")
    assert id_number(0) not in verifier.get(f"/desk/registers/{no}").text
    # Nobody who lives there reads who looked.
    token = register_link.token_for(town.context, stored(no).register)
    assert "查看了号码" not in town.client().get(f"/t/{token}").words


def test_when_the_log_can_not_be_written_nothing_is_shown(town: World, verifier: Visitor) -> None:
    no = send(town, rental(1)).no
    form = reveal_form(verifier.get(f"/desk/registers/{no}"), "p1").fill(reason="verify")
    with ExitStack() as writes:
        tried = [writes.enter_context(wire.refused(name, NO_WAY)) for name in ("PutItem", "TransactWriteItems", "UpdateItem")]
        page = form.submit()
    assert any(tried)
    assert page.status >= 500
    assert id_number(0) not in page.text
    assert events(no) == ["registered"]


def test_a_value_changed_by_the_link_is_shown_from_its_own_envelope(town: World, verifier: Visitor) -> None:
    from chalicelib.casework.registering import TypedPerson

    register = send(town, rental(1))
    typed = rental(0, landlord=TypedPerson(key="l"), people=(TypedPerson(key="p1", phone="021-0012 7777"),))
    register_link.edit(town.context, register_link.token_for(town.context, register), typed, "e" * 32)
    shown = reveal_form(verifier.get(f"/desk/registers/{register.no}"), "p1").fill(reason="contact").submit()
    assert id_number(0) in shown.words
    assert "+862100127777" in shown.words


def test_every_role_out_of_scope_finds_nothing_and_every_other_role_is_refused(town: World) -> None:
    """Role × endpoint × foreign scope: nothing changes, nothing is shown."""
    no = send(town, rental(2, area="9", rooms="1")).no
    paths = [
        (route.method, route.path.format(case=no, act=act))
        for route in ROUTES.values()
        if route.path.startswith(("/desk/registers/", "/desk/households", "/desk/exports", "/desk/people"))
        for act in (("book", "visit", "correct", "reveal", "erase") if "{act}" in route.path else ("",))
    ]
    assert len(paths) >= 14
    before = rows(town)
    fields = {
        "slot_day": "2026-11-20",
        "slot_part": "am",
        "result": "verified",
        "reason": "verify",
        "person": "p1",
        "committee": "c01",
    }
    foreign = [(role, unit) for role in sorted(ROLES) for unit in ("committee:c02", "zone:z2", "community:c02a")]
    inside = [(role, "committee:c01") for role in sorted(ROLES - {"verifier", "committee", "dispatcher", "street_admin"})]
    for role, unit in [*foreign, *inside]:
        visitor = town.signed_in(role, unit)
        for method, path in paths:
            target = path + (f"?place={town.places[0].id}&room=101" if path.endswith("households") else "")
            page = press(visitor, target, whose=id_number(0), **fields) if method == "POST" else visitor.call("GET", target)
            if path in {"/desk/exports", "/desk/people"} and method == "GET":
                assert page.status in {200, 403}
            else:
                assert page.status in {403, 404, 422}, (role, unit, method, path, page.status)
            for secret in (id_number(0), "310*************", "021-****1000"):
                assert secret not in page.text, (role, unit, path)
    assert rows(town) == before


def test_only_the_verifier_reveals_and_only_the_street_erases(town: World, verifier: Visitor) -> None:
    no = send(town, rental(1)).no
    committee = town.signed_in("committee", "committee:c01")
    admin = town.signed_in("street_admin", "street")
    for visitor in (committee, admin):
        page = press(visitor, f"/desk/registers/{no}/reveal", person="p1", reason="verify")
        assert page.status in {403, 422}
        assert id_number(0) not in page.text
    for visitor in (committee, verifier):
        assert press(visitor, f"/desk/registers/{no}/erase", reason="要求").status == 403
    assert events(no) == ["registered"]
    assert press(admin, f"/desk/registers/{no}/visit", result="verified").status == 403


def test_the_reveal_function_trusts_no_caller(town: World) -> None:
    no = send(town, rental(1)).no
    outsider = town.signed_in("verifier", "committee:c02")
    admin = town.signed_in("committee", "street")
    for session in ["", "A" * 22, *outsider.cookies.values(), *admin.cookies.values()]:
        for event in ({"register": no, "person": "p1", "reason": "verify"}, {"whose": id_number(0), "reason": "要求"}):
            answer = town.app.reveal({"session": session, "attempt": "b" * 32, **event}, None)
            assert set(answer) == {"error", "reason"}
    assert events(no) == ["registered"]


def test_keys_rotate_without_rewriting(town: World, verifier: Visitor) -> None:
    """An envelope carries its own wrapped key: after a rotation the old ones open and new ones are made, and no row changes."""
    no = send(town, rental(1)).no
    before = rows(town)
    arn = town.outputs["VaultKeyArn"]
    kms = town.aws("kms")
    kms.enable_key_rotation(KeyId=arn)
    kms.rotate_key_on_demand(KeyId=arn)
    assert rows(town) == before
    assert id_number(0) in reveal_form(verifier.get(f"/desk/registers/{no}"), "p1").fill(reason="verify").submit().words
    assert send(town, rental(1, room="102")).no


def test_a_flats_file_holds_its_registrations_visits_and_cases(town: World, verifier: Visitor) -> None:
    register = send(town, rental(3, area="10", rooms="1"))
    send(town, household(room="101号室"), "population")
    verifier.get(f"/desk/registers/{register.no}").form("/visit").fill(result="not_found", remark="门锁着").submit()
    steps.reported(town)
    clerk = town.signed_in("committee", "committee:c01")
    page = clerk.get(f"/desk/households?place={town.places[0].id}&room={quote('１０１')}")
    assert page.status == 200
    for words in (register.no, "人口", "门锁着", register.case, steps.TEXT.split("。")[0]):
        assert words in page.words
    assert id_number(0) not in page.text
    assert clerk.get(f"/desk/households?place={town.places[0].id}&room=999").status == 404


def test_digests_are_read_on_the_desk_with_a_signed_link(town: World) -> None:
    from chalicelib.usecases import register_digest

    send(town, rental(2))
    town.clock.advance(hours=7)
    house = wiring.house()
    register_digest.run(house.context, house.lists, lambda key, **_: key, lambda: 60.0)
    page = town.signed_in("dispatcher", "street").get("/desk/digests")
    links = [link for link in page.links if "lists/digest" in link]
    assert len(links) == 3
    assert all("Signature" in link and "Expires" in link for link in links)
    mine = town.signed_in("verifier", "committee:c02").get("/desk/digests")
    assert len([link for link in mine.links if "lists/digest" in link]) == 1
