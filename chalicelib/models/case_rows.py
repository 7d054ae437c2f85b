"""The rows of a case in the Cases table, and reading them.

A case is one item: compressed JSON of events and folded state in `body`, index keys and a card beside it (`models.store`).
"""

from __future__ import annotations

from typing import ClassVar

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.models import store
from chalicelib.models.base import Row


class TimersIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "timers"
        projection = KeysOnlyProjection()

    timer = UnicodeAttribute(hash_key=True)
    timer_at = UnicodeAttribute(range_key=True)


class DeskIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "desk"
        projection = IncludeProjection(["card"])

    queue = UnicodeAttribute(hash_key=True)
    deadline = UnicodeAttribute(range_key=True)


class OpenIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "open"
        projection = IncludeProjection(["card"])

    open_zone = UnicodeAttribute(hash_key=True)
    open_deadline = UnicodeAttribute(range_key=True)


class LedgerIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "ledger"
        projection = IncludeProjection(["figures", "card"])

    month = UnicodeAttribute(hash_key=True)
    month_at = UnicodeAttribute(range_key=True)


class PlaceIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "place"
        projection = IncludeProjection(["card"])

    place = UnicodeAttribute(hash_key=True)
    place_at = UnicodeAttribute(range_key=True)


class CaseItem(Row):
    """Also archive rows (`A#0001`) and watch rows (`W#<queue>`), which use a few of the attributes."""

    class Meta:
        store: ClassVar[str] = "cases"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = BinaryAttribute(null=True, legacy_encoding=False)
    card = UnicodeAttribute(null=True)
    figures = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    attempt = UnicodeAttribute(null=True)
    submission = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    sealed = BinaryAttribute(null=True, legacy_encoding=False)
    failures = NumberAttribute(null=True)
    timer = UnicodeAttribute(null=True)
    timer_at = UnicodeAttribute(null=True)
    queue = UnicodeAttribute(null=True)
    deadline = UnicodeAttribute(null=True)
    open_zone = UnicodeAttribute(null=True)
    open_deadline = UnicodeAttribute(null=True)
    month = UnicodeAttribute(null=True)
    month_at = UnicodeAttribute(null=True)
    place = UnicodeAttribute(null=True)
    place_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    timers_index = TimersIndex()
    desk_index = DeskIndex()
    open_index = OpenIndex()
    ledger_index = LedgerIndex()
    place_index = PlaceIndex()


Body = store.Body[Case]


class Stored(store.Kept, frozen=True, kw_only=True):
    """A case as read: its state, the events at hand, and what is only kept (sealed phone, keys of the submission)."""

    case: Case
    archived: int = 0
    sealed: bytes | None = None


def unpack(data: bytes) -> store.Body[Case]:
    return store.read_body(data, Body, _folded)


def _folded(no: str, archived: int, events: list[Event]) -> Case:
    """The state of a case that an earlier version of the code wrote."""
    from chalicelib.casework.folds import fold
    from chalicelib.casework.lifts import whole

    return fold(no, whole(no, [*(archived_events(no) if archived else ()), *events]))


def key(no: str) -> str:
    return f"C#{no}"


def read(item: CaseItem) -> Stored:
    body = unpack(item.body)
    return Stored(
        v=body.v,
        case=body.state,
        events=tuple(body.events),
        archived=body.archived,
        submission=item.submission or "",
        fingerprint=item.fingerprint or "",
        sealed=item.sealed,
        attempt=item.attempt or "",
    )


def get(no: str) -> Stored | None:
    """A strongly consistent read of the case itself: the page after an action shows the item, not a lagging index."""
    try:
        return read(CaseItem.get(key(no), "CASE", consistent_read=True))
    except CaseItem.DoesNotExist:
        return None


def archived_events(no: str) -> list[Event]:
    """Events that spilled, oldest first."""
    rows = CaseItem.query(key(no), CaseItem.sk.startswith(store.ARCHIVE), consistent_read=True)
    return [event for row in rows if row.body for event in store.read_events(row.body)]
