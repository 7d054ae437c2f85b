"""Anybody tries anything, in any order, while time goes by: what is stored folds to what stands, and nothing breaks."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.casework import card
from chalicelib.casework.access import Actor, partners_for
from chalicelib.casework.case import ENDED_STATES, OPEN_STATES
from chalicelib.casework.decide import options
from chalicelib.casework.events import Event, parse
from chalicelib.casework.folds import FOLDS, fold
from chalicelib.casework.ladder import STEPS, Field, allowed
from chalicelib.casework.notices import FILLS, Told, messages
from chalicelib.errors import Forbidden, NotAllowed
from chalicelib.street import Again, Duration, Notice, Street, Supervision
from tests.ladder_situations import OUTSIDERS, PEOPLE, inputs
from tests.ladder_street import COLLEAGUE, WORKER_PARTY, ladder_street, with_clock, with_rung
from tests.ladder_walks import OTHER, Walk, began

EVERYBODY = [*PEOPLE.values(), COLLEAGUE, *OUTSIDERS.values()]
MINUTES = (0, 0, 0, 0, 0, 0, 1, 31, 240, 1440, 4400, 44640)


def _loud() -> list[Notice]:
    occasions = [*FOLDS, "entered", "flagged", "hazard", "due"]
    to = ["reporter", "office", "assignee", "lead", "tell", "contacts", "partners", "visitors", "approvers", "role:grid_worker"]
    return [
        Notice(on=on, to=to[number % len(to)], template=sorted(FILLS)[number % len(FILLS)]) for number, on in enumerate(occasions)
    ]


def _lively() -> Street:
    """Every gate, every rule, every kind of clock, and a message at everything."""
    street = ladder_street(
        preliminary=True,
        visit=True,
        visitors=("station_head",),
        micro_grid=True,
        supervision=Supervision(late=2, reopened=1),
        notices=tuple(_loud()),
    )
    street = with_rung(street, "centre", sorts=True, triage=True)
    street = with_clock(street, "handle", late_for={"simple": Duration(1, "wd"), "urgent": Duration(2, "h")}, extend=True)
    street = with_clock(street, "contact", late=Duration(1, "h"), hours="08:00-21:00", again=Again(Duration(30, "m"), 3))
    return with_clock(street, "report", action=("escalate", "flag"), warn=Duration(1, "h"))


STREETS = [ladder_street(), _lively()]


def _values(spec: Field, walk: Walk) -> st.SearchStrategy[Any]:
    known = options(spec, walk.case, walk.street)
    partners = [party.id for party in partners_for(walk.street.rung_by_id[walk.case.rung], walk.case, walk.street)]
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "party": st.just(WORKER_PARTY),
        "partner": st.sampled_from([*partners, "nobody"]),
        "partners": st.lists(st.sampled_from([*partners, "nobody"]), max_size=3),
        "case": st.sampled_from([OTHER, walk.case, msgspec.structs.replace(OTHER, phone_mac="cd"), None]),
        "date": st.sampled_from(["2026-11-19", "2026-12-31", "2027-06-01", "2020-01-01", "soon"]),
        "days": st.sampled_from(["1", "5", "10", "11", "x"]),
    }
    if spec.kind in kinds:
        return kinds[spec.kind]
    if known is not None:
        return st.sampled_from([*known, ""])
    return st.sampled_from(["说明", "说明", ""])


# What leads nowhere, or straight to the end: drawn less often, so that lives are long.
ASIDE = frozenset({"reveal", "inspect", "renew_link", "note", "urge", "meet", "link", "add", "contact", "feed_back"})
ENDING = frozenset({"answer", "weigh", "withdraw", "merge", "close", "reopen", "invalid", "rate"})


def _step(data: st.DataObject, walk: Walk) -> None:
    """Half of the time something that is open to somebody, else anything by anybody."""
    ways: list[tuple[Actor, str]] = []
    if data.draw(st.integers(0, 3)):
        ways = [
            (actor, step.action)
            for actor in EVERYBODY
            for step, held in allowed(walk.case, actor, walk.street, walk.now)
            if held is None
        ]
        rare = data.draw(st.integers(0, 9))
        onward = [way for way in ways if way[1] not in ASIDE | ENDING or (rare > 7 and way[1] not in ENDING) or rare == 7]
        ways = onward or ways
    actor, action = data.draw(st.sampled_from(ways or [(actor, action) for actor in EVERYBODY for action in STEPS]))
    fitting = inputs(action, walk) if data.draw(st.integers(0, 2)) else {}
    fields = {spec.name: fitting.get(spec.name) or data.draw(_values(spec, walk)) for spec in STEPS[action].fields}
    before = walk.bytes()
    try:
        walk.do(actor, action, fields, after=timedelta(minutes=1))
    except (NotAllowed, Forbidden):
        assert walk.bytes() == before


def _holds(walk: Walk, seen: int) -> None:
    case = walk.case
    live = Counter(run.key for run in case.clocks if run.stopped is None)
    assert max(live.values(), default=1) == 1, live
    assert case.state in OPEN_STATES | ENDED_STATES
    assert sum(1 for partner in case.partners if partner.lead) <= 1
    assert case.rung in walk.street.rung_by_id
    assert len({partner.party.id for partner in case.partners}) == len(case.partners)
    if case.state == "invalid":
        assert not live
    if case.state == "closed":
        counting = [run for run in case.clocks if run.stopped is None and not run.party and walk.street.clocks[run.id].counts]
        assert counting == []
    assert (case.long_run_until is not None) == (case.state == "long_run")
    assert (case.state == "waiting") == bool(case.question)
    assert case.next_due is None or parse(case.next_due) > walk.now
    card.card_of(case, walk.street, None)
    card.keys_of(case, walk.street)
    for event in walk.events[seen:]:
        messages(Told(case, event, walk.street, None))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data(), street=st.sampled_from(STREETS), rung=st.sampled_from(["committee", "centre", "zone"]))
def test_any_sequence_of_steps_and_ticks_folds_to_its_state(data: st.DataObject, street: Street, rung: str) -> None:
    walk = began(street, rung=rung, channel=data.draw(st.sampled_from(["qr", "visit", "hotline_12345"])))
    for _ in range(data.draw(st.integers(5, 30))):
        seen = len(walk.events)
        _step(data, walk)
        span = timedelta(minutes=data.draw(st.sampled_from(MINUTES)))
        if data.draw(st.booleans()):
            walk.later(seconds=span.total_seconds())
        else:
            # An outage: everything comes at once, and a second sweep finds nothing left.
            walk.now += span
            walk.sweep()
        assert walk.sweep() == []
        _holds(walk, seen)
    stored = msgspec.json.decode(msgspec.json.encode(walk.events), type=list[Event])
    assert fold(walk.case.no, stored) == walk.case
    assert [event.seq for event in walk.events] == list(range(1, len(walk.events) + 1))
    assert [event.at for event in walk.events] == sorted(event.at for event in walk.events)
