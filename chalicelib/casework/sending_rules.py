"""When a message may go out, and when several become one: pure rules of sending.

Quiet hours hold what can wait; the roster decides who is disturbed at night by what can't. A carrier caps a number at so many
messages a day, so the last one that is left for a member of staff is kept for a digest, which names all that waits. Residents
get every message by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.street import Sms

RECEIVED, HAZARD, DIGEST, REGISTER, LATE = "received", "hazard", "digest", "register", "late"
# These go to staff at any hour.
AT_ONCE = frozenset({"new", LATE, HAZARD})
# These are never part of a digest: a danger has to be read by itself, and the others are sums already.
ALONE = frozenset({HAZARD, DIGEST, REGISTER})

# After each of five tries that came to nothing.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
TRIES_BEFORE_PARKING = len(BACKOFF) + 1
# A burst may go on while the digest of its beginning is being read.
BETWEEN_DIGESTS = timedelta(hours=1)


def kind_of(to: str) -> str:
    """`reporter`, `staff`, `contact`, or `office` for whatever has to become people first."""
    head = to.partition(":")[0]
    return "office" if head == "nearest" else head


def later(tries: int, now: datetime) -> datetime | None:
    """When to try again after so many tries; None when it was tried often enough."""
    return now + BACKOFF[max(tries, 1) - 1] if tries < TRIES_BEFORE_PARKING else None


def day_of(now: datetime, tz: ZoneInfo) -> str:
    """The local day that a number's messages are counted for."""
    return now.astimezone(tz).date().isoformat()


def next_morning(now: datetime, tz: ZoneInfo, sms: Sms) -> datetime:
    """The end of the quiet hours of the next local day: by then a full number is empty again."""
    day = now.astimezone(tz).date() + timedelta(days=1)
    return datetime.combine(day, time.fromisoformat(sms.quiet_to), tz).astimezone(UTC)


def quiet_until(now: datetime, tz: ZoneInfo, sms: Sms) -> datetime | None:
    """The end of the quiet hours that it is now; None outside of them, or when the street has none (both ends the same)."""
    local = now.astimezone(tz)
    begin, end = time.fromisoformat(sms.quiet_from), time.fromisoformat(sms.quiet_to)
    clock = local.time()
    inside = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    return datetime.combine(day, end, tz).astimezone(UTC)


def can_wait(kind: str, template: str, *, urgent: bool = False) -> bool:
    """Whether quiet hours hold it. A digest is as urgent as the most urgent message in it."""
    return kind == "reporter" or not (template in AT_ONCE or urgent)


@dataclass(frozen=True)
class Load:
    """What stands before one member of staff: how many `waiting` messages could go into a digest, how many of them were `held`
    back by the cap, how many messages are `left` today after those that go by themselves, and when the last digest went.
    """

    waiting: int
    held: int
    left: int
    digested: datetime | None


def together(load: Load, few: int) -> bool:
    """Whether they go as one digest: more than a few, more than the day has left besides the digest, or late by the cap."""
    return load.waiting > few or load.waiting > load.left - 1 or (load.held > 0 and load.waiting > 1)


def digest_from(load: Load, now: datetime, tz: ZoneInfo, sms: Sms) -> tuple[datetime, str]:
    """From when a digest may go, and what it waits for: `cap` (the day's messages are used up), `digest` (one has just gone)."""
    if load.left < 1:
        return next_morning(now, tz, sms), "cap"
    if load.digested is not None and now < load.digested + BETWEEN_DIGESTS:
        return load.digested + BETWEEN_DIGESTS, "digest"
    return now, ""


def digest_params(now: datetime, tz: ZoneInfo, cases: Collection[str], late: Collection[str]) -> tuple[str, ...]:
    """`11月24日16:00`, the number of distinct cases, and how many of them are late."""
    local = now.astimezone(tz)
    return f"{local.month}月{local.day}日{local:%H:%M}", str(len(cases)), str(len(late))


@dataclass(frozen=True)
class Span:
    """Somebody's duty: from `begin` to `end` (HH:MM, local) on a `weekday` (1 Monday … 7 Sunday). Where the end is not after the
    beginning it is the next day's.
    """

    weekday: int
    begin: str
    end: str
    staff_id: str

    def covers(self, local: datetime) -> bool:
        clock, today = f"{local:%H:%M}", local.isoweekday()
        if self.begin < self.end:
            return today == self.weekday and self.begin <= clock < self.end
        yesterday = (local - timedelta(days=1)).isoweekday()
        return (today == self.weekday and clock >= self.begin) or (yesterday == self.weekday and clock < self.end)


def on_duty(spans: Iterable[Span], now: datetime, tz: ZoneInfo) -> frozenset[str]:
    """Ids of those whose duty it is now."""
    local = now.astimezone(tz)
    return frozenset(span.staff_id for span in spans if span.covers(local))
