"""Property service: six disclosures kept and public, the street's monthly check, findings that become cases, the manager's own
rating beside it, and the sheet for the review meeting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework import property as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.figures_period import Period
from chalicelib.errors import Conflict
from chalicelib.models import cases
from chalicelib.models import property as books
from chalicelib.models.base import transaction as real
from chalicelib.street import Street
from chalicelib.usecases import property as service
from chalicelib.web import i18n
from infra.streetfile.compile import load
from infra.streetfile.problems import StreetFileError
from tests import steps
from tests.client import Page, Visitor
from tests.world import SMALL, World

CHARGES = "物业费每平方米2.10元，停车费每月150元。"
HOME = "/desk/property/c01a"


def checked(visitor: Visitor, street: Street, found: dict[str, str], month: str = "2026-11") -> Page:
    form = visitor.get(f"{HOME}/check?month={month}").form("/check")
    fields = {one.id: "bad" if one.id in found else "ok" for one in street.property.check}
    return form.fill(**fields, **{f"{name}_note": note for name, note in found.items()}).submit()


def test_the_company_discloses_the_street_checks_and_findings_become_cases(world: World) -> None:
    with i18n.strict():
        company = world.signed_in("property", "community:c01a")
        clerk = world.signed_in("committee", "committee:c01")
        visitor = world.client()
        assert "物业公示" not in visitor.get("/public").words

        # J1: kept by the company, versioned, public.
        form = company.get(f"{HOME}/charges").form("/charges")
        assert form.fill(text="").submit().status == 422
        assert "手机" in form.fill(text="李经理 13800138000").submit().words
        page = form.fill(text=CHARGES, day="2026-11-01").submit()
        assert (page.status, page.path) == (200, f"{HOME}?done=charges")
        stale = form.fill(text="第二个窗口里写的").submit()
        assert (stale.status, "别人刚改过" in stale.words, CHARGES in stale.text) == (409, True, True)
        # Pressed twice is done once.
        assert form.fill(text=CHARGES).submit().status == 200
        company.get(f"{HOME}/charges").form("/charges").fill(text=f"{CHARGES}晚上优惠。").submit()
        assert [one.version for one in books.versions("c01a", "D#charges")] == [2, 1]
        history = company.get(f"{HOME}/charges").words
        assert "以前的版本" in history
        assert "community:c01a property" in history
        company.get(f"{HOME}/contacts").form("/contacts").fill(text="报修电话13800138000").submit()
        world.clock.advance(hours=1)
        assert "/public/property" in visitor.get("/public").text
        assert visitor.get("/public/property").links.count("/public/property/c01a") == 1
        told = visitor.get("/public/property/c01a").words
        assert "晚上优惠" in told
        assert "13800138000" in told
        assert told.count("还没有公示") == 4
        assert visitor.get("/public/property/nowhere").status == 404

        # J2: the street's check; each finding is a case by one click, once, whoever clicks.
        assert checked(clerk, world.street, {"fire": ""}).status == 422
        refused = checked(clerk, world.street, {"fire": "3号楼王某 13800138000 堆物"})
        assert (refused.status, "手机" in refused.words, books.read("c01a").checks) == (422, True, ())
        page = checked(clerk, world.street, {"fire": "3号楼消防通道堆物", "cleaning": "楼道有积灰"})
        assert "8项中6项合格" in page.words.replace(" ", "")
        button = next(form for form in page.forms if form.action.endswith("/finding") and form.fields["item"] == "fire")
        page = button.submit()
        book = books.read("c01a")
        no = book.checks[0].marks["fire"].case
        stored = cases.get(no)
        assert stored is not None
        case = stored.case
        assert (case.channel, case.active, case.community, case.category) == ("patrol", True, "c01a", "property")
        assert case.external == "check/2026-11/fire"
        assert case.text == "消防通道：3号楼消防通道堆物"
        assert f"/desk/cases/{no}" in page.links
        button.submit()
        head = world.signed_in("dispatcher", "street")
        again = head.get(HOME).form("/finding").fields | {"item": "fire"}
        assert head.post(f"{HOME}/finding", again).status == 200
        assert len([row for row in world.stored_items() if row["sk"]["S"] == "CASE"]) == 1
        # An earlier month is put right afterwards: this one stays checked.
        assert books.listed()["c01a"]["K"] == "2026-11"
        checked(clerk, world.street, {"cleaning": "楼道有积灰"}, month="2026-09")
        assert (books.listed()["c01a"]["K"], [one.month for one in books.read("c01a").checks]) == (
            "2026-11",
            ["2026-11", "2026-09"],
        )
        # The link stays when the check is corrected, and the other finding can still become one.
        checked(clerk, world.street, {"cleaning": "楼道有积灰"})
        assert books.read("c01a").checks[0].marks["fire"].case == no

        # J3: the manager's rating beside it.
        fields = {one.id: "4" for one in world.street.property.check}
        form = company.get(f"{HOME}/rating").form("/rating")
        assert form.fill(**fields, visited="3", satisfied="9").submit().status == 422
        assert form.fill(**fields, visited="30", satisfied="28", text="13800138000不满意").submit().status == 422
        page = form.fill(text="电梯已大修").submit()
        said = page.words.replace(" ", "")
        assert "保洁4分1次中0次合格" in said
        assert "消防通道4分1次中1次合格" in said
        assert "回访30户，28户满意" in said

        # J4: per community, against the quarter before; no reporter anywhere near the company.
        reported, token = steps.reported(world, category="property")
        steps.act(head, reported, "accept")
        steps.act(head, reported, "propose", outcome="solved", text="修了")
        steps.act(head, reported, "confirm")
        visitor.get(f"/t/{token}/rate").form("/rate").fill(satisfied="yes").submit()
        for reader, rows in ((company, 1), (clerk, 1), (head, 3)):
            sheet = reader.get("/desk/property/sheet")
            assert (sheet.status, sheet.text.count('<th scope="row">')) == (200, rows)
            assert "示例桂花新村2（0）2（0）1（0）0（0）100.0%（—）114.0分" in sheet.words.replace(" ", "")
            assert "王阿姨" not in sheet.text
        assert head.get("/desk/property/sheet?quarter=2027Q1").status == 404
        assert head.get("/desk/property/sheet?quarter=2026Q3").status == 200


def test_everybody_sees_their_communities_and_does_what_is_theirs(world: World) -> None:
    company = world.signed_in("property", "community:c01a")
    other = world.signed_in("property", "community:c02a")
    clerk = world.signed_in("committee", "committee:c01")
    supervisor = world.signed_in("supervisor", "street")
    worker = world.signed_in("grid_worker", "committee:c01")
    assert [other.get(f"{HOME}{act}").status for act in ("", "/charges", "/check", "/rating")] == [404] * 4
    assert company.get(f"{HOME}/check").status == 404
    assert clerk.get(f"{HOME}/charges").status == clerk.get(f"{HOME}/rating").status == 404
    assert (supervisor.get(HOME).status, supervisor.get(f"{HOME}/check").status) == (200, 404)
    assert worker.get("/desk/property").status == 403
    assert "示例梅花公寓" not in company.get("/desk/property").words
    assert "示例梅花公寓" in supervisor.get("/desk/property").words
    for visitor, act, fields in (
        (other, "charges", {"text": "x", "version": "0"}),
        (clerk, "charges", {"text": "x", "version": "0"}),
        (clerk, "rating", {"quarter": "2026Q4", "version": "0"}),
        (company, "check", {"month": "2026-11", "version": "0"}),
        (company, "finding", {"month": "2026-11", "item": "fire"}),
        (clerk, "no-such", {"version": "0"}),
        (clerk, "check", {"month": "2026-12", "version": "0"}),
        (clerk, "finding", {"month": "2026-11", "item": "fire"}),
        (clerk, "check", {"month": "2026-11", "version": "x"}),
    ):
        csrf = visitor.get("/desk/property").form("/signout").fields["csrf"]
        assert visitor.post(f"{HOME}/{act}", {**fields, "csrf": csrf}).status in {400, 403, 404}, (act, fields)
    assert books.read("c01a") == rules.Book()


def test_a_lost_reply_is_not_taken_for_a_refusal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def lossy() -> Iterator[Any]:
        with real() as together:
            yield together
        raise TimeoutError("the reply was lost")

    actor = Actor("staff:P", "物业", ("property@community:c01a",))
    monkeypatch.setattr(books, "transaction", lossy)
    made = service.disclose(world.context, actor, "c01a", "duty", {"text": "本季履职"}, 0)
    assert (made.version, books.read("c01a").disclosures["duty"]) == (1, made)
    with pytest.raises(Conflict):
        service.disclose(world.context, actor, "c01a", "duty", {"text": "别的"}, 0)


def test_a_street_words_its_own_check_list_or_has_the_usual_one(tmp_path: Path, world: World) -> None:
    assert [one.id for one in world.street.property.check][:2] == ["order", "cleaning"]
    copy = tmp_path / "small.toml"
    own = '\n[[property.check]]\nid = "lifts"\nname = { zh = "电梯", en = "Lifts" }\n'
    copy.write_text(SMALL.read_text("utf-8") + own, "utf-8")
    copy.with_suffix(".csv").write_bytes(SMALL.with_suffix(".csv").read_bytes())
    assert [one.name.en for one in load(copy)[0].property.check] == ["Lifts"]
    copy.write_text(SMALL.read_text("utf-8") + own.replace("check", "chek"), "utf-8")
    with pytest.raises(StreetFileError, match="chek"):
        load(copy)


@pytest.mark.parametrize(
    ("quarter", "first", "last", "before"),
    [
        ("2026Q1", date(2026, 1, 1), date(2026, 4, 1), "2025Q4"),
        ("2026Q3", date(2026, 7, 1), date(2026, 10, 1), "2026Q2"),
        ("2026Q4", date(2026, 10, 1), date(2027, 1, 1), "2026Q3"),
    ],
)
def test_quarters(quarter: str, first: date, last: date, before: str) -> None:
    assert rules.period(quarter) == Period(first, last)
    assert rules.before(quarter) == before
    assert rules.quarter_of(first) == quarter
    assert len(rules.months(quarter)) == 3
    assert not rules.is_quarter("2026Q5", date(2026, 12, 31))
    assert not rules.is_month("2026-13", date(2027, 12, 31))
