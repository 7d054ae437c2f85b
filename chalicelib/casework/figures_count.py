"""The figures themselves, by the formulas of the vocabulary.

V is what was received in the period without duplicates, what was found invalid, and what was withdrawn before anybody had taken
it up. Everything is as it stands now: a case that was reopened is not handled, whenever the period was. A rate is a pair of
counts; with nothing to divide by it has no value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.casework.case import OPEN_STATES, VERDICTS
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.figures import Figures

THREE_DAYS = timedelta(hours=72)
# By what cases are grouped; `rung` is the level of the highest rung that a case reached.
GROUPS = ("category", "channel", "case_class", "rung", "found", "place")


@dataclass(frozen=True)
class Rate:
    part: int = 0
    whole: int = 0

    @property
    def value(self) -> float | None:
        """0…1, None when there is nothing to divide by."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class Spread:
    """Lengths of time in seconds. The median is the middle one, or the mean of the two middle ones; the 90th percentile is the
    smallest that at least nine of ten do not exceed (nearest rank). None of nothing.
    """

    count: int = 0
    median: float | None = None
    p90: float | None = None


@dataclass
class Line:
    """One group's counts. Of V: `handled`; in 72 hours of those that were, or had the time; in time of those that were, or are
    overdue.
    """

    received: int = 0
    valid: int = 0
    handled: int = 0
    quick: int = 0
    quick_of: int = 0
    on_time: int = 0
    on_time_of: int = 0

    @property
    def late(self) -> int:
        return self.on_time_of - self.on_time

    @property
    def quick_rate(self) -> Rate:
        return Rate(self.quick, self.quick_of)

    @property
    def on_time_rate(self) -> Rate:
        return Rate(self.on_time, self.on_time_of)

    @property
    def handled_rate(self) -> Rate:
        return Rate(self.handled, self.valid)


@dataclass
class Sums:
    """What is counted besides the lines, in V but for dispatches."""

    responded: int = 0
    response_due: int = 0
    answered: int = 0
    solved: int = 0
    partly: int = 0
    said: int = 0
    satisfied: int = 0
    visits: int = 0
    reached: int = 0
    closed: int = 0
    settled: int = 0
    supervised: int = 0
    ever_handled: int = 0
    redone: int = 0
    dispatches: int = 0
    refusals: int = 0
    scanned: int = 0
    adopted: int = 0
    not_adopted: int = 0
    first_replies: list[float] = field(default_factory=list)
    closings: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Count:
    """All figures of one period and unit. `by` is group → value → line; `course` the lines of the period's parts."""

    all: Line
    by: dict[str, dict[str, Line]]
    course: list[tuple[date, Line]]
    sums: Sums

    @property
    def rates(self) -> dict[str, Rate]:
        s = self.sums
        return {
            "handled": self.all.handled_rate,
            "three_days": self.all.quick_rate,
            "on_time": self.all.on_time_rate,
            "response": Rate(s.responded, s.response_due),
            "resolution": Rate(s.solved, s.answered),
            "office": Rate(s.settled, s.closed),
            "satisfaction": Rate(s.satisfied, s.said),
            "visits": Rate(s.reached, s.visits),
            "redo": Rate(s.redone, s.ever_handled),
            "refusal": Rate(s.refusals, s.dispatches),
        }

    @property
    def first_response(self) -> Spread:
        return spread(self.sums.first_replies)

    @property
    def closing(self) -> Spread:
        return spread(self.sums.closings)


def spread(lengths: Sequence[float]) -> Spread:
    if not lengths:
        return Spread()
    ordered = sorted(lengths)
    count = len(ordered)
    median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return Spread(count, median, ordered[-(-9 * count // 10) - 1])


def counts(row: Figures) -> bool:
    """Whether the case is in V."""
    before_taken_up = row.outcome == "withdrawn" and row.accepted_at is None
    return row.outcome != "duplicate" and row.state != "invalid" and not before_taken_up


def count(rows: Iterable[Figures], now: datetime, parts: Sequence[date], tz: ZoneInfo) -> Count:
    """One pass over the cases that came in within the period; `parts` are the first days of its parts, in order."""
    whole, sums, today = Line(), Sums(), stamp(now)
    by: dict[str, dict[str, Line]] = {group: defaultdict(Line) for group in GROUPS}
    starts = [stamp(datetime(day.year, day.month, day.day, tzinfo=tz)) for day in parts]
    course = [Line() for _ in parts]
    for row in rows:
        lines = [
            whole,
            by["category"][row.category],
            by["channel"][row.channel],
            by["case_class"][row.case_class],
            by["rung"][str(row.highest)],
            by["found"]["active" if row.active else "passive"],
            by["place"][row.place],
        ]
        if parts:
            lines.append(course[_part(starts, row.received_at)])
        _add(row, lines, now, today)
        _sum(row, sums, today)
    return Count(whole, {group: dict(found) for group, found in by.items()}, list(zip(parts, course, strict=True)), sums)


def _part(starts: Sequence[str], instant: str) -> int:
    from bisect import bisect_right

    return max(bisect_right(starts, instant) - 1, 0)


def _add(row: Figures, lines: Sequence[Line], now: datetime, today: str) -> None:
    valid = counts(row)
    handled = valid and row.handled_at is not None
    quick = late = judged = old = False
    if valid:
        received = parse(row.received_at)
        end = parse(row.handled_at) if row.handled_at else now
        # Exactly 72 hours is in three days, and is 72 hours old.
        quick = handled and end - received <= THREE_DAYS
        old = handled or now - received >= THREE_DAYS
        late = _late(row, today)
        judged = late or (handled and row.due is not None)
    for line in lines:
        line.received += 1
        line.valid += valid
        line.handled += handled
        line.quick += quick
        line.quick_of += old
        line.on_time += judged and not late
        line.on_time_of += judged


def _late(row: Figures, today: str) -> bool:
    """Handled after the approved deadline, or open and overdue. At the very instant it is still in time."""
    if row.due is None:
        return False
    if row.handled_at is not None:
        return row.handled_at > row.due
    return row.state in OPEN_STATES and row.due < today


def _sum(row: Figures, sums: Sums, today: str) -> None:
    sums.dispatches += row.dispatches
    sums.refusals += row.refusals
    sums.scanned += row.channel == "qr"
    if not counts(row):
        return
    received = parse(row.received_at)
    if row.first_reply_at is not None:
        sums.first_replies.append((parse(row.first_reply_at) - received).total_seconds())
    if row.reply_due is not None and (row.first_reply_at is not None or row.reply_due < today):
        sums.response_due += 1
        sums.responded += row.first_reply_at is not None and row.first_reply_at <= row.reply_due
    sums.supervised += row.supervisions > 0
    sums.ever_handled += row.handlings > 0
    sums.redone += row.redone > 0
    sums.said += bool(row.said)
    sums.satisfied += row.said in {"satisfied", "basic"}
    sums.answered += bool(row.solved)
    sums.solved += row.solved == "yes"
    sums.partly += row.solved == "partly"
    due = row.visit in {"reached", "tried"} or (row.visit == "due" and (row.visit_by is None or row.visit_by <= today))
    sums.visits += due
    sums.reached += row.visit == "reached"
    if row.state == "closed" and row.closed_at is not None:
        sums.closings.append((parse(row.closed_at) - received).total_seconds())
        # What was only weighed was neither handled nor left undone: suggestions are counted apart.
        sums.closed += row.outcome not in {"out_of_scope", *VERDICTS}
        sums.adopted += row.outcome == "adopted"
        sums.not_adopted += row.outcome == "not_adopted"
        sums.settled += row.outcome in {"solved", "mediated"}
