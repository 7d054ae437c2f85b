"""The desk: what waits for me and in which order, what lies outside my scope, and two people at one case."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from chalicelib.casework.ladder import STEPS
from chalicelib.models import cases
from chalicelib.web.present_acts import GROUPS
from tests import steps
from tests.client import FORM, Page, Visitor
from tests.world import World

CASE_LINK = re.compile(r"/desk/cases/([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z])$")


def listed(page: Page) -> list[str]:
    """The numbers that a list shows, in its order."""
    assert page.status == 200
    return [found[1] for link in page.links if (found := CASE_LINK.search(link))]


def post(visitor: Visitor, path: str, fields: dict[str, str]) -> Page:
    sent = {"Content-Type": FORM, "Origin": visitor.origin}
    return visitor.call("POST", path, urlencode(fields).encode("ascii"), sent)


def hidden(visitor: Visitor) -> dict[str, str]:
    """Genuine hidden fields of a signed-in person's forms, for a case that they may not see."""
    return {"csrf": visitor.get("/desk").form("/signout").fields["csrf"], "attempt": "a" * 32, "version": "1"}


def test_my_queue_shows_the_nearest_deadline_first(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    first, _ = steps.reported(world, text="第一件")
    world.clock.advance(minutes=5)
    second, _ = steps.reported(world, text="第二件")
    world.clock.advance(minutes=5)
    third, _ = steps.reported(world, text="第三件")
    assert listed(clerk.get("/desk")) == [first, second, third]
    # Dispatching was in time; what is left of the first case ends later than the others' half hour.
    steps.act(clerk, first, "accept")
    steps.act(clerk, first, "assign", to=steps.choice(clerk, first, "assign", "to", "dispatcher@street"))
    assert listed(clerk.get("/desk")) == [second, third, first]
    steps.act(clerk, third, "accept", **{"class": "urgent"})
    assert listed(clerk.get("/desk")) == [third, second, first]
    steps.act(clerk, second, "close", outcome="duplicate", text="重复")
    assert listed(clerk.get("/desk")) == [third, first]


def test_filters_pick_what_is_late_near_urgent_and_nobodys(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    late, _ = steps.reported(world, text="超时的")
    world.clock.advance(minutes=12)
    near, _ = steps.reported(world, text="临期的")
    world.clock.advance(minutes=8)
    urgent, _ = steps.reported(world, text="紧急的")
    steps.act(clerk, urgent, "accept", **{"class": "urgent"})
    steps.act(clerk, urgent, "assign", to=steps.choice(clerk, urgent, "assign", "to", "dispatcher@street"))
    world.clock.advance(minutes=10)
    found = {name: set(listed(clerk.get(f"/desk?show={name}"))) for name in ("all", "late", "near", "urgent", "unassigned")}
    assert found == {
        "all": {late, near, urgent},
        "late": {late},
        "near": {near},
        "urgent": {urgent},
        "unassigned": {late, near},
    }
    assert set(listed(clerk.get("/desk?show=no_such_filter"))) == found["all"]


def test_a_supervisor_sees_the_whole_scope_and_only_that(world: World) -> None:
    here, _ = steps.reported(world)
    there, _ = steps.reported(world, code=world.code(3))
    dispatcher = world.signed_in("dispatcher", "street")
    assert set(listed(dispatcher.get("/desk?show=scope"))) == {here, there}
    for visitor in (world.signed_in("supervisor", "zone:z1"), world.signed_in("committee", "committee:c01")):
        assert listed(visitor.get("/desk")) == []
        assert listed(visitor.get("/desk?show=scope")) == [here]
        assert visitor.get(f"/desk/cases/{here}").status == 200
        assert visitor.get(f"/desk/cases/{there}").status == 404
    steps.act(dispatcher, here, "close", outcome="duplicate", text="重复")
    assert listed(dispatcher.get("/desk?show=scope")) == [there]


def test_a_case_is_in_the_queue_of_whom_it_is_assigned_to_and_of_nobody_after(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    department = world.signed_in("department", "street")
    assert listed(department.get("/desk")) == []
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "assign", to=steps.choice(clerk, no, "assign", "to", "department@street"))
    assert listed(department.get("/desk")) == [no]
    steps.act(clerk, no, "assign", to=steps.choice(clerk, no, "assign", "to", "dispatcher@street"))
    assert listed(department.get("/desk")) == []
    assert department.get(f"/desk/cases/{no}").status == 404


def test_what_waits_for_my_yes_has_a_filter_of_its_own(world: World) -> None:
    asked, plain = (steps.reported(world, text=text, phone="")[0] for text in ("要延期的", "不延期的"))
    clerk, supervisor = world.signed_in("dispatcher", "street"), world.signed_in("supervisor", "street")
    committee = world.signed_in("committee", "committee:c01")
    for no in (asked, plain):
        steps.act(clerk, no, "accept")
    assert listed(supervisor.get("/desk?show=approve")) == []
    steps.act(clerk, asked, "long_run", text="分三期", until="2027-03-01")
    assert listed(supervisor.get("/desk?show=approve")) == [asked]
    assert "待审批" in clerk.get("/desk").words
    assert "/desk?show=approve" in supervisor.get("/desk").links
    # Whose yes nobody asks for has no such filter.
    assert "/desk?show=approve" not in committee.get("/desk").links
    assert "分三期" in supervisor.get(f"/desk/cases/{asked}").words
    steps.act(supervisor, asked, "approve")
    assert listed(supervisor.get("/desk?show=approve")) == []


def test_the_obvious_step_stands_open_and_the_rest_is_folded(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    text = clerk.get(f"/desk/cases/{no}").text
    primary, folded = text.index('id="primary"'), text.index('class="group"')
    assert primary < text.index("/accept") < folded
    groups = re.findall(r'<details class="group" id="group-([a-z_]+)">', text)
    assert groups == [group for group in GROUPS if group in groups]
    assert len(groups) >= 3
    # A step that was refused stands open in its open group, with what was typed.
    page = steps.act(clerk, no, "reclassify", reason="不是这一类")
    assert page.status == 422
    assert re.search(r'<details class="group" id="group-take_in" open>', page.text)
    assert re.search(r'id="act-reclassify" open>', page.text)
    assert page.form("/reclassify").fields["reason"] == "不是这一类"


def test_what_was_ticked_stays_ticked_when_a_dispatch_is_refused(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    form = clerk.get(f"/desk/cases/{no}").form("/dispatch").fill(lead="department@dept:police")
    fields = [*form.fields.items(), ("co", "department@dept:housing"), ("co", "contact:power")]
    sent = {"Content-Type": FORM, "Origin": clerk.origin}
    page = clerk.call("POST", form.action, urlencode(fields).encode("ascii"), sent)
    assert page.status == 422
    assert "请写明要求" in page.words
    ticked = re.findall(r'name="co" value="([^"]+)" checked', page.text)
    assert ticked == ["department@dept:housing", "contact:power"]
    assert steps.events_of(no) == ["submitted"]


UNKNOWN = "2222-2222-2"


@pytest.mark.parametrize(
    ("role", "unit"),
    [("committee", "committee:c02"), ("zone_head", "zone:z2"), ("grid_worker", "committee:c01"), ("deputy", "zone:z2")],
)
def test_a_case_outside_the_scope_looks_like_an_unknown_number(world: World, role: str, unit: str) -> None:
    no, _ = steps.reported(world)
    outsider = world.signed_in(role, unit)
    foreign, unknown = outsider.get(f"/desk/cases/{no}"), outsider.get(f"/desk/cases/{UNKNOWN}")
    assert foreign.status == unknown.status == 404
    assert foreign.words == unknown.words
    assert foreign.text.replace(no, UNKNOWN) == unknown.text
    before = world.stored_items()
    for action in STEPS:
        fields = {**hidden(outsider), "text": "越权", "reason": "contact", "outcome": "solved"}
        refused = post(outsider, f"/desk/cases/{no}/{action}", fields)
        same = post(outsider, f"/desk/cases/{UNKNOWN}/{action}", fields)
        assert (refused.status, refused.words) == (same.status, same.words)
        assert refused.status == 404, action
    assert world.stored_items() == before


def test_a_reader_who_is_not_the_office_is_offered_nothing_and_refused(world: World) -> None:
    no, _ = steps.reported(world)
    committee = world.signed_in("committee", "committee:c01")
    page = committee.get(f"/desk/cases/{no}")
    assert [form.action for form in page.forms if "/cases/" in form.action] == []
    before = world.stored_items()
    for action in set(STEPS) - {"reveal"}:
        assert post(committee, f"/desk/cases/{no}/{action}", {**hidden(committee), "text": "越权"}).status == 403, action
    assert world.stored_items() == before


def test_an_action_that_does_not_exist_changes_nothing(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    assert post(clerk, f"/desk/cases/{no}/no_such_step", hidden(clerk)).status == 422
    gone = clerk.get(f"/desk/cases/{no}/accept")
    assert (gone.status, "从待办里找" in gone.words, "扫门" in gone.words) == (404, True, False)
    for broken in ({"attempt": "short"}, {"version": ""}, {"version": "-1"}, {"version": "１"}, {"version": "9" * 40}):
        assert post(clerk, f"/desk/cases/{no}/accept", {**hidden(clerk), **broken}).status == 400
    assert steps.events_of(no) == ["submitted"]


def test_what_was_typed_into_a_refused_step_is_still_there(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    page = steps.act(clerk, no, "close", outcome="duplicate", text="")
    assert page.status == 422
    assert page.form("/close").fields["outcome"] == "duplicate"
    steps.act(clerk, no, "accept")
    long = steps.act(clerk, no, "ask", text="问" * 2001)
    assert long.status == 422
    assert long.form("/ask").fields["text"] == "问" * 2001
    assert steps.events_of(no) == ["submitted", "accepted"]


def test_of_two_who_accept_at_once_one_wins_and_the_other_reads_who_did_what(both_worlds: World) -> None:
    names = ("甲同事", "乙同事")
    clerks = [steps.colleague(both_worlds, name, "dispatcher@street") for name in names]
    for _ in range(3):
        no, _ = steps.reported(both_worlds)
        forms = [clerk.get(f"/desk/cases/{no}").form("/accept").fill(note="写了半天的话") for clerk in clerks]
        with ThreadPoolExecutor(2) as pool:
            pages = list(pool.map(lambda form: form.submit(), forms))
        assert sorted(page.status for page in pages) == [200, 409]
        lost = next(page for page in pages if page.status == 409)
        winner = names[1 - pages.index(lost)]
        assert "刚刚有别人动过这件事" in lost.words
        assert "受理" in lost.words
        assert winner in lost.words
        # Their form is gone; what they wrote into it is not.
        assert "写了半天的话</textarea>" in lost.text
        assert steps.events_of(no) == ["submitted", "accepted"]
        accepted = [row for row in steps.rows(both_worlds, "OutboxTable") if row["sk"]["S"] == f"{no}#00002#accepted"]
        assert len(accepted) == 1


def test_a_colleagues_earlier_step_is_told_and_ones_own_words_stay(world: World) -> None:
    no, _ = steps.reported(world)
    slow, quick = (steps.colleague(world, name, "dispatcher@street") for name in ("慢同事", "快同事"))
    form = slow.get(f"/desk/cases/{no}").form("/answer").fill(text="请到窗口来办")
    steps.act(quick, no, "accept")
    page = form.submit()
    assert page.status == 409
    assert "快同事" in page.words
    assert page.form("/answer").fields["text"] == "请到窗口来办"
    # From the page as it stands now it goes through.
    assert page.form("/answer").submit().status == 200
    assert steps.events_of(no) == ["submitted", "accepted", "answered"]


def test_what_a_resident_adds_meanwhile_hinders_nobody(world: World) -> None:
    no, token = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    form = clerk.get(f"/desk/cases/{no}").form("/accept")
    world.client().get(f"/t/{token}").form("/add").fill(text="又不亮了").submit()
    assert form.submit().status == 200
    assert steps.events_of(no) == ["submitted", "added", "accepted"]


def test_a_step_is_on_the_page_at_once_although_indexes_lag(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    assert "已受理" in steps.act(clerk, no, "accept").words
    stored = cases.get(no)
    assert stored is not None
    assert stored.case.accepted_by.startswith("staff:")
