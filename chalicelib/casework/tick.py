"""What time does to a case: reminders, lateness, and going up by itself.

`tick` looks at the case as it stands and makes what has come due, in the order of the nominal instants. Each event carries its
nominal instant in `due`; what starts by it starts when it is applied. So an outage skips nothing: a case that missed its
reminder and its end gets both, goes up one rung, and has that rung's full time from then on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.casework.access import SYSTEM, unit_of
from chalicelib.casework.case import Case, ClockRun, apply
from chalicelib.casework.decide import record
from chalicelib.casework.events import Event, parse
from chalicelib.casework.steps import Made, move_data
from chalicelib.street import Street


def tick(case: Case, now: datetime, street: Street, attempt: str) -> list[Event]:
    """The events that are due at `now`; none for a case on which nothing is due."""
    events: list[Event] = []
    while case.open:
        found = _next(case)
        if found is None or found[0] > now:
            break
        nominal, run, warning = found
        made = _reminded(run) if warning else _lapsed(case, run, street)
        for event in record(case, made, SYSTEM, attempt, now, street, nominal):
            events.append(event)
            case = apply(case, event)
    return events


def _next(case: Case) -> tuple[datetime, ClockRun, bool] | None:
    """The earliest thing that a running clock asks for: (instant, clock, whether it is the reminder)."""
    found: list[tuple[datetime, int, ClockRun, bool]] = []
    for order, run in enumerate(case.clocks):
        if not run.running:
            continue
        if run.warn:
            found.append((parse(run.warn), order, run, True))
        if run.lapsed is None:
            found.append((parse(run.due), order, run, False))
    if not found:
        return None
    instant, _, run, warning = min(found, key=lambda entry: (entry[0], entry[1], not entry[3]))
    return instant, run, warning


def _reminded(run: ClockRun) -> Made:
    return [("reminded", {"clock": run.id, "until": run.due, "clocks": {"warned": [run.id]}, "internal": True})]


def _lapsed(case: Case, run: ClockRun, street: Street) -> Made:
    """What the street says happens at the end of that clock: a flag, and going up to the rung that lateness leads to."""
    clock = street.clocks.get(run.id)
    actions = clock.action if clock else ()
    rung = street.rung_by_id.get(case.rung)
    data: dict[str, Any] = {"clock": run.id, "flag": "flag" in actions, "clocks": {"lapsed": [run.id]}, "internal": True}
    made: Made = [("lapsed", data)]
    # Only a clock of the rung where the case still is passes that rung over.
    if "escalate" in actions and rung is not None and rung.late and run.rung in {"", case.rung}:
        above = street.rung_by_id[rung.late]
        move = move_data(case, above.id, unit_of(above.scope, case), street, "")
        data["to_rung"], data["to_unit"] = move["rung"], move["unit"]
        made.append(("passed_up", {**move, "clock": run.id}))
    return made
