"""Photo rows of the Cases table: `P#<ref>` / `<slot>`, one per photo, beside no case in particular.

A row goes reserved → pending → ready or refused. *Reserved*: an upload was granted after the submission. *Pending*: a photo
arrived and is being worked on; `source` is its digest, so that the same photo delivered again goes on and another one
is too late. Both end with a lease (seconds of wall time) after which somebody else may have the slot.

All writes are conditional and may be repeated: the SDK repeats a call whose reply was lost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition

from chalicelib.casework.photos import IN_ALL
from chalicelib.models.base import Row, code_of

FINAL = frozenset({"ready", "refused"})
_BROKEN = "ConditionalCheckFailedException"


class PhotoRow(Row):
    """`status` is reserved, pending, ready or refused; `code` says why refused; width and height are those of the full JPEG."""

    class Meta:
        store: ClassVar[str] = "cases"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    status = UnicodeAttribute(default="reserved")
    code = UnicodeAttribute(null=True)
    width = NumberAttribute(null=True)
    height = NumberAttribute(null=True)
    at = UnicodeAttribute(null=True)
    by = UnicodeAttribute(null=True)
    source = UnicodeAttribute(null=True)
    lease = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)

    @property
    def slot(self) -> int:
        return int(self.sk)


def _key(ref: str) -> str:
    return f"P#{ref}"


def _row(ref: str, slot: int) -> PhotoRow:
    return PhotoRow(_key(ref), f"{slot:02d}")


def rows(ref: str) -> list[PhotoRow]:
    """Every row, reserved ones too, by slot; read consistently."""
    return list(PhotoRow.query(_key(ref), consistent_read=True, limit=IN_ALL))


def list_photos(ref: str, now: datetime | None = None) -> list[PhotoRow]:
    """What arrived for that reference, by slot: pending, ready and refused.

    With `now` (wall time), a photo whose work was given up is shown as refused with the code `lost` instead of pending for ever.
    """
    if not ref:
        return []
    found = [row for row in rows(ref) if row.status != "reserved"]
    for row in found:
        if now is not None and row.status == "pending" and (row.lease or 0) < now.timestamp():
            row.status, row.code = "refused", "lost"
    return found


def reserve(ref: str, slot: int, *, token: str, by: str, now: int, lease: int, ttl: int, instead: str = "") -> bool:
    """Keeps a free slot until `lease`. False when it is taken. Repeating with the same `token` is the same reservation; `instead`
    is the token of one, or the digest of a refused photo, that this takes the place of.
    """
    free = PhotoRow.pk.does_not_exist() | (PhotoRow.status.is_in("reserved", "pending") & (PhotoRow.lease < now))
    ours = (PhotoRow.status == "reserved") & (PhotoRow.source == token)
    if instead:
        ours |= PhotoRow.status.is_in("reserved", "refused") & (PhotoRow.source == instead)
    actions = [PhotoRow.by.set(by), PhotoRow.source.set(token), PhotoRow.ttl.set(ttl)]
    return _updated(ref, slot, [PhotoRow.status.set("reserved"), PhotoRow.lease.set(lease), *actions], free | ours)


def claim(ref: str, slot: int, *, source: str, at: str, now: int, lease: int, ttl: int) -> bool:
    """Takes the slot for the photo with that digest. False when another photo was first or this one is finished."""
    free = PhotoRow.pk.does_not_exist() | (PhotoRow.status == "reserved")
    again = (PhotoRow.status == "pending") & ((PhotoRow.source == source) | (PhotoRow.lease < now))
    actions = [
        PhotoRow.status.set("pending"),
        PhotoRow.source.set(source),
        PhotoRow.at.set(at),
        PhotoRow.by.set(PhotoRow.by | "reporter"),
        PhotoRow.lease.set(lease),
        PhotoRow.ttl.set(ttl),
    ]
    return _updated(ref, slot, actions, free | again)


def settle(ref: str, slot: int, *, source: str, status: str, code: str = "", width: int = 0, height: int = 0) -> bool:
    """The end of a claimed photo: ready or refused. False when the slot went to another photo meanwhile."""
    actions = [PhotoRow.status.set(status), PhotoRow.width.set(width), PhotoRow.height.set(height), PhotoRow.lease.remove()]
    if code:
        actions.append(PhotoRow.code.set(code))
    ours = (PhotoRow.source == source) & PhotoRow.status.is_in("pending", status)
    return _updated(ref, slot, actions, ours)


def close(ref: str, slot: int, *, before: int, ttl: int) -> bool:
    """Ends a place whose photo nobody can finish: it has no row, is refused already, or its lease ended before that instant.

    False when it is ready or being worked on. No upload gets the place afterwards.
    """
    if any(row.slot == slot and row.status == "refused" for row in rows(ref)):
        return True
    over = PhotoRow.status.is_in("reserved", "pending") & (PhotoRow.lease < before)
    gone = PhotoRow.pk.does_not_exist()
    actions = [
        PhotoRow.status.set("refused"),
        PhotoRow.code.set("lost"),
        PhotoRow.lease.remove(),
        PhotoRow.ttl.set(PhotoRow.ttl | ttl),
    ]
    return _updated(ref, slot, actions, gone | over)


def _updated(ref: str, slot: int, actions: list[Any], condition: Condition) -> bool:
    try:
        _row(ref, slot).update(actions=actions, condition=condition)
    except UpdateError as error:
        if code_of(error) == _BROKEN:
            return False
        raise
    return True
