"""Which cases are where: the lists that desks, sweeps and doors read, from indexes that lag a little."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pynamodb.exceptions import QueryError

from chalicelib.casework.card import TIMER_SHARDS, Card
from chalicelib.casework.events import stamp
from chalicelib.models.case_rows import CaseItem, key

log = logging.getLogger("doorstep")


def due(shard: int, now: datetime) -> Iterator[str]:
    """Numbers of the cases of a shard on which something is due, by instant; pages are read as they are used."""
    for row in CaseItem.timers_index.query(f"T#{shard}", CaseItem.timer_at <= stamp(now)):
        yield row.pk.removeprefix("C#")


def next_instant() -> str | None:
    """The next instant at which anything is due on any case: one small read a shard."""
    firsts = [CaseItem.timers_index.query(f"T#{shard}", limit=1) for shard in range(TIMER_SHARDS)]
    return min((row.timer_at for rows in firsts for row in rows if row.timer_at), default=None)


def count_try(no: str, window: int, by: int, seconds: int) -> int:
    """Counts tries at a case's number in a window of wall time; returns how many there are now."""
    row = CaseItem(key(no), f"TRY#{window}")
    row.update(actions=[CaseItem.failures.add(by), CaseItem.ttl.set((window + 2) * seconds)])
    return int(row.failures or 0)


def _cards(rows: Iterable[Any]) -> list[Card]:
    from chalicelib.models import shapes

    return list(shapes.shown(rows, Card))


def queue(office: str, limit: int) -> list[Card]:
    """`office` is `<role>@<unit>`: its open cases, nearest deadline first."""
    role, _, unit = office.partition("@")
    return _cards(CaseItem.desk_index.query(f"Q#{role}#{unit}", limit=limit))


def watched(watcher: str, limit: int) -> list[Card]:
    """Cases of `staff:<id>`, of a party's office (its grant), or that wait for a role's yes (`approve:<role>`)."""
    return _cards(CaseItem.query(f"W#{watcher}", limit=limit))


def open_in_zone(zone: str, limit: int) -> list[Card]:
    return _cards(CaseItem.open_index.query(f"Z#{zone}", limit=limit))


def at_place(place: str, limit: int) -> list[Card]:
    """Cases of a place, the latest first, closed ones too. None are found when the index does not answer: whoever asks only wants
    to point at them.
    """
    try:
        return _cards(CaseItem.place_index.query(f"P#{place}", scan_index_forward=False, limit=limit))
    except QueryError:
        log.warning("cases of a place could not be read")
        return []


def month(month_key: str, shard: int) -> list[Card]:
    return _cards(CaseItem.ledger_index.query(f"M#{month_key}#{shard}", scan_index_forward=False))
