"""What the steps of taking in, sending, handling and ending make of a case, event by event."""

from __future__ import annotations

from typing import Any

import msgspec

from chalicelib.casework.case import Case, Partner, Party
from chalicelib.casework.events import Event

replace = msgspec.structs.replace
Change = dict[str, Any]


def nothing(case: Case, event: Event) -> Change:
    """Events that are their own record: they stand in the timeline and turn clocks, nothing else."""
    return {}


def submitted(case: Case, event: Event) -> Change:
    facts = event.data["case"]
    # As read from the table it is a list.
    named = {"slots": tuple(facts["slots"])} if "slots" in facts else {}
    return {**facts, **named, "received_at": event.at}


def accepted(case: Case, event: Event) -> Change:
    change: Change = {"state": "accepted", "accepted_by": event.by, "accepted_at": case.accepted_at or event.at}
    if event.data.get("class"):
        change["case_class"] = event.data["class"]
    return change


def reclassified(case: Case, event: Event) -> Change:
    return {"case_class": event.data["class"]}


def assigned(case: Case, event: Event) -> Change:
    return {"state": "handling", "assignee": Party(**event.data["to"]), "accepted_at": case.accepted_at or event.at}


def asked(case: Case, event: Event) -> Change:
    question, reply_by = event.data["text"], event.data.get("reply_by")
    return {"state": "waiting", "before_waiting": case.state, "question": question, "reply_by": reply_by}


def replied(case: Case, event: Event) -> Change:
    back = case.before_waiting or "handling"
    return {"state": back, "before_waiting": "", "question": "", "reply_by": None, "additions": case.additions + 1}


def added(case: Case, event: Event) -> Change:
    return {"additions": case.additions + 1}


def moved(case: Case, event: Event) -> Change:
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
        "requests": (),
        # Who led for the office before owes its report still, and leads no more.
        "partners": tuple(replace(partner, lead=False) for partner in case.partners),
        "came_rung": "" if back else case.rung,
        "came_unit": "" if back else case.unit,
        "came_by": "" if back else event.type,
    }
    if allocated:
        sent = {"dispatched_at": event.at, "dispatches": case.dispatches + 1, "designated": bool(event.data.get("designated"))}
        change.update(sent)
    return change


def refused(case: Case, event: Event) -> Change:
    """An office gives it back to who allocated it; a lead department leaves it with the office that dispatched it."""
    change: Change = {"state": "returned", "refusals": case.refusals + 1}
    if event.data.get("rung"):
        return {**moved(case, event), **change}
    return {**change, "partners": tuple(partner for partner in case.partners if not partner.lead)}


def dispatched(case: Case, event: Event) -> Change:
    called = [Partner(party=Party(**party), lead=number == 0) for number, party in enumerate(event.data["to"])]
    # Who owes a report from before goes on owing it, unless this calls them again.
    again = {partner.party.id for partner in called}
    kept = [replace(old, lead=False) for old in case.partners if old.party.id not in again]
    return {
        "state": "dispatched",
        "assignee": None,
        "proposed": None,
        "accepted_at": case.accepted_at or event.at,
        "dispatched_at": event.at,
        "dispatches": case.dispatches + 1,
        "designated": bool(event.data.get("designated")),
        "partners": (*called, *kept),
        "demands": event.data["demands"],
        "demanded_by": event.data.get("until"),
    }


def changed_partner(case: Case, party: str, **change: str) -> tuple[Partner, ...]:
    return tuple(replace(partner, **change) if partner.party.id == party else partner for partner in case.partners)


def signed(case: Case, event: Event) -> Change:
    lead = case.lead
    partners = changed_partner(case, lead.party.id, signed=event.at) if lead else case.partners
    return {"state": "signed", "accepted_at": case.accepted_at or event.at, "accepted_by": event.by, "partners": partners}


def reported_in(case: Case, event: Event) -> Change:
    partner = next((one for one in case.partners if one.party.id == event.data.get("party")), None)
    working = case.state in {"signed", "accepted", "dispatched"} and (partner is None or partner.lead)
    change: Change = {"state": "handling"} if working else {}
    if partner is not None:
        change["partners"] = changed_partner(case, partner.party.id, reported=event.at)
    return change


def released(case: Case, event: Event) -> Change:
    """Without its lead, a case that waited for them is the office's again."""
    party, lead = event.data["party"], case.lead
    if lead is None or lead.party.id != party:
        return {"partners": changed_partner(case, party, released=event.at)}
    change: Change = {"state": "returned"} if case.state in {"dispatched", "signed"} else {}
    return {**change, "partners": tuple(replace(one, lead=False) for one in changed_partner(case, party, released=event.at))}


def cleared(case: Case, event: Event) -> Change:
    return {"cleared_at": event.at}


def prelim_given(case: Case, event: Event) -> Change:
    return {"prelim_at": event.at}


def proposed(case: Case, event: Event) -> Change:
    done = {"proposed": event.data["outcome"], "result": event.data["text"], "handled_by": event.by}
    return {"state": "handling", "long_run_until": None, **done}


def confirmed(case: Case, event: Event) -> Change:
    until = event.data.get("until")
    done = {"outcome": case.proposed, "proposed": None, "handled_at": event.at, "observe_until": until, "visit": None}
    due = {"visit_due": event.data["state"] == "visiting", "visit_attempts": 0}
    return {"state": event.data["state"], **done, **due, "requests": (), "handlings": case.handlings + 1}


def declined(case: Case, event: Event) -> Change:
    return {"proposed": None, "result": ""}


def observed(case: Case, event: Event) -> Change:
    if event.data["held"]:
        return {"state": event.data["state"], "observe_until": None, "visit_due": event.data["state"] == "visiting"}
    return {"state": "handling", "observe_until": None, "outcome": None, "handled_at": None}


def answered(case: Case, event: Event) -> Change:
    return {
        "state": "closed",
        "case_class": event.data["class"],
        "accepted_at": case.accepted_at or event.at,
        "outcome": event.data["outcome"],
        "result": event.data["text"],
        "handled_at": event.at,
        "handled_by": event.by,
        "handlings": case.handlings + 1,
        "closed_at": event.at,
        "proposed": None,
        "requests": (),
    }


def closed(case: Case, event: Event) -> Change:
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
    if event.data["outcome"] == "out_of_scope" and case.handled_at is None:
        # Staff have said that it is done with, without a step of handling.
        change["handlings"] = case.handlings + 1
    if event.data.get("text"):
        change["result"] = event.data["text"]
    if event.data.get("into"):
        change["merged_into"] = event.data["into"]
    return change


def reopened(case: Case, event: Event) -> Change:
    return {
        "state": "reopened",
        "reopened": case.reopened + 1,
        # What was taken back or merged and goes on is not done again.
        "redone": min(case.redone + 1, case.handlings),
        "handled_at": None,
        "closed_at": None,
        "outcome": None,
        "proposed": None,
        "prelim_at": None,
        "assignee": None,
        "observe_until": None,
        "visit_attempts": 0,
        "requests": (),
        "merged_into": "",
    }
