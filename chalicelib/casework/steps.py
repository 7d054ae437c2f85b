"""What each action makes of a case, and the gates that hold it back.

One function per action, named in the table (`ladder.LADDER`); each returns the events as (type, data). A gate returns the reason
why not, or None. Gates of the street (双回访) stand here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.casework import calendar
from chalicelib.casework.access import Actor, unit_of
from chalicelib.casework.case import Case, Party
from chalicelib.casework.events import stamp
from chalicelib.errors import FieldError, NotAllowed
from chalicelib.street import Duration, Street

ADDITIONS_MAX = 50
# Outcomes with which the office may close at once: there is nothing to handle and so nothing to follow up.
DIRECT_OUTCOMES = frozenset({"duplicate", "out_of_scope"})
DONE = frozenset({"handled", "visiting"})
Made = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Situation:
    case: Case
    data: Mapping[str, Any]
    actor: Actor
    now: datetime
    street: Street

    def text(self, name: str = "text") -> str:
        return str(self.data.get(name, ""))


def _note(s: Situation) -> dict[str, Any]:
    return {"note": s.text("note")} if s.text("note") else {}


def make_accept(s: Situation) -> Made:
    data = _note(s)
    if s.text("class"):
        data["class"] = s.text("class")
    return [("accepted", data)]


def make_answer(s: Situation) -> Made:
    consult = next(case_class.id for case_class in s.street.classes if case_class.answers)
    return [("answered", {"text": s.text(), "outcome": "solved", "class": s.case.case_class or consult})]


def make_assign(s: Situation) -> Made:
    party: Party = s.data["to"]
    return [("assigned", {"to": {"id": party.id, "name": party.name, "grant": party.grant}, **_note(s)})]


def make_ask(s: Situation) -> Made:
    wait = Duration(amount=s.street.follow_up.reply_wd, unit="wd")
    by = calendar.due(s.now, wait, s.street.calendar, s.street.tz)
    return [("asked", {"text": s.text(), "reply_by": stamp(by)})]


def make_reply(s: Situation) -> Made:
    return [("replied", {"text": s.text()})]


def make_add(s: Situation) -> Made:
    return [("added", {"text": s.text()})]


def make_pass_up(s: Situation) -> Made:
    rung = s.street.rung_by_id[s.case.rung]
    above = s.street.rung_by_id[rung.pass_up or ""]
    return [("passed_up", move_data(s.case, above.id, unit_of(above.scope, s.case), s.street, s.text("reason")))]


def make_allocate(s: Situation) -> Made:
    rung_id, _, unit = s.text("to").partition("@")
    return [("allocated", move_data(s.case, rung_id, unit, s.street, s.text("reason")))]


def move_data(case: Case, rung_id: str, unit: str, street: Street, reason: str) -> dict[str, Any]:
    """Data of an event that brings a case to another office."""
    return {
        "rung": rung_id,
        "unit": unit,
        "level": street.rung_by_id[rung_id].level,
        "from_rung": case.rung,
        "from_unit": case.unit,
        "reason": reason,
    }


def make_prelim(s: Situation) -> Made:
    return [("prelim_given", {"text": s.text()})]


def make_propose(s: Situation) -> Made:
    return [("handled_proposed", {"outcome": s.text("outcome"), "text": s.text()})]


def make_confirm(s: Situation) -> Made:
    return [("handled_confirmed", {"state": "visiting" if s.street.follow_up.visit else "handled", **_note(s)})]


def make_decline(s: Situation) -> Made:
    return [("handled_declined", {"reason": s.text("reason")})]


def make_close(s: Situation) -> Made:
    outcome = s.text("outcome")
    if s.case.state not in DONE:
        if outcome not in DIRECT_OUTCOMES:
            raise NotAllowed("close_before_handled", params={"state": s.case.state})
        if not s.text():
            raise NotAllowed("fields", fields=[FieldError("text", "required")])
    return [("closed", {"outcome": outcome, "text": s.text()})]


def make_reopen(s: Situation) -> Made:
    return [("reopened", {"reason": s.text("reason")})]


def make_rate(s: Situation) -> Made:
    satisfied = s.text("satisfied") == "yes"
    score = int(s.text("score")) if s.text("score") else None
    rating = {"satisfied": satisfied, "score": score, "words": s.text("words"), "publish": bool(s.data.get("publish"))}
    events: Made = [("rated", {"rating": rating})]
    # Not satisfied reopens by itself once; afterwards a person decides (mission D3).
    if not satisfied and s.street.follow_up.reopen_once and s.case.reopened == 0:
        events.append(("reopened", {"reason": s.text("words"), "by_rating": True}))
    return events


def make_withdraw(s: Situation) -> Made:
    return [("withdrawn", {"outcome": "withdrawn", "text": s.text()})]


def make_renew_link(s: Situation) -> Made:
    return [("link_renewed", {"internal": True})]


def make_reveal(s: Situation) -> Made:
    return [("revealed", {"reason": s.text("reason"), "note": s.text("note"), "internal": True})]


def gate_answer(case: Case, street: Street) -> str | None:
    if not any(case_class.answers for case_class in street.classes):
        return "no_consult_class"
    case_class = street.class_by_id.get(case.case_class)
    return None if case_class is None or case_class.answers else "answer_consult_only"


def gate_pass_up(case: Case, street: Street) -> str | None:
    return None if street.rung_by_id[case.rung].pass_up else "no_rung_above"


def gate_allocate(case: Case, street: Street) -> str | None:
    return None if street.rung_by_id[case.rung].allocate else "no_allocation"


def gate_propose(case: Case, street: Street) -> str | None:
    return "already_proposed" if case.proposed else None


def gate_proposed(case: Case, street: Street) -> str | None:
    return None if case.proposed else "nothing_proposed"


def gate_confirm(case: Case, street: Street) -> str | None:
    if street.follow_up.preliminary and case.prelim_at is None and case.proposed:
        return "gate_preliminary"
    return gate_proposed(case, street)


def gate_close(case: Case, street: Street) -> str | None:
    return "gate_visit" if case.state == "visiting" and street.follow_up.visit else None


def gate_additions(case: Case, street: Street) -> str | None:
    return "too_many_additions" if case.additions >= ADDITIONS_MAX else None


def gate_rate(case: Case, street: Street) -> str | None:
    rated_at = case.rating.at if case.rating else ""
    return "already_rated" if case.handled_at and rated_at >= case.handled_at else None


def gate_phone(case: Case, street: Street) -> str | None:
    return None if case.phone_mask else "no_phone"
