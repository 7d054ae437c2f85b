"""Deciding: an allowed command becomes events, clocks included; anything else is refused with a reason and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import msgspec

from chalicelib.casework import clocks, personal, steps_dispatch
from chalicelib.casework.access import REPORTER, SYSTEM, Actor, partners_for, relations, targets
from chalicelib.casework.case import Case, Party
from chalicelib.casework.events import Event, stamp
from chalicelib.casework.folds import apply
from chalicelib.casework.ladder import STEPS, Field, Step
from chalicelib.casework.situation import Made, Situation
from chalicelib.errors import FieldError, Forbidden, NotAllowed
from chalicelib.street import Street

TEXT_MAX = 2000
# Inputs that are typed freely.
FREE = frozenset({"text", "line"})
DAYS_MAX = 366


@dataclass(frozen=True)
class Command:
    """What someone wants to do. `attempt` is theirs and makes a repeat harmless; `data` holds the fields as typed."""

    action: str
    attempt: str
    data: Mapping[str, Any] = field(default_factory=dict)


def options(spec: Field, case: Case, street: Street) -> tuple[str, ...] | None:
    """What may be chosen in this input now; None for an input that is typed or carries a value of its own."""
    if spec.kind == "choice":
        return spec.options
    if spec.kind == "class":
        return tuple(street.class_by_id)
    if spec.kind == "office":
        return tuple(f"{rung.id}@{unit}" for rung, unit in targets(street.rung_by_id[case.rung], case, street))
    if spec.kind == "reason":
        return tuple(option.id for option in street.reasons.named(spec.options[0]))
    if spec.kind == "exit":
        return street.rung_by_id[case.rung].exits
    if spec.kind == "owing":
        return tuple(partner.party.id for partner in case.owing)
    if spec.kind == "request":
        return tuple(request.kind for request in case.requests)
    return None


def _problem(spec: Field, value: Any, s: Situation) -> FieldError | None:
    if isinstance(value, str) and len(value) > TEXT_MAX:
        return FieldError(spec.name, "too_long", {"max": TEXT_MAX})
    return None if _fits(spec, value, s) else FieldError(spec.name, "choice")


def _fits(spec: Field, value: Any, s: Situation) -> bool:
    if spec.kind in {"party", "partner"}:
        return isinstance(value, Party)
    if spec.kind == "partners":
        return all(isinstance(one, Party) for one in value)
    if spec.kind == "case":
        return isinstance(value, Case)
    if spec.kind == "date":
        return isinstance(value, str) and _is_date(value)
    if spec.kind == "days":
        return isinstance(value, str) and value.isascii() and value.isdecimal() and 1 <= int(value[:4]) <= DAYS_MAX
    known = options(spec, s.case, s.street)
    return isinstance(value, str | bool) and (known is None or value in known)


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _read(step: Step, s: Situation) -> Situation:
    """The command with its inputs understood: partners by their ids. Raises `NotAllowed("fields")` with all problems at once."""
    known = {party.id: party for party in partners_for(s.rung, s.case, s.street)}
    data = dict(s.data)
    for spec in step.fields:
        if spec.kind == "partner" and isinstance(data.get(spec.name), str):
            data[spec.name] = known.get(data[spec.name], data[spec.name])
        elif spec.kind == "partners":
            given = data.get(spec.name) or []
            typed = [given] if isinstance(given, str) else list(given)
            data[spec.name] = [known.get(one, one) if isinstance(one, str) else one for one in typed]
    wrong: list[FieldError] = []
    for spec in step.fields:
        value = data.get(spec.name)
        if spec.kind in FREE and isinstance(value, str) and personal.is_in(value):
            # A resident's words are kept without the number; staff have other words, and others read theirs.
            if s.actor.id == REPORTER:
                data[spec.name] = value = personal.hide(value)
            else:
                wrong.append(FieldError(spec.name, "personal"))
        if value in (None, "", False, []):
            if spec.required and options(spec, s.case, s.street) != ():
                wrong.append(FieldError(spec.name, "required"))
            continue
        problem = _problem(spec, value, s)
        if problem:
            wrong.append(problem)
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    return replace(s, data=data)


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
    situation = Situation(case, command.data, actor, now, street)
    closed_gate = step.gate(situation)
    if closed_gate:
        raise NotAllowed(closed_gate)
    made = step.makes(_read(step, situation))
    if actor.name:
        # Who it was, as colleagues know them: the roster may have changed by the time this is read.
        made = [(event_type, {**data, "who": actor.name}) for event_type, data in made]
    return record(case, made, actor.id, command.attempt, now, street)


def counterpart(command: Command, case: Case, other: Case, actor: Actor, now: datetime, street: Street) -> list[Event]:
    """What merging or linking `case` makes of the other one."""
    made: Made = [("linked", {"no": case.no, "internal": True})]
    if command.action == "merge":
        made = steps_dispatch.absorb(case, clocks.mirrored(case, other, street))
    return record(
        other, [(event_type, {**data, "who": actor.name}) for event_type, data in made], actor.id, command.attempt, now, street
    )


def parting(case: Case, events: Sequence[Event], host: Case, actor: Actor, now: datetime, street: Street) -> list[Event]:
    """What reopening `case` makes of the one that it had been merged into: its reporter is answered there no more."""
    reopened = next((event for event in events if event.type == "reopened"), None)
    if reopened is None or all(one.no != case.no for one in host.followers):
        return []
    data = {"no": case.no, "along": [one.no for one in case.followers], "who": actor.name, "internal": True}
    return record(host, [("parted", data)], actor.id, reopened.attempt, now, street)


def record(
    case: Case,
    made: Made,
    by: str,
    attempt: str,
    now: datetime,
    street: Street,
    due: datetime | None = None,
) -> list[Event]:
    """Numbers, stamps and clocks what was made. Time never runs backwards inside a case: a lagging clock is held at the last
    event.
    """
    at = max(stamp(now), case.updated_at)
    events: list[Event] = []
    waiting = [(event_type, data, by) for event_type, data in made]
    while waiting:
        event_type, data, who = waiting.pop(0)
        event = Event(
            seq=case.version + 1,
            type=event_type,
            at=at,
            due=stamp(due) if due else None,
            by=who,
            attempt=attempt,
            data=data,
        )
        after = apply(case, event)
        turned = clocks.turn(clocks.Turn(case, after, event_type, data, event.instant), street)
        if turned:
            event = msgspec.structs.replace(event, data={**data, "clocks": _both(data.get("clocks", {}), turned)})
            after = apply(case, event)
        events.append(event)
        waiting += [(rule_type, rule_data, SYSTEM) for rule_type, rule_data in _by_rule(event, after, street)]
        case = after
    return events


def _both(given: Mapping[str, Any], turned: Mapping[str, Any]) -> dict[str, Any]:
    """What the step itself says about clocks, and what follows from it."""
    joined = dict(given)
    for name, part in turned.items():
        standing = joined.get(name)
        if standing is None:
            joined[name] = part
        else:
            joined[name] = {**part, **standing} if isinstance(part, dict) else [*standing, *part]
    return joined


def _by_rule(event: Event, after: Case, street: Street) -> Made:
    """The street's rules that put a case on the supervision list by themselves (mission E3)."""
    rules = street.supervision
    # That it is one of many no flag has said.
    if event.type == "classed" and rules.cluster and event.data.get("cases", 0) >= rules.cluster:
        return [("supervised", {"rule": "cluster", "internal": True})] if after.open and not after.listed else []
    # A flagged case is before the supervisors' eyes already; whether they ask for an answer is theirs to say.
    if after.supervised or not after.open:
        return []
    if event.type == "lapsed" and rules.late and after.lateness >= rules.late:
        return [("supervised", {"rule": "late", "internal": True})]
    if event.type == "reopened" and rules.reopened and after.reopened >= rules.reopened:
        return [("supervised", {"rule": "reopened", "internal": True})]
    return []


def submit(case: Case, attempt: str, now: datetime, street: Street, by: str = "reporter", who: str = "") -> list[Event]:
    """The first event of a case whose facts are filled in (place, text, rung, unit, …). `by` and `who` name the colleague who
    took it in.
    """
    said = {name: personal.hide(getattr(case, name)) for name in ("text", "nickname", "elsewhere")}
    case = msgspec.structs.replace(case, **said)
    facts = {
        name: getattr(case, name)
        for name in case.__struct_fields__
        if name not in {"no", "version", "clocks", "assignee", "rating"}
        and getattr(case, name) != getattr(Case(no=case.no), name)
    }
    data = {"case": facts, "who": who} if who else {"case": facts}
    return record(Case(no=case.no), [("submitted", data)], by, attempt, now, street)
