"""Which registrations are where: the lists that desks and digests read, from indexes that lag a little."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.casework.register_card import Row, flat_of
from chalicelib.models.register_rows import RegisterItem


def _rows(found: Iterable[Any]) -> list[Row]:
    from chalicelib.models import shapes

    return list(shapes.shown(found, Row))


def waiting(committee: str, limit: int) -> list[Row]:
    """What waits for the committee's verifier: booked visits by their half day, then the rest by when it came."""
    return _rows(RegisterItem.pending_index.query(f"Q#{committee}", limit=limit))


def count_waiting(committee: str) -> int:
    return RegisterItem.pending_index.count(f"Q#{committee}")


def leases(committee: str, first: str, last: str) -> list[Row]:
    """Leases that end on one of these days (ISO, both included)."""
    return _rows(RegisterItem.lease_index.query(f"E#{committee}", RegisterItem.lease_to.between(first, last)))


def at_flat(place: str, room: str) -> list[Row]:
    """All registrations of a flat, the oldest first."""
    return _rows(RegisterItem.flat_index.query(flat_of(place, room)))


def changed(committee: str, after: str, until: str) -> list[Row]:
    """Registrations whose last change lies after the one instant and not after the other."""
    found = RegisterItem.changes_index.query(f"B#{committee}", RegisterItem.changed_at.between(after or "0", until))
    return [row for row in _rows(found) if row.updated_at > after]


def found_by(mac: str) -> list[str]:
    """Where an ID number or a phone has been given: `R#<no>#<key>` and `C#<no>`."""
    return [row.sk for row in RegisterItem.query(f"P#{mac}", consistent_read=True)]
