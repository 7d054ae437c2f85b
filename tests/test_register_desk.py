"""The registers' desk: visits and results, corrections and their history, reveals behind a log, rights, exports, files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib import wiring
from chalicelib.casework.access import ROLES, Actor
from chalicelib.casework.register import fold
from chalicelib.handlers.routing import ROUTES
from chalicelib.models import registers
from chalicelib.usecases import privacy, register_link, register_work
from chalicelib.usecases.register_tables import archive
from chalicelib.web import i18n
from tests import steps, wire
from tests.client import FORM, Page, Visitor
from tests.register_people import household, id_number, phone, register_world, rental, rows, send, tenant
from tests.world import World

NO_WAY = EndpointConnectionError(endpoint_url="https://engine.example")


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world, i18n.strict():
        yield world


@pytest.fixture
def verifier(town: World) -> Visitor:
    return town.signed_in("verifier", "committee:c01")


def press(visitor: Visitor, path: str, **fields: str) -> Page:
    """A post as somebody sends it whose page offers no such form."""
    from urllib.parse import urlencode

    csrf = visitor.get("/desk").form("/signout").fields["csrf"]
    sent = urlencode({"csrf": csrf, "attempt": "a" * 32, **fields}).encode("ascii")
    return visitor.call("POST", path, sent, {"Content-Type": FORM, "Origin": visitor.origin})


def stored(no: str) -> registers.Stored:
    found = registers.get(no)
    assert found is not None
    return found


def events(no: str) -> list[str]:
    return [event.type for event in stored(no).events]


def reveal_form(page: Page, key: str) -> Any:
    return next(form for form in page.forms if form.action.endswith("/reveal") and form.fields["person"] == key)


def everything(world: World) -> str:
    """What an intruder with every table would read, bodies decompressed."""
    import zlib

    found = []
    for item in rows(world):
        text = str({name: value for name, value in item.items() if name not in {"body", "sealed"}})
        body = item.get("body", {}).get("B")
        found.append(text + (zlib.decompress(bytes(body)).decode() if body else ""))
    return "\n".join(found)


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


def test_one_person_is_erased_and_the_figures_stay(town: World) -> None:
    register = send(town, rental(3, area="10", rooms="1"))
    no, case = register.no, register.case
    mac = town.context.keys.mac("id-number", id_number(1)).hex()
    secrets = (mac, town.context.keys.mac("phone", "+862100121001").hex())
    assert all(secret in everything(town) for secret in secrets)
    admin = town.signed_in("street_admin", "street")
    page = admin.get(f"/desk/registers/{no}")
    form = next(form for form in page.forms if form.action.endswith("/erase") and form.fields.get("person") == "p2")
    assert form.fill(reason="本人要求").submit().status == 200
    after = stored(no).register
    assert [person.erased for person in after.people] == [False, False, True, False]
    assert not any(secret in everything(town) for secret in secrets)
    opened = town.context.vault.open(f"register:{no}#1", registers.envelopes(no)[1])
    assert not [name for name in opened if name.startswith("p2.")]
    assert opened["p1.id"] == id_number(0)
    assert (after.case, after.committee, after.area) == (case, "c01", "10")


def test_words_about_a_person_go_with_them(town: World, verifier: Visitor) -> None:
    """What colleagues typed about somebody: why a number was opened, what a visit found, why everything was handed out."""
    no = send(town, rental(3)).no
    for key in ("p1", "p2"):
        reveal_form(verifier.get(f"/desk/registers/{no}"), key).fill(reason="other", note=f"核对{key}的户口").submit()
    verifier.get(f"/desk/registers/{no}").form("/visit").fill(result="wrong", remark="大个子那位不在").submit()
    admin = town.signed_in("street_admin", "street")
    for number, why in ((0, "甲本人来查"), (1, "乙本人来查")):
        form = admin.get("/desk/people").form("/people").fill(whose=id_number(number), reason=why)
        form.fields["do"] = "hand_out"
        assert id_number(number) in form.submit().words
    keeper = Actor("staff:K", "管理员", ("street_admin@street",))
    privacy.erase(town.context, keeper, no, ["p1"], "甲要求删除", "d" * 32)
    left = everything(town)
    assert [words in left for words in ("核对p1", "大个子", "甲本人来查")] == [False] * 3
    assert [words in left for words in ("核对p2", "乙本人来查", "甲要求删除")] == [True] * 3
    assert fold(no, stored(no).events) == stored(no).register
    hint = admin.get(f"/desk/registers/{no}").words
    assert "群租" in hint
    privacy.erase(town.context, keeper, no, [], "全部删除", "e" * 32)
    left = everything(town)
    assert [words in left for words in ("核对p2", "乙本人来查", "甲要求删除")] == [False] * 3
    assert "全部删除" in left
    assert fold(no, stored(no).events) == stored(no).register
    assert [event.data["reason"] for event in stored(no).events if event.type == "revealed"] == ["other", "other"]


def test_a_whole_registration_is_erased_everywhere(town: World) -> None:
    no = send(town, rental(2), "rental").no
    admin = town.signed_in("street_admin", "street")
    press(admin, f"/desk/registers/{no}/erase", reason="本人要求")
    after = stored(no).register
    assert (after.state, after.room, registers.envelopes(no)) == ("erased", "", {})
    left = everything(town)
    for number in range(2):
        assert town.context.keys.mac("id-number", id_number(number)).hex() not in left
        assert phone(number)[-4:] + '"' not in left
    assert "310*" not in left
    assert [item["pk"]["S"] for item in rows(town) if item["pk"]["S"].startswith("P#")] == []
    assert (after.kind, after.committee, after.created_at) == ("rental", "c01", stored(no).events[0].at)
    # Nothing brings it back.
    assert press(admin, f"/desk/registers/{no}/erase", reason="再来一次").status == 422


def test_a_person_gets_everything_that_is_kept_of_them_after_it_was_logged(town: World) -> None:
    first = send(town, rental(2)).no
    second = send(town, household(people=(tenant(0),)), "population").no
    admin = town.signed_in("street_admin", "street")
    form = admin.get("/desk/people").form("/people").fill(whose=id_number(0).lower(), reason="本人查阅")
    form.fields["do"] = "find"
    page = form.submit()
    assert {first, second} <= set(page.words.split())
    form.fields["do"] = "hand_out"
    shown = form.submit()
    assert shown.words.count(id_number(0)) == 2
    assert id_number(1) not in shown.text
    assert events(first) == ["registered", "exported"]
    refused = admin.get("/desk/people").form("/people").fill(whose="123", reason="x").submit()
    assert refused.status == 422
    with ExitStack() as writes:
        [writes.enter_context(wire.refused(name, NO_WAY)) for name in ("PutItem", "TransactWriteItems")]
        form.fields["attempt"] = "c" * 32
        assert id_number(0) not in form.submit().text


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


def test_the_base_register_is_exported_with_masks_and_only_what_changed(town: World) -> None:
    send(town, rental(2, people=(tenant(0, employer="示例公司"), tenant(1))))
    send(town, rental(1, room="9"), place=2)
    town.clock.advance(minutes=5)
    clerk = town.signed_in("committee", "committee:c01")
    assert clerk.get("/desk/exports").form("/exports").submit().status == 422
    page = clerk.get("/desk/exports").form("/exports").fill(reason="区里要底册").submit()
    assert page.status == 200
    assert "区里要底册" in page.words
    bucket = town.outputs["PhotosBucket"]

    def archives() -> list[dict[str, list[list[str]]]]:
        found = town.aws("s3").list_objects_v2(Bucket=bucket, Prefix="lists/export/").get("Contents", [])
        made = []
        for entry in sorted(found, key=lambda one: one["LastModified"]):
            body = town.aws("s3").get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            archive = zipfile.ZipFile(io.BytesIO(body))
            made.append({n: list(csv.reader(io.StringIO(archive.read(n).decode("utf-8-sig")))) for n in archive.namelist()})
        return made

    (first,) = archives()
    assert set(first) == {"addresses.csv", "population.csv", "houses.csv", "units.csv"}
    assert [len(one) - 1 for one in (first["addresses.csv"], first["population.csv"], first["houses.csv"])] == [1, 3, 1]
    assert first["addresses.csv"][1][-1] == "上海市徐汇区示例小街道" + "".join(first["addresses.csv"][1][4:6]) + "19号楼101室"
    assert first["units.csv"][1][-1] == "示例**"
    text = str(first)
    assert id_number(0) not in text
    assert "310*************" in text
    town.clock.advance(minutes=5)
    send(town, rental(1, first=7, room="103"))
    town.clock.advance(minutes=5)
    clerk.get("/desk/exports").form("/exports").fill(reason="再导一次").submit()
    assert sorted(len(one["houses.csv"]) - 1 for one in archives()) == [1, 1]


def test_the_base_registers_days_are_the_streets(town: World) -> None:
    no = send(town, rental(1)).no
    # 07:30 on the 19th in the street.
    town.clock.instant = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    register_work.act(
        town.context, Actor("staff:V", grants=("verifier@committee:c01",)), no, "visit", {"result": "verified"}, "a" * 32
    )
    packed = zipfile.ZipFile(io.BytesIO(archive(town.context, lambda key, **_: key, [stored(no).register])))
    for table in ("population.csv", "houses.csv"):
        text = packed.read(table).decode("utf-8-sig")
        assert "2026-11-19" in text
        assert "2026-11-18" not in text


def test_an_export_that_can_not_be_logged_is_not_made(town: World) -> None:
    send(town, rental(1))
    clerk = town.signed_in("committee", "committee:c01")
    form = clerk.get("/desk/exports").form("/exports").fill(reason="区里要底册")
    with wire.refused("PutItem", NO_WAY):
        assert form.submit().status >= 500
    assert town.aws("s3").list_objects_v2(Bucket=town.outputs["PhotosBucket"]).get("KeyCount") == 0


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


def test_erasing_is_refused_to_those_who_may_not(town: World) -> None:
    from chalicelib.errors import Forbidden, Unknown

    no = send(town, rental(1)).no
    with pytest.raises(Forbidden):
        privacy.erase(town.context, Actor("staff:X", grants=("committee@committee:c01",)), no, (), "x", "a" * 32)
    with pytest.raises(Unknown):
        privacy.erase(town.context, Actor("staff:X", grants=("street_admin@committee:c02",)), no, (), "x", "a" * 32)


def test_a_reporter_is_found_by_the_phone_and_erased_with_the_figures_left(town: World) -> None:
    import zlib

    from chalicelib.casework.folds import fold
    from chalicelib.models import cases

    no, token = steps.reported(town)
    town.client().get(f"/t/{token}").form("/add").fill(text="补充：住三楼的王阿姨").submit()
    admin = town.signed_in("street_admin", "street")
    form = admin.get("/desk/people").form("/people").fill(whose=steps.PHONE, reason="本人要求")
    form.fields["do"] = "find"
    page = form.submit()
    assert no in page.words.split()
    before = cases.get(no)
    assert before is not None
    form = page.form("/people").fill(whose=steps.PHONE, reason="本人要求", case=no)
    form.fields["do"] = "erase_case"
    assert no not in form.submit().words.split()
    after = cases.get(no)
    assert after is not None
    assert (after.sealed, after.case.phone_mac, after.case.nickname, after.case.text) == (None, "", "", "")
    assert fold(no, after.events) == after.case
    kept = (
        "state",
        "channel",
        "category",
        "committee",
        "zone",
        "place",
        "received_at",
        "highest",
        "case_class",
        "clocks",
        "additions",
    )
    assert [getattr(after.case, name) for name in kept] == [getattr(before.case, name) for name in kept]
    item = next(item for item in town.stored_items() if item["sk"]["S"] == "CASE")
    text = str(item) + zlib.decompress(bytes(item["body"]["B"])).decode()
    for secret in ("王阿姨", before.case.phone_mac, before.case.last4_mac, "7788"):
        assert secret not in text
    assert registers.found_by(before.case.phone_mac) == []
