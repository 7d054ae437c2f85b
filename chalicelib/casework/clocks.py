"""Which clocks an event starts, stops, pauses and resumes, and when they end.

Several run side by side on a case: those of its rung, those of its class, and those of the whole case. What is decided here is
written into the event (`data["clocks"]`), so that folding needs neither the street file nor the calendar of that day.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.casework import calendar
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import PERSON_REPLIES, parse, stamp
from chalicelib.street import Clock, Street

# Events by which a case comes to an office; clocks with `start = "entered"` begin here.
MOVING = frozenset({"passed_up", "allocated"})
ENTERING = MOVING | {"submitted", "reopened"}
# Events that end every clock.
ENDING = frozenset({"closed", "answered", "withdrawn"})


def due_and_warn(clock: Clock, start: datetime, street: Street) -> tuple[datetime, datetime | None]:
    due = calendar.due(start, clock.late, street.calendar, street.tz)
    if clock.warn is None:
        return due, None
    warn = calendar.before(due, clock.warn, street.calendar, street.tz)
    return due, warn if warn > start else None


def _case_wide(street: Street) -> list[Clock]:
    owned = {clock_id for rung in street.rungs for clock_id in rung.clocks}
    owned |= {clock_id for case_class in street.classes for clock_id in case_class.clocks}
    return [clock for clock_id, clock in street.clocks.items() if clock_id not in owned]


def _candidates(case: Case, street: Street) -> list[tuple[Clock, str]]:
    """The clocks that may run on this case where it stands, with the rung that owns each ("" = the case itself)."""
    rung = street.rung_by_id[case.rung]
    found = [(street.clocks[clock_id], rung.id) for clock_id in rung.clocks]
    case_class = street.class_by_id.get(case.case_class)
    if case_class:
        found += [(street.clocks[clock_id], "") for clock_id in case_class.clocks]
    found += [(clock, "") for clock in _case_wide(street)]
    return [(clock, owner) for clock, owner in found if not clock.channels or case.channel in clock.channels]


def _starts(clock: Clock, event_type: str, owner: str, first: bool, class_changed: bool) -> bool:
    if clock.start == "entered":
        if class_changed and not owner:
            return True
        return event_type in ENTERING and (bool(owner) or first or event_type == "reopened")
    return clock.start == event_type or (class_changed and not owner and clock.start == "submitted")


def turn(before_event: Case, after: Case, event_type: str, now: datetime, street: Street) -> dict[str, Any]:
    """The clock part of an event, empty when nothing turns. `after` is the case folded with the event but without clocks."""
    moved = event_type in MOVING
    live = [run for run in before_event.clocks if run.stopped is None]
    stop: list[str] = []
    kept: list[ClockRun] = []
    for run in live:
        clock = street.clocks.get(run.id)
        ended = event_type in ENDING or (moved and run.rung) or (clock is not None and event_type in clock.stop)
        if ended:
            stop.append(run.id)
        else:
            kept.append(run)

    start: list[dict[str, Any]] = []
    if event_type not in ENDING:
        running = {run.id for run in kept}
        class_changed = before_event.case_class != after.case_class and event_type != "submitted"
        for clock, owner in _candidates(after, street):
            if clock.id in running or event_type in clock.stop:
                continue
            if _starts(clock, event_type, owner, event_type == "submitted", class_changed):
                due, warn = due_and_warn(clock, now, street)
                begun: dict[str, Any] = {"id": clock.id, "rung": owner, "due": stamp(due)}
                if warn:
                    begun["warn"] = stamp(warn)
                start.append(begun)

    pause: list[str] = []
    resume: dict[str, dict[str, str]] = {}
    for run in kept:
        clock = street.clocks.get(run.id)
        if clock is None:
            continue
        if run.paused is None and after.state in clock.pause:
            pause.append(run.id)
        elif run.paused is not None and after.state not in clock.pause:
            resume[run.id] = _resumed(run, clock, now, street)
    parts = {"stop": stop, "start": start, "pause": pause, "resume": resume}
    return {name: part for name, part in parts.items() if part}


def _resumed(run: ClockRun, clock: Clock, now: datetime, street: Street) -> dict[str, str]:
    """What was left when it was paused is what is left when it goes on."""
    paused, due = parse(run.paused or run.started), parse(run.due)
    left = calendar.remaining(clock.late.unit, paused, due, street.calendar, street.tz)
    new_due = calendar.after(now, left, clock.late.unit, street.calendar, street.tz)
    resumed = {"due": stamp(new_due)}
    warn = calendar.before(new_due, clock.warn, street.calendar, street.tz) if clock.warn else None
    if warn and warn > now:
        resumed["warn"] = stamp(warn)
    return resumed


def feedback_due(case: Case, street: Street) -> str | None:
    """When a person will have answered: the first end among clocks that any reply of a person stops; else the next deadline."""
    ends = [run.due for run in case.clocks if run.running and set(street.clocks[run.id].stop) >= PERSON_REPLIES]
    return min(ends, default=case.deadline)
