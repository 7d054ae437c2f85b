"""What time does to a case: reminders, lateness, and going up by itself.

`tick` looks at the case as it stands and makes what has come due, in the order of the nominal instants. Each event carries its
nominal instant in `due`; what starts by it starts when it is applied. So an outage skips nothing: a case that missed its
reminder and its end gets both, goes up one rung, and has that rung's full time from then on. Closed cases tick too: a date to
look again may lie behind the closing, and who owes a report goes on owing it. A question is waited for until its day.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.casework import calendar
from chalicelib.casework.access import SYSTEM, unit_of
from chalicelib.casework.case import UNFINISHED, Case, ClockRun
from chalicelib.casework.decide import record
from chalicelib.casework.events import Event, parse, stamp
from chalicelib.casework.folds import apply
from chalicelib.casework.situation import Made, move_data
from chalicelib.street import Clock, Street


def tick(case: Case, now: datetime, street: Street, attempt: str) -> list[Event]:
    """The events that are due at `now`; none for a case on which nothing is due."""
    events: list[Event] = []
    while True:
        found = _next(case)
        awaited = parse(case.reply_by) if case.state == "waiting" and case.reply_by else None
        if awaited is not None and awaited <= now and (found is None or awaited <= found[0]):
            # No answer: what stood still for it goes on, so that no case lies where nobody is reminded of it.
            nominal, made = awaited, [("resumed", {"unanswered": True})]
        elif found is None or found[0] > now:
            break
        else:
            nominal, run, warning = found
            made = _reminded(run) if warning else _ended(case, run, street, nominal)
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
        end = run.again if run.lapsed else run.due
        if end:
            found.append((parse(end), order, run, False))
    if not found:
        return None
    instant, _, run, warning = min(found, key=lambda entry: (entry[0], entry[1], not entry[3]))
    return instant, run, warning


def _said(run: ClockRun, **more: Any) -> dict[str, Any]:
    party = {"party": run.party} if run.party else {}
    return {"clock": run.id, **party, **more, "internal": True}


def _reminded(run: ClockRun) -> Made:
    return [("reminded", _said(run, until=run.due, clocks={"warned": [run.key]}))]


def _ended(case: Case, run: ClockRun, street: Street, nominal: datetime) -> Made:
    clock = street.clocks.get(run.id)
    if clock is not None and not clock.counts:
        # A date to look again, not one that anybody can miss.
        return [("reminded", _said(run, until=run.due, date=True, clocks=_rung_again(run, clock, nominal, street)))]
    return _lapsed(case, run, clock, street, nominal)


def _rung_again(run: ClockRun, clock: Clock, nominal: datetime, street: Street) -> dict[str, Any]:
    left = run.left if run.lapsed else (clock.again.times if clock.again else 0)
    if clock.again is None or left <= 0:
        return {
            "lapsed": [run.key],
            "again": {run.key: {"again": None, "left": 0}},
            "stop": [run.key] if not clock.counts else [],
        }
    once_more = stamp(calendar.due(nominal, clock.again.every, street.calendar, street.tz))
    turned: dict[str, Any] = {"lapsed": [run.key], "again": {run.key: {"again": once_more, "left": left - 1}}}
    # The next date to look again is what lies ahead; a deadline that was missed stays where it was.
    return turned if clock.counts else {**turned, "move": {run.key: {"due": once_more}}}


def _lapsed(case: Case, run: ClockRun, clock: Clock | None, street: Street, nominal: datetime) -> Made:
    """What the street says happens at the end of that clock: a flag, and going up to the rung that lateness leads to."""
    actions = clock.action if clock else ()
    rung = street.rung_by_id.get(case.rung)
    turned = _rung_again(run, clock, nominal, street) if clock else {"lapsed": [run.key]}
    data = _said(run, flag="flag" in actions, clocks=turned)
    if run.lapsed:
        data["again"] = 1 + (clock.again.times - run.left if clock and clock.again else 0)
    made: Made = [("lapsed", data)]
    # Only a clock of the rung where the case still is passes that rung over, and nothing that is done is handed up.
    passes = "escalate" in actions and run.rung in {"", case.rung} and not run.lapsed and case.state in UNFINISHED
    if passes and rung is not None and rung.late:
        above = street.rung_by_id[rung.late]
        move = move_data(case, above.id, unit_of(above.scope, case), street, "")
        data["to_rung"], data["to_unit"] = move["rung"], move["unit"]
        made.append(("passed_up", {**move, "clock": run.id}))
    return made
