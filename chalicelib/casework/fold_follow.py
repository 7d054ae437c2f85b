"""What following up, requests, supervision and pairs of cases make of a case, event by event."""

from __future__ import annotations

from typing import Any

import msgspec

from chalicelib.casework import fold_climb
from chalicelib.casework.case import Case, Follower, Rating, Request, Triage, Visit
from chalicelib.casework.events import Event

replace = msgspec.structs.replace
Change = dict[str, Any]


def rated(case: Case, event: Event) -> Change:
    rating = Rating(**event.data["rating"], at=event.at)
    return {"rating": rating, "said": "satisfied" if rating.satisfied else "unsatisfied"}


def lapsed(case: Case, event: Event) -> Change:
    first = not event.data.get("again")
    return {"lateness": case.lateness + first, "supervised": case.supervised or bool(event.data.get("flag"))}


def link_renewed(case: Case, event: Event) -> Change:
    return {"generation": case.generation + 1}


def requested(case: Case, event: Event) -> Change:
    asked = Request(by=event.by, at=event.at, **event.data["request"])
    return {"requests": (*(request for request in case.requests if request.kind != asked.kind), asked)}


def without(case: Case, kind: str) -> Change:
    return {"requests": tuple(request for request in case.requests if request.kind != kind)}


def rejected(case: Case, event: Event) -> Change:
    return without(case, event.data["kind"])


def extended(case: Case, event: Event) -> Change:
    return {**without(case, "extend"), "extended": event.at}


def long_run_started(case: Case, event: Event) -> Change:
    before = case.before_waiting if case.state == "waiting" else case.state
    change = {"state": "long_run", "long_run_until": event.data["until"], "before_waiting": before}
    return {**without(case, "long_run"), **change, "question": "", "reply_by": None}


def resumed(case: Case, event: Event) -> Change:
    """From a question that was answered otherwise, or never, back to where it was asked; from anywhere else to handling."""
    back = case.before_waiting if case.state == "waiting" else ""
    asked = {"before_waiting": "", "question": "", "reply_by": None}
    return {"state": back or "handling", "long_run_until": None, "exit": "", **asked}


def invalidated(case: Case, event: Event) -> Change:
    return {"state": "invalid", "closed_at": event.at, "requests": (), "proposed": None, "question": "", "reply_by": None}


def reinstated(case: Case, event: Event) -> Change:
    return {"state": "received", "closed_at": None, "assignee": None}


def referred(case: Case, event: Event) -> Change:
    return {"state": "referred", "exit": event.data["exit"]}


def merged(case: Case, event: Event) -> Change:
    """Nobody is waited for any more: the case that stays has partners of its own."""
    freed = (replace(partner, released=event.at) if partner.owing else partner for partner in case.partners)
    return {**fold_climb.closed(case, event), "partners": tuple(freed)}


def absorbed(case: Case, event: Event) -> Change:
    return {"followers": (*case.followers, Follower(**event.data["follower"]))}


def parted(case: Case, event: Event) -> Change:
    gone = {event.data["no"], *event.data.get("along", ())}
    return {"followers": tuple(one for one in case.followers if one.no not in gone)}


def linked(case: Case, event: Event) -> Change:
    return {"links": (*(no for no in case.links if no != event.data["no"]), event.data["no"])}


def classed(case: Case, event: Event) -> Change:
    return {"class_case": event.data["class"]}


def unclassed(case: Case, event: Event) -> Change:
    return {"class_case": ""}


def contacted(case: Case, event: Event) -> Change:
    return {"contacted_at": case.contacted_at or event.at}


def contact_failed(case: Case, event: Event) -> Change:
    return {"contact_attempts": case.contact_attempts + 1}


def visited(case: Case, event: Event) -> Change:
    visit = Visit(by=event.by, at=event.at, **event.data["visit"])
    said = {"visit": visit, "said": visit.said, "said_solved": visit.solved or case.said_solved}
    return {**without(case, "unreachable"), **said, **({"state": "handled"} if case.state == "visiting" else {})}


def visit_failed(case: Case, event: Event) -> Change:
    return {"visit_attempts": case.visit_attempts + 1}


def triaged(case: Case, event: Event) -> Change:
    return {"triage": Triage(by=event.by, **event.data["triage"])}


def triage_agreed(case: Case, event: Event) -> Change:
    return {"triage": replace(case.triage, agreed=event.by) if case.triage else None}


def urged(case: Case, event: Event) -> Change:
    return {"urges": case.urges + 1}


def supervised(case: Case, event: Event) -> Change:
    return {"supervised": True, "listed": True, "supervisions": case.supervisions + 1}


def published(case: Case, event: Event) -> Change:
    return {"published": event.data["sentence"], "published_at": event.at}


def unpublished(case: Case, event: Event) -> Change:
    return {"published": "", "published_at": ""}


def supervision_ended(case: Case, event: Event) -> Change:
    return {"supervised": False, "listed": False}
