"""The transition table: who may do what, when; what is refused changes nothing."""

from __future__ import annotations

import msgspec
import pytest

from chalicelib.casework.access import Actor
from chalicelib.casework.case import OPEN_STATES
from chalicelib.casework.decide import Command, decide
from chalicelib.casework.events import Event
from chalicelib.casework.folds import fold
from chalicelib.casework.ladder import LADDER, STEPS
from chalicelib.errors import Forbidden, NotAllowed
from tests.ladder_street import (
    CENTRE,
    COMMITTEE,
    INPUTS,
    OTHER_COMMITTEE,
    PROPERTY,
    RESIDENT,
    WORKER,
    ZONE,
    Walk,
    in_state,
    ladder_street,
)

STATES = sorted(OPEN_STATES | {"closed"})
# What each state allows, written down a second time by hand: office of the rung, then the resident.
OFFICE_MAY = {
    "received": "accept answer close pass_up renew_link reveal",
    "accepted": "answer assign ask prelim propose pass_up close renew_link reveal",
    "handling": "answer assign ask prelim propose pass_up close renew_link reveal",
    "waiting": "renew_link reveal",
    "handled": "close reopen renew_link reveal",
    "visiting": "reopen renew_link reveal",
    "closed": "reopen renew_link reveal",
    "reopened": "accept answer close pass_up renew_link reveal",
}
RESIDENT_MAY = {
    "received": "add withdraw",
    "accepted": "add withdraw",
    "handling": "add withdraw",
    "waiting": "reply add withdraw",
    "handled": "add rate",
    "visiting": "add rate",
    "closed": "rate",
    "reopened": "add withdraw",
}
ASSIGNEE_MAY = {"handling": "ask prelim propose reveal"}
OTHERS = {"another committee": OTHER_COMMITTEE, "centre": CENTRE, "zone": ZONE, "property": PROPERTY}


def _inputs(action: str, state: str) -> dict[str, object]:
    inputs = dict(INPUTS[action])
    if action == "close" and state not in {"handled", "visiting"}:
        inputs = {"outcome": "out_of_scope", "text": "请找供电公司"}
    return inputs


def _may(walk: Walk, actor: Actor, action: str) -> bool:
    """Tries it; on a refusal the case must be as it was."""
    before = msgspec.json.encode(walk.case)
    try:
        events = decide(walk.case, Command(action, "try", _inputs(action, walk.case.state)), actor, walk.now, walk.street)
    except (Forbidden, NotAllowed):
        assert msgspec.json.encode(walk.case) == before
        return False
    assert events
    return True


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", sorted(STEPS))
def test_every_state_action_and_role_is_allowed_or_refused_as_written(state: str, action: str) -> None:
    walk = in_state(state)
    assert _may(walk, COMMITTEE, action) == (action in OFFICE_MAY[state].split())
    assert _may(walk, RESIDENT, action) == (action in RESIDENT_MAY[state].split())
    assignee = walk.case.assignee is not None
    assert _may(walk, WORKER, action) == (assignee and action in ASSIGNEE_MAY.get(state, "").split())
    for who, actor in OTHERS.items():
        assert not _may(walk, actor, action), who


def test_the_table_names_each_action_once_and_has_inputs_for_each() -> None:
    assert len(STEPS) == len(LADDER)
    assert set(STEPS) == set(INPUTS)


def test_the_whole_way_from_a_report_to_a_rating() -> None:
    walk = in_state("handling")
    walk.do(WORKER, "ask").do(RESIDENT, "reply")
    assert walk.case.state == "handling"
    walk.do(COMMITTEE, "prelim").do(WORKER, "propose")
    assert (walk.case.state, walk.case.proposed) == ("handling", "solved")
    walk.do(COMMITTEE, "confirm")
    assert (walk.case.state, walk.case.outcome, walk.case.result) == ("handled", "solved", "换了灯泡")
    walk.do(COMMITTEE, "close").do(RESIDENT, "rate")
    assert walk.case.state == "closed"
    assert walk.case.rating is not None
    assert walk.case.rating.score == 5
    assert fold(walk.case.no, walk.events) == walk.case


def test_a_worker_proposes_and_only_the_office_confirms() -> None:
    walk = in_state("handling").do(WORKER, "propose")
    with pytest.raises(Forbidden):
        walk.do(WORKER, "confirm")
    assert walk.do(COMMITTEE, "decline").case.proposed is None


def test_passing_up_brings_the_case_to_the_next_office_without_an_owner() -> None:
    walk = in_state("handling").do(COMMITTEE, "pass_up")
    assert (walk.case.rung, walk.case.unit, walk.case.state, walk.case.assignee) == ("centre", "street", "received", None)
    with pytest.raises(Forbidden):
        walk.do(COMMITTEE, "accept")
    assert walk.do(CENTRE, "accept").case.state == "accepted"


def test_allocating_down_goes_only_where_the_ladder_leads() -> None:
    walk = Walk(rung="centre").do(CENTRE, "allocate", {"to": "zone@zone:z2"})
    assert (walk.case.rung, walk.case.unit, walk.case.highest) == ("zone", "zone:z2", 3)
    walk = Walk(rung="centre")
    for wrong in ("zone@zone:z9", "centre@street", "committee@zone:z1", "zone", ""):
        with pytest.raises(NotAllowed) as refused:
            walk.do(CENTRE, "allocate", {"to": wrong})
        assert [field.name for field in refused.value.fields] == ["to"]


def test_there_is_nothing_above_the_last_rung() -> None:
    with pytest.raises(NotAllowed, match="no_rung_above"):
        Walk(rung="zone").do(ZONE, "pass_up")


def test_answer_closes_a_consultation_at_once_and_nothing_else() -> None:
    walk = Walk().do(COMMITTEE, "answer")
    assert (walk.case.state, walk.case.case_class, walk.case.outcome) == ("closed", "consult", "solved")
    with pytest.raises(NotAllowed, match="answer_consult_only"):
        Walk().do(COMMITTEE, "accept", {"class": "simple"}).do(COMMITTEE, "answer")


def test_a_street_with_the_first_gate_confirms_only_after_preliminary_feedback() -> None:
    walk = in_state("accepted", ladder_street(preliminary=True)).do(COMMITTEE, "propose")
    with pytest.raises(NotAllowed, match="gate_preliminary"):
        walk.do(COMMITTEE, "confirm")
    assert walk.do(COMMITTEE, "prelim").do(COMMITTEE, "confirm").case.state == "handled"


def test_a_street_with_the_second_gate_does_not_close_before_the_visit() -> None:
    walk = in_state("visiting")
    with pytest.raises(NotAllowed, match="gate_visit"):
        walk.do(COMMITTEE, "close")


def test_closing_before_handling_is_only_for_what_is_not_ours_or_was_reported_already() -> None:
    with pytest.raises(NotAllowed, match="close_before_handled"):
        in_state("accepted").do(COMMITTEE, "close", {"outcome": "solved", "text": "好了"})
    with pytest.raises(NotAllowed, match="fields"):
        in_state("accepted").do(COMMITTEE, "close", {"outcome": "out_of_scope", "text": ""})
    assert in_state("accepted").do(COMMITTEE, "close", {"outcome": "out_of_scope", "text": "请找供电公司"}).case.state == "closed"


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


def test_a_resident_adds_at_most_fifty_times() -> None:
    walk = in_state("accepted")
    for _ in range(50):
        walk.do(RESIDENT, "add")
    with pytest.raises(NotAllowed, match="too_many_additions"):
        walk.do(RESIDENT, "add")


@pytest.mark.parametrize(
    ("action", "data", "fields"),
    [
        ("propose", {}, {"outcome": "required", "text": "required"}),
        ("propose", {"outcome": "withdrawn", "text": "x"}, {"outcome": "choice"}),
        ("propose", {"outcome": "solved", "text": "x" * 2001}, {"text": "too_long"}),
        ("accept", {"class": "nonsense"}, {"class": "choice"}),
        ("assign", {"to": "S7K2"}, {"to": "choice"}),
    ],
)
def test_every_wrong_input_is_named(action: str, data: dict[str, object], fields: dict[str, str]) -> None:
    walk = in_state("received" if action == "accept" else "accepted")
    with pytest.raises(NotAllowed) as refused:
        walk.do(COMMITTEE, action, data)
    assert {field.name: field.code for field in refused.value.fields} == fields


def test_time_inside_a_case_never_runs_backwards() -> None:
    walk = in_state("accepted")
    walk.now = walk.now.replace(year=2025)
    walk.do(COMMITTEE, "prelim")
    assert [event.at for event in walk.events] == sorted(event.at for event in walk.events)


def test_an_event_is_stored_in_the_fixed_shape() -> None:
    event = in_state("accepted").events[-1]
    stored = msgspec.json.decode(msgspec.json.encode(event))
    assert list(stored) == ["v", "seq", "type", "at", "due", "by", "attempt", "data"]
    assert (stored["v"], stored["seq"], stored["type"], stored["by"]) == (1, 2, "accepted", "staff:C1")
    assert stored["at"] == "2026-11-18T02:01:00.000Z"
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
