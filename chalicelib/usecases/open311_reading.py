"""Which cases other applications may read, and looking for them: by id, or the latest of a span of at most ninety days.

Told is what residents brought themselves, as at a door (`similar`): what an office found by itself, and what verifiers look into,
is nobody's to learn from a list. Reading is bounded: an answer holds a thousand at most, and not more than five thousand rows of
the ledger are looked through for it, the latest first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.casework.card import Card
from chalicelib.casework.events import stamp
from chalicelib.casework.figures import Figures
from chalicelib.casework.figures_period import Period
from chalicelib.errors import Unknown
from chalicelib.models import open311 as rows
from chalicelib.usecases import open311_ids
from chalicelib.usecases.context import Context
from chalicelib.usecases.similar import TOLD_CHANNELS, VERIFIER

SPAN = timedelta(days=90)
MOST = 1000
IDS_MOST = 100
LOOKED_THROUGH = 5000
CLOSED = frozenset({"closed", "invalid"})


@dataclass(frozen=True)
class Told:
    """A case as a list may hold it, and the id by which it is told."""

    id: str
    figures: Figures
    card: Card

    @property
    def open(self) -> bool:
        return self.figures.state not in CLOSED


@dataclass(frozen=True)
class Wanted:
    """`codes` are category ids ("" = none), `open` None means both; `skip` and `take` count what is told."""

    first: datetime
    last: datetime
    codes: Collection[str] = ()
    open: bool | None = None
    skip: int = 0
    take: int = MOST


def listed(ctx: Context, wanted: Wanted) -> list[Told]:
    """The latest first."""
    tz = ctx.street.tz
    days = Period(wanted.first.astimezone(tz).date(), wanted.last.astimezone(tz).date() + timedelta(days=1))
    found = rows.latest(days.months(), stamp(wanted.first), stamp(wanted.last))
    return list(_cut(ctx, found, wanted))


def _cut(ctx: Context, found: Iterator[tuple[Figures, Card]], wanted: Wanted) -> Iterator[Told]:
    fits, left = 0, wanted.take
    for looked, (figures, card) in enumerate(found):
        if looked >= LOOKED_THROUGH or not left:
            return
        if not _told(ctx, card) or not _fits(figures, wanted):
            continue
        fits += 1
        if fits > wanted.skip:
            left -= 1
            yield Told(open311_ids.public(ctx, figures.no), figures, card)


def _fits(row: Figures, wanted: Wanted) -> bool:
    if wanted.codes and row.category not in wanted.codes:
        return False
    return wanted.open is None or wanted.open == (row.state not in CLOSED)


def _told(ctx: Context, card: Card) -> bool:
    rung = ctx.street.rung_by_id.get(card.rung)
    return rung is not None and rung.role != VERIFIER and card.channel in TOLD_CHANNELS


def named(ctx: Context, ids: Sequence[str]) -> list[Told]:
    """Those of the ids that are told, in their order, as they stand now."""
    numbers = {one: no for one in dict.fromkeys(ids) if (no := open311_ids.number(ctx, one))}
    found = {figures.no: (figures, card) for figures, card in rows.named(list(dict.fromkeys(numbers.values())))}
    standing = {no: found[no] for no in numbers.values() if no in found}
    return [Told(open311_ids.public(ctx, no), *both) for no, both in standing.items() if _told(ctx, both[1])]


def one(ctx: Context, typed: str) -> Told:
    """Raises `Unknown("service_request")` for what is not there, not told, or was never an id."""
    found = named(ctx, [typed])
    if not found:
        raise Unknown("service_request")
    return found[0]
