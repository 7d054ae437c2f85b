"""The transition table: who may do what, when; what is refused changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from chalicelib.casework.access import Actor, relations
from chalicelib.casework.case import ENDED_STATES, OPEN_STATES
from chalicelib.casework.decide import Command, decide
from chalicelib.casework.events import VERSION, Event
from chalicelib.casework.folds import FOLDS, fold
from chalicelib.casework.ladder import LADDER, STEPS, allowed
from chalicelib.errors import Forbidden, NotAllowed
from tests.ladder_situations import OUTSIDERS, PEOPLE, SITUATIONS, inputs
from tests.ladder_street import CENTRE, COMMITTEE, RESIDENT, WORKER, ZONE, ladder_street
from tests.ladder_walks import INPUTS, Walk, began, in_state

TABLE = Path(__file__).parent / "ladder_table.md"
HELD = re.compile(r"(\w+)\((\w+)\)")
RELATIONS = {
    "office",
    "assignee",
    "lead",
    "co",
    "addressee",
    "origin",
    "visitor",
    "micro_grid",
    "supervisor",
    "deputy",
    "approver",
    "reporter",
}


@dataclass
class Written:
    """One situation of the table: its state, and by person the actions that are open and those held back, with the reason."""

    state: str = ""
    may: dict[str, dict[str, str]] = field(default_factory=dict)


def written() -> dict[str, Written]:
    found: dict[str, Written] = {}
    for block in TABLE.read_text("utf-8").split("\n## ")[1:]:
        name, _, body = block.partition("\n")
        rows = re.sub(r"\n  (?=\S)", " ", body).split("\n")
        situation = found.setdefault(name, Written())
        for row in rows:
            if row.startswith("state: "):
                situation.state = row.removeprefix("state: ")
            if row.startswith("- "):
                who, _, actions = row.removeprefix("- ").partition(":")
                now, _, held = actions.partition("· held back:")
                situation.may[who] = {**dict.fromkeys(now.split(), ""), **dict(HELD.findall(held))}
    return found


WRITTEN = written()


def tried(walk: Walk, actor: Actor, action: str) -> str:
    """What comes of it: "" when it is done, else why not. The case must be as it was: only events could change it."""
    before = walk.bytes()
    try:
        assert decide(walk.case, Command(action, "try", inputs(action, walk)), actor, walk.now, walk.street)
    except Forbidden as refused:
        said = refused.reason
    except NotAllowed as refused:
        said = refused.reason
    else:
        said = ""
    assert walk.bytes() == before
    assert fold(walk.case.no, walk.events) == walk.case
    return said


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_action_by_everybody_is_allowed_or_refused_as_written(name: str) -> None:
    walk = SITUATIONS[name]()
    assert walk.case.state == WRITTEN[name].state
    wrong = []
    for who, actor in {**PEOPLE, **OUTSIDERS}.items():
        theirs = WRITTEN[name].may.get(who, {})
        for action in STEPS:
            said = tried(walk, actor, action)
            # What is not written is refused as never theirs, or as nothing of this state.
            fits = said == theirs[action] if action in theirs else said in {"not_yours", "state"}
            if not fits:
                wrong.append(f"{who} {action}: {said or 'done'} instead of {theirs.get(action, 'refused') or 'done'}")
    assert wrong == []


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_a_page_offers_is_what_is_decided(name: str) -> None:
    walk = SITUATIONS[name]()
    for who, actor in {**PEOPLE, **OUTSIDERS}.items():
        offered = {step.action: reason or "" for step, reason in allowed(walk.case, actor, walk.street, walk.now)}
        assert offered == WRITTEN[name].may.get(who, {}), who


def test_the_table_knows_every_state_relation_and_action_of_the_ladder() -> None:
    assert set(WRITTEN) == set(SITUATIONS)
    assert {situation.state for situation in WRITTEN.values()} == OPEN_STATES | ENDED_STATES
    found: set[str] = set()
    for make in SITUATIONS.values():
        walk = make()
        for actor in PEOPLE.values():
            found |= relations(actor, walk.case, walk.street)
        assert not any(relations(actor, walk.case, walk.street) - {"system"} for actor in OUTSIDERS.values())
    assert found == RELATIONS
    assert set(STEPS) == set(INPUTS)
    assert len(STEPS) == len(LADDER)
    assert {relation for step in LADDER for relation in step.who} == RELATIONS
    # Those that this street holds back are done somewhere else in these tests.
    done = {action for one in WRITTEN.values() for may in one.may.values() for action, why in may.items() if not why}
    assert set(STEPS) - done == {"pass_up", "triage", "agree_triage"}


def test_every_action_makes_events_that_fold() -> None:
    done: dict[str, str] = {}
    for name in SITUATIONS:
        walk = SITUATIONS[name]()
        for who, theirs in WRITTEN[name].may.items():
            for action in (action for action, why in theirs.items() if not why):
                again = SITUATIONS[name]()
                again.do(PEOPLE[who], action, inputs(action, walk))
                assert fold(again.case.no, again.events) == again.case
                assert again.case.version == len(again.events)
                done |= {event.type: action for event in again.events}
    elsewhere = {"passed_up", "triaged", "triage_agreed", "returned_down", "routed", "absorbed", "contact_failed", "rejected"}
    # Time makes two of them; class cases and erasing a reporter are no steps of the ladder.
    elsewhere |= {"classed", "unclassed", "class_done", "parted"}
    assert set(FOLDS) - set(done) <= elsewhere | {"lapsed", "reminded", "erased"}


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
    walk = began(rung="centre").do(CENTRE, "allocate", {"to": "zone@zone:z2"})
    assert (walk.case.rung, walk.case.unit, walk.case.highest) == ("zone", "zone:z2", 3)
    walk = began(rung="centre")
    for wrong in ("zone@zone:z9", "centre@street", "committee@zone:z1", "zone", ""):
        with pytest.raises(NotAllowed) as refused:
            walk.do(CENTRE, "allocate", {"to": wrong})
        assert [field.name for field in refused.value.fields] == ["to"]


def test_there_is_nothing_above_the_last_rung() -> None:
    with pytest.raises(NotAllowed, match="no_rung_above"):
        began(rung="zone").do(ZONE, "pass_up")


def test_answer_closes_a_consultation_at_once_and_nothing_else() -> None:
    walk = began().do(COMMITTEE, "answer")
    assert (walk.case.state, walk.case.case_class, walk.case.outcome) == ("closed", "consult", "solved")
    with pytest.raises(NotAllowed, match="answer_consult_only"):
        began().do(COMMITTEE, "accept", {"class": "simple"}).do(COMMITTEE, "answer")


def test_closing_before_handling_is_only_for_what_is_not_ours_or_was_reported_already() -> None:
    with pytest.raises(NotAllowed, match="close_before_handled"):
        in_state("accepted").do(COMMITTEE, "close", {"outcome": "solved", "text": "好了"})
    with pytest.raises(NotAllowed, match="fields"):
        in_state("accepted").do(COMMITTEE, "close", {"outcome": "out_of_scope", "text": ""})
    assert in_state("accepted").do(COMMITTEE, "close", {"outcome": "out_of_scope", "text": "请找供电公司"}).case.state == "closed"


def test_a_resident_adds_at_most_fifty_times() -> None:
    walk = in_state("accepted")
    for _ in range(50):
        walk.do(RESIDENT, "add")
    with pytest.raises(NotAllowed, match="too_many_additions"):
        walk.do(RESIDENT, "add")


WRONG_INPUTS: list[tuple[str, Mapping[str, object], dict[str, str]]] = [
    ("propose", {}, {"outcome": "required", "text": "required"}),
    ("propose", {"outcome": "withdrawn", "text": "x"}, {"outcome": "choice"}),
    ("propose", {"outcome": "unreachable", "text": "x"}, {"outcome": "choice"}),
    ("propose", {"outcome": "solved", "text": "x" * 2001}, {"text": "too_long"}),
    ("accept", {"class": "nonsense"}, {"class": "choice"}),
    ("reclassify", {"class": "", "reason": ""}, {"class": "required", "reason": "required"}),
    ("assign", {"to": "S7K2"}, {"to": "choice"}),
    ("merge", {"other": "K7M3-9QXA-C"}, {"other": "choice"}),
    ("dispatch", {"lead": "department@dept:nobody", "demands": ""}, {"lead": "choice", "demands": "required"}),
    ("dispatch", {"lead": "department@dept:police", "co": ["x"], "demands": "挪车"}, {"co": "choice"}),
    ("dispatch", {"lead": "contact:power", "demands": "抢修"}, {"lead": "contact_leads"}),
    ("dispatch", {"lead": "department@dept:police", "demands": "挪车", "until": "2026-11-17"}, {"until": "past"}),
    ("extend", {"reason": "why", "days": "11", "text": "等"}, {"reason": "choice"}),
    ("extend", {"reason": "materials", "days": "11", "text": "等"}, {"days": "too_long"}),
    ("extend", {"reason": "materials", "days": "0", "text": "等"}, {"days": "choice"}),
    ("extend", {"reason": "materials", "days": "٣", "text": "等"}, {"days": "choice"}),
    ("long_run", {"text": "分期", "until": "2026-11-17"}, {"until": "past"}),
    ("long_run", {"text": "分期", "until": "2026-2-30"}, {"until": "choice"}),
    ("contact", {"way": "fax", "reached": "yes"}, {"way": "choice"}),
]


@pytest.mark.parametrize(("action", "data", "fields"), WRONG_INPUTS)
def test_every_wrong_input_is_named(action: str, data: dict[str, object], fields: dict[str, str]) -> None:
    walk = in_state("received" if action == "accept" else "accepted")
    before = walk.bytes()
    with pytest.raises(NotAllowed, match="fields") as refused:
        walk.do(COMMITTEE, action, data)
    assert {field.name: field.code for field in refused.value.fields} == fields
    assert walk.bytes() == before


def test_an_action_that_nobody_knows_is_refused() -> None:
    with pytest.raises(NotAllowed, match="unknown_action"):
        in_state("accepted").do(COMMITTEE, "abolish", {})


def test_time_inside_a_case_never_runs_backwards() -> None:
    walk = in_state("accepted")
    walk.now = walk.now.replace(year=2025)
    walk.do(COMMITTEE, "prelim")
    assert [event.at for event in walk.events] == sorted(event.at for event in walk.events)


def test_an_event_is_stored_in_the_fixed_shape() -> None:
    event = in_state("accepted").events[-1]
    stored = msgspec.json.decode(msgspec.json.encode(event))
    assert list(stored) == ["v", "seq", "type", "at", "due", "by", "attempt", "data"]
    assert (stored["v"], stored["seq"], stored["type"], stored["by"]) == (VERSION, 2, "accepted", "staff:C1")
    assert stored["at"] == "2026-11-18T02:01:00.000Z"
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


def test_a_street_without_either_gate_has_none() -> None:
    assert in_state("handled", ladder_street()).do(COMMITTEE, "close").case.state == "closed"
