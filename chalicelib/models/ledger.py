"""The ledger: cases by the month in which they came in, for figures; and what is kept beside them.

| pk | sk | what |
|---|---|---|
| `H#12345` | `<month>` | how many calls the hotline counted for the street, as imported |
| `S#<month>` | `<day>#<place>` | how often a door's codes were scanned that day |
| `F#public` | `SUMMARY` | the public page's numbers, and when they were counted |

A month of ten thousand cases is read in a few pages of the index, of which only the text of figures is fetched; PynamoDB costs
little more for it than the client below it (`tests/test_figures_speed.py` prints the time), so it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.casework.card import LEDGER_SHARDS
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.figures import Figures, row_of
from chalicelib.casework.figures_period import Period
from chalicelib.models import shapes
from chalicelib.models.cases import CaseItem
from chalicelib.street import Street

HOTLINE = "H#12345"
SUMMARY = ("F#public", "SUMMARY")


def rows(period: Period, street: Street) -> Iterator[Figures]:
    """Every case that came in within the period, page by page."""
    return (row_of(text) for text in texts(period, street))


def texts(period: Period, street: Street) -> Iterator[str]:
    first, end = period.bounds(street.tz)
    # Instants are to the millisecond: the last one before the end is the last that is in.
    last = stamp(parse(end) - timedelta(milliseconds=1))
    for month in period.months():
        for shard in range(LEDGER_SHARDS):
            yield from _shard(f"M#{month}#{shard}", first, last)


def _shard(key: str, first: str, last: str) -> Iterator[str]:
    found = CaseItem.ledger_index.query(key, CaseItem.month_at.between(first, last), attributes_to_get=["figures"])
    return (row.figures for row in found if row.figures)


def arrived(first: datetime, last: datetime, tz: ZoneInfo) -> list[tuple[str, str]]:
    """(when, number) of every case that came in from `first` to `last`, both included, in that order."""
    ends = stamp(first), stamp(last)
    days = first.astimezone(tz).date(), last.astimezone(tz).date() + timedelta(days=1)
    found = []
    for month in Period(*days).months():
        for shard in range(LEDGER_SHARDS):
            rows = CaseItem.ledger_index.query(
                f"M#{month}#{shard}", CaseItem.month_at.between(*ends), attributes_to_get=["pk", "month_at"]
            )
            found += [(row.month_at, row.pk.removeprefix("C#")) for row in rows]
    return sorted(found)


def standing(numbers: Sequence[str]) -> dict[str, Figures]:
    """The rows of these cases as they stand now; what is gone is left out."""
    keys = [(f"C#{no}", "CASE") for no in numbers]
    found = CaseItem.batch_get(keys, attributes_to_get=["figures"]) if keys else ()
    made = [row_of(item.figures) for item in found if item.figures]
    return {row.no: row for row in made}


def hotline(first: str, last: str) -> dict[str, int]:
    """Calls by month, both ends included."""
    found = CaseItem.query(HOTLINE, CaseItem.sk.between(first, last), consistent_read=True)
    return {row.sk: int(row.version or 0) for row in found}


def keep_hotline(calls: Mapping[str, int]) -> None:
    """Stored over what stood there: a corrected month is imported again."""
    for month, number in sorted(calls.items()):
        CaseItem(HOTLINE, month, version=number).save()


def count_scan(day: str, place: str, seconds: float) -> None:
    """One more scan at a door (`2026-11-22`). Kept for `seconds`, counted from wall time's epoch."""
    row = CaseItem(f"S#{day[:7]}", f"{day}#{place}")
    row.update(actions=[CaseItem.version.add(1), CaseItem.ttl.set(int(seconds))])


def scans(period: Period) -> dict[str, int]:
    """How often the codes of each door were scanned in these days."""
    last = (period.last - timedelta(days=1)).isoformat()
    found: dict[str, int] = {}
    for month in period.months():
        rows = CaseItem.query(f"S#{month}", CaseItem.sk.between(period.first.isoformat(), f"{last}#~"))
        for row in rows:
            place = row.sk.partition("#")[2]
            found[place] = found.get(place, 0) + int(row.version or 0)
    return found


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """A class case that is done: what, the sentence and the number that its lead gave, and how many had asked."""

    title: str
    sentence: str
    count: int
    unit: str
    cases: int
    committees: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is civil time; `lines` is category → (received, handled); `done` are the numbers of cases to be told of,
    `ideas` those of adopted suggestions, `disclosing` the communities whose property service discloses anything.
    """

    at: str
    first: str
    received: int
    handled: int
    quick: tuple[int, int]
    satisfied: tuple[int, int]
    median: float | None
    lines: dict[str, tuple[int, int]]
    done: tuple[str, ...] = ()
    matters: tuple[Matter, ...] = ()
    ideas: tuple[str, ...] = ()
    disclosing: int = 0


def summary() -> Summary | None:
    found = list(CaseItem.query(SUMMARY[0], CaseItem.sk == SUMMARY[1], limit=1))
    return next(shapes.each(found, lambda row: shapes.decode(row.card, Summary)), None)


def claim_summary(until: int, wall: int) -> bool:
    """Whether it is ours to count anew: whoever comes first holds it until then (epoch seconds), the others show what stands."""
    row = CaseItem(*SUMMARY)
    free = CaseItem.failures.does_not_exist() | (CaseItem.failures < wall)
    try:
        row.update(actions=[CaseItem.failures.set(until)], condition=free)
    except Exception as error:
        if _taken(error):
            return False
        raise
    return True


def _taken(error: Exception) -> bool:
    from chalicelib.models.base import code_of

    return code_of(error) == "ConditionalCheckFailedException"


def keep_summary(made: Summary) -> None:
    CaseItem(*SUMMARY).update(actions=[CaseItem.card.set(shapes.encode(made))])


def drop_summary() -> None:
    """What it says of class cases is no longer so: the next visitor counts anew."""
    CaseItem(*SUMMARY).update(actions=[CaseItem.card.remove()])


def latest(rows_: Iterable[Figures], most: int) -> list[Figures]:
    """The published cases that stand handled, the latest first."""
    shown = [row for row in rows_ if row.published and row.handled_at is not None]
    return sorted(shown, key=lambda row: row.published_at, reverse=True)[:most]
