"""Deciding: an allowed command becomes events, clocks included; anything else is refused with a reason and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.casework import clocks
from chalicelib.casework.access import Actor, relations, targets
from chalicelib.casework.case import Case, Party, apply
from chalicelib.casework.events import Event, stamp
from chalicelib.casework.ladder import STEPS, Step
from chalicelib.casework.steps import Made, Situation
from chalicelib.errors import FieldError, Forbidden, NotAllowed
from chalicelib.street import Street

TEXT_MAX = 2000


@dataclass(frozen=True)
class Command:
    """What someone wants to do. `attempt` is theirs and makes a repeat harmless; `data` holds the fields as typed."""

    action: str
    attempt: str
    data: Mapping[str, Any] = field(default_factory=dict)


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
        elif (
            (spec.kind == "choice" and value not in spec.options)
            or (spec.kind == "class" and value not in s.street.class_by_id)
            or (spec.kind == "party" and not isinstance(value, Party))
        ):
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
    made = step.makes(situation)
    if actor.name:
        # Who it was, as colleagues know them: the roster may have changed by the time this is read.
        made = [(event_type, {**data, "who": actor.name}) for event_type, data in made]
    return record(case, made, actor.id, command.attempt, now, street)


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
            event = msgspec.structs.replace(event, data={**data, "clocks": {**data.get("clocks", {}), **turned}})
            after = apply(case, event)
        events.append(event)
        case = after
    return events


def submit(case: Case, attempt: str, now: datetime, street: Street) -> list[Event]:
    """The first event of a case whose facts are filled in (place, text, rung, unit, …)."""
    facts = {
        name: getattr(case, name)
        for name in case.__struct_fields__
        if name not in {"no", "version", "clocks", "assignee", "rating"}
        and getattr(case, name) != getattr(Case(no=case.no), name)
    }
    return record(Case(no=case.no), [("submitted", {"case": facts})], "reporter", attempt, now, street)
