"""The rows of the Registers table, and reading them: a registration's item, its envelopes, the rows that find a person again, and
the days' changes.

| pk | sk | what |
|---|---|---|
| `R#<no>` | `RECORD` | events and folded state (compressed), card, keys of the submission |
| `R#<no>` | `A#0001` | events that spilled out of the item (`models.store`) |
| `R#<no>` | `E#0001` | the envelope of the values typed in that version; without it they are gone |
| `P#<hash>` | `R#<no>#<key>`, `C#<no>` | where an ID number or a phone has been given, by keyed hash |
| `D#<committee>#<day>` | `<no>#new`, `<no>#changed` | what that day's digest tells of |
| `G#<committee>` | `<day>` | the day's digest: `closed`, then `done` |

"""

from __future__ import annotations

from typing import ClassVar

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.casework.events import Event
from chalicelib.casework.register import Register
from chalicelib.models import store
from chalicelib.models.base import Row


class PendingIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "pending"
        projection = IncludeProjection(["card"])

    pending = UnicodeAttribute(hash_key=True)
    pending_at = UnicodeAttribute(range_key=True)


class LeaseIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "lease"
        projection = IncludeProjection(["card"])

    lease = UnicodeAttribute(hash_key=True)
    lease_to = UnicodeAttribute(range_key=True)


class FlatIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "flat"
        projection = IncludeProjection(["card"])

    flat = UnicodeAttribute(hash_key=True)
    flat_at = UnicodeAttribute(range_key=True)


class ChangesIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "changes"
        projection = IncludeProjection(["card"])

    changes = UnicodeAttribute(hash_key=True)
    changed_at = UnicodeAttribute(range_key=True)


class RegisterItem(Row):
    """All rows of the table; each kind uses a few of the attributes."""

    class Meta:
        store: ClassVar[str] = "registers"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = BinaryAttribute(null=True, legacy_encoding=False)
    card = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    attempt = UnicodeAttribute(null=True)
    submission = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    sealed = BinaryAttribute(null=True, legacy_encoding=False)
    state = UnicodeAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    pending_at = UnicodeAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    lease_to = UnicodeAttribute(null=True)
    flat = UnicodeAttribute(null=True)
    flat_at = UnicodeAttribute(null=True)
    changes = UnicodeAttribute(null=True)
    changed_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    pending_index = PendingIndex()
    lease_index = LeaseIndex()
    flat_index = FlatIndex()
    changes_index = ChangesIndex()


Body = store.Body[Register]


class Stored(store.Kept, frozen=True, kw_only=True):
    """A registration as read. Its events are all there are; `spilled` says how many of them lie in each archive row."""

    register: Register
    spilled: tuple[int, ...] = ()


def key(no: str) -> str:
    return f"R#{no}"


def envelope_key(version: int) -> str:
    return f"E#{version:04d}"


def read(row: RegisterItem) -> Stored:
    body = store.read_body(row.body, Body, _folded)
    old = _archives(row.pk, body.archived)
    return Stored(
        v=body.v,
        register=body.state,
        events=(*(event for part in old for event in part), *body.events),
        spilled=tuple(len(part) for part in old),
        submission=row.submission or "",
        fingerprint=row.fingerprint or "",
        attempt=row.attempt or "",
    )


def _folded(no: str, archived: int, events: list[Event]) -> Register:
    """The state of a registration that an earlier version of the code wrote."""
    from chalicelib.casework.lifts import whole
    from chalicelib.casework.register import fold

    old = [event for part in _archives(key(no), archived) for event in part]
    return fold(no, whole(no, [*old, *events]))


def _archives(pk: str, archived: int) -> list[list[Event]]:
    """The archive rows that this body counts, each with its events: erasing has to find every one of them."""
    if not archived:
        return []
    wanted = RegisterItem.sk.between(store.archive_key(1), store.archive_key(archived))
    return [store.read_events(row.body) for row in RegisterItem.query(pk, wanted, consistent_read=True)]


def get(no: str) -> Stored | None:
    """Read consistently."""
    found = item(key(no), "RECORD")
    return read(found) if found is not None else None


def item(pk: str, sk: str) -> RegisterItem | None:
    try:
        return RegisterItem.get(pk, sk, consistent_read=True)
    except RegisterItem.DoesNotExist:
        return None


def envelopes(no: str) -> dict[int, bytes]:
    """The sealed values that are left, by version."""
    rows = RegisterItem.query(key(no), RegisterItem.sk.startswith("E#"), consistent_read=True)
    return {int(row.sk.removeprefix("E#")): row.sealed for row in rows if row.sealed}
