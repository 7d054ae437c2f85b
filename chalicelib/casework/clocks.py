"""Which clocks an event starts, stops, pauses, resumes and moves, and when they end.

Several run side by side on a case: those of its rung, those of its class, those of the whole case, and those that each lead and
co-handler has. What is decided here is written into the event (`data["clocks"]`), so that folding needs neither the street file
nor the calendar of that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.casework import calendar
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import FIRST_REPLIES, parse, stamp
from chalicelib.casework.orders import SOURCES
from chalicelib.street import Clock, Duration, Street

# Events by which a case comes to an office; clocks with `start = "entered"` begin here.
MOVING = frozenset({"passed_up", "allocated", "routed", "returned_down"})
ENTERING = MOVING | {"submitted", "reopened"}
# Events that end every clock but those of parties who still owe their report.
ENDING = frozenset({"closed", "answered", "withdrawn", "merged", "invalidated"})
_HOUR, _DAY = Duration(1, "h"), Duration(1, "d")


class Turn(msgspec.Struct, frozen=True):
    """An event about to be stored, with the case before it and folded with it (its clocks aside)."""

    before: Case
    after: Case
    type: str
    data: Mapping[str, Any]
    now: datetime

    @property
    def moved(self) -> bool:
        changed = (self.before.rung, self.before.unit) != (self.after.rung, self.after.unit)
        return self.type in MOVING or (self.type == "refused" and changed)

    @property
    def entered(self) -> bool:
        return self.moved or self.type in ENTERING

    @property
    def party(self) -> str:
        """Whose step it is, where parties have clocks of their own."""
        lead = self.before.lead
        return str(self.data.get("party", "")) or (lead.party.id if self.type == "signed" and lead else "")

    @property
    def class_changed(self) -> bool:
        return self.before.case_class != self.after.case_class and self.type != "submitted"


def length(clock: Clock, case_class: str) -> Duration:
    return clock.late_for.get(case_class, clock.late)


def _lead(clock: Clock, late: Duration) -> Duration | None:
    """How long before its end the reminder comes; a length of a class's own has the common default."""
    if clock.warn is None or late == clock.late:
        return clock.warn
    minutes = late.amount * {"m": 1, "h": 60, "d": 1440, "wd": 1440}[late.unit]
    if minutes <= 60:
        return Duration(max(1, minutes // 2), "m")
    return _HOUR if minutes <= 1440 else Duration(1, "wd")


def due_and_warn(clock: Clock, start: datetime, street: Street, case_class: str = "") -> tuple[datetime, datetime | None]:
    late = length(clock, case_class)
    due = calendar.due(start, late, street.calendar, street.tz, clock.hours)
    return due, _warn(clock, late, due, start, street)


def _warn(clock: Clock, late: Duration, due: datetime, now: datetime, street: Street) -> datetime | None:
    lead = _lead(clock, late)
    if lead is None:
        return None
    warn = calendar.before(due, lead, street.calendar, street.tz, clock.hours)
    return warn if warn > now else None


def _ends(due: datetime, warn: datetime | None) -> dict[str, Any]:
    return {"due": stamp(due), "warn": stamp(warn) if warn else None}


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


def turn(it: Turn, street: Street) -> dict[str, Any]:
    """The clock part of an event, empty when nothing turns."""
    live = [run for run in it.before.clocks if run.stopped is None]
    stop = [run.key for run in live if _stops(run, it, street)]
    kept = [run for run in live if run.key not in stop]
    pause: list[str] = []
    resume: dict[str, dict[str, Any]] = {}
    move: dict[str, dict[str, Any]] = {}
    for run in kept:
        clock = street.clocks.get(run.id)
        if clock is None:
            continue
        if it.class_changed and length(clock, it.before.case_class) != length(clock, it.after.case_class):
            move[run.key] = _relengthened(run, clock, it, street)
            run = msgspec.structs.replace(run, **move[run.key])
        if run.paused is None and it.after.state in clock.pause:
            pause.append(run.key)
        elif run.paused is not None and it.after.state not in clock.pause:
            resume[run.key] = _resumed(run, clock, it, street)
    start = _revived(it) if it.type == "reinstated" else _started(it, {run.key for run in kept}, street)
    if it.type == "reopened" and it.before.merged_into:
        start += [run for run in _revived(it) if (clock := street.clocks.get(run["id"])) is not None and _mirrors(clock)]
    parts = {"stop": stop, "start": start, "pause": pause, "resume": resume, "move": move}
    return {name: part for name, part in parts.items() if part}


def _stops(run: ClockRun, it: Turn, street: Street) -> bool:
    clock = street.clocks.get(run.id)
    ended = clock is not None and it.type in clock.stop
    if run.party:
        gone = all(partner.party.id != run.party for partner in it.after.partners)
        # A party's own steps end its own run alone; that the office is there itself ends nobody's.
        own = it.type in {"signed", "reported_in", "released"}
        return gone or (ended and (not own or it.party == run.party)) or it.type in {"merged", "invalidated"}
    over = clock is not None and clock.start == "long_run_started" and it.after.state != "long_run"
    if it.type == "parted" and clock is not None and clock.channels:
        # What came along with it goes with it.
        over = not {it.after.channel, *(one.channel for one in it.after.followers)} & set(clock.channels)
    return ended or over or it.type in ENDING or (it.moved and bool(run.rung))


def _started(it: Turn, running: set[str], street: Street) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for clock, owner in _candidates(it.after, street):
        if not _begins(clock, it, owner):
            continue
        parties = [one.party.id for one in it.after.owing] if clock.party else [""]
        for party in parties:
            key = f"{clock.id}~{party}" if party else clock.id
            if key in running:
                continue
            run = {"id": clock.id, "rung": "" if clock.party else owner, **({"party": party} if party else {})}
            until = it.data.get("until") if clock.until else None
            if clock.until and until is None:
                continue
            rest = _rest_of(clock, owner, it)
            if rest is not None:
                running.add(key)
                found.append(rest)
                continue
            begun = _begun(clock, it)
            due, warn = due_and_warn(clock, begun, street, it.after.case_class)
            if begun != it.now:
                run["started"] = stamp(begun)
                warn = _warn(clock, length(clock, it.after.case_class), due, it.now, street)
            if until is not None:
                due = parse(until)
                warn = _warn(clock, clock.late, due, it.now, street)
            running.add(key)
            found.append({**run, **{name: value for name, value in _ends(due, warn).items() if value}})
    return found


def _rest_of(clock: Clock, owner: str, it: Turn) -> dict[str, Any] | None:
    """An office that gets a case back refused has what is left of its time for handling, not all of it again; to take it up and
    to send it on it has its time anew.
    """
    if it.type != "refused" or not it.moved or {"accepted", "allocated"} & set(clock.stop):
        return None
    mine = (run for run in reversed(it.before.clocks) if (run.id, run.rung) == (clock.id, owner))
    sent = next((run for run in mine if run.stopped == it.before.dispatched_at), None)
    return _as_it_was(sent, warn=sent.warn if sent.warn and sent.warn > stamp(it.now) else None) if sent else None


def _begun(clock: Clock, it: Turn) -> datetime:
    """A mirrored clock runs from where the other system's runs: from when that took the order, and not from when we heard."""
    return parse(it.after.ordered_at) if it.type == "submitted" and _mirrors(clock) and it.after.ordered_at else it.now


def _mirrors(clock: Clock) -> bool:
    """Whether it is kept for another system's orders alone."""
    return bool(clock.channels) and set(clock.channels) <= set(SOURCES)


def _begins(clock: Clock, it: Turn, owner: str) -> bool:
    if it.type in clock.stop or (it.type in ENDING and clock.start != it.type):
        return False
    if it.type == "closed" and it.data.get("outcome") in {"duplicate", "out_of_scope"}:
        return False
    if clock.start == "entered":
        if it.class_changed and not owner:
            return True
        return it.entered and (bool(owner) or it.type in {"submitted", "reopened"})
    return clock.start == it.type or (it.class_changed and not owner and clock.start == "submitted")


def _revived(it: Turn) -> list[dict[str, Any]]:
    """What stood still with a case found invalid by mistake runs on with its old end."""
    ended = [run for run in it.before.clocks if run.stopped is not None and run.stopped == it.before.closed_at]
    return [_as_it_was(run, warn=run.warn if run.warn and run.warn > stamp(it.now) else None) for run in ended]


def _as_it_was(run: ClockRun, **but: Any) -> dict[str, Any]:
    """A run to go on as it stands, without what is not set."""
    values = msgspec.structs.asdict(msgspec.structs.replace(run, stopped=None, **but))
    return {name: value for name, value in values.items() if value or name == "rung"}


def _resumed(run: ClockRun, clock: Clock, it: Turn, street: Street) -> dict[str, Any]:
    """What was left when it was paused is what is left when it goes on."""
    late = length(clock, it.after.case_class)
    paused, due = parse(run.paused or run.started), parse(run.due)
    left = calendar.remaining(late.unit, paused, due, street.calendar, street.tz)
    new_due = calendar.after(it.now, left, late.unit, street.calendar, street.tz)
    return {name: value for name, value in _ends(new_due, _warn(clock, late, new_due, it.now, street)).items() if value}


def _relengthened(run: ClockRun, clock: Clock, it: Turn, street: Street) -> dict[str, Any]:
    """Another class, another length from the same start; what pauses have added stays added."""
    started = parse(run.started)
    before, late = length(clock, it.before.case_class), length(clock, it.after.case_class)
    old = calendar.due(started, before, street.calendar, street.tz, clock.hours)
    added = calendar.remaining(before.unit, old, parse(run.due), street.calendar, street.tz)
    new = calendar.due(started, late, street.calendar, street.tz, clock.hours)
    if added:
        new = calendar.after(new, added, late.unit, street.calendar, street.tz)
    return {**_ends(new, _warn(clock, late, new, it.now, street)), **_unlapsed(new, it.now)}


def _unlapsed(due: datetime, now: datetime) -> dict[str, Any]:
    """A clock that was over and has time again is to be over once more."""
    return {"lapsed": None, "again": None} if due > now else {}


def extended(case: Case, by: Duration, street: Street, now: datetime) -> dict[str, dict[str, Any]]:
    """The `move` part of an extension: later ends, the original kept beside."""
    moved = {}
    for run in case.clocks:
        clock = street.clocks.get(run.id)
        if clock is None or not clock.extend or run.stopped is not None:
            continue
        due = calendar.due(parse(run.due), by, street.calendar, street.tz)
        warn = _warn(clock, length(clock, case.case_class), due, now, street)
        moved[run.key] = {**_ends(due, warn), **_unlapsed(due, now), "original": run.original or run.due}
    return moved


def mirrored(gone: Case, stays: Case, street: Street) -> list[dict[str, Any]]:
    """Clocks that a merged case brings along: those that its own channel asks for and the case that stays does not have."""
    have = {run.key for run in stays.clocks if run.stopped is None}
    found = []
    for run in gone.clocks:
        clock = street.clocks.get(run.id)
        theirs = clock is not None and clock.channels and stays.channel not in clock.channels and not run.rung
        if theirs and run.stopped is None and run.key not in have:
            found.append(_as_it_was(run))
    return found


def feedback_due(case: Case, street: Street, now: str = "") -> str | None:
    """When a person will have answered: the first end after `now` among clocks that any reply of a person stops; else the first
    end at all that is still to come.
    """
    ahead = [run for run in case.clocks if run.running and run.due > now and run.id in street.clocks]
    ends = [run.due for run in ahead if set(street.clocks[run.id].stop) >= FIRST_REPLIES]
    return min(ends, default=min((run.due for run in ahead), default=None))
