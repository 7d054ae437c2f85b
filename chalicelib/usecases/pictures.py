"""A case's photos as a reader may see them: signed addresses of minutes, and the next place to upload to."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.models import cases, photos
from chalicelib.ports import UploadGrant
from chalicelib.usecases.context import Context

# Slots 1–6 belong to the form, 7–49 to what a resident adds later, 50–99 to staff. A later slot is drawn at random among the free
# ones, so that two open pages do not share one.
RESIDENT_SLOTS, STAFF_SLOTS = range(7, 50), range(50, 100)
MOST = 12


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


def shown(ctx: Context, case: Case, rows: Sequence[photos.PhotoRow] | None = None) -> list[Photo]:
    """Ready photos with addresses; those announced but not here yet as pending; refused ones as refused."""
    found = {int(row.sk): row for row in (rows if rows is not None else photos.list_photos(case.photo_ref))}
    slots = sorted(set(found) | set(range(1, case.photos + 1)))
    made = []
    for slot in slots:
        by = "staff" if slot in STAFF_SLOTS else "reporter"
        row = found.get(slot)
        if row is None:
            made.append(Photo(slot=slot, status="pending", by=by))
        elif row.status != "ready":
            made.append(Photo(slot=slot, status="refused", by=by))
        else:
            thumb, full = (ctx.photos.url(case.photo_ref, slot, size) for size in ("thumb", "full"))
            made.append(Photo(slot=slot, status="ready", thumb=thumb, full=full, by=by))
    return made


def next_grant(ctx: Context, case: Case, by: str, minutes: int, redirect: str) -> tuple[UploadGrant | None, int]:
    """An upload for a page without JavaScript, and how many photos still fit; no grant when the case is closed or full."""
    taken = {int(row.sk) for row in photos.list_photos(case.photo_ref)}
    left = MOST - len(taken | set(range(1, case.photos + 1)))
    if left <= 0 or not case.open:
        return None, max(left, 0)
    free = [slot for slot in (STAFF_SLOTS if by == "staff" else RESIDENT_SLOTS) if slot not in taken]
    grant = ctx.photos.grant(case.photo_ref, secrets.choice(free), minutes=minutes, redirect=redirect)
    return grant, left
