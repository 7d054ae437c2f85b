"""Who may know who reported, and who is called to a hazard with which number."""

from __future__ import annotations

import re

import pytest

from chalicelib.casework.access import BLIND
from tests import steps
from tests.full_street import full_street, live_on
from tests.test_way import HOUSING, POLICE, People, Way
from tests.world import World

SAID = "王阿姨说她家在三楼"


@pytest.fixture
def people(world: World) -> People:
    street = full_street(world.street)
    live_on(world, street)
    return People(world)


def known(way: Way, page_text: str) -> list[str]:
    """What on a page would tell who reported."""
    return [words for words in ("王阿姨", way.case.phone_mask) if words in page_text]


def test_the_party_complained_about_and_deputies_never_see_the_reporter(world: World, people: People) -> None:
    way = Way(world, set(), text="物业不修灯")
    way.staff(people.centre, "accept", **{"class": "simple"})
    way.staff(people.centre, "allocate", to="committee@committee:c01", reason="由居委办")
    way.staff(people.committee, "sign")
    way.staff(people.micro_grid, "contact", way="phone", reached="yes", note=SAID)
    way.staff(people.committee, "assign", to=steps.choice(people.committee, way.no, "assign", "to", "property@community:c01a"))
    steps.act(people.committee, way.no, "reveal", reason="contact", note=SAID)
    deputy = world.signed_in("deputy", "committee:c01")
    assert known(way, people.committee.get(f"/desk/cases/{way.no}").text) == ["王阿姨", way.case.phone_mask]
    for blind in (people.company, deputy):
        page = blind.get(f"/desk/cases/{way.no}")
        assert page.status == 200
        assert known(way, page.text) == []
        assert [form for form in page.forms if form.action.endswith("/reveal")] == []
        assert "按规定不显示诉求人" in page.words
        for hidden in ("看过手机号", "办前联系上了"):
            assert hidden not in page.words
    assert {"property", "deputy"} == BLIND


def test_co_handlers_see_the_case_and_may_know_the_reporter_but_not_call(world: World, people: People) -> None:
    way = Way(world, set(), text="消防通道被占")
    way.staff(people.centre, "accept", **{"class": "simple"})
    answers = dict.fromkeys(("generality", "urgency", "legality", "public_interest"), "yes")
    way.staff(people.centre, "triage", text="要几家一起办", **answers)
    way.staff(people.supervisor, "agree_triage")
    assert people.housing.get(f"/desk/cases/{way.no}").status == 404
    way.staff(people.centre, "dispatch", (HOUSING,), lead=POLICE, demands="清出通道")
    page = people.housing.get(f"/desk/cases/{way.no}")
    assert "消防通道被占" in page.words
    acts = {form.action.rsplit("/", 1)[-1] for form in page.forms if "/cases/" in form.action}
    assert acts == {"report_in", "note"}
    # Once they are released it is theirs no more.
    way.staff(people.centre, "release", party=HOUSING, reason="不用了")
    assert people.housing.get(f"/desk/cases/{way.no}").status == 404


def test_residents_never_learn_what_offices_have_between_each_other(world: World, people: People) -> None:
    way = Way(world, set(), text="灯不亮")
    way.staff(people.centre, "allocate", to="committee@committee:c01", reason="由居委办")
    way.staff(people.committee, "refuse", reason="not_ours", basis="内部说法一")
    way.staff(people.supervisor, "supervise", reason="内部说法二")
    way.staff(people.centre, "note", text="内部说法三")
    way.staff(people.centre, "meet", text="内部说法四")
    seen = way.resident.get(f"/t/{way.token}")
    assert "内部说法" not in seen.text
    for hidden in ("退单", "督办", "催办", "超时，已通知"):
        assert hidden not in seen.words
    assert "正在重新安排" in seen.words


def test_at_a_hazard_the_numbers_to_call_stand_on_the_page_of_those_who_work_on_it(world: World, people: People) -> None:
    near = world.hire("grid_worker", "committee:c01")
    far = world.hire("grid_worker", "committee:c03")
    plain = Way(world, set(), text="灯不亮")
    plain.staff(people.centre, "accept", **{"class": "simple"})
    assert "马上叫到现场" not in people.centre.get(f"/desk/cases/{plain.no}").words
    way = Way(world, set(), text="电线冒火花")
    way.staff(people.centre, "accept", **{"class": "urgent"})
    page = people.centre.get(f"/desk/cases/{way.no}")
    called = re.findall(r'href="(tel:[^"]+)"', page.text)
    assert "tel:02100129501" in called
    numbers = {name: 3000 + list(world.passwords).index(name) + 1 for name in (near, far)}
    assert f"tel:+86210012{numbers[near]}" in called
    assert f"tel:+86210012{numbers[far]}" not in called
    assert "示例供电抢修" in page.words
    # A supervisor of the whole street, too; a committee that only reads, not; a closed hazard, not.
    assert "马上叫到现场" in people.supervisor.get(f"/desk/cases/{way.no}").words
    assert "tel:" not in people.committee.get(f"/desk/cases/{way.no}").text
    way.staff(people.centre, "close", outcome="out_of_scope", text="已由供电公司处理")
    assert "马上叫到现场" not in people.centre.get(f"/desk/cases/{way.no}").words


def test_numbers_of_colleagues_are_opened_for_hazards_alone(world: World, people: People) -> None:
    """The function that may decrypt looks for itself."""
    from chalicelib.usecases.reveal import handle

    world.hire("grid_worker", "committee:c01")
    plain, hazard = Way(world, set(), text="灯不亮"), Way(world, set(), text="电线冒火花")
    hazard.staff(people.centre, "accept", **{"class": "urgent"})
    session = next(iter(people.centre.cookies.values()))
    assert '"phone":"+86' in handle(world.context, {"session": session, "case": hazard.no, "crew": "1"})["crew"]
    assert handle(world.context, {"session": session, "case": plain.no, "crew": "1"}) == {"crew": "[]"}
    onlooker = next(iter(people.committee.cookies.values()))
    assert handle(world.context, {"session": onlooker, "case": hazard.no, "crew": "1"}) == {"crew": "[]"}
    assert "error" in handle(world.context, {"session": "forged", "case": hazard.no, "crew": "1"})
