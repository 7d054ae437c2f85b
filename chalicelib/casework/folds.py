"""What each event makes of a case. `fold(events)` gives the state that is stored beside them; a test does it again from the
stored bytes in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from chalicelib.casework.case import Case, ClockRun, Follower, Partner, Party, Rating, Request, Triage, Visit
from chalicelib.casework.events import PERSON_REPLIES, Event

replace = msgspec.structs.replace
Change = dict[str, Any]


def _nothing(case: Case, event: Event) -> Change:
    """Events that are their own record: they stand in the timeline and turn clocks, nothing else."""
    return {}


def _submitted(case: Case, event: Event) -> Change:
    return {**event.data["case"], "received_at": event.at}


def _accepted(case: Case, event: Event) -> Change:
    change: Change = {"state": "accepted", "accepted_by": event.by, "accepted_at": case.accepted_at or event.at}
    if event.data.get("class"):
        change["case_class"] = event.data["class"]
    return change


def _reclassified(case: Case, event: Event) -> Change:
    return {"case_class": event.data["class"]}


def _assigned(case: Case, event: Event) -> Change:
    return {"state": "handling", "assignee": Party(**event.data["to"]), "accepted_at": case.accepted_at or event.at}


def _asked(case: Case, event: Event) -> Change:
    question, reply_by = event.data["text"], event.data.get("reply_by")
    return {"state": "waiting", "before_waiting": case.state, "question": question, "reply_by": reply_by}


def _replied(case: Case, event: Event) -> Change:
    back = case.before_waiting or "handling"
    return {"state": back, "before_waiting": "", "question": "", "reply_by": None, "additions": case.additions + 1}


def _added(case: Case, event: Event) -> Change:
    return {"additions": case.additions + 1}


def _moved(case: Case, event: Event) -> Change:
    """To another office, with nobody's name on it yet. Allocated, it has been sent to be signed; else it has come in."""
    allocated = event.type == "allocated"
    back = event.type in {"returned_down", "refused"}
    change: Change = {
        "state": "dispatched" if allocated else "returned" if event.type == "refused" else "received",
        "rung": event.data["rung"],
        "unit": event.data["unit"],
        "highest": max(case.highest, event.data["level"]),
        "assignee": None,
        "accepted_by": "",
        "proposed": None,
        "question": "",
        "reply_by": None,
        "before_waiting": "",
        "long_run_until": None,
        "came_rung": "" if back else case.rung,
        "came_unit": "" if back else case.unit,
        "came_by": "" if back else event.type,
    }
    if allocated:
        sent = {"dispatched_at": event.at, "dispatches": case.dispatches + 1, "designated": bool(event.data.get("designated"))}
        change.update(sent)
    return change


def _refused(case: Case, event: Event) -> Change:
    """An office gives it back to who allocated it; a lead department leaves it with the office that dispatched it."""
    change: Change = {"state": "returned", "refusals": case.refusals + 1}
    if event.data.get("rung"):
        return {**_moved(case, event), **change}
    return {**change, "partners": tuple(partner for partner in case.partners if not partner.lead)}


def _dispatched(case: Case, event: Event) -> Change:
    called = [Partner(party=Party(**party), lead=number == 0) for number, party in enumerate(event.data["to"])]
    # Who owes a report from before goes on owing it, unless this calls them again.
    again = {partner.party.id for partner in called}
    kept = [replace(old, lead=False) for old in case.partners if old.party.id not in again]
    return {
        "state": "dispatched",
        "accepted_at": case.accepted_at or event.at,
        "dispatched_at": event.at,
        "dispatches": case.dispatches + 1,
        "designated": bool(event.data.get("designated")),
        "partners": (*called, *kept),
        "demands": event.data["demands"],
        "demanded_by": event.data.get("until"),
    }


def _changed_partner(case: Case, party: str, **change: str) -> tuple[Partner, ...]:
    return tuple(replace(partner, **change) if partner.party.id == party else partner for partner in case.partners)


def _signed(case: Case, event: Event) -> Change:
    lead = case.lead
    partners = _changed_partner(case, lead.party.id, signed=event.at) if lead else case.partners
    return {"state": "signed", "accepted_at": case.accepted_at or event.at, "accepted_by": event.by, "partners": partners}


def _reported_in(case: Case, event: Event) -> Change:
    partner = next((one for one in case.partners if one.party.id == event.data.get("party")), None)
    working = case.state in {"signed", "accepted", "dispatched"} and (partner is None or partner.lead)
    change: Change = {"state": "handling"} if working else {}
    if partner is not None:
        change["partners"] = _changed_partner(case, partner.party.id, reported=event.at)
    return change


def _released(case: Case, event: Event) -> Change:
    return {"partners": _changed_partner(case, event.data["party"], released=event.at)}


def _cleared(case: Case, event: Event) -> Change:
    return {"cleared_at": event.at}


def _prelim_given(case: Case, event: Event) -> Change:
    return {"prelim_at": event.at}


def _proposed(case: Case, event: Event) -> Change:
    return {"state": "handling", "proposed": event.data["outcome"], "result": event.data["text"], "handled_by": event.by}


def _confirmed(case: Case, event: Event) -> Change:
    until = event.data.get("until")
    done = {"outcome": case.proposed, "proposed": None, "handled_at": event.at, "observe_until": until, "visit": None}
    return {"state": event.data["state"], **done, "visit_attempts": 0}


def _declined(case: Case, event: Event) -> Change:
    return {"proposed": None, "result": ""}


def _observed(case: Case, event: Event) -> Change:
    if event.data["held"]:
        return {"state": event.data["state"], "observe_until": None}
    return {"state": "handling", "observe_until": None, "outcome": None, "handled_at": None}


def _answered(case: Case, event: Event) -> Change:
    return {
        "state": "closed",
        "case_class": event.data["class"],
        "accepted_at": case.accepted_at or event.at,
        "outcome": event.data["outcome"],
        "result": event.data["text"],
        "handled_at": event.at,
        "handled_by": event.by,
        "closed_at": event.at,
        "proposed": None,
        "requests": (),
    }


def _closed(case: Case, event: Event) -> Change:
    change: Change = {
        "state": "closed",
        "outcome": event.data["outcome"],
        "closed_at": event.at,
        "proposed": None,
        "question": "",
        "reply_by": None,
        "requests": (),
        "long_run_until": None,
        "observe_until": None,
    }
    if event.data.get("text"):
        change["result"] = event.data["text"]
    if event.data.get("into"):
        change["merged_into"] = event.data["into"]
    return change


def _reopened(case: Case, event: Event) -> Change:
    return {
        "state": "reopened",
        "reopened": case.reopened + 1,
        "handled_at": None,
        "closed_at": None,
        "outcome": None,
        "proposed": None,
        "prelim_at": None,
        "assignee": None,
        "observe_until": None,
        "visit_attempts": 0,
    }


def _rated(case: Case, event: Event) -> Change:
    return {"rating": Rating(**event.data["rating"], at=event.at)}


def _lapsed(case: Case, event: Event) -> Change:
    first = not event.data.get("again")
    return {"lateness": case.lateness + first, "supervised": case.supervised or bool(event.data.get("flag"))}


def _link_renewed(case: Case, event: Event) -> Change:
    return {"generation": case.generation + 1}


def _requested(case: Case, event: Event) -> Change:
    asked = Request(by=event.by, at=event.at, **event.data["request"])
    return {"requests": (*(request for request in case.requests if request.kind != asked.kind), asked)}


def _without(case: Case, kind: str) -> Change:
    return {"requests": tuple(request for request in case.requests if request.kind != kind)}


def _rejected(case: Case, event: Event) -> Change:
    return _without(case, event.data["kind"])


def _extended(case: Case, event: Event) -> Change:
    return {**_without(case, "extend"), "extended": event.at}


def _long_run_started(case: Case, event: Event) -> Change:
    before = case.before_waiting if case.state == "waiting" else case.state
    change = {"state": "long_run", "long_run_until": event.data["until"], "before_waiting": before}
    return {**_without(case, "long_run"), **change, "question": "", "reply_by": None}


def _resumed(case: Case, event: Event) -> Change:
    return {"state": "handling", "long_run_until": None, "exit": "", "before_waiting": ""}


def _invalidated(case: Case, event: Event) -> Change:
    return {"state": "invalid", "closed_at": event.at, "requests": (), "proposed": None, "question": "", "reply_by": None}


def _reinstated(case: Case, event: Event) -> Change:
    return {"state": "received", "closed_at": None, "assignee": None}


def _referred(case: Case, event: Event) -> Change:
    return {"state": "referred", "exit": event.data["exit"]}


def _merged(case: Case, event: Event) -> Change:
    return _closed(case, event)


def _absorbed(case: Case, event: Event) -> Change:
    return {"followers": (*case.followers, Follower(**event.data["follower"]))}


def _linked(case: Case, event: Event) -> Change:
    return {"links": (*(no for no in case.links if no != event.data["no"]), event.data["no"])}


def _contacted(case: Case, event: Event) -> Change:
    return {"contacted_at": case.contacted_at or event.at}


def _contact_failed(case: Case, event: Event) -> Change:
    return {"contact_attempts": case.contact_attempts + 1}


def _visited(case: Case, event: Event) -> Change:
    visit = Visit(by=event.by, at=event.at, **event.data["visit"])
    return {"visit": visit, **({"state": "handled"} if case.state == "visiting" else {})}


def _visit_failed(case: Case, event: Event) -> Change:
    return {"visit_attempts": case.visit_attempts + 1}


def _triaged(case: Case, event: Event) -> Change:
    return {"triage": Triage(by=event.by, **event.data["triage"])}


def _triage_agreed(case: Case, event: Event) -> Change:
    return {"triage": replace(case.triage, agreed=event.by) if case.triage else None}


def _urged(case: Case, event: Event) -> Change:
    return {"urges": case.urges + 1}


def _supervised(case: Case, event: Event) -> Change:
    return {"supervised": True, "supervisions": case.supervisions + 1}


def _supervision_ended(case: Case, event: Event) -> Change:
    return {"supervised": False}


# One row per type of event; an unknown type is an error, never silence.
FOLDS: dict[str, Callable[[Case, Event], Change]] = {
    "submitted": _submitted,
    "accepted": _accepted,
    "reclassified": _reclassified,
    "assigned": _assigned,
    "asked": _asked,
    "replied": _replied,
    "added": _added,
    "noted": _nothing,
    "passed_up": _moved,
    "allocated": _moved,
    "routed": _moved,
    "returned_down": _moved,
    "dispatched": _dispatched,
    "signed": _signed,
    "refused": _refused,
    "reported_in": _reported_in,
    "released": _released,
    "met": _nothing,
    "cleared": _cleared,
    "reminded": _nothing,
    "lapsed": _lapsed,
    "prelim_given": _prelim_given,
    "handled_proposed": _proposed,
    "handled_confirmed": _confirmed,
    "handled_declined": _declined,
    "observed": _observed,
    "answered": _answered,
    "closed": _closed,
    "withdrawn": _closed,
    "merged": _merged,
    "absorbed": _absorbed,
    "linked": _linked,
    "reopened": _reopened,
    "rated": _rated,
    "requested": _requested,
    "rejected": _rejected,
    "extended": _extended,
    "long_run_started": _long_run_started,
    "resumed": _resumed,
    "invalidated": _invalidated,
    "reinstated": _reinstated,
    "referred": _referred,
    "answered_back": _resumed,
    "contacted": _contacted,
    "contact_failed": _contact_failed,
    "visited": _visited,
    "visit_failed": _visit_failed,
    "triaged": _triaged,
    "triage_agreed": _triage_agreed,
    "urged": _urged,
    "supervised": _supervised,
    "inspected": _nothing,
    "fed_back": _nothing,
    "supervision_ended": _supervision_ended,
    "revealed": _nothing,
    "link_renewed": _link_renewed,
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
