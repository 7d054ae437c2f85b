"""Both follow-ups, the observation before closing, contact before handling, reopening, and reporters who can't be reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.casework.access import Actor, relations
from chalicelib.casework.events import parse
from chalicelib.errors import FieldError, Forbidden, NotAllowed
from chalicelib.street import FollowUp, Reasons, Street
from tests.ladder_street import APPROVER, COLLEAGUE, COMMITTEE, MICRO_GRID, RESIDENT, VISITOR, ladder_street
from tests.ladder_walks import Walk, began, in_state

FAILED = {"way": "phone", "reached": "no"}
UNSATISFIED = {"way": "phone", "reached": "yes", "said": "unsatisfied", "solved": "no", "text": "还是不亮", "cause": "not_done"}


def gated(**more: Any) -> Street:
    """A street with both gates, whose station makes the visits."""
    return ladder_street(preliminary=True, visit=True, visitors=("station_head",), **more)


def visiting(street: Street | None = None) -> Walk:
    walk = began(street or ladder_street(visit=True, visitors=("station_head",))).do(COMMITTEE, "accept")
    return walk.do(COMMITTEE, "propose").do(COMMITTEE, "confirm")


def failing(walk: Walk, times: int) -> Walk:
    for _ in range(times):
        walk.do(VISITOR, "visit", FAILED)
    return walk


# ---- The two gates


def test_the_first_gate_holds_until_preliminary_feedback() -> None:
    walk = in_state("accepted", ladder_street(preliminary=True)).do(COMMITTEE, "propose")
    with pytest.raises(NotAllowed, match="gate_preliminary"):
        walk.do(COMMITTEE, "confirm")
    assert walk.do(COMMITTEE, "prelim").do(COMMITTEE, "confirm").case.state == "handled"


def test_the_second_gate_holds_until_the_visit_and_a_rating_replaces_neither() -> None:
    walk = in_state("accepted", gated()).do(COMMITTEE, "propose").do(COMMITTEE, "prelim").do(COMMITTEE, "confirm")
    walk.do(RESIDENT, "rate")
    with pytest.raises(NotAllowed, match="gate_visit"):
        walk.do(COMMITTEE, "close")
    with pytest.raises(Forbidden):
        walk.do(COMMITTEE, "visit")
    walk.do(VISITOR, "visit")
    assert (walk.case.state, walk.case.visit is not None) == ("handled", True)
    assert walk.do(COMMITTEE, "close").case.state == "closed"


def test_redoing_needs_both_follow_ups_again() -> None:
    walk = began(gated()).do(COMMITTEE, "accept").do(COMMITTEE, "prelim")
    walk.do(COMMITTEE, "propose").do(COMMITTEE, "confirm").do(VISITOR, "visit", UNSATISFIED)
    walk.do(COMMITTEE, "accept").do(COMMITTEE, "propose")
    with pytest.raises(NotAllowed, match="gate_preliminary"):
        walk.do(COMMITTEE, "confirm")
    walk.do(COMMITTEE, "prelim").do(COMMITTEE, "confirm")
    with pytest.raises(NotAllowed, match="gate_visit"):
        walk.do(COMMITTEE, "close")


def test_where_nobody_is_named_the_office_visits_itself() -> None:
    walk = in_state("visiting")
    with pytest.raises(Forbidden):
        walk.do(VISITOR, "visit")
    assert walk.do(COMMITTEE, "visit").case.state == "handled"


# ---- The return visit


def test_a_visit_records_how_what_was_said_and_whether_it_is_solved() -> None:
    walk = visiting().do(VISITOR, "visit", {"way": "door", "reached": "yes", "said": "basic", "solved": "partly", "text": "还行"})
    visit = walk.case.visit
    assert visit is not None
    assert (visit.way, visit.said, visit.solved, visit.text, visit.by) == ("door", "basic", "partly", "还行", "staff:H1")
    with pytest.raises(NotAllowed, match="visited_already"):
        walk.do(VISITOR, "visit")


def test_unsatisfied_reopens_once_with_its_cause_and_the_second_time_a_person_decides() -> None:
    walk = visiting().do(VISITOR, "visit", UNSATISFIED)
    assert (walk.case.state, walk.case.reopened) == ("reopened", 1)
    assert walk.case.visit is not None
    assert walk.case.visit.cause == "not_done"
    redo = walk.case.clock("redo")
    assert redo is not None
    # Redone in three working days: from Wednesday over the weekend.
    assert parse(redo.due) - walk.now == timedelta(days=5)
    walk.do(COMMITTEE, "accept").do(COLLEAGUE, "propose").do(COMMITTEE, "confirm").do(VISITOR, "visit", UNSATISFIED)
    assert (walk.case.state, walk.case.reopened) == ("handled", 1)
    again = began(walk.street)
    again.case, again.events, again.now = walk.case, list(walk.events), walk.now
    assert walk.do(COMMITTEE, "close").case.state == "closed"
    assert again.do(COMMITTEE, "reopen").case.reopened == 2


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"way": "phone", "reached": "yes"}, FieldError("said", "required")),
        ({"way": "phone", "reached": "yes", "said": "unsatisfied"}, FieldError("cause", "required")),
        ({"way": "phone", "reached": "yes", "said": "unsatisfied", "cause": "weather"}, FieldError("cause", "choice")),
        ({"way": "", "reached": "no"}, FieldError("way", "required")),
    ],
)
def test_a_visit_says_what_it_found(said: dict[str, str], field: FieldError) -> None:
    walk = visiting()
    with pytest.raises(NotAllowed, match="fields") as refused:
        walk.do(VISITOR, "visit", said)
    assert refused.value.fields == (field,)
    assert walk.case.visit is None


def test_who_rated_it_unsatisfied_is_called_by_another_person_who_codes_the_cause() -> None:
    """Opened again by the rating, it is opened no second time by the call; the visit after it is done again is still to come."""
    walk = visiting().do(RESIDENT, "rate", {"satisfied": "no"})
    handler = Actor(walk.case.handled_by, "居委", ("station_head@zone:z1",))
    with pytest.raises(NotAllowed, match="gate_another_person"):
        walk.do(handler, "visit", UNSATISFIED)
    walk.do(VISITOR, "visit", UNSATISFIED)
    assert walk.case.visit is not None
    assert (walk.case.state, walk.case.reopened, walk.case.visit.cause) == ("reopened", 1, "not_done")
    again = walk.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm").case
    assert again.state == "visiting"
    assert again.visit is None


def test_a_street_without_listed_causes_asks_for_none() -> None:
    street = msgspec.structs.replace(ladder_street(visit=True), reasons=Reasons())
    walk = in_state("visiting", street).do(COMMITTEE, "visit", {"way": "phone", "reached": "yes", "said": "unsatisfied"})
    assert walk.case.state == "reopened"


def test_a_street_may_leave_reopening_to_people() -> None:
    street = msgspec.structs.replace(ladder_street(), follow_up=FollowUp(visit=True, reopen_once=False))
    assert in_state("visiting", street).do(COMMITTEE, "visit", UNSATISFIED).case.state == "handled"


def test_after_reopening_another_person_calls_than_who_handled_it() -> None:
    street = ladder_street(visit=True)
    first = in_state("visiting", street)
    assert first.do(COMMITTEE, "visit", UNSATISFIED).case.state == "reopened"
    first.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COLLEAGUE, "confirm")
    with pytest.raises(NotAllowed, match="gate_another_person"):
        first.do(COMMITTEE, "visit")
    assert first.do(COLLEAGUE, "visit").case.state == "handled"


def test_a_visit_after_closing_is_recorded_and_may_still_reopen() -> None:
    street = ladder_street(micro_grid=True)
    walk = in_state("closed", street).do(MICRO_GRID, "visit")
    assert (walk.case.state, walk.case.visit is not None) == ("closed", True)
    assert in_state("closed", street).do(MICRO_GRID, "visit", UNSATISFIED).case.state == "reopened"


# ---- Nobody answers


def test_three_failed_calls_and_an_approval_close_as_unreachable() -> None:
    walk = failing(visiting(), 2)
    with pytest.raises(NotAllowed, match="gate_attempts"):
        walk.do(VISITOR, "unreachable")
    failing(walk, 1).do(VISITOR, "unreachable")
    assert (walk.case.state, walk.case.visit_attempts) == ("visiting", 3)
    with pytest.raises(Forbidden):
        walk.do(VISITOR, "approve")
    walk.do(APPROVER, "approve")
    # Neither visited nor rated: outside the share of the satisfied, inside the visits that were due.
    assert (walk.case.state, walk.case.outcome, walk.case.visit, walk.case.rating) == ("closed", "unreachable", None, None)
    assert walk.case.result == "换了灯泡"


def test_unreachable_rejected_leaves_the_visit_to_be_made() -> None:
    walk = failing(visiting(), 3).do(VISITOR, "unreachable").do(APPROVER, "reject")
    assert (walk.case.state, walk.case.requests) == ("visiting", ())
    assert walk.do(VISITOR, "visit").case.state == "handled"


def test_who_was_reached_at_last_is_not_unreachable() -> None:
    walk = failing(visiting(), 3).do(VISITOR, "unreachable").do(VISITOR, "visit")
    assert walk.case.requests == ()
    with pytest.raises(NotAllowed, match="visited_already"):
        walk.do(VISITOR, "unreachable")
    with pytest.raises(Forbidden):
        walk.do(APPROVER, "approve")


def test_who_rates_is_not_closed_as_unreachable_behind_their_back() -> None:
    walk = failing(visiting(), 3).do(VISITOR, "unreachable").do(RESIDENT, "rate", {"satisfied": "no", "words": "还是不亮"})
    assert (walk.case.state, walk.case.requests, walk.case.visit_attempts) == ("reopened", (), 0)
    with pytest.raises(Forbidden):
        walk.do(APPROVER, "approve")


def test_a_new_handling_begins_its_calls_anew() -> None:
    walk = failing(visiting(), 3).do(COMMITTEE, "reopen")
    walk.do(COMMITTEE, "accept").do(COLLEAGUE, "propose").do(COMMITTEE, "confirm")
    with pytest.raises(NotAllowed, match="gate_attempts"):
        walk.do(VISITOR, "unreachable")


# ---- Observation


def test_what_is_observed_is_neither_handled_nor_closed_before_its_time() -> None:
    walk = in_state("observing")
    ends = parse(walk.case.observe_until or "")
    assert ends - walk.now == timedelta(days=1)
    watch = walk.case.clock("watch")
    assert watch is not None
    assert parse(watch.due) == ends
    with pytest.raises(NotAllowed, match="state"):
        walk.do(COMMITTEE, "close")
    walk.now = ends - timedelta(milliseconds=1)
    with pytest.raises(NotAllowed, match="gate_observation"):
        walk.do(COMMITTEE, "observe", after=timedelta(0))
    walk.do(COMMITTEE, "observe", after=timedelta(milliseconds=1))
    assert (walk.case.state, walk.case.outcome, walk.case.observe_until) == ("handled", "solved", None)
    assert walk.do(COMMITTEE, "close").case.state == "closed"


def test_an_effect_that_does_not_hold_opens_the_case_again() -> None:
    walk = in_state("observing").later(days=1).do(COMMITTEE, "observe", {"held": "no", "text": "又停满了"})
    assert walk.types[-2:] == ["observed", "reopened"]
    assert (walk.case.state, walk.case.outcome, walk.case.handled_at, walk.case.reopened) == ("reopened", None, None, 1)
    assert {run.id for run in walk.case.clocks if run.running} == {"accept", "handle", "redo"}
    assert walk.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm").case.state == "observing"


def test_after_observing_comes_the_visit_where_the_street_has_it() -> None:
    walk = began(ladder_street(visit=True)).do(COMMITTEE, "accept", {"class": "parking"})
    walk.do(COMMITTEE, "propose").do(COMMITTEE, "confirm").later(days=1).do(COMMITTEE, "observe")
    assert walk.case.state == "visiting"


def test_other_classes_are_not_observed() -> None:
    walk = began().do(COMMITTEE, "accept", {"class": "simple"}).do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    assert (walk.case.state, walk.case.clock("watch")) == ("handled", None)


# ---- Contact before handling, rating


def test_a_micro_grid_worker_makes_contact_before_handling_where_the_street_has_it() -> None:
    walk = began(ladder_street(micro_grid=True)).do(MICRO_GRID, "contact", FAILED)
    assert (walk.case.contact_attempts, walk.case.contacted_at) == (1, None)
    walk.do(MICRO_GRID, "contact")
    assert walk.case.contacted_at == walk.case.first_reply_at == walk.events[-1].at
    with pytest.raises(NotAllowed, match="contacted_already"):
        walk.do(COMMITTEE, "contact")
    with pytest.raises(Forbidden):
        began().do(MICRO_GRID, "contact")


def test_not_satisfied_reopens_once_by_itself_and_afterwards_only_by_a_person() -> None:
    walk = in_state("closed").do(RESIDENT, "rate", {"satisfied": "no", "words": "还是不亮"})
    assert (walk.case.state, walk.case.reopened) == ("reopened", 1)
    walk.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    walk.do(RESIDENT, "rate", {"satisfied": "no", "words": "又不亮"})
    assert (walk.case.state, walk.case.reopened) == ("handled", 1)
    assert walk.do(COMMITTEE, "reopen").case.reopened == 2


def test_one_handling_is_rated_once() -> None:
    walk = in_state("handled").do(RESIDENT, "rate")
    with pytest.raises(NotAllowed, match="already_rated"):
        walk.do(RESIDENT, "rate", {"satisfied": "no"})


def test_dates_to_look_again_come_after_closing_and_are_never_missed() -> None:
    walk = in_state("closed")
    closed = walk.now
    walk.later(days=6, hours=23)
    assert walk.types[-1] == "closed"
    walk.until(closed + timedelta(days=40))
    assert [
        (event.type, event.data["clock"], event.data["date"], event.due) for event in walk.events if event.by == "system"
    ] == [("reminded", "look_again", True, "2026-11-25T02:04:00.000Z")]
    assert (walk.case.lateness, walk.case.supervised, walk.case.next_due) == (0, False, None)


def test_reopened_before_its_date_a_case_is_not_looked_at_again() -> None:
    walk = in_state("closed").later(days=2).do(COMMITTEE, "reopen")
    look = walk.case.clock("look_again")
    assert look is not None
    assert look.stopped == walk.events[-1].at


def test_what_was_no_matter_of_ours_is_not_looked_at_again() -> None:
    walk = in_state("accepted").do(COMMITTEE, "close", {"outcome": "out_of_scope", "text": "请找供电公司"})
    assert walk.case.clock("look_again") is None


def test_a_visitor_of_another_zone_is_nobody_here() -> None:
    walk = visiting()
    elsewhere = replace(VISITOR, grants=("station_head@zone:z2",))
    assert relations(elsewhere, walk.case, walk.street) == frozenset()
    with pytest.raises(Forbidden):
        walk.do(elsewhere, "visit")
