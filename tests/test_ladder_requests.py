"""What takes a second person: more time, a long run, finding a report invalid; who grants it, when, what it does to clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.notices import Told, messages
from chalicelib.errors import Forbidden, NotAllowed
from chalicelib.street import Approvals, Duration, Notice
from tests.ladder_street import APPROVER, CENTRE, COMMITTEE, NOW, POLICE, RESIDENT, SUPERVISOR, ladder_street, with_clock
from tests.ladder_walks import Walk, began, dispatched, in_state

WHOLE_ENDS = NOW + timedelta(days=7)
# 18:00 of the day that a long run was approved for.
NEXT_DATE = datetime.fromisoformat("2027-03-01T10:00:00.000Z")


def run_of(case: Case, clock: str) -> ClockRun:
    run = case.clock(clock)
    assert run is not None
    return run


def extended(walk: Walk) -> Walk:
    return walk.do(COMMITTEE, "extend").do(APPROVER, "approve")


# ---- More time


def test_an_extension_moves_the_end_keeps_the_original_and_does_not_start_anew() -> None:
    walk = extended(in_state("accepted"))
    run = run_of(walk.case, "whole")
    assert parse(run.original or "") == WHOLE_ENDS
    # Five working days from Wednesday 10:00.
    assert parse(run.due) == WHOLE_ENDS + timedelta(days=7)
    assert parse(run.warn or "") == WHOLE_ENDS + timedelta(days=6)
    assert (walk.case.extended, walk.case.requests, walk.case.state) == (walk.events[-1].at, (), "accepted")
    assert walk.types.count("lapsed") == 0
    # Clocks that may not be extended stay as they were.
    assert run_of(walk.case, "handle").original is None


def test_an_extended_clock_ends_at_its_new_end_and_not_at_the_old_one() -> None:
    street = with_clock(ladder_street(), "handle", action=("flag",))
    walk = extended(in_state("accepted", street)).until(WHOLE_ENDS + timedelta(days=6, hours=23))
    assert "whole" not in [event.data["clock"] for event in walk.events if event.type == "lapsed"]
    walk.until(WHOLE_ENDS + timedelta(days=7))
    assert [event.data["clock"] for event in walk.events if event.type == "lapsed"][-1] == "whole"


def test_an_extension_is_granted_once() -> None:
    walk = extended(in_state("accepted"))
    with pytest.raises(NotAllowed, match="extended_already"):
        walk.do(COMMITTEE, "extend")


def test_more_time_is_asked_for_before_the_end_and_not_at_it() -> None:
    street = with_clock(ladder_street(), "handle", action=("flag",))
    in_time = in_state("accepted", street).until(WHOLE_ENDS - timedelta(milliseconds=1))
    in_time.do(COMMITTEE, "extend", after=timedelta(0))
    late = in_state("accepted", street)
    late.now = WHOLE_ENDS
    with pytest.raises(NotAllowed, match="gate_expired"):
        late.do(COMMITTEE, "extend", after=timedelta(0))


def test_asked_in_time_and_granted_after_the_end_the_clock_still_ends_once_more() -> None:
    street = with_clock(ladder_street(), "handle", action=("flag",))
    walk = in_state("accepted", street).until(WHOLE_ENDS - timedelta(hours=1)).do(COMMITTEE, "extend").later(hours=2)
    assert run_of(walk.case, "whole").lapsed is not None
    walk.do(APPROVER, "approve")
    assert run_of(walk.case, "whole").lapsed is None
    walk.until(WHOLE_ENDS + timedelta(days=7))
    assert [event.data["clock"] for event in walk.events if event.type == "lapsed"].count("whole") == 2


def test_another_person_grants_it_who_holds_the_role_there() -> None:
    both = Actor("staff:C1", "居委兼审批", ("committee@committee:c1", "street_admin@street"))
    walk = in_state("accepted").do(both, "extend")
    with pytest.raises(Forbidden):
        walk.do(both, "approve")
    with pytest.raises(Forbidden):
        walk.do(Actor("staff:A2", "别处审批", ("street_admin@zone:z2",)), "approve")
    with pytest.raises(Forbidden):
        walk.do(SUPERVISOR, "approve")
    assert walk.do(APPROVER, "approve").case.extended


def test_who_may_grant_one_thing_here_and_another_elsewhere_grants_only_the_one() -> None:
    approvals = Approvals(extend=("street_admin",), long_run=("zone_head",), invalid=("street_admin",))
    walk = in_state("accepted", msgspec.structs.replace(ladder_street(), approvals=approvals))
    walk.do(COMMITTEE, "extend").do(COMMITTEE, "long_run")
    elsewhere = Actor("staff:A3", "审批人", ("street_admin@street", "zone_head@zone:z2"))
    with pytest.raises(NotAllowed, match="fields") as refused:
        walk.do(elsewhere, "approve", {"request": "long_run"})
    assert [field.code for field in refused.value.fields] == ["not_yours"]
    assert walk.do(elsewhere, "approve", {"request": "extend"}).case.extended


def test_two_requests_at_once_are_told_apart_by_name() -> None:
    walk = in_state("accepted").do(COMMITTEE, "extend").do(COMMITTEE, "long_run")
    for data in ({}, {"request": "unreachable"}):
        with pytest.raises(NotAllowed, match="fields"):
            walk.do(APPROVER, "approve", data)
    walk.do(APPROVER, "reject", {"request": "extend", "reason": "可按期"}).do(APPROVER, "approve")
    assert (walk.case.state, walk.case.extended, walk.case.requests) == ("long_run", None, ())


def test_what_was_rejected_may_be_asked_for_again() -> None:
    walk = in_state("accepted").do(COMMITTEE, "extend")
    with pytest.raises(NotAllowed, match="asked_already"):
        walk.do(COMMITTEE, "extend")
    walk.do(APPROVER, "reject")
    assert (walk.case.requests, walk.case.extended) == ((), None)
    assert run_of(walk.case, "whole").original is None
    assert extended(walk).case.extended


def test_nobody_grants_where_the_street_names_nobody() -> None:
    walk = in_state("accepted", msgspec.structs.replace(ladder_street(), approvals=Approvals()))
    for action in ("extend", "long_run", "invalid"):
        with pytest.raises(NotAllowed, match="nobody_approves"):
            walk.do(COMMITTEE, action)


def test_a_clock_that_stands_still_is_extended_too() -> None:
    street = with_clock(ladder_street(), "whole", pause=("waiting",))
    walk = in_state("accepted", street).do(COMMITTEE, "ask").do(COMMITTEE, "extend").do(APPROVER, "approve")
    left = parse(run_of(walk.case, "whole").due) - parse(run_of(walk.case, "whole").paused or "")
    assert walk.case.state == "waiting"
    walk.do(RESIDENT, "reply", after=timedelta(days=2))
    assert parse(run_of(walk.case, "whole").due) - walk.now == left
    assert parse(run_of(walk.case, "whole").original or "") == WHOLE_ENDS


def test_who_is_asked_for_a_yes_reads_which_end_it_is_also_while_it_stands_still() -> None:
    street = msgspec.structs.replace(ladder_street(), notices=(Notice(on="requested", to="approvers", template="near"),))
    for clock in ("whole", "handle"):
        street = with_clock(street, clock, pause=("waiting",))
    walk = in_state("accepted", street).do(COMMITTEE, "ask").do(COMMITTEE, "extend")
    assert walk.case.deadline is None
    (message,) = messages(Told(walk.case, walk.events[-1], street, None))
    first = min((run for run in walk.case.clocks if run.stopped is None), key=lambda run: run.due)
    assert message.params[1] == street.clocks[first.id].name.zh
    assert message.params[2].startswith("11月")


def test_a_request_goes_with_the_office_that_made_it() -> None:
    walk = began(rung="centre").do(CENTRE, "accept").do(CENTRE, "extend").do(CENTRE, "allocate")
    assert walk.case.requests == ()
    with pytest.raises(Forbidden):
        walk.do(APPROVER, "approve")


def test_a_lead_department_asks_too() -> None:
    walk = dispatched().do(POLICE, "extend").do(APPROVER, "approve")
    assert (walk.case.state, walk.case.extended is not None) == ("dispatched", True)


# ---- A long run (挂账)


def test_during_a_long_run_nothing_is_late_and_the_date_itself_is_due() -> None:
    walk = in_state("long_run")
    assert (walk.case.state, walk.case.long_run_until) == ("long_run", "2027-03-01T10:00:00.000Z")
    assert {run.id for run in walk.case.clocks if run.running} == {"next_date", "review"}
    walk.until(NEXT_DATE - timedelta(milliseconds=1))
    assert (walk.case.supervised, walk.case.lateness, "lapsed" in walk.types) == (False, 0, False)
    walk.until(NEXT_DATE)
    assert [(event.data["clock"], event.due) for event in walk.events if event.type == "lapsed"] == [
        ("next_date", "2027-03-01T10:00:00.000Z")
    ]
    assert (walk.case.state, walk.case.supervised) == ("long_run", True)


def test_a_long_run_is_looked_at_every_month_while_it_lasts() -> None:
    walk = in_state("long_run")
    start = parse(run_of(walk.case, "review").started)
    walk.until(NEXT_DATE)
    looked = [parse(event.due or "") - start for event in walk.events if event.type == "reminded" and event.data.get("date")]
    assert looked == [timedelta(days=30), timedelta(days=60), timedelta(days=90)]
    # What the desk sorts by lies ahead, not behind.
    assert parse(run_of(walk.case, "review").due) - start == timedelta(days=120)
    walk.do(COMMITTEE, "resume").later(days=60)
    assert sum(1 for event in walk.events if event.type == "reminded" and event.data.get("date")) == 3


def test_resuming_continues_what_was_left() -> None:
    walk = in_state("accepted").do(COMMITTEE, "long_run").do(APPROVER, "approve")
    left = {clock: parse(run_of(walk.case, clock).due) - walk.now for clock in ("whole", "handle")}
    walk.later(days=20).do(COMMITTEE, "resume")
    assert {clock: parse(run_of(walk.case, clock).due) - walk.now for clock in left} == left
    assert (walk.case.state, walk.case.long_run_until) == ("handling", None)
    assert {run.id for run in walk.case.clocks if run.stopped is None} == {"whole", "handle"}


def test_what_is_proposed_as_handled_has_left_the_long_run() -> None:
    walk = in_state("long_run").do(COMMITTEE, "propose")
    assert (walk.case.state, walk.case.long_run_until) == ("handling", None)
    assert {run.id for run in walk.case.clocks if run.stopped is None} == {"whole", "handle"}


def test_a_long_run_from_waiting_asks_the_reporter_no_more() -> None:
    walk = in_state("waiting").do(COMMITTEE, "long_run").do(APPROVER, "approve")
    assert (walk.case.state, walk.case.question, walk.case.reply_by) == ("long_run", "", None)
    with pytest.raises(NotAllowed, match="state"):
        walk.do(RESIDENT, "reply")


@pytest.mark.parametrize("before", ["accepted", "handling"])
def test_a_question_that_nobody_answers_on_the_page_holds_nothing_up(before: str) -> None:
    """The resident calls back, has no link, or says nothing: whoever works on it goes on where the question was asked."""
    street = with_clock(ladder_street(), "whole", pause=("waiting",))
    walk = in_state(before, street).do(COMMITTEE, "ask")
    left = parse(run_of(walk.case, "whole").due) - walk.now
    walk.later(days=1).do(COMMITTEE, "resume", {"note": "电话里说是三号楼"})
    assert (walk.case.state, walk.case.question, walk.case.reply_by) == (before, "", None)
    assert parse(run_of(walk.case, "whole").due) - walk.now == left
    with pytest.raises(NotAllowed, match="state"):
        walk.do(RESIDENT, "reply")


def test_nobody_is_waited_for_longer_than_the_day_until_which_they_were_asked() -> None:
    street = ladder_street()
    for clock in ("whole", "handle"):
        street = with_clock(street, clock, pause=("waiting",))
    walk = in_state("accepted", street).do(COMMITTEE, "ask")
    by = parse(walk.case.reply_by or "")
    left = {clock: parse(run_of(walk.case, clock).due) - walk.now for clock in ("whole", "handle")}
    assert (walk.case.deadline, walk.case.next_due) == (None, walk.case.reply_by)
    assert walk.until(by - timedelta(minutes=1)).case.state == "waiting"
    walk.until(by)
    resumed = walk.events[-1]
    assert (resumed.type, resumed.by, resumed.due) == ("resumed", "system", stamp(by))
    assert (walk.case.state, walk.case.question, walk.case.reply_by) == ("accepted", "", None)
    assert {clock: parse(run_of(walk.case, clock).due) - walk.now for clock in left} == left
    assert walk.do(RESIDENT, "add", {"text": "三号楼"}).case.additions == 1


def test_a_case_that_was_handled_meanwhile_has_no_long_run_any_more() -> None:
    walk = in_state("accepted").do(COMMITTEE, "long_run").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    assert walk.case.requests == ()
    with pytest.raises(Forbidden):
        walk.do(APPROVER, "approve")


def test_a_request_that_no_longer_fits_the_state_is_rejected_and_not_granted() -> None:
    walk = in_state("accepted").do(COMMITTEE, "long_run").do(COMMITTEE, "dispatch")
    with pytest.raises(NotAllowed, match="nothing_requested"):
        walk.do(APPROVER, "approve")
    assert walk.do(APPROVER, "reject").case.requests == ()


def test_a_long_run_whose_date_has_passed_is_granted_no_more() -> None:
    walk = (
        began(rung="centre")
        .do(CENTRE, "accept")
        .do(CENTRE, "long_run", {"text": "分期推进", "until": "2026-11-19"})
        .later(days=3)
    )
    with pytest.raises(NotAllowed, match="nothing_requested"):
        walk.do(APPROVER, "approve")
    walk.do(APPROVER, "reject").do(CENTRE, "long_run").do(APPROVER, "approve")
    assert walk.case.state == "long_run"


# ---- Invalid


def test_invalid_is_proposed_by_one_and_granted_by_another() -> None:
    walk = in_state("accepted").do(COMMITTEE, "invalid")
    assert walk.case.state == "accepted"
    with pytest.raises(Forbidden):
        walk.do(COMMITTEE, "approve")
    walk.do(APPROVER, "approve")
    assert (walk.case.state, walk.case.open) == ("invalid", False)
    assert all(run.stopped for run in walk.case.clocks)
    assert walk.later(days=30).case.lateness == 0
    for actor, action in ((RESIDENT, "add"), (COMMITTEE, "accept"), (COMMITTEE, "reopen")):
        with pytest.raises(NotAllowed, match="state"):
            walk.do(actor, action)


def test_danger_is_never_invalid_not_even_when_it_shows_after_the_asking() -> None:
    walk = began().do(COMMITTEE, "accept", {"class": "urgent"})
    with pytest.raises(NotAllowed, match="gate_hazard"):
        walk.do(COMMITTEE, "invalid")
    later = in_state("accepted").do(COMMITTEE, "invalid").do(COMMITTEE, "reclassify", {"class": "urgent", "reason": "漏电"})
    with pytest.raises(NotAllowed, match="nothing_requested"):
        later.do(APPROVER, "approve")
    assert later.do(APPROVER, "reject").case.state == "accepted"


def test_reinstated_it_stands_where_it_stood_with_its_old_ends() -> None:
    walk = in_state("accepted")
    ends = {run.id: run.due for run in walk.case.clocks if run.running}
    walk.do(COMMITTEE, "invalid").do(APPROVER, "approve").later(days=1)
    with pytest.raises(Forbidden):
        walk.do(COMMITTEE, "reinstate")
    walk.do(APPROVER, "reinstate")
    assert (walk.case.state, walk.case.closed_at, walk.case.rung) == ("received", None, "committee")
    assert {run.id: run.due for run in walk.case.clocks if run.running} == ends
    assert {run.id: run.started for run in walk.case.clocks if run.running} == dict.fromkeys(ends, "2026-11-18T02:00:00.000Z")
    # The reminder that lay ahead still does; the one that went by does not come back.
    walk.until(WHOLE_ENDS)
    assert [event.due for event in walk.events if event.type == "reminded" and event.data["clock"] == "handle"] == [
        "2026-11-19T16:00:00.000Z"  # one working day before Saturday 10:00
    ]


def test_what_was_late_before_is_not_late_twice_after_reinstating() -> None:
    street = with_clock(ladder_street(), "handle", action=("flag",), late=Duration(1, "d"), warn=None)
    walk = in_state("accepted", street).later(days=1, minutes=5)
    assert walk.case.lateness == 1
    walk.do(COMMITTEE, "invalid").do(APPROVER, "approve").later(days=1).do(APPROVER, "reinstate").later(days=1)
    assert walk.case.lateness == 1
