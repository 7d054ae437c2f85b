"""A case's photos as a reader may see them: signed addresses of minutes, and the next place to upload to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.casework.photos import AT_SUBMISSION, IN_ALL, belongs, parse_incoming
from chalicelib.errors import NotAllowed
from chalicelib.models import cases, photos
from chalicelib.ports import UploadGrant
from chalicelib.usecases.context import Context
from chalicelib.usecases.photos import reserve


@dataclass(frozen=True)
class Photo:
    """`status` is `pending`, `ready` or `refused`; the addresses are signed for minutes and only there when it is ready."""

    slot: int
    status: str
    by: str
    thumb: str = ""
    full: str = ""


def all_events(stored: cases.Stored) -> list[Event]:
    """Every event, those that spilled to archive rows included."""
    return [*(cases.archived_events(stored.case.no) if stored.archived else ()), *stored.events]


def shown(ctx: Context, case: Case, arrived: int | None = None) -> list[Photo]:
    """Ready photos with addresses; those announced but not here yet as pending; refused ones as refused.

    `arrived` is a slot that the browser has just uploaded to, before the photo function has seen it.
    """
    standing = photos.list_photos(case.photo_ref, ctx.clock.wall())
    found = {row.slot: row for row in standing if belongs(row.slot, case.slots)}
    announced = range(1, case.photos + 1) if case.slots is None else case.slots
    made = []
    for slot in sorted({*found, *announced} | ({arrived} if arrived else set())):
        row = found.get(slot)
        if row is None or row.status == "pending":
            made.append(Photo(slot=slot, status="pending", by="reporter"))
        elif row.status != "ready":
            made.append(Photo(slot=slot, status="refused", by=row.by or "reporter"))
        else:
            thumb, full = (ctx.photos.url(case.photo_ref, slot, size) for size in ("thumb", "full"))
            made.append(Photo(slot=slot, status="ready", by=row.by or "reporter", thumb=thumb, full=full))
    return made


def arrived_slot(case: Case, key: str) -> int | None:
    """The slot of an object that S3 says was uploaded, if it is one of this case's."""
    place = parse_incoming(key)
    return place[1] if place is not None and place[0] == case.photo_ref else None


def left(case: Case, slots: Collection[int]) -> int:
    """How many more photos this case takes, `slots` being taken; none when it is closed. The form's places are its alone."""
    if not case.open:
        return 0
    if case.slots is None:
        return max(IN_ALL - len(slots), 0)
    return IN_ALL - AT_SUBMISSION - sum(slot > AT_SUBMISSION for slot in slots)


def next_grant(ctx: Context, case: Case, by: str, minutes: int, redirect: str) -> UploadGrant | None:
    """An upload for a page without JavaScript; None when all places are taken.

    The slot is reserved while the grant lasts, so that two open pages never share one.
    """
    try:
        slot = reserve(
            case.photo_ref,
            ctx.clock,
            minutes=minutes,
            keep_days=ctx.street.retention.photo_days,
            # Once sent, nothing is added to the form's places, where what was taken out may still lie.
            promised=case.photos if case.slots is None else AT_SUBMISSION,
            by=by,
        )
    except NotAllowed:
        return None
    return ctx.photos.grant(case.photo_ref, slot, minutes=minutes, redirect=redirect)
