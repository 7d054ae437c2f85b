"""What the street's public page says: counted at most once an hour, kept in one small row, nothing personal in it.

A visit reads that row and the few cases that are told of, as they stand now: what staff take off the page is gone at once. The
first visitor after an hour counts anew; while that runs, others are shown what stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.casework.events import parse, stamp
from chalicelib.casework.figures import Figures
from chalicelib.casework.figures_count import count
from chalicelib.casework.figures_period import Period, month_to_date
from chalicelib.models import ideas, ledger
from chalicelib.models.ledger import Summary
from chalicelib.usecases import classes
from chalicelib.usecases.context import Context
from chalicelib.usecases.property import disclosing

FRESH = timedelta(hours=1)
# How long one who counts may hold the others off.
CLAIM_S = 60
# More than are shown, so that one taken back leaves no gap.
KEPT, SHOWN = 12, 6


@dataclass(frozen=True)
class Deed:
    """What was done: the sentence that staff wrote, where (the estate, or the committee outside the walls), how long it took."""

    sentence: str
    community: str
    committee: str
    took: timedelta


@dataclass(frozen=True)
class Public:
    summary: Summary
    deeds: Sequence[Deed]
    ideas: Sequence[Deed] = ()


def public(ctx: Context) -> Public:
    kept = ledger.summary()
    if kept is None or _stale(ctx, kept):
        wall = int(ctx.clock.wall().timestamp())
        if kept is None or ledger.claim_summary(wall + CLAIM_S, wall):
            kept = _count(ctx)
            ledger.keep_summary(kept)
    rows = ledger.standing([*dict.fromkeys((*kept.done, *kept.ideas))]).values()
    done, adopted = (ledger.latest([row for row in rows if _adopted(row) is which], SHOWN) for which in (False, True))
    return Public(kept, [_deed(row) for row in done], [_deed(row) for row in adopted])


def _adopted(row: Figures) -> bool:
    return row.outcome == "adopted"


def _stale(ctx: Context, kept: Summary) -> bool:
    now = ctx.clock.civil()
    return kept.first != _month(ctx).isoformat() or now - parse(kept.at) >= FRESH


def _month(ctx: Context) -> date:
    return ctx.clock.civil().astimezone(ctx.street.tz).date().replace(day=1)


def _count(ctx: Context) -> Summary:
    now = ctx.clock.civil()
    month = month_to_date(now.astimezone(ctx.street.tz).date())
    rows = list(ledger.rows(month, ctx.street))
    found = count(rows, now, (), ctx.street.tz)
    earlier = Period((month.first - timedelta(days=1)).replace(day=1), month.first)
    told = ledger.latest([row for row in (*rows, *ledger.rows(earlier, ctx.street)) if not _adopted(row)], KEPT)
    quick, satisfied = found.rates["three_days"], found.rates["satisfaction"]
    return Summary(
        at=stamp(now),
        first=month.first.isoformat(),
        received=found.all.received,
        handled=found.all.handled,
        quick=(quick.part, quick.whole),
        satisfied=(satisfied.part, satisfied.whole),
        median=found.first_response.median,
        lines={name: (line.received, line.handled) for name, line in found.by["category"].items()},
        done=tuple(row.no for row in told),
        matters=classes.public(ctx, SHOWN),
        ideas=tuple(ideas.latest(KEPT)),
        disclosing=len(disclosing()),
    )


def _deed(row: Figures) -> Deed:
    took = parse(row.handled_at or row.received_at) - parse(row.received_at)
    return Deed(row.published, row.community, row.committee, took)
