"""The sheet for the review meeting: what came in per community in a quarter, against the quarter before (mission J4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.casework import property as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.figures import Figures
from chalicelib.casework.figures_count import Count, count
from chalicelib.errors import Unknown
from chalicelib.models import ledger
from chalicelib.models import property as books
from chalicelib.street import Community
from chalicelib.usecases.context import Context
from chalicelib.usecases.property import CATEGORY, today


@dataclass(frozen=True)
class Reviewed:
    """A community's quarter, and the one before. `about` are the cases filed under property service; `bad` lines of checks."""

    community: Community
    now: Count
    before: Count
    about: Count
    about_before: Count
    checks: int
    bad: int
    rating: float | None


@dataclass(frozen=True)
class Review:
    quarter: str
    lines: Sequence[Reviewed]


def review(ctx: Context, actor: Actor, quarter: str) -> Review:
    """The reader's communities. Raises `Unknown("page")` for a quarter that has not begun."""
    wanted = quarter or rules.quarter_of(today(ctx))
    if not rules.is_quarter(wanted, today(ctx)):
        raise Unknown("page")
    earlier, now = rules.before(wanted), ctx.clock.civil()
    found = {name: _by_community(ctx, name) for name in (wanted, earlier)}
    lines = []
    for community in rules.communities(actor, ctx.street):
        counts = []
        for name in (wanted, earlier):
            rows = found[name][community.id]
            about = [row for row in rows if row.category == CATEGORY]
            counts.append((count(rows, now, (), ctx.street.tz), count(about, now, (), ctx.street.tz)))
        (this, mine), (last, theirs) = counts
        lines.append(Reviewed(community, this, last, mine, theirs, *_service(community.id, wanted)))
    return Review(wanted, lines)


def _by_community(ctx: Context, quarter: str) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = defaultdict(list)
    for row in ledger.rows(rules.period(quarter), ctx.street):
        found[row.community].append(row)
    return found


def _service(community: str, quarter: str) -> tuple[int, int, float | None]:
    """Months checked, findings in them, and the manager's mean mark."""
    book = books.read(community)
    checks = [one for one in book.checks if one.month in rules.months(quarter)]
    rating = book.rating(quarter)
    mean = sum(rating.marks.values()) / len(rating.marks) if rating and rating.marks else None
    return len(checks), sum(not mark.ok for one in checks for mark in one.marks.values()), mean
