"""The street's calendar: the published Chinese one of the build's day, and the street's own days over it.

`chinese_calendar` is asked here and never at run time: it raises for a year that is not published yet, a running street must not.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from chalicelib.street import Calendar
from infra.streetfile.reader import Table
from infra.streetfile.tables import TIME, TIME_REMEDY

# How many published years ship: the current one and those that open cases and a year's comparison reach back to.
_YEARS = 3


@cache
def published() -> Calendar:
    """Exceptions to Monday–Friday of the last published years, and the last published day."""
    import chinese_calendar

    last = max(chinese_calendar.constants.holidays).year
    holidays, workdays = set(), set()
    day = date(last - _YEARS + 1, 1, 1)
    while day.year <= last:
        if day.weekday() >= 5 and chinese_calendar.is_workday(day):
            workdays.add(day.isoformat())
        elif day.weekday() < 5 and not chinese_calendar.is_workday(day):
            holidays.add(day.isoformat())
        day += timedelta(days=1)
    return Calendar(holidays=frozenset(holidays), workdays=frozenset(workdays), known_to=f"{last}-12-31")


def calendar(table: Table | None) -> Calendar:
    """`[calendar]` may be left out. Its days win over the published ones; `known_to` says how far its own data reaches."""
    base = published()
    if table is None:
        return base
    holidays, workdays = table.dates("holidays"), table.dates("workdays")
    for day in sorted(holidays & workdays):
        table.wrong("workdays", f"holds {day}, which is among holidays too", "keep it in one of them")
    known_to = table.date("known_to", base.known_to)
    if known_to < base.known_to:
        table.wrong(
            "known_to", f"is before {base.known_to}, up to which days are published", "write a later day, or leave the key out"
        )
    start = table.text("day_start", "09:00", like=TIME, remedy=TIME_REMEDY)
    end = table.text("day_end", "18:00", like=TIME, remedy=TIME_REMEDY)
    if end <= start:
        table.wrong("day_end", f"is not after day_start = {start}", "write a later time")
    table.done()
    return Calendar(
        holidays=(base.holidays - workdays) | holidays,
        workdays=(base.workdays - holidays) | workdays,
        known_to=known_to,
        day_start=start,
        day_end=end,
    )
