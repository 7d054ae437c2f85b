"""What may be done to a case: one row per action, and `decide`, which turns an allowed command into events.

A table of transitions, not a chain of ifs: every state × action × role pair is asserted by a test. Refusals name a reason and change
nothing. Gates of the street (双回访) are checked in the rows' own functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.casework import calendar, clocks
from chalicelib.casework.access import Actor, relations, targets
from chalicelib.casework.case import OUTCOMES, Case, Party, apply
from chalicelib.casework.events import Event, stamp
from chalicelib.errors import FieldError, Forbidden, NotAllowed
from chalicelib.street import Duration, Street

TEXT_MAX = 2000
ADDITIONS_MAX = 50
STAFF_OUTCOMES = tuple(outcome for outcome in OUTCOMES if outcome != "withdrawn")
# Outcomes with which the office may close at once: there is nothing to handle and so nothing to follow up.
DIRECT_OUTCOMES = frozenset({"duplicate", "out_of_scope"})

OFFICE = frozenset({"office"})
HANDLERS = frozenset({"office", "assignee"})
REPORTER = frozenset({"reporter"})
WORKING = frozenset({"accepted", "handling"})
ARRIVED = frozenset({"received", "reopened"})
DONE = frozenset({"handled", "visiting"})
ANYWHERE_OPEN = ARRIVED | WORKING | DONE | {"waiting"}


@dataclass(frozen=True)
class Command:
    """What someone wants to do. `attempt` is theirs and makes a repeat harmless; `data` holds the fields as typed."""

    action: str
    attempt: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """An input of an action. `kind`: text, line, choice, check, party, office, class."""

    name: str
    kind: str
    required: bool = True
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One row: who may do it, in which states, with which inputs, and what it makes."""

    action: str
    who: frozenset[str]
    states: frozenset[str]
    makes: Callable[[Situation], list[tuple[str, dict[str, Any]]]]
    fields: tuple[Field, ...] = ()
    gate: Callable[[Case, Street], str | None] = lambda case, street: None


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


def _accept(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    data = _note(s)
    if s.text("class"):
        data["class"] = s.text("class")
    return [("accepted", data)]


def _answer(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    consult = next(case_class.id for case_class in s.street.classes if case_class.answers)
    return [("answered", {"text": s.text(), "outcome": "solved", "class": s.case.case_class or consult})]


def _assign(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    party: Party = s.data["to"]
    return [("assigned", {"to": {"id": party.id, "name": party.name, "grant": party.grant}, **_note(s)})]


def _ask(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    wait = Duration(amount=s.street.follow_up.reply_wd, unit="wd")
    by = calendar.due(s.now, wait, s.street.calendar, s.street.tz)
    return [("asked", {"text": s.text(), "reply_by": stamp(by)})]


def _reply(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("replied", {"text": s.text()})]


def _add(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("added", {"text": s.text()})]


def _pass_up(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    rung = s.street.rung_by_id[s.case.rung]
    above = s.street.rung_by_id[rung.pass_up or ""]
    return [("passed_up", move_data(s.case, above.id, unit_for(s.case, above.scope), s.street, s.text("reason")))]


def _allocate(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    rung_id, _, unit = s.text("to").partition("@")
    return [("allocated", move_data(s.case, rung_id, unit, s.street, s.text("reason")))]


def unit_for(case: Case, scope: str) -> str:
    ids = {"street": "street", "zone": f"zone:{case.zone}", "committee": f"committee:{case.committee}"}
    return ids.get(scope, f"community:{case.community}")


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


def _prelim(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("prelim_given", {"text": s.text()})]


def _propose(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("handled_proposed", {"outcome": s.text("outcome"), "text": s.text()})]


def _confirm(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("handled_confirmed", {"state": "visiting" if s.street.follow_up.visit else "handled", **_note(s)})]


def _decline(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("handled_declined", {"reason": s.text("reason")})]


def _close(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    outcome = s.text("outcome")
    if s.case.state not in DONE:
        if outcome not in DIRECT_OUTCOMES:
            raise NotAllowed("close_before_handled", params={"state": s.case.state})
        if not s.text():
            raise NotAllowed("fields", fields=[FieldError("text", "required")])
    return [("closed", {"outcome": outcome, "text": s.text()})]


def _reopen(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("reopened", {"reason": s.text("reason")})]


def _rate(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    satisfied = s.text("satisfied") == "yes"
    score = int(s.text("score")) if s.text("score") else None
    rating = {"satisfied": satisfied, "score": score, "words": s.text("words"), "publish": bool(s.data.get("publish"))}
    events: list[tuple[str, dict[str, Any]]] = [("rated", {"rating": rating})]
    # Not satisfied reopens by itself once; afterwards a person decides (mission D3).
    if not satisfied and s.street.follow_up.reopen_once and s.case.reopened == 0:
        events.append(("reopened", {"reason": s.text("words"), "by_rating": True}))
    return events


def _withdraw(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("withdrawn", {"outcome": "withdrawn", "text": s.text()})]


def _renew_link(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("link_renewed", {"internal": True})]


def _reveal(s: Situation) -> list[tuple[str, dict[str, Any]]]:
    return [("revealed", {"reason": s.text("reason"), "note": s.text("note"), "internal": True})]


def _gate_answer(case: Case, street: Street) -> str | None:
    if not any(case_class.answers for case_class in street.classes):
        return "no_consult_class"
    case_class = street.class_by_id.get(case.case_class)
    return None if case_class is None or case_class.answers else "answer_consult_only"


def _gate_pass_up(case: Case, street: Street) -> str | None:
    return None if street.rung_by_id[case.rung].pass_up else "no_rung_above"


def _gate_allocate(case: Case, street: Street) -> str | None:
    return None if street.rung_by_id[case.rung].allocate else "no_allocation"


def _gate_propose(case: Case, street: Street) -> str | None:
    return "already_proposed" if case.proposed else None


def _gate_proposed(case: Case, street: Street) -> str | None:
    return None if case.proposed else "nothing_proposed"


def _gate_confirm(case: Case, street: Street) -> str | None:
    if street.follow_up.preliminary and case.prelim_at is None and case.proposed:
        return "gate_preliminary"
    return _gate_proposed(case, street)


def _gate_close(case: Case, street: Street) -> str | None:
    return "gate_visit" if case.state == "visiting" and street.follow_up.visit else None


def _gate_additions(case: Case, street: Street) -> str | None:
    return "too_many_additions" if case.additions >= ADDITIONS_MAX else None


def _gate_rate(case: Case, street: Street) -> str | None:
    rated_at = case.rating.at if case.rating else ""
    return "already_rated" if case.handled_at and rated_at >= case.handled_at else None


def _gate_phone(case: Case, street: Street) -> str | None:
    return None if case.phone_mask else "no_phone"


def _text(name: str = "text", required: bool = True) -> Field:
    return Field(name, "text", required)


NOTE = _text("note", required=False)
OUTCOME = Field("outcome", "choice", options=STAFF_OUTCOMES)
REVEAL_REASONS = ("contact", "visit", "other")

LADDER: tuple[Step, ...] = (
    Step("accept", OFFICE, ARRIVED, _accept, (Field("class", "class", required=False), NOTE)),
    Step("answer", OFFICE, ARRIVED | WORKING, _answer, (_text(),), gate=_gate_answer),
    Step("assign", OFFICE, WORKING, _assign, (Field("to", "party"), NOTE)),
    Step("ask", HANDLERS, WORKING, _ask, (_text(),)),
    Step("reply", REPORTER, frozenset({"waiting"}), _reply, (_text(),), gate=_gate_additions),
    Step("add", REPORTER, ANYWHERE_OPEN, _add, (_text(),), gate=_gate_additions),
    Step("prelim", HANDLERS, WORKING, _prelim, (_text(),)),
    Step("propose", HANDLERS, WORKING, _propose, (OUTCOME, _text()), gate=_gate_propose),
    Step("confirm", OFFICE, WORKING, _confirm, (NOTE,), gate=_gate_confirm),
    Step("decline", OFFICE, WORKING, _decline, (_text("reason"),), gate=_gate_proposed),
    Step("close", OFFICE, ARRIVED | WORKING | DONE, _close, (OUTCOME, _text(required=False)), gate=_gate_close),
    Step("pass_up", OFFICE, ARRIVED | WORKING, _pass_up, (_text("reason"),), gate=_gate_pass_up),
    Step("allocate", OFFICE, ARRIVED | WORKING, _allocate, (Field("to", "office"), _text("reason", required=False)), gate=_gate_allocate),
    Step("reopen", OFFICE, DONE | {"closed"}, _reopen, (_text("reason"),)),
    Step(
        "rate",
        REPORTER,
        DONE | {"closed"},
        _rate,
        (
            Field("satisfied", "choice", options=("yes", "no")),
            Field("score", "choice", required=False, options=("1", "2", "3", "4", "5")),
            _text("words", required=False),
            Field("publish", "check", required=False),
        ),
        gate=_gate_rate,
    ),
    Step("withdraw", REPORTER, ARRIVED | WORKING | {"waiting"}, _withdraw, (_text(required=False),)),
    Step("renew_link", OFFICE, ANYWHERE_OPEN | {"closed"}, _renew_link),
    Step(
        "reveal",
        HANDLERS,
        ANYWHERE_OPEN | {"closed"},
        _reveal,
        (Field("reason", "choice", options=REVEAL_REASONS), Field("note", "line", required=False)),
        gate=_gate_phone,
    ),
)
STEPS: Mapping[str, Step] = {step.action: step for step in LADDER}


def allowed(case: Case, actor: Actor, street: Street) -> list[Step]:
    """The rows open to this actor now, gates aside (a gate is shown with its reason), in the table's order."""
    mine = relations(actor, case, street)
    return [step for step in LADDER if step.who & mine and case.state in step.states]


def _check_fields(step: Step, s: Situation) -> None:
    """Shape and choice of every input; all problems at once."""
    wrong: list[FieldError] = []
    for spec in step.fields:
        value = s.data.get(spec.name)
        if value in (None, "", False):
            if spec.required:
                wrong.append(FieldError(spec.name, "required"))
            continue
        if isinstance(value, str) and len(value) > TEXT_MAX:
            wrong.append(FieldError(spec.name, "too_long", {"max": TEXT_MAX}))
        elif spec.kind == "choice" and value not in spec.options:
            wrong.append(FieldError(spec.name, "choice"))
        elif spec.kind == "class" and value not in s.street.class_by_id:
            wrong.append(FieldError(spec.name, "choice"))
        elif spec.kind == "party" and not isinstance(value, Party):
            wrong.append(FieldError(spec.name, "choice"))
        elif spec.kind == "office":
            offices = {f"{rung.id}@{unit}" for rung, unit in targets(s.street.rung_by_id[s.case.rung], s.case, s.street)}
            if value not in offices:
                wrong.append(FieldError(spec.name, "choice"))
    if wrong:
        raise NotAllowed("fields", fields=wrong)


def decide(case: Case, command: Command, actor: Actor, now: datetime, street: Street) -> list[Event]:
    """The events that the command makes of the case, clocks included.

    Raises `Forbidden("not_yours")` when this actor never may, `NotAllowed` with the reason when the state, a gate or an input
    forbids it. The case is a value: nothing has changed then.
    """
    step = STEPS.get(command.action)
    if step is None:
        raise NotAllowed("unknown_action", params={"action": command.action})
    if not step.who & relations(actor, case, street):
        raise Forbidden("not_yours", params={"rung": case.rung})
    if case.state not in step.states:
        raise NotAllowed("state", params={"state": case.state, "action": command.action})
    closed_gate = step.gate(case, street)
    if closed_gate:
        raise NotAllowed(closed_gate)
    situation = Situation(case, command.data, actor, now, street)
    _check_fields(step, situation)
    return record(case, step.makes(situation), actor.id, command.attempt, now, street)


def record(
    case: Case,
    made: list[tuple[str, dict[str, Any]]],
    by: str,
    attempt: str,
    now: datetime,
    street: Street,
    due: datetime | None = None,
) -> list[Event]:
    """Numbers, stamps and clocks what was made. Time never runs backwards inside a case: a lagging clock is held at the last event."""
    at = max(stamp(now), case.updated_at)
    events: list[Event] = []
    for event_type, data in made:
        event = Event(
            seq=case.version + 1,
            type=event_type,
            at=at,
            due=stamp(due) if due else None,
            by=by,
            attempt=attempt,
            data=data,
        )
        after = apply(case, event)
        turned = clocks.turn(case, after, event_type, event.instant, street)
        if turned:
            event = Event(
                seq=event.seq, type=event.type, at=event.at, due=event.due, by=by, attempt=attempt, data={**data, "clocks": turned}
            )
            after = apply(case, event)
        events.append(event)
        case = after
    return events


def submit(case: Case, attempt: str, now: datetime, street: Street) -> list[Event]:
    """The first event of a case whose facts are filled in (place, text, rung, unit, …)."""
    facts = {
        name: getattr(case, name)
        for name in case.__struct_fields__
        if name not in {"no", "version", "clocks", "assignee", "rating"} and getattr(case, name) != getattr(Case(no=case.no), name)
    }
    return record(Case(no=case.no), [("submitted", {"case": facts})], "reporter", attempt, now, street)
