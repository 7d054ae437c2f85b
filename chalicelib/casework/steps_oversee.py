"""What a second person's yes, the ways out of the ladder, and supervision (督办) make of a case."""

from __future__ import annotations

from typing import Any

from chalicelib.casework.access import holds
from chalicelib.casework.case import Request
from chalicelib.casework.clocks import extended
from chalicelib.casework.gates import side_of, stands
from chalicelib.casework.situation import Made, Situation
from chalicelib.errors import FieldError, NotAllowed
from chalicelib.street import Duration

QUESTIONS = ("generality", "urgency", "legality", "public_interest")
INSPECTIONS = ("inspection", "inquiry", "visit", "meeting", "circular")
REQUESTS = ("extend", "long_run", "invalid", "unreachable")


def _request(kind: str, **data: Any) -> Made:
    return [("requested", {"request": {"kind": kind, **data}, "internal": True})]


def extend(s: Situation) -> Made:
    days = int(s.text("days"))
    if days > s.street.terms.extension_wd:
        raise NotAllowed("fields", fields=[FieldError("days", "too_long", {"max": s.street.terms.extension_wd})])
    return _request("extend", reason=s.text("reason"), text=s.text(), days=days)


def long_run(s: Situation) -> Made:
    return _request("long_run", text=s.text(), until=s.ahead("until"))


def invalid(s: Situation) -> Made:
    return _request("invalid", text=s.text("reason"))


def unreachable(s: Situation) -> Made:
    return _request("unreachable", text=s.text())


def approve(s: Situation) -> Made:
    asked = _asked(s)
    if not stands(s, asked):
        raise NotAllowed("state", params={"state": s.case.state, "action": asked.kind})
    return APPROVED[asked.kind](s, asked)


def reject(s: Situation) -> Made:
    return [("rejected", {"kind": _asked(s).kind, "reason": s.text("reason"), "internal": True})]


def _asked(s: Situation) -> Request:
    """The request that is meant; its name may be left out when there is only one."""
    found = [request for request in s.case.requests if s.text("request") in {"", request.kind} and request.by != s.actor.id]
    if len(found) != 1:
        raise NotAllowed("fields", fields=[FieldError("request", "choice" if found or s.text("request") else "required")])
    if not holds(s.actor, s.street.approvals.roles(found[0].kind), s.case):
        raise NotAllowed("fields", fields=[FieldError("request", "not_yours")])
    return found[0]


def _extended(s: Situation, asked: Request) -> Made:
    moved = extended(s.case, Duration(asked.days, "wd"), s.street, s.now)
    if not moved:
        raise NotAllowed("nothing_to_extend")
    return [("extended", {"reason": asked.reason, "text": asked.text, "days": asked.days, "clocks": {"move": moved}})]


def _long_run(s: Situation, asked: Request) -> Made:
    return [("long_run_started", {"text": asked.text, "until": asked.until})]


def _invalid(s: Situation, asked: Request) -> Made:
    return [("invalidated", {"reason": asked.text})]


def _unreachable(s: Situation, asked: Request) -> Made:
    return [("closed", {"outcome": "unreachable", "text": s.case.result or asked.text})]


APPROVED = {"extend": _extended, "long_run": _long_run, "invalid": _invalid, "unreachable": _unreachable}


def reinstate(s: Situation) -> Made:
    return [("reinstated", {"reason": s.text("reason")})]


def resume(s: Situation) -> Made:
    return [("resumed", {"note": s.text("note"), "internal": True} if s.text("note") else {})]


def refer(s: Situation) -> Made:
    return [("referred", {"exit": s.text("exit"), "reason": s.text()})]


def answer_back(s: Situation) -> Made:
    return [("answered_back", {"exit": s.case.exit, "text": s.text()})]


def triage(s: Situation) -> Made:
    answers = {question: s.text(question) == "yes" for question in QUESTIONS}
    return [("triaged", {"triage": {"answers": answers, "text": s.text(), "side": side_of(s)}, "internal": True})]


def agree_triage(s: Situation) -> Made:
    return [("triage_agreed", {"internal": True})]


def urge(s: Situation) -> Made:
    return [("urged", {"text": s.text(), "number": s.case.urges + 1, "internal": True})]


def supervise(s: Situation) -> Made:
    return [("supervised", {"reason": s.text("reason"), "internal": True})]


def inspect(s: Situation) -> Made:
    return [("inspected", {"kind": s.text("kind"), "text": s.text(), "internal": True})]


def feed_back(s: Situation) -> Made:
    return [("fed_back", {"text": s.text(), "internal": True})]


def end_supervision(s: Situation) -> Made:
    return [("supervision_ended", {"result": s.text("result"), "internal": True})]
