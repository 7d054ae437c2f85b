"""The desk's lists: finding a case by number, phone or words, narrowing, paging, and assigning several at once."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

import pytest

from chalicelib.casework import numbers
from chalicelib.casework.case import Case
from chalicelib.casework.finding import NONE, WORDS_MAX, Wanted, find, values, words_of
from chalicelib.models import cases
from chalicelib.usecases import work
from tests import steps
from tests.client import FORM, Page, Visitor
from tests.page_samples import cards as sample_cards
from tests.page_samples import street
from tests.test_desk import listed
from tests.world import World

PHONE = "021-0012 7788"
ANOTHER = "021-0012 7799"


def look_for(visitor: Visitor, typed: str, show: str = "") -> Page:
    page = visitor.get("/desk" + (f"?show={show}" if show else ""))
    return page.form("/desk/find").fill(q=typed).submit()


def case_of(no: str) -> Case:
    stored = cases.get(no)
    assert stored is not None
    return stored.case


def tick(visitor: Visitor, *numbers: str) -> Page:
    return visitor.get("/desk/bulk?" + urlencode([("pick", no) for no in numbers]))


def test_every_word_has_to_stand_on_the_card_in_any_width_and_case() -> None:
    here = street()
    found = sample_cards()
    assert [card.title for card in find(found, Wanted(words_of("电梯")), here)] == ["电梯停了"]
    assert find(found, Wanted(words_of("电梯 积水")), here) == []
    assert len(find(found, Wanted(words_of("３号楼")), here)) == len(found)
    assert len(find(found, Wanted(words_of("building")), here)) == len(found)
    number = found[0].no
    assert find(found, Wanted(words_of(number.lower())), here) == find(found, Wanted(words_of(number.replace("-", ""))), here)
    assert len(words_of(" ".join("abcdefghijklmnop"))) == WORDS_MAX


def test_facets_count_what_is_there_and_pick_it() -> None:
    found = sample_cards()
    counted = dict(values(found, "case_class"))
    assert sum(counted.values()) == len(found)
    for value, n in counted.items():
        assert len(find(found, Wanted(facets=(("case_class", value),)), street())) == n
    assert find(found, Wanted(facets=(("category", NONE),)), street()) == [card for card in found if not card.category]


def test_a_number_opens_its_case_however_it_is_typed(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    for typed in (no, no.replace("-", "").lower(), f" {no} "):
        assert look_for(clerk, typed).path == f"/desk/cases/{no}"


def test_a_phone_lists_its_cases_and_stands_in_no_address(world: World) -> None:
    first, second = (steps.reported(world, text=text)[0] for text in ("灯坏了", "门坏了"))
    elsewhere, _ = steps.reported(world, code=world.code(3))
    other, _ = steps.reported(world, phone=ANOTHER)
    dispatcher = world.signed_in("dispatcher", "street")
    page = look_for(dispatcher, PHONE)
    assert set(listed(page)) == {first, second, elsewhere}
    assert "7788" not in page.path
    assert listed(look_for(dispatcher, ANOTHER)) == [other]
    # A committee learns of its own cases only, and who must not know the reporter of none.
    assert set(listed(look_for(world.signed_in("committee", "committee:c01"), PHONE))) == {first, second}
    assert listed(look_for(world.signed_in("deputy", "street"), PHONE)) == []
    assert "没有找到" in look_for(dispatcher, "021-0012 7000").words


def test_words_are_found_in_my_scope_and_not_beyond_it(world: World) -> None:
    here, _ = steps.reported(world, text="东门路灯不亮")
    steps.reported(world, text="电梯异响")
    steps.reported(world, text="路灯也不亮", code=world.code(3))
    committee = world.signed_in("committee", "committee:c01")
    page = look_for(committee, "路灯", "scope")
    assert listed(page) == [here]
    assert "找到1件" in page.words
    assert listed(committee.get("/desk?" + urlencode({"show": "scope", "q": "路灯", "category": "no_such"}))) == []
    # Narrowing keeps what was looked for.
    assert listed(committee.get("/desk?" + urlencode({"show": "scope", "q": "路灯", "category": "hardware"}))) == [here]


def test_what_has_ended_is_found_by_its_month(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "close", outcome="duplicate", text="重复")
    assert listed(clerk.get("/desk")) == []
    assert listed(clerk.get("/desk?show=ended")) == [no]
    assert listed(clerk.get("/desk?show=ended&month=2026-10")) == []
    assert listed(world.signed_in("committee", "committee:c09").get("/desk?show=ended")) == []
    # Who has no scope beyond their own queue has no such list.
    assert listed(world.signed_in("department", "street").get("/desk?show=ended")) == []


def test_a_long_list_comes_in_pages(world: World, roomy: None) -> None:
    found = {steps.reported(world, phone="", text=f"第{n}件")[0] for n in range(27)}
    clerk = world.signed_in("dispatcher", "street")
    first, second = clerk.get("/desk"), clerk.get("/desk?page=2")
    assert (len(listed(first)), len(listed(second))) == (25, 2)
    assert {*listed(first), *listed(second)} == found
    assert "/desk?page=2" in first.links
    assert listed(clerk.get("/desk?page=99")) == listed(second)


def test_where_a_list_ends_before_its_cases_do_it_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = world.signed_in("dispatcher", "street")
    monkeypatch.setattr(work, "QUEUE_LIMIT", 2)
    for text, said in (("甲", False), ("乙", True), ("丙", True)):
        steps.reported(world, phone="", text=text)
        for address in ("/desk", "/desk?show=scope"):
            assert ("最多列出最急的2件" in clerk.get(address).words) is said


def test_several_cases_go_to_one_person_at_once(world: World) -> None:
    nos = [steps.reported(world, text=text)[0] for text in ("甲", "乙", "丙")]
    clerk = world.signed_in("dispatcher", "street")
    department = world.signed_in("department", "street")
    early = tick(clerk, *nos[:2]).words
    assert early.count("要先受理或签收") == 2
    assert "不在您手上" not in early
    for no in nos:
        steps.act(clerk, no, "accept")
    page = tick(clerk, *nos[:2])
    form = page.form("/desk/bulk")
    to = next(value for value in form.choices["to"] if "department@street" in value)
    # `pick` stands in the form once for each case, which a dict of fields can't hold.
    sent = [("csrf", form.fields["csrf"]), ("attempt", form.fields["attempt"]), ("to", to), ("note", "今天先看")]
    sent += [("pick", f"{no}~2") for no in nos[:2]]
    answer = clerk.call("POST", "/desk/bulk", urlencode(sent).encode(), {"Content-Type": FORM, "Origin": clerk.origin})
    assert answer.status == 303
    done = clerk.get(answer.header("Location"))
    assert "已指派2件" in done.words
    assert set(listed(department.get("/desk"))) == set(nos[:2])
    # The same again is no second step, and what the form's value was not made for is refused.
    clerk.call("POST", "/desk/bulk", urlencode(sent).encode(), {"Content-Type": FORM, "Origin": clerk.origin})
    assert case_of(nos[0]).version == 3
    stolen = [(name, value.replace(nos[0], nos[2])) for name, value in sent]
    refused = clerk.call("POST", "/desk/bulk", urlencode(stolen).encode(), {"Content-Type": FORM, "Origin": clerk.origin})
    assert refused.status == 422
    assert case_of(nos[2]).assignee is None


def test_assigning_together_says_which_case_somebody_else_took_meanwhile(world: World) -> None:
    nos = [steps.reported(world, text=text)[0] for text in ("甲", "乙")]
    clerk, colleague = (world.signed_in("dispatcher", "street", name) for name in ("", "colleague"))
    world.hire("department", "street")
    for no in nos:
        steps.act(clerk, no, "accept")
    form = tick(clerk, *nos).form("/desk/bulk")
    to = next(value for value in form.choices["to"] if "dispatcher@street" in value)
    steps.act(colleague, nos[1], "assign", to=steps.choice(colleague, nos[1], "assign", "to", "department@street"))
    sent = [("csrf", form.fields["csrf"]), ("attempt", secrets.token_hex(16)), ("to", to), ("note", "")]
    sent += [("pick", f"{no}~2") for no in nos]
    answer = clerk.call("POST", "/desk/bulk", urlencode(sent).encode(), {"Content-Type": FORM, "Origin": clerk.origin})
    page = clerk.get(answer.header("Location"))
    assert "已指派1件" in page.words
    assert "有1件没有指派" in page.words
    assert "刚刚有别人动过这件事" in page.words
    assignee = case_of(nos[1]).assignee
    assert assignee is not None
    assert assignee.grant == "department@street"


@pytest.mark.parametrize("typed", ["", "x", "AAAA-AAAA-A", "%00", "../"])
def test_ticks_that_are_no_cases_lead_back_or_are_left_out(world: World, typed: str) -> None:
    clerk = world.signed_in("dispatcher", "street")
    page = clerk.get("/desk/bulk?" + urlencode({"pick": typed}))
    assert page.status == 200
    assert page.path == "/desk" or "有1件没有指派" in page.words


def test_cases_of_other_scopes_are_not_told_from_such_that_are_not(world: World) -> None:
    no, _ = steps.reported(world, code=world.code(3))
    committee = world.signed_in("committee", "committee:c01")
    absent = numbers.case_number(12345)
    there, nowhere = tick(committee, no).words, tick(committee, absent).words
    assert "没有这件事" in there
    assert there.replace(no, "") == nowhere.replace(absent, "")
