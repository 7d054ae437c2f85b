"""What rises beyond its own past (未诉先办, mission G2): few cases, so the small-number rule is exact and not a percentage.

A series is what one matter (a category, a word of `same_words`, a door) counted in the last week, beside the weeks before it: the
latest ones and those around the same week of last year, each week on its own. Were nothing different, the count would follow the
negative binomial that a gamma-distributed weekly rate gives: the rate's mean is that of the past (with a little added, so that a
past of nothing is not taken for never), its spread that of the past's own weeks. A series warns when so large a count would be
rarer than once in `RARE` looks, *and* it is at least `FLOOR` cases, *and* at least `TIMES` the mean: three cases are no wave.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = 7
# Weeks before the one looked at, and around the same week of last year (two on either side).
PAST_WEEKS, YEAR, AROUND = 8, 52, 2
RARE, FLOOR, TIMES = 1e-4, 5, 2.0
# As if before everything a fifth of a case had come in two weeks.
PRIOR_CASES, PRIOR_WEEKS = 0.2, 2.0


@dataclass(frozen=True)
class Came:
    """One report: its day, and the series that it counts in (`category:…`, `word:…`, `place:…` and where)."""

    day: date
    series: tuple[str, ...]


@dataclass(frozen=True)
class Warning:
    """`usual` is the mean of the past weeks, `odds` how rare so large a count would be."""

    series: str
    count: int
    usual: float
    odds: float


def weeks_back() -> list[int]:
    """How many weeks before the one looked at each compared week lies."""
    return [*range(1, PAST_WEEKS + 1), *range(YEAR - AROUND, YEAR + AROUND + 1)]


def tail(count: int, past: Sequence[int]) -> float:
    """How likely `count` or more is in a week, after these weeks."""
    weeks = len(past) + PRIOR_WEEKS
    mean = (sum(past) + PRIOR_CASES) / weeks
    # What weeks differ by beyond chance; and never less than what not knowing the rate for certain adds.
    spread = sum((one - mean) ** 2 for one in past) / max(len(past) - 1, 1)
    over = max(spread / mean - 1.0, 1.0 / weeks)
    return _negative_binomial_tail(count, mean, over)


def _negative_binomial_tail(count: int, mean: float, over: float) -> float:
    """P(X ≥ count) for variance = mean × (1 + over)."""
    size, keep = mean / over, 1.0 / (1.0 + over)
    term = keep**size
    below = 0.0
    for at in range(count):
        below += term
        term *= (size + at) / (at + 1) * (1.0 - keep)
    return max(0.0, 1.0 - below)


def warnings(came: Iterable[Came], today: date, known_since: date | None = None) -> list[Warning]:
    """What rose in the seven days that end with yesterday, the rarest first. Weeks before `known_since`, when the street began,
    are not counted as weeks of nothing; with fewer than four to compare nothing is said.
    """
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for one in came:
        back = (today - one.day).days - 1
        if back >= 0:
            for series in one.series:
                counts[series][back // WEEK] += 1
    compared = [back for back in weeks_back() if known_since is None or _start(today, back) >= known_since]
    if len(compared) < PAST_WEEKS // 2:
        return []
    found = [made for series, weeks in counts.items() if (made := _look(series, weeks, compared)) is not None]
    return sorted(found, key=lambda one: (one.odds, -one.count, one.series))


def _start(today: date, back: int) -> date:
    return today - timedelta(days=WEEK * (back + 1))


def _look(series: str, weeks: Mapping[int, int], compared: Sequence[int]) -> Warning | None:
    count = weeks.get(0, 0)
    if count < FLOOR:
        return None
    past = [weeks.get(back, 0) for back in compared]
    usual = math.fsum(past) / len(past)
    if count < TIMES * usual:
        return None
    odds = tail(count, past)
    return Warning(series, count, usual, odds) if odds < RARE else None
