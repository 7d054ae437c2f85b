"""What the first steps make of a case: taking in, moving between offices, handling, the reporter's own.

One function per action, named in the table (`ladder.LADDER`); each returns the events as (type, data).
"""

from __future__ import annotations

from typing import Any

from chalicelib.casework.access import unit_of
from chalicelib.casework.case import DONE as DONE
from chalicelib.casework.case import Case, Party
from chalicelib.casework.situation import Made, Situation, move_data, named, note
from chalicelib.errors import FieldError, NotAllowed
from chalicelib.street import Street

# Outcomes with which the office may close at once: there is nothing to handle and so nothing to follow up.
DIRECT_OUTCOMES = frozenset({"duplicate", "out_of_scope"})


def _classed(s: Situation, event_type: str, data: dict[str, Any]) -> Made:
    """The event, and the way to the rung that takes the class when this one sorts (分流)."""
    case_class = s.text("class")
    made: Made = [(event_type, data)]
    target = s.street.sorted_to(s.case.channel, case_class) if case_class and s.rung.sorts else None
    if target is not None and target.id != s.case.rung:
        made.append(("routed", move_data(s.case, target.id, unit_of(target.scope, s.case), s.street, "")))
    return made


def accept(s: Situation) -> Made:
    data = note(s)
    if s.text("class"):
        data["class"] = s.text("class")
    return _classed(s, "accepted", data)


def reclassify(s: Situation) -> Made:
    if s.text("class") == s.case.case_class:
        raise NotAllowed("fields", fields=[FieldError("class", "same")])
    data = {"class": s.text("class"), "from": s.case.case_class, "reason": s.text("reason")}
    return _classed(s, "reclassified", data)


def answer(s: Situation) -> Made:
    consult = next(case_class.id for case_class in s.street.classes if case_class.answers)
    return [("answered", {"text": s.text(), "outcome": "solved", "class": s.case.case_class or consult})]


def weigh(s: Situation) -> Made:
    """A suggestion is adopted or declined. It ends as an answered question does: there is nothing to call handled later."""
    return [("answered", {"text": s.text(), "outcome": s.text("verdict"), "class": s.case.case_class})]


def assign(s: Situation) -> Made:
    party: Party = s.data["to"]
    return [("assigned", {"to": named(party), **note(s)})]


def ask(s: Situation) -> Made:
    return [("asked", {"text": s.text(), "reply_by": s.in_working_days(s.street.follow_up.reply_wd)})]


def reply(s: Situation) -> Made:
    return [("replied", {"text": s.text()})]


def add(s: Situation) -> Made:
    return [("added", {"text": s.text()})]


def add_note(s: Situation) -> Made:
    return [("noted", {"note": s.text(), "internal": True})]


def pass_up(s: Situation) -> Made:
    above = s.street.rung_by_id[s.rung.pass_up or ""]
    return [("passed_up", move_data(s.case, above.id, unit_of(above.scope, s.case), s.street, s.text("reason")))]


def return_down(s: Situation) -> Made:
    return [("returned_down", back(s.case, s.street, s.text("reason")))]


def back(case: Case, street: Street, reason: str) -> dict[str, Any]:
    """To the office that it came from."""
    return move_data(case, case.came_rung, case.came_unit, street, reason)


def allocate(s: Situation) -> Made:
    rung_id, _, unit = s.text("to").partition("@")
    data = move_data(s.case, rung_id, unit, s.street, s.text("reason"))
    return [("allocated", {**data, **designation(s)})]


def designation(s: Situation) -> dict[str, Any]:
    """After so many refusals the office that is named now can't refuse any more (指定承办)."""
    return {"designated": True} if s.case.refusals >= s.street.terms.refusals else {}


def prelim(s: Situation) -> Made:
    return [("prelim_given", {"text": s.text()})]


def propose(s: Situation) -> Made:
    return [("handled_proposed", {"outcome": s.text("outcome"), "text": s.text()})]


def decline(s: Situation) -> Made:
    return [("handled_declined", {"reason": s.text("reason")})]


def close(s: Situation) -> Made:
    outcome = s.text("outcome")
    if s.case.state not in DONE:
        if outcome not in DIRECT_OUTCOMES:
            raise NotAllowed("close_before_handled", params={"state": s.case.state})
        if not s.text():
            raise NotAllowed("fields", fields=[FieldError("text", "required")])
    return [("closed", {"outcome": outcome, "text": s.text()})]


def reopen(s: Situation) -> Made:
    return [("reopened", {"reason": s.text("reason")})]


def rate(s: Situation) -> Made:
    satisfied = s.text("satisfied") == "yes"
    score = int(s.text("score")) if s.text("score") else None
    rating = {"satisfied": satisfied, "score": score, "words": s.text("words"), "publish": bool(s.data.get("publish"))}
    events: Made = [("rated", {"rating": rating})]
    # Not satisfied reopens by itself once; afterwards a person decides (mission D3).
    if not satisfied and s.street.follow_up.reopen_once and s.case.reopened == 0:
        events.append(("reopened", {"reason": s.text("words"), "by_rating": True}))
    return events


def withdraw(s: Situation) -> Made:
    return [("withdrawn", {"outcome": "withdrawn", "text": s.text()})]


def renew_link(s: Situation) -> Made:
    return [("link_renewed", {"internal": True})]


def reveal(s: Situation) -> Made:
    return [("revealed", {"reason": s.text("reason"), "note": s.text("note"), "internal": True})]
