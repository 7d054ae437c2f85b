"""Answered questions, in the Cases table: `F#<street>` / `<id>`, one row an entry, all of a street read by one query.

A row holds the entry as JSON (`card`) and its version. How often it was read counts beside them (in `failures`, the table's one
counter), so that counting never stands in an editor's way.
"""

from __future__ import annotations

import logging

import msgspec
from pynamodb.exceptions import QueryError, UpdateError

from chalicelib.models import shapes
from chalicelib.models.base import code_of
from chalicelib.models.cases import CaseItem
from chalicelib.models.store import TRIES

log = logging.getLogger("doorstep")

# A street's whole stock is read at once: some hundreds of short texts.
MOST = 500
REFUSED = "ConditionalCheckFailedException"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`committee` empty: of the whole street. `case` is where the answer comes from, for the desk alone. Instants as stored."""

    id: str
    question: str
    answer: str
    category: str = ""
    committee: str = ""
    case: str = ""
    published: bool = True
    by: str = ""
    at: str = ""
    version: int = 0
    hits: int = 0


class Stale(Exception):
    """Somebody else changed the entry in between, or it is gone."""


def _key(street: str) -> str:
    return f"F#{street}"


def _read(row: CaseItem) -> Entry:
    entry = shapes.decode(row.card, Entry)
    return msgspec.structs.replace(entry, version=int(row.version or 0), hits=int(row.failures or 0))


def every(street: str) -> list[Entry]:
    """All entries, the withdrawn ones too, by id."""
    return list(shapes.each(CaseItem.query(_key(street), limit=MOST), _read))


def at_hand(street: str) -> list[Entry]:
    """The same for pages that only want to help: none when they can't be read, and the page stands without them."""
    try:
        return every(street)
    except QueryError:
        log.warning("answered questions could not be read")
        return []


def get(street: str, entry_id: str) -> Entry | None:
    try:
        return _read(CaseItem.get(_key(street), entry_id, consistent_read=True))
    except CaseItem.DoesNotExist:
        return None


def put(street: str, entry: Entry) -> None:
    """Stores the entry over the version that it was read with (0: a new one). What was counted stays. Raises `Stale`."""
    after = msgspec.structs.replace(entry, version=entry.version + 1, hits=0)
    row = CaseItem(_key(street), entry.id)
    unchanged = CaseItem.version == entry.version if entry.version else CaseItem.pk.does_not_exist()
    content = shapes.encode(after)
    try:
        row.update(actions=[CaseItem.card.set(content), CaseItem.version.set(after.version)], condition=unchanged)
    except UpdateError as error:
        if code_of(error) != REFUSED:
            raise
        # The SDK repeats a call whose reply was lost, and people press twice: then what stands there is ours.
        standing = get(street, entry.id)
        if standing is None or msgspec.structs.replace(standing, hits=0, at=after.at) != after:
            raise Stale from error


def forget_case(street: str, no: str) -> None:
    """Withdraws what became of a case's answer and takes the case's number out of it, since the case is erased: somebody has to
    read it before it is public again. One query; may be repeated, and is, should somebody be editing all the while.
    """
    for _ in range(TRIES):
        try:
            for entry in every(street):
                if entry.case == no:
                    put(street, msgspec.structs.replace(entry, case="", published=False))
        except Stale:
            continue
        return


def count(street: str, entry_id: str) -> None:
    """One more reader. Nothing is counted of an entry that is not there."""
    try:
        CaseItem(_key(street), entry_id).update(actions=[CaseItem.failures.add(1)], condition=CaseItem.pk.exists())
    except UpdateError as error:
        if code_of(error) != REFUSED:
            raise
