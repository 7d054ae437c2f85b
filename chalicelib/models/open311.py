"""The ledger as other applications read it: rows of figures with their cards, the latest first, page by page."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from chalicelib.casework.card import LEDGER_SHARDS, Card
from chalicelib.casework.figures import Figures, row_of
from chalicelib.models import shapes
from chalicelib.models.cases import CaseItem

# Rows of one read of one shard: four shards together hold the first answers of most lists.
PAGE = 100


def latest(months: Sequence[str], first: str, last: str) -> Iterator[tuple[Figures, Card]]:
    """What came in between two instants (both in it), the latest first; a month's rows are read only when they are reached."""
    for month in reversed(months):
        shards = [_shard(f"M#{month}#{shard}", first, last) for shard in range(LEDGER_SHARDS)]
        for _, figures, card in heapq.merge(*shards, key=lambda found: found[0], reverse=True):
            yield row_of(figures), shapes.known(card, Card)


def _shard(key: str, first: str, last: str) -> Iterator[tuple[str, str, str]]:
    found = CaseItem.ledger_index.query(
        key,
        CaseItem.month_at.between(first, last),
        scan_index_forward=False,
        page_size=PAGE,
        attributes_to_get=["month_at", "figures", "card"],
    )
    return ((row.month_at, row.figures, row.card) for row in found if row.figures and row.card)


def named(numbers: Sequence[str]) -> list[tuple[Figures, Card]]:
    """These cases as they stand now, in no order; what is not there is left out."""
    keys = [(f"C#{no}", "CASE") for no in numbers]
    found = CaseItem.batch_get(keys, consistent_read=True, attributes_to_get=["figures", "card"]) if keys else ()
    return [(row_of(item.figures), shapes.known(item.card, Card)) for item in found if item.figures and item.card]
