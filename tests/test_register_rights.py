"""What people may ask of the registers, and what the city gets: erasing, handing out, exports."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework.access import Actor
from chalicelib.casework.register import fold
from chalicelib.casework.registering import TypedPerson
from chalicelib.models import cases, registers
from chalicelib.usecases import privacy, privacy_cases, register_link, register_work
from chalicelib.usecases.register_tables import archive
from chalicelib.web import i18n
from tests import steps, wire
from tests.client import Visitor
from tests.register_desk import NO_WAY, events, everything, press, reveal_form, stored
from tests.register_people import household, id_number, phone, register_world, rental, rows, send, tenant
from tests.world import World


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world, i18n.strict():
        yield world


@pytest.fixture
def verifier(town: World) -> Visitor:
    return town.signed_in("verifier", "committee:c01")


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
    assert "已经核实" not in town.client().get(f"/t/{register_link.token_for(town.context, after)}").words
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
    form.fields["whose"] = id_number(77)
    assert "没有找到任何内容" in form.submit().words and "没有找到任何内容" not in page.words
    form.fields["whose"] = id_number(0)
    refused = admin.get("/desk/people").form("/people").fill(whose="123", reason="x").submit()
    assert refused.status == 422
    with ExitStack() as writes:
        [writes.enter_context(wire.refused(name, NO_WAY)) for name in ("PutItem", "TransactWriteItems")]
        form.fields["attempt"] = "c" * 32
        assert id_number(0) not in form.submit().text


def test_a_number_typed_wrong_and_corrected_hands_nobody_somebody_elses_record(town: World) -> None:
    typed = replace(tenant(0), id=id_number(5), phone=phone(5))
    register = send(town, rental(people=(typed,)))
    right = TypedPerson(key="p1", id=id_number(0), phone=phone(0))
    token = register_link.token_for(town.context, register)
    register_link.edit(town.context, token, rental(0, landlord=TypedPerson(key="l"), people=(right,)), "e" * 32)
    admin = town.signed_in("street_admin", "street")
    for whose in (id_number(5), phone(5)):
        form = admin.get("/desk/people").form("/people").fill(whose=whose, reason="本人查阅")
        form.fields["do"] = "hand_out"
        shown = form.submit()
        # Where it stood is told to the clerk; what else stands there is handed to nobody.
        assert "后来已改正" in shown.words
        assert register.no in shown.words.split() and tenant(0).name not in shown.text and id_number(0) not in shown.text
    assert events(register.no) == ["registered", "edited"]
    form.fields["whose"] = phone(0)
    assert tenant(0).name in form.submit().text


def test_numbers_in_reasons_are_kept_as_masks(town: World) -> None:
    """Whoever asks for something is easily named by a number, and reasons stay."""
    register = send(town, rental(2))
    admin = town.signed_in("street_admin", "street")
    said = f"持{id_number(1)}者来电13812345678"
    form = admin.get("/desk/people").form("/people").fill(whose=id_number(1), reason=said)
    form.fields["do"] = "hand_out"
    assert id_number(1) in form.submit().words
    admin.get("/desk/exports").form("/exports").fill(committee="c01", reason=said).submit()
    press(admin, f"/desk/registers/{register.no}/erase", person="p2", reason=said)
    no, _ = steps.reported(town)
    privacy_cases.erase_case(town.context, Actor("staff:K", "管理员", ("street_admin@street",)), no, said, "d" * 32)
    assert steps.events_of(no)[-1] == "erased" and "138****5678" in everything(town)
    kept = everything(town) + str(cases.get(no))
    assert id_number(1) not in kept and "13812345678" not in kept


def workbook(body: bytes) -> dict[str, list[list[str]]]:
    """Sheet → rows of cells, each of which is a word: of a number of eighteen digits a spreadsheet keeps fifteen."""
    book = zipfile.ZipFile(io.BytesIO(body))

    def part(name: str) -> str:
        return book.read(f"xl/{name}.xml").decode()

    words = [html.unescape("".join(re.findall(r"<t[^>]*>([^<]*)</t>", one))) for one in part("sharedStrings").split("</si>")]
    found = {}
    for number, title in enumerate(re.findall(r'<sheet name="([^"]+)"', part("workbook")), 1):
        rows = re.findall(r"<row .*?</row>", part(f"worksheets/sheet{number}"))
        cells = [re.findall(r'<c r="[A-Z]+\d+"[^>]*?(?: t="(\w)")?><v>(\d+)</v>', row) for row in rows]
        assert all(kind == "s" for row in cells for kind, _ in row)
        found[title] = [[words[int(value)] for _, value in row] for row in cells]
    return found


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
            tables = [n for n in archive.namelist() if n.endswith(".csv")]
            made.append({n: list(csv.reader(io.StringIO(archive.read(n).decode("utf-8-sig")))) for n in tables})
            titles = ("地址", "人口", "房屋", "单位")
            assert workbook(archive.read("base-register.xlsx")) == dict(zip(titles, made[-1].values(), strict=True))
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
    # Four digits alone would stand in some random number by chance.
    numbers = (before.case.phone_mask, "00127788", steps.PHONE)
    for secret in ("王阿姨", before.case.phone_mac, before.case.last4_mac, *numbers):
        assert secret not in text
    assert registers.found_by(before.case.phone_mac) == []
