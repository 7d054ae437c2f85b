"""Dates, times and spans as people read them, in the street's time zone.

`11月24日（周二）16:00`, `今天16:00`, `2个工作日`, `1天3小时`. Instants are aware datetimes or stored text (UTC, ms).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.casework.events import parse
from chalicelib.street import Duration
from chalicelib.web.i18n import count, t

Instant = datetime | str


def local(instant: Instant, tz: ZoneInfo) -> datetime:
    return (parse(instant) if isinstance(instant, str) else instant).astimezone(tz)


def iso(instant: Instant) -> str:
    """For `<time datetime>`: UTC to the minute."""
    value = parse(instant) if isinstance(instant, str) else instant
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def day(lang: str, instant: Instant, tz: ZoneInfo, now: datetime) -> str:
    """The day with its weekday; the year only when it is not this one."""
    when = local(instant, tz)
    key = "date.day" if when.year == local(now, tz).year else "date.day_year"
    return t(
        lang,
        key,
        year=when.year,
        month=t(lang, f"date.month.{when.month}"),
        day=when.day,
        weekday=t(lang, f"date.weekday.{when.weekday()}"),
    )


def written(lang: str, typed: str, tz: ZoneInfo, now: datetime) -> str:
    """A day as it is stored (`2026-11-24`), as people read it."""
    found = date.fromisoformat(typed)
    return day(lang, datetime(found.year, found.month, found.day, 12, tzinfo=tz), tz, now)


def moment(lang: str, instant: Instant, tz: ZoneInfo, now: datetime) -> str:
    """Day and time; today is called today."""
    when = local(instant, tz)
    time = when.strftime("%H:%M")
    if when.date() == local(now, tz).date():
        return t(lang, "date.today", time=time)
    return t(lang, "date.moment", day=day(lang, instant, tz, now), time=time)


def dated(lang: str, instant: Instant, tz: ZoneInfo) -> str:
    """Day and time with the year, for what is read long afterwards."""
    return moment(lang, instant, tz, datetime(1970, 1, 1, tzinfo=UTC))


def span(lang: str, length: timedelta) -> str:
    """An elapsed or remaining time: its two largest units; hours are dropped from three days on."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days and hours and days < 3:
        return t(lang, "span.day_hour", days=days, hours=hours)
    if days:
        return count(lang, "span.day", days)
    if hours and rest:
        return t(lang, "span.hour_minute", hours=hours, minutes=rest)
    if hours:
        return t(lang, "span.hour", hours=hours)
    return t(lang, "span.minute", minutes=rest) if rest else t(lang, "span.moment")


def working_days(lang: str, length: timedelta) -> str:
    """Whole working days left; below one, hours and minutes."""
    days = length.days
    return count(lang, "span.working", days) if days >= 1 else span(lang, length)


def duration(lang: str, length: Duration) -> str:
    """A promise as the street file states it: `7天`, `1个工作日`, `5分钟`."""
    return count(lang, f"duration.{length.unit}", length.amount)
