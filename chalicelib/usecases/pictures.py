"""A case's photos as a reader may see them: signed addresses of minutes, and the next place to upload to."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.casework.photos import IN_ALL
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


def shown(ctx: Context, case: Case) -> list[Photo]:
    """Ready photos with addresses; those announced but not here yet as pending; refused ones as refused."""
    found = {row.slot: row for row in photos.list_photos(case.photo_ref, ctx.clock.wall())}
    made = []
    for slot in sorted(set(found) | set(range(1, case.photos + 1))):
        row = found.get(slot)
        if row is None or row.status == "pending":
            made.append(Photo(slot=slot, status="pending", by="reporter"))
        elif row.status != "ready":
            made.append(Photo(slot=slot, status="refused", by=row.by or "reporter"))
        else:
            thumb, full = (ctx.photos.url(case.photo_ref, slot, size) for size in ("thumb", "full"))
            made.append(Photo(slot=slot, status="ready", by=row.by or "reporter", thumb=thumb, full=full))
    return made


def next_grant(ctx: Context, case: Case, by: str, minutes: int, redirect: str) -> tuple[UploadGrant | None, int]:
    """An upload for a page without JavaScript, and how many photos still fit; no grant when the case is closed or full.

    The slot is reserved while the grant lasts, so that two open pages never share one.
    """
    left = IN_ALL - len(shown(ctx, case))
    if not case.open:
        return None, 0
    try:
        slot = reserve(
            case.photo_ref,
            ctx.clock,
            minutes=minutes,
            keep_days=ctx.street.retention.photo_days,
            promised=case.photos,
            by=by,
        )
    except NotAllowed:
        return None, 0
    return ctx.photos.grant(case.photo_ref, slot, minutes=minutes, redirect=redirect), max(left, 1)
