"""A photo's way from the browser's upload to two harmless JPEGs, and the slot for one more.

`process` is what the photo function does with each object under `incoming/`. S3 delivers an event at least once, now and then
twice at the same time, and a grant can be used again while it lasts. So a photo first claims its slot by the digest of its
bytes: the same photo may do everything again (the result is the same bytes), another one is too late and is deleted.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from chalicelib import imaging
from chalicelib.casework.events import stamp
from chalicelib.casework.photos import AT_SUBMISSION, IN_ALL, incoming_key, next_free, parse_incoming, ready_key
from chalicelib.errors import NotAllowed
from chalicelib.models import photos
from chalicelib.ports import Clock, PhotoFiles, PhotoTooLarge

# Longer than the photo function may run, so that a running one keeps its slot.
WORK = timedelta(minutes=15)
# A grant ends after 30 minutes at most; an upload that began by then may take as long again on a bad network.
UPLOAD_SLACK = timedelta(minutes=30)


@dataclass(frozen=True)
class Processed:
    """`outcome`: ready; refused (`code` says why); late (the slot had its photo); gone (done before)."""

    ref: str
    slot: int
    outcome: str
    code: str = ""


def objects_of(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(bucket, key) of everything that was created, from S3's notification or EventBridge's event.

    Raises ValueError for an event of another kind: silence would lose photos.
    """
    if "Records" in event:
        for record in event["Records"]:
            place = record["s3"]
            # A notification's key is encoded as in a form; EventBridge's is not.
            yield place["bucket"]["name"], unquote_plus(place["object"]["key"])
    elif "detail" in event:
        yield event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    elif event.get("Event") != "s3:TestEvent":
        raise ValueError("neither an S3 notification nor an EventBridge event")


def process(event: Mapping[str, Any], files: PhotoFiles, clock: Clock, keep_days: int) -> list[Processed]:
    """Every new original of the event, re-encoded or refused, and deleted. `keep_days` is the street's retention of photos.

    Raises whatever AWS raises; the event then comes again and goes on where it stopped.
    """
    done = []
    for bucket, key in objects_of(event):
        place = parse_incoming(key)
        if bucket == files.bucket and place is not None:
            done.append(_one(*place, files, clock, keep_days))
    return done


def _one(ref: str, slot: int, files: PhotoFiles, clock: Clock, keep_days: int) -> Processed:
    key = incoming_key(ref, slot)
    try:
        data = files.read(key, imaging.MAX_BYTES)
    except PhotoTooLarge:
        data, refusal = b"", "too_large"
    else:
        refusal = ""
    if data is None:
        return Processed(ref, slot, "gone")
    source = refusal or hashlib.sha256(data).hexdigest()
    wall = clock.wall()
    claimed = photos.claim(
        ref,
        slot,
        source=source,
        at=stamp(clock.civil()),
        now=int(wall.timestamp()),
        lease=int((wall + WORK).timestamp()),
        ttl=int((wall + timedelta(days=keep_days)).timestamp()),
    )
    done = _worked(ref, slot, data, refusal, source, files) if claimed else Processed(ref, slot, "late")
    files.delete(key)
    return done


def _worked(ref: str, slot: int, data: bytes, refusal: str, source: str, files: PhotoFiles) -> Processed:
    try:
        if refusal:
            raise imaging.PhotoRefused(refusal)
        rendered = imaging.render(data)
    except imaging.PhotoRefused as error:
        kept = photos.settle(ref, slot, source=source, status="refused", code=error.code)
        return Processed(ref, slot, "refused" if kept else "late", error.code)
    files.write(ready_key(ref, slot, "full"), rendered.full)
    files.write(ready_key(ref, slot, "thumb"), rendered.thumb)
    kept = photos.settle(ref, slot, source=source, status="ready", width=rendered.width, height=rendered.height)
    return Processed(ref, slot, "ready" if kept else "late")


def reserve(ref: str, clock: Clock, *, minutes: int, keep_days: int, promised: int = 0, by: str = "reporter") -> int:
    """The slot for one more photo, kept while a grant of `minutes` can be used.

    `promised` is how many photos the submission said it uploads. Raises `NotAllowed("photos_full")` when all are used. Where all
    are, but some only by opening the page, whoever opens it again gets the one that they opened longest ago; and in the end the
    place of a photo that was refused, which said to choose another.
    """
    wall = clock.wall()
    now = int(wall.timestamp())
    standing = [row for row in photos.rows(ref) if row.status in photos.FINAL or (row.lease or 0) >= now]
    taken = {row.slot for row in standing}
    mine = [row for row in standing if row.by == by and row.source and row.slot > min(promised, AT_SUBMISSION)]
    given = sorted((row for row in mine if row.status == "reserved"), key=lambda row: row.lease or 0)
    given += [row for row in mine if row.status == "refused"]
    for _ in range(IN_ALL):
        slot, instead = next_free(taken, promised), ""
        if slot is None and given:
            before = given.pop(0)
            slot, instead = before.slot, before.source or ""
        if slot is None:
            break
        kept = photos.reserve(
            ref,
            slot,
            token=secrets.token_hex(8),
            by=by,
            now=now,
            lease=int((wall + timedelta(minutes=minutes) + UPLOAD_SLACK).timestamp()),
            ttl=int((wall + timedelta(days=keep_days)).timestamp()),
            instead=instead,
        )
        if kept:
            return slot
        taken.add(slot)
    raise NotAllowed("photos_full", params={"max": IN_ALL})
