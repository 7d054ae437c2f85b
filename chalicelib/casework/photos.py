"""Where a report's photos lie and how many there may be.

A report has a reference that only its sender's key gives, and numbered slots under it. Slots 1 to 6 belong to the form, and of
those the report names what it was sent with; the rest to photos added later. In a slot the first photo wins: what was looked at
is never exchanged afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection

AT_SUBMISSION = 6
IN_ALL = 12
SIZES = ("full", "thumb")

_REF = re.compile(r"[0-9A-Za-z_-]{8,64}")
_READY = re.compile(r"ready/([0-9A-Za-z_-]{8,64})/([0-9]{2})/(?:full|thumb)\.jpg")
_INCOMING = re.compile(r"incoming/([0-9A-Za-z_-]{8,64})/([0-9]{2})")


def _checked(ref: str, slot: int) -> tuple[str, int]:
    if not _REF.fullmatch(ref):
        raise ValueError("a photo reference is 8 to 64 letters, digits, dashes")
    if not 1 <= slot <= IN_ALL:
        raise ValueError(f"slot {slot} is outside 1 to {IN_ALL}")
    return ref, slot


def incoming_key(ref: str, slot: int) -> str:
    """Where the browser puts the original: `incoming/<ref>/03`."""
    ref, slot = _checked(ref, slot)
    return f"incoming/{ref}/{slot:02d}"


def ready_key(ref: str, slot: int, size: str) -> str:
    """Where the re-encoded photo lies: `ready/<ref>/03/full.jpg`. `size` is full or thumb."""
    ref, slot = _checked(ref, slot)
    if size not in SIZES:
        raise ValueError(f"size {size!r} is not one of {SIZES}")
    return f"ready/{ref}/{slot:02d}/{size}.jpg"


def belongs(slot: int, named: Collection[int] | None) -> bool:
    """Whether that photo is part of the report which named these. One that was taken out before sending is not; None, of reports
    from before that was kept, leaves none out.
    """
    return named is None or slot > AT_SUBMISSION or slot in named


def parse_incoming(key: str) -> tuple[str, int] | None:
    """(ref, slot) of an original's key, or None for any other key."""
    match = _INCOMING.fullmatch(key)
    if match is None or not 1 <= int(match[2]) <= IN_ALL:
        return None
    return match[1], int(match[2])


def parse_ready(key: str) -> tuple[str, int] | None:
    """(ref, slot) of a re-encoded photo's key, or None for any other key."""
    match = _READY.fullmatch(key)
    if match is None or not 1 <= int(match[2]) <= IN_ALL:
        return None
    return match[1], int(match[2])


def next_free(taken: Collection[int], promised: int = 0) -> int | None:
    """The lowest slot for one more photo, or None when all are used.

    `promised` is how many photos the form said it uploads; their slots are kept although they may not have arrived yet.
    """
    kept = set(taken) | set(range(1, min(promised, AT_SUBMISSION) + 1))
    return next((slot for slot in range(1, IN_ALL + 1) if slot not in kept), None)
