"""A committee's days: closed so that nothing more is counted, then done, with what was counted."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.models import shapes
from chalicelib.models.base import transaction
from chalicelib.models.registers import RegisterItem, item


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """A committee's digest of a day. `flats` and `people` are those of what is new; `key` is its list in the bucket; `told` is
    False for a day that was made up for, of which the next message tells.
    """

    committee: str
    day: str
    new: int = 0
    changed: int = 0
    waiting: int = 0
    ending: int = 0
    flats: int = 0
    people: int = 0
    key: str = ""
    at: str = ""
    told: bool = True


def digests(committee: str, limit: int) -> list[tuple[str, str, Digest | None]]:
    """The latest days of a committee, the newest first: day, state, and the digest of those that are done."""
    rows = RegisterItem.query(f"G#{committee}", scan_index_forward=False, limit=limit, consistent_read=True)
    return [(row.sk, row.state or "", shapes.decode(row.card, Digest) if row.card else None) for row in rows]


def close_day(committee: str, day: str, ttl: int) -> str:
    """From now on nothing more is counted into that day. Returns its state: `closed`, or `done` when it is written already."""
    row = RegisterItem(f"G#{committee}", day, state="closed", ttl=ttl)
    try:
        row.save(condition=RegisterItem.pk.does_not_exist())
    except Exception:
        standing = item(row.pk, row.sk)
        if standing is None:
            raise
        return standing.state or ""
    return "closed"


def days_changes(committee: str, day: str) -> tuple[list[str], list[str]]:
    """Numbers of the registrations that are new on that day, and of those that only changed."""
    found = [row.sk.split("#") for row in RegisterItem.query(f"D#{committee}#{day}", consistent_read=True)]
    new = {no for no, what in found if what == "new"}
    return sorted(new), sorted({no for no, what in found if what == "changed"} - new)


def finish_day(digest: Digest, rows: Iterable[Model]) -> bool:
    """Writes the digest with its message, once; False when another run has."""
    pk = f"G#{digest.committee}"
    actions: list[Action] = [RegisterItem.state.set("done"), RegisterItem.card.set(shapes.encode(digest))]
    try:
        with transaction() as together:
            together.update(RegisterItem(pk, digest.day), actions=actions, condition=RegisterItem.state == "closed")
            for row in rows:
                together.save(row)
    except Exception:
        standing = item(pk, digest.day)
        if standing is None or standing.state != "done":
            raise
        return bool(standing.card) and shapes.decode(standing.card, Digest) == digest
    return True
