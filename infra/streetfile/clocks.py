"""`[clocks.<id>]`: what starts and stops a clock, how long it is, and what happens at its end."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

from chalicelib.street import Again, Clock, Duration
from infra.streetfile import vocabulary as words
from infra.streetfile.problems import one_of
from infra.streetfile.reader import ID, ID_REMEDY, NO_DURATION, Table

_LENGTHS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "wd": timedelta(days=1)}
_HOURS = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9])")
_HOURS_REMEDY = 'write two times of one day, "08:00-21:00"'
# For a clock that ends at a date its length means nothing; the ends are computed as due = start + this, and then replaced.
_DATED = NO_DURATION


def length(duration: Duration) -> timedelta:
    """For comparing durations: a working day counts as the 24 hours that it lasts."""
    return duration.amount * _LENGTHS[duration.unit]


def clocks(table: Table | None, class_ids: Collection[str]) -> dict[str, Clock]:
    """`[clocks.<id>]`, sorted by id, so that every reading gives the same order."""
    found: dict[str, Clock] = {}
    for clock_id in sorted(table.raw) if table is not None else ():
        inner = table.table(clock_id) if table is not None else None
        if inner is None or table is None:
            continue
        if not ID.fullmatch(clock_id):
            table.wrong(clock_id, "is not a good id", ID_REMEDY)
        found[clock_id] = _clock(inner, clock_id, class_ids)
    return found


def _clock(table: Table, clock_id: str, class_ids: Collection[str]) -> Clock:
    until, party, counts = table.flag("until", False), table.flag("party", False), table.flag("counts", True)
    late, late_for = _length(table, until, class_ids)
    warn = table.duration("warn", required=False)
    if late and warn and length(warn) >= length(late):
        table.wrong(
            "warn",
            f"is not shorter than late = {late}",
            "say how long before the end the reminder comes, less than the whole clock",
        )
    start, stop = _ends(table, until=until, party=party)
    pause = table.texts("pause", words.PAUSES)
    clock = Clock(
        id=clock_id,
        name=table.label("name", longest=words.NAME_MAX),
        start=start,
        stop=stop,
        late=late or _DATED,
        warn=warn,
        pause=pause,
        action=_action(table, counts=counts),
        channels=table.texts("channels", words.CHANNELS),
        tell=table.texts("tell", words.ROLES),
        late_for=late_for,
        hours=_hours(table, [late, *late_for.values()], pause),
        again=_again(table),
        until=until,
        party=party,
        extend=table.flag("extend", False),
        counts=counts,
        basis=table.choice("basis", words.BASES),
    )
    table.done()
    return clock


def _length(table: Table, until: bool, class_ids: Collection[str]) -> tuple[Duration | None, dict[str, Duration]]:
    """`late` and `late_for`; a clock that ends at a date has neither."""
    if not until:
        return table.duration("late"), _late_for(table, class_ids)
    for key in ("late", "late_for", "hours"):
        if table.has(key):
            table.wrong(
                key, "stands beside until = true: the end is the date that the starting step names", "keep one of the two"
            )
    return None, {}


def _late_for(table: Table, class_ids: Collection[str]) -> dict[str, Duration]:
    inner = table.table("late_for", required=False)
    found: dict[str, Duration] = {}
    for case_class in sorted(inner.raw) if inner is not None else ():
        if inner is None:
            continue
        own = inner.duration(case_class)
        if case_class not in class_ids:
            inner.wrong(case_class, "is no class of this street", one_of(case_class, class_ids))
        elif own is not None:
            found[case_class] = own
    return found


def _ends(table: Table, *, until: bool, party: bool) -> tuple[str, tuple[str, ...]]:
    start = table.choice("start", words.EVENTS)
    stop = table.texts("stop", [event for event in words.EVENTS if event != "entered"], required=True)
    if start and start in stop:
        table.wrong("stop", f"holds {start}, at which the clock starts", "name the events that end it")
    if party and start and start != "dispatched":
        table.wrong("party", f"stands beside start = {start}", 'lead and co-handlers are called by start = "dispatched" only')
    if until and start and start not in words.DATING:
        table.wrong("until", f"stands beside start = {start}, which names no date", one_of(start, words.DATING))
    return start, stop


def _action(table: Table, *, counts: bool) -> tuple[str, ...]:
    action = table.texts("action", words.ACTIONS, required=counts)
    if not counts and set(action) & {"escalate", "flag"}:
        table.wrong(
            "action",
            "is for being late, which counts = false rules out",
            'leave it out; whom to remind is tell, with a notice on = "due"',
        )
    return action


def _hours(table: Table, lengths: Collection[Duration | None], pause: tuple[str, ...]) -> str:
    value = table.text("hours", "", like=_HOURS, remedy=_HOURS_REMEDY)
    match = _HOURS.fullmatch(value)
    if match is None:
        return ""
    if match[2] <= match[1]:
        table.wrong("hours", "ends before it begins", _HOURS_REMEDY)
        return ""
    if any(one is not None and one.unit not in {"m", "h"} for one in lengths):
        table.wrong("hours", "stands beside a length in days", "write minutes or hours everywhere, or leave hours out")
    if pause:
        table.wrong("hours", "stands beside pause", "keep one of the two")
    return value


def _again(table: Table) -> Again | None:
    inner = table.table("again", required=False)
    if inner is None:
        return None
    every, times = inner.duration("every"), inner.whole("times", 1, 99)
    inner.done()
    return Again(every, times) if every is not None else None
