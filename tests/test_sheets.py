"""Papers: the task sheet, the order, a document for each way out, the hand-over sheet; who gets them and who is not on them."""

from __future__ import annotations

import re

import pytest

from tests import steps
from tests.full_street import DOCUMENTS, full_street, live_on
from tests.test_way import HOUSING, POLICE, POWER, People, Way
from tests.world import World

ANSWERS = {**dict.fromkeys(("generality", "urgency", "legality", "public_interest"), "yes"), "text": "要几家一起办"}


@pytest.fixture
def people(world: World) -> People:
    live_on(world, full_street(world.street))
    return People(world)


def dispatched(world: World, people: People) -> Way:
    way = Way(world, set(), text="消防通道被占")
    way.staff(people.centre, "accept", **{"class": "simple"})
    way.staff(people.centre, "triage", **ANSWERS)
    way.staff(people.supervisor, "agree_triage")
    way.staff(people.centre, "dispatch", (HOUSING, POWER), lead=POLICE, demands="清出消防通道", until="2026-11-25")
    return way


def referred(world: World, people: People, way_out: str) -> Way:
    way = Way(world, set(), text=f"要装电梯，{way_out}")
    way.staff(people.centre, "accept", **{"class": "simple"})
    way.staff(people.centre, "prelim", text="居委开过会")
    way.staff(people.centre, "refer", exit=way_out, text="请协调资金")
    return way


def test_the_task_sheet_names_lead_co_handlers_demands_and_deadline_with_lines_to_sign(world: World, people: People) -> None:
    way = dispatched(world, people)
    for reader in (people.centre, people.police, people.housing):
        page = reader.get(f"/desk/cases/{way.no}/task_sheet")
        assert page.status == 200
        for words in ("任务交办单", way.no, "消防通道被占", "主办", "示例派出所", "协办", "示例房管所", "示例供电抢修"):
            assert words in page.words, words
        for words in ("清出消防通道", "2026年11月25日（周三）18:00", "街道城运中心", "普遍性", "交办人", "审批人", "签收"):
            assert words in page.words, words
        assert "王阿姨" not in page.text
        assert "****" not in page.text
    assert f"/desk/cases/{way.no}/task_sheet" in people.police.get(f"/desk/cases/{way.no}").links


def test_there_is_no_task_sheet_without_anybody_to_task_nor_a_document_without_a_way_out(world: World, people: People) -> None:
    no, _ = steps.reported(world)
    for paper in ("task_sheet", "exit", "accept", "no_such_paper", "handover", "district"):
        assert people.centre.get(f"/desk/cases/{no}/{paper}").status == 404, paper
    assert people.centre.get(f"/desk/cases/{no}/order").status == 200


@pytest.mark.parametrize("way_out", DOCUMENTS)
def test_every_way_out_has_a_document_of_its_own_with_everything_on_it(world: World, people: People, way_out: str) -> None:
    way = referred(world, people, way_out)
    page = people.centre.get(f"/desk/cases/{way.no}/exit")
    assert page.status == 200
    heading = re.search(r"<h1>(.*?)</h1>", page.text)
    assert heading is not None
    assert heading[1] == f"示例{way_out}"
    for words in (way.no, "要装电梯", "示例桂花新村19号楼", "示例桂花居委会", "请协调资金", "2026年11月18日"):
        assert words in page.words, words
    own = {
        "suggestion": ("案由", "建议", "领衔代表", "附议代表", "居委开过会"),
        "visit_day": ("走访日期", "走访主任", "现场意见", "记录人"),
        "district": ("区平台受理编号", "单位盖章", "021-0012 3456", "居委开过会", "021-****"),
        "survey": ("片区已采取的措施", "片区意见建议", "反馈意见", "东片区", "居委开过会"),
    }
    for words in own[way_out]:
        assert words in page.words, words
    others = {said[0] for document, said in own.items() if document != way_out}
    assert [words for words in sorted(others) if words in page.words and words not in own[way_out]] == []
    # The paper is still to be had when the answer has come.
    way.staff(people.centre, "answer_back", text="已答复")
    assert people.centre.get(f"/desk/cases/{way.no}/exit").status == 200


def test_the_visiting_day_lists_everything_that_waits_for_it(world: World, people: People) -> None:
    first, second = (referred(world, people, "visit_day") for _ in range(2))
    elsewhere = referred(world, people, "district")
    answered = referred(world, people, "visit_day")
    answered.staff(people.centre, "answer_back", text="已答复")
    page = people.centre.get(f"/desk/cases/{first.no}/exit")
    assert first.no in page.words
    assert second.no in page.words
    assert elsewhere.no not in page.words
    assert answered.no not in page.words
    assert page.text.count("请协调资金") == 2


def test_the_hand_over_sheet_holds_everything_open_on_my_desks(world: World, people: People) -> None:
    mine = [steps.reported(world, phone="", text=f"第{turn}件")[0] for turn in range(3)]
    way = dispatched(world, people)
    page = people.centre.get("/desk/handover")
    assert page.status == 200
    for no in (*mine, way.no):
        assert no in page.words
    assert "待受理" in page.words
    assert "受理" in page.words
    # Only a suggestion is weighed.
    assert "采纳与否" not in page.words
    assert "共4件未办结" in page.words
    for words in ("移交人", "接收人", "监交人"):
        assert words in page.words
    # Of one's own desks only.
    police = people.police.get("/desk/handover").words
    assert way.no in police
    assert all(no not in police for no in mine)
    steps.act(people.centre, mine[0], "close", outcome="out_of_scope", text="不归街道")
    assert mine[0] not in people.centre.get("/desk/handover").words


def test_papers_of_a_case_outside_the_scope_look_like_those_of_no_case(world: World, people: People) -> None:
    way = dispatched(world, people)
    outsider = world.signed_in("committee", "committee:c02")
    for paper in ("order", "task_sheet", "exit"):
        foreign, unknown = outsider.get(f"/desk/cases/{way.no}/{paper}"), outsider.get(f"/desk/cases/2222-2222-2/{paper}")
        assert foreign.status == unknown.status == 404
        assert foreign.words == unknown.words


def test_the_order_shows_the_reporter_to_the_office_and_not_to_the_property_company(world: World, people: People) -> None:
    way = Way(world, set())
    way.staff(people.centre, "accept", **{"class": "simple"})
    way.staff(people.centre, "allocate", to="committee@committee:c01", reason="由居委办")
    way.staff(people.committee, "sign")
    party = steps.choice(people.committee, way.no, "assign", "to", "property@community:c01a")
    way.staff(people.committee, "assign", to=party)
    office, company = (who.get(f"/desk/cases/{way.no}/order") for who in (people.committee, people.company))
    assert "王阿姨" in office.words
    assert "021-****" in office.words
    assert "承办人" in company.words
    for page in (company, people.company.get(f"/desk/cases/{way.no}")):
        assert "王阿姨" not in page.text
        assert "****" not in page.text
