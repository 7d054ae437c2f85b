"""What lists show of a registration, and the keys under which it is found: derived from it, never stored beside it by hand."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.casework.events import Event, parse
from chalicelib.casework.register import LOOKS, Register

# A half day's place in the order of a day.
PARTS = ("am", "pm", "evening")
_WHO_CHARS = 16
_ENDINGS = ("号室", "室", "房", "号")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A registration in a list. `who` are shortened keyed hashes of those who live there, so that a person who is in two
    registrations of a flat counts once.
    """

    no: str
    kind: str
    state: str
    place: str
    committee: str
    room: str
    living: int
    who: tuple[str, ...] = ()
    area: str = ""
    rooms: int = 0
    lease_from: str = ""
    lease_to: str = ""
    slot: str = ""
    created_at: str = ""
    updated_at: str = ""
    case: str = ""


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """Index keys; None leaves a registration out of that index."""

    pending: str | None = None
    pending_at: str | None = None
    lease: str | None = None
    lease_to: str | None = None
    flat: str | None = None
    flat_at: str | None = None
    changes: str | None = None
    changed_at: str | None = None


def room_key(room: str) -> str:
    """One written form of a room however it is typed: `１０１ 室`, `101室` and `101` are the same flat."""
    plain = "".join(unicodedata.normalize("NFKC", room).upper().split())
    for ending in _ENDINGS:
        if plain.endswith(ending) and len(plain) > len(ending):
            return plain[: -len(ending)]
    return plain


def flat_of(place: str, room: str) -> str:
    return f"F#{place}#{room_key(room)}"


def as_changed(register: Register, events: Iterable[Event]) -> Register:
    """The registration as of its last change. Keys, lists and the end of keeping go by that: a look makes nothing newer, and
    nobody's data stay longer because a colleague or they themselves looked at them.
    """
    changes = [event.at for event in events if event.type not in LOOKS]
    return msgspec.structs.replace(register, updated_at=max(changes, default=register.updated_at))


def row_of(register: Register) -> Row:
    slot = f"{register.slot.day}/{register.slot.part}" if register.slot else ""
    return Row(
        no=register.no,
        kind=register.kind,
        state=register.state,
        place=register.place,
        committee=register.committee,
        room=register.room,
        living=len(register.living),
        who=tuple(person.id_mac[:_WHO_CHARS] or f"{register.no}.{person.key}" for person in register.living),
        area=register.area,
        rooms=register.rooms,
        lease_from=register.lease_from,
        lease_to=register.lease_to,
        slot=slot,
        created_at=register.created_at,
        updated_at=register.updated_at,
        case=register.case,
    )


def keys_of(register: Register) -> Keys:
    erased = register.state == "erased"
    slot = register.slot
    # Booked visits by their half day, the rest behind them by when they came.
    waits_for = f"{slot.day}T{PARTS.index(slot.part)}" if slot else f"~{register.created_at}"
    leased = bool(register.lease_to) and register.state not in {"ended", "erased"}
    return Keys(
        pending=f"Q#{register.committee}" if register.pending else None,
        pending_at=waits_for if register.pending else None,
        lease=f"E#{register.committee}" if leased else None,
        lease_to=register.lease_to if leased else None,
        flat=None if erased else flat_of(register.place, register.room),
        flat_at=None if erased else register.created_at,
        # Erased ones stay among the changes: whoever took a copy has to learn that it is gone.
        changes=f"B#{register.committee}",
        changed_at=register.updated_at,
    )


def kept_until(register: Register, days: int) -> datetime:
    """When a registration goes: so many days after the lease's end, or after the last change where there is no lease."""
    last = parse(register.updated_at)
    if register.lease_to:
        last = max(last, parse(f"{register.lease_to}T00:00:00.000+00:00"))
    return last + timedelta(days=days)


def digest_day(now: datetime, tz: ZoneInfo, at: str) -> str:
    """The day whose digest tells of what happens now: today's until the street's hour, from then on tomorrow's."""
    local = now.astimezone(tz)
    day = local.date() + timedelta(days=int(local.strftime("%H:%M") >= at))
    return day.isoformat()
