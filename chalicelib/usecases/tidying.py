"""Every hour: what erasing left to do, and photos that belong to nobody.

A photo is an orphan when its re-encoded files are there and its row is not, or says that it was refused or given up; or when its
original still lies where the browser put it, hours after the last try to work on it. The bucket is looked through a piece at a
time, and the next run goes on behind it. Before a file without a row goes, a row takes its place, so that an upload to the same
place at this very moment is refused instead of half deleted.

Photos that were taken out of a report before it was sent go too, hours after it came in, when nothing can be on its way to their
places any more. The cases are looked through by when they came in, and the next run goes on behind the last.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.casework.events import parse, stamp
from chalicelib.casework.photos import SIZES, belongs, parse_ready, ready_key
from chalicelib.models import cases, ledger, photos
from chalicelib.ports import PhotoFiles
from chalicelib.usecases import privacy_cases
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep")

# Objects of each kind looked at in a run.
PIECE = 1000
MARGIN_S = 10.0
# AWS tries an event again for six hours; nothing works on an older upload.
GIVEN_UP = timedelta(hours=7)
# How far back the first run looks for cases, and one after a long pause.
BACK = timedelta(days=2)
_PLACE = "TIDY-AT"
_CASES = "cases"


@dataclass(frozen=True)
class Tidied:
    """`erased` cases are done with; `orphans` and `left` are files that were deleted, `unnamed` photos that no report named;
    `finished` is False when time ran out.
    """

    erased: int
    orphans: int
    left: int
    finished: bool
    unnamed: int = 0


def tidy(ctx: Context, files: PhotoFiles, seconds_left: Callable[[], float]) -> Tidied:
    """One run. An erased case that can't be finished now is tried again by the next."""
    erased = 0
    for todo in privacy_cases.todos():
        if seconds_left() < MARGIN_S:
            return Tidied(erased, 0, 0, finished=False)
        try:
            erased += privacy_cases.finish(ctx, todo, files)
        except Exception:
            log.exception("tidy: what is left of case %s could not be erased now", todo.no)
    orphans, whole = _piece(ctx, files, "ready/", seconds_left, _orphan)
    left, all_left = _piece(ctx, files, "incoming/", seconds_left, lambda key, now: True)
    unnamed, all_named = _unnamed(ctx, files, seconds_left)
    return Tidied(erased, orphans, left, finished=whole and all_left and all_named, unnamed=unnamed)


def _unnamed(ctx: Context, files: PhotoFiles, seconds_left: Callable[[], float]) -> tuple[int, bool]:
    """(photos deleted, whether every case was looked at). The next run begins before the first case that failed, for two days."""
    until = ctx.clock.civil() - GIVEN_UP
    since, deleted, held = _standing(_CASES), 0, False
    for at, no in ledger.arrived(parse(since) if since else until - BACK, until, ctx.street.tz):
        if seconds_left() < MARGIN_S:
            return deleted, False
        try:
            deleted += _taken_out(no, files)
        except Exception:
            log.exception("tidy: photos that case %s did not name could not be deleted now", no)
            held = held or parse(at) > until - BACK
        if not held:
            _keep(_CASES, at)
    if not held:
        _keep(_CASES, stamp(until))
    return deleted, not held


def _taken_out(no: str, files: PhotoFiles) -> int:
    """The files first: as long as the row stands, a repeat finds them."""
    stored = cases.get(no)
    if stored is None or stored.case.slots is None or not stored.case.photo_ref:
        return 0
    ref, named = stored.case.photo_ref, stored.case.slots
    rows = [row for row in photos.rows(ref) if not belongs(row.slot, named)]
    for row in rows:
        for size in SIZES:
            files.delete(ready_key(ref, row.slot, size))
        row.delete()
    return len(rows)


def _piece(
    ctx: Context, files: PhotoFiles, prefix: str, seconds_left: Callable[[], float], goes: Callable[[str, datetime], bool]
) -> tuple[int, bool]:
    """(files deleted, whether the piece was finished). The last key that was looked at is kept for the next run."""
    now, deleted = ctx.clock.wall(), 0
    found = files.listed(prefix, _standing(prefix), PIECE)
    last = ""
    for key, modified in found:
        if seconds_left() < MARGIN_S:
            _keep(prefix, last)
            return deleted, False
        if now - modified > GIVEN_UP and goes(key, now):
            files.delete(key)
            deleted += 1
        last = key
    _keep(prefix, last if len(found) == PIECE else "")
    return deleted, True


def _orphan(key: str, now: datetime) -> bool:
    """Whether nobody needs a re-encoded photo that is hours old; from then on its place is closed."""
    place = parse_ready(key)
    return place is not None and photos.close(*place, before=int((now - GIVEN_UP).timestamp()), ttl=int(now.timestamp()) + 86_400)


def _standing(prefix: str) -> str:
    try:
        return cases.CaseItem.get(_PLACE, prefix).card or ""
    except cases.CaseItem.DoesNotExist:
        return ""


def _keep(prefix: str, key: str) -> None:
    if key:
        cases.CaseItem(_PLACE, prefix, card=key).save()
    else:
        cases.CaseItem(_PLACE, prefix).delete()
