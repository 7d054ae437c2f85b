"""What each event makes of a case. `fold(events)` gives the state that is stored beside them; a test does it again from the
stored bytes in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from chalicelib.casework import fold_climb, fold_follow
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import PERSON_REPLIES, Event

replace = msgspec.structs.replace
Change = dict[str, Any]

# One row per type of event; an unknown type is an error, never silence.
FOLDS: dict[str, Callable[[Case, Event], Change]] = {
    "submitted": fold_climb.submitted,
    "accepted": fold_climb.accepted,
    "reclassified": fold_climb.reclassified,
    "assigned": fold_climb.assigned,
    "asked": fold_climb.asked,
    "replied": fold_climb.replied,
    "added": fold_climb.added,
    "noted": fold_climb.nothing,
    "passed_up": fold_climb.moved,
    "allocated": fold_climb.moved,
    "routed": fold_climb.moved,
    "returned_down": fold_climb.moved,
    "dispatched": fold_climb.dispatched,
    "signed": fold_climb.signed,
    "refused": fold_climb.refused,
    "reported_in": fold_climb.reported_in,
    "released": fold_climb.released,
    "met": fold_climb.nothing,
    "cleared": fold_climb.cleared,
    "reminded": fold_climb.nothing,
    "lapsed": fold_follow.lapsed,
    "prelim_given": fold_climb.prelim_given,
    "handled_proposed": fold_climb.proposed,
    "handled_confirmed": fold_climb.confirmed,
    "handled_declined": fold_climb.declined,
    "observed": fold_climb.observed,
    "answered": fold_climb.answered,
    "closed": fold_climb.closed,
    "withdrawn": fold_climb.closed,
    "merged": fold_follow.merged,
    "absorbed": fold_follow.absorbed,
    "parted": fold_follow.parted,
    "linked": fold_follow.linked,
    "classed": fold_follow.classed,
    "unclassed": fold_follow.unclassed,
    "class_done": fold_climb.nothing,
    "reopened": fold_climb.reopened,
    "rated": fold_follow.rated,
    "requested": fold_follow.requested,
    "rejected": fold_follow.rejected,
    "extended": fold_follow.extended,
    "long_run_started": fold_follow.long_run_started,
    "resumed": fold_follow.resumed,
    "invalidated": fold_follow.invalidated,
    "reinstated": fold_follow.reinstated,
    "referred": fold_follow.referred,
    "answered_back": fold_follow.resumed,
    "contacted": fold_follow.contacted,
    "contact_failed": fold_follow.contact_failed,
    "visited": fold_follow.visited,
    "visit_failed": fold_follow.visit_failed,
    "triaged": fold_follow.triaged,
    "triage_agreed": fold_follow.triage_agreed,
    "urged": fold_follow.urged,
    "supervised": fold_follow.supervised,
    "inspected": fold_climb.nothing,
    "fed_back": fold_climb.nothing,
    "supervision_ended": fold_follow.supervision_ended,
    "published": fold_follow.published,
    "unpublished": fold_follow.unpublished,
    "revealed": fold_climb.nothing,
    "erased": fold_climb.nothing,
    "link_renewed": fold_follow.link_renewed,
}


def _turn_clocks(clocks: tuple[ClockRun, ...], event: Event) -> tuple[ClockRun, ...]:
    """Applies the clock part of an event: `{"stop": [keys], "pause": [keys], "resume": {key: {due, warn}}, "move": {key: {due,
    warn, original}}, "start": [runs], "warned": [keys], "lapsed": [keys], "again": {key: {again, left}}}`.

    The instants were computed when the event was decided; folding only writes them down.
    """
    turn = event.data.get("clocks")
    if not turn:
        return clocks
    changed = [_turned(run, turn, event.at) for run in clocks]
    changed += [ClockRun(**{"started": event.at, **started}) for started in turn.get("start", ())]
    return tuple(changed)


def _turned(run: ClockRun, turn: dict[str, Any], at: str) -> ClockRun:
    if run.stopped is not None:
        return run
    if run.running and run.key in turn.get("warned", ()):
        run = replace(run, warn=None)
    if run.running and run.key in turn.get("lapsed", ()):
        run = replace(run, warn=None, lapsed=run.lapsed or at)
    if run.key in turn.get("again", {}):
        run = replace(run, **turn["again"][run.key])
    if run.key in turn.get("move", {}):
        run = replace(run, **turn["move"][run.key])
    if run.key in turn.get("stop", ()):
        return replace(run, stopped=at, paused=None)
    if run.running and run.key in turn.get("pause", ()):
        return replace(run, paused=at)
    if run.paused and run.key in turn.get("resume", {}):
        return replace(run, paused=None, due=turn["resume"][run.key]["due"], warn=turn["resume"][run.key].get("warn"))
    return run


def apply(case: Case, event: Event) -> Case:
    """The case after the event. Raises KeyError for a type that has no fold."""
    change = FOLDS[event.type](case, event)
    if event.type in PERSON_REPLIES and case.first_reply_at is None:
        change["first_reply_at"] = event.at
    return replace(case, **change, version=event.seq, updated_at=event.at, clocks=_turn_clocks(case.clocks, event))


def fold(no: str, events: Iterable[Event]) -> Case:
    """All events of a case, in order, from nothing."""
    case = Case(no=no)
    for event in events:
        case = apply(case, event)
    return case
