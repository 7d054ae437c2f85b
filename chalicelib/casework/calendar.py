"""Deadlines in minutes, hours, days and working days of the street's calendar.

A working day is the 24 hours of a day on which the street works, in its own time zone; other days stand still. So 3 wd from
Thursday 16:05 is Tuesday 16:05, and 1 wd from a Saturday ends when Monday ends. A deadline is the first instant at which the
whole duration has passed. Days off come from the published Chinese calendar with its working weekends and the street's
overrides; past `calendar.known_to` nothing is published yet and Monday to Friday are plainly taken as working: never an error.

All instants are aware; results are UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.street import Calendar, Duration

DAY = timedelta(days=1)
_FIXED = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Published or overridden days first; otherwise Monday to Friday."""
    iso = day.isoformat()
    if iso in calendar.workdays:
        return True
    return iso not in calendar.holidays and day.weekday() < 5


def known(instant: datetime, calendar: Calendar, tz: ZoneInfo) -> bool:
    """Whether the days off of that day are published, so that a deadline on it can be promised."""
    return _local(instant, tz).date().isoformat() <= calendar.known_to


def days_left(now: datetime, calendar: Calendar, tz: ZoneInfo) -> int:
    """Whole days from now to the last published one (0 on it, negative after it): warn the operator from 60 down."""
    return (date.fromisoformat(calendar.known_to) - _local(now, tz).date()).days


def due(start: datetime, duration: Duration, calendar: Calendar, tz: ZoneInfo, hours: str = "") -> datetime:
    """The first instant at which `duration` has passed since `start`; minutes and hours pass only in `hours` (`08:00-21:00`)."""
    if duration.unit in _FIXED and hours:
        return _utc(_in_hours(_local(start, tz), duration.amount * _FIXED[duration.unit], hours), tz)
    if duration.unit in _FIXED:
        return start.astimezone(UTC) + duration.amount * _FIXED[duration.unit]
    return after(start, duration.amount * DAY, duration.unit, calendar, tz)


def after(start: datetime, left: timedelta, unit: str, calendar: Calendar, tz: ZoneInfo) -> datetime:
    """Where a clock of that unit ends when `left` of it remain at `start`: what resumes a paused clock."""
    if unit in _FIXED or left <= timedelta(0):
        return start.astimezone(UTC) + left
    local = _local(start, tz)
    if unit == "d":
        return _utc(local + left, tz)
    if unit != "wd":
        raise ValueError(f"{unit!r} is no unit of a clock; units are m, h, d, wd")
    while True:
        midnight = datetime.combine(local.date() + DAY, time.min)
        if is_working_day(local.date(), calendar):
            if left <= midnight - local:
                return _utc(local + left, tz)
            left -= midnight - local
        local = midnight


def before(end: datetime, lead: Duration, calendar: Calendar, tz: ZoneInfo, hours: str = "") -> datetime:
    """The last instant from which `lead` still remains until `end`: when a reminder goes out."""
    if lead.unit in _FIXED and hours:
        return _utc(_in_hours_back(_local(end, tz), lead.amount * _FIXED[lead.unit], hours), tz)
    if lead.unit in _FIXED:
        return end.astimezone(UTC) - lead.amount * _FIXED[lead.unit]
    left, local = lead.amount * DAY, _local(end, tz)
    if lead.unit == "d":
        return _utc(local - left, tz)
    if lead.unit != "wd":
        raise ValueError(f"{lead.unit!r} is no unit of a clock; units are m, h, d, wd")
    while left > timedelta(0):
        # At midnight the day that matters is the one that has just ended.
        day = (local - datetime.resolution).date()
        midnight = datetime.combine(day, time.min)
        if is_working_day(day, calendar):
            if left <= local - midnight:
                return _utc(local - left, tz)
            left -= local - midnight
        local = midnight
    return end.astimezone(UTC)


def _window(day: date, hours: str) -> tuple[datetime, datetime]:
    opens, _, closes = hours.partition("-")
    return datetime.combine(day, time.fromisoformat(opens)), datetime.combine(day, time.fromisoformat(closes))


def _in_hours(local: datetime, left: timedelta, hours: str) -> datetime:
    while True:
        opens, closes = _window(local.date(), hours)
        local = max(local, opens)
        if local < closes and left <= closes - local:
            return local + left
        left -= max(closes - local, timedelta(0))
        local = datetime.combine(local.date() + DAY, time.min)


def _in_hours_back(local: datetime, left: timedelta, hours: str) -> datetime:
    while True:
        opens, closes = _window(local.date(), hours)
        local = min(local, closes)
        if local > opens and left <= local - opens:
            return local - left
        left -= max(local - opens, timedelta(0))
        local = datetime.combine(local.date(), time.min) - datetime.resolution


def working_between(a: datetime, b: datetime, calendar: Calendar, tz: ZoneInfo) -> timedelta:
    """The working time from `a` to `b`, one working day being 24 h; negative when `b` comes first."""
    if b < a:
        return -working_between(b, a, calendar, tz)
    local, end = _local(a, tz), _local(b, tz)
    total = timedelta(0)
    while local < end:
        stop = min(end, datetime.combine(local.date() + DAY, time.min))
        if is_working_day(local.date(), calendar):
            total += stop - local
        local = stop
    return total


def remaining(unit: str, now: datetime, end: datetime, calendar: Calendar, tz: ZoneInfo) -> timedelta:
    """How much of a clock of that unit is left at `now`; negative when it is over. `after` turns it into an instant again."""
    if unit == "wd":
        return working_between(now, end, calendar, tz)
    if unit == "d":
        return _local(end, tz) - _local(now, tz)
    return end - now


def _local(instant: datetime, tz: ZoneInfo) -> datetime:
    """The street's wall-clock time, without the zone, so that a day always has 24 hours."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime reached the calendar; hand in an aware one")
    return instant.astimezone(tz).replace(tzinfo=None, fold=0)


def _utc(local: datetime, tz: ZoneInfo) -> datetime:
    return local.replace(tzinfo=tz).astimezone(UTC)
