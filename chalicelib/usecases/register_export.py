"""For the city's base register (一标三实): addresses, people, houses and units, as changed since the last time.

Four tables in one archive, with masks alone: the pages' role can open nothing, so no export of it can hold more. Who exports,
why, and from when to when is on record before the file is written, and that record is where the next export begins.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.register import Register
from chalicelib.casework.register_card import room_key
from chalicelib.errors import FieldError, Forbidden, NotAllowed
from chalicelib.models import registers
from chalicelib.models.registers import RegisterItem
from chalicelib.ports import Lists
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_digest import table

Words = Callable[..., str]
REASON_MAX = 200
LATEST = 20
# The index of changes lags by moments: what is younger than this belongs to the next export.
SETTLED = timedelta(minutes=1)
TABLES = {
    "addresses": ("address", "city", "district", "street", "committee", "community", "building", "room", "standard"),
    "population": ("address", "no", "person", "part", "name", "id", "phone", "state", "verified_at", "left"),
    "houses": ("address", "no", "kind", "area", "rooms", "lease_from", "lease_to", "people", "state", "changed_at"),
    "units": ("address", "no", "person", "employer"),
}
HEADS = frozenset(head for heads in TABLES.values() for head in heads)


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One export as it is on record. `since` is empty for a whole one."""

    committee: str
    by: str
    who: str
    reason: str
    since: str
    until: str
    count: int
    key: str
    at: str


def exports(ctx: Context, actor: Actor) -> list[Export]:
    """What has been exported of the actor's committees, the latest first."""
    found: list[Export] = []
    for committee in rules.committees_of(actor, rules.EXPORTERS, ctx.street):
        found += _latest(committee)
    return sorted(found, key=lambda one: one.at, reverse=True)[:LATEST]


def _latest(committee: str) -> list[Export]:
    rows = RegisterItem.query(f"X#{committee}", scan_index_forward=False, limit=LATEST, consistent_read=True)
    return [msgspec.json.decode(row.card, type=Export) for row in rows if row.card]


def export(ctx: Context, lists: Lists, words: Words, actor: Actor, committee: str, reason: str, *, whole: bool) -> Export:
    """Writes one. Raises `Forbidden("not_yours")` and `NotAllowed("fields")` without a reason."""
    if not rules.holds(actor, rules.EXPORTERS, committee, ctx.street) or committee not in ctx.street.committee_by_id:
        raise Forbidden("not_yours")
    said = " ".join(reason.split())
    if not said or len(said) > REASON_MAX:
        raise NotAllowed("fields", fields=[FieldError("reason", "required")])
    before = _latest(committee)
    since = "" if whole or not before else before[0].until
    now = ctx.clock.civil()
    until = max(stamp(now - SETTLED), since)
    rows = registers.changed(committee, since, until)
    mac = ctx.keys.mac("export", committee, stamp(now), said).hex()[:24]
    made = Export(
        committee=committee,
        by=actor.id,
        who=actor.name,
        reason=said,
        since=since,
        until=until,
        count=len(rows),
        key=f"export/{committee}/{stamp(now)[:10]}-{mac}.zip",
        at=stamp(now),
    )
    # On record first. A record without its file shows an attempt; a file without its record must not be.
    ttl = int(ctx.clock.wall().timestamp()) + ctx.street.retention.log_days * 86_400
    RegisterItem(f"X#{committee}", made.at, card=msgspec.json.encode(made).decode(), ttl=ttl).save()
    found = [stored.register for row in rows if (stored := registers.get(row.no)) is not None]
    lists.put(made.key, _archive(ctx, words, found), "application/zip")
    return made


def _archive(ctx: Context, words: Words, found: Sequence[Register]) -> bytes:
    out = io.BytesIO()
    made = {
        "addresses": _addresses(ctx, words, found),
        "population": _population(words, found),
        "houses": _houses(words, found),
        "units": _units(words, found),
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in TABLES:
            archive.writestr(f"{name}.csv", table(made[name]))
    return out.getvalue()


def address_id(register: Register) -> str:
    """What the tables share: the door's id and the room."""
    return f"{register.place}-{room_key(register.room)}"


def _heads(words: Words, name: str) -> list[str]:
    return [words(f"register.export.{head}") for head in TABLES[name]]


def _addresses(ctx: Context, words: Words, found: Sequence[Register]) -> list[list[str]]:
    street = ctx.street
    seen: dict[str, list[str]] = {}
    for register in found:
        place = ctx.places.get(register.place)
        if place is None or register.state == "erased":
            continue
        community = street.community_by_id.get(place.community)
        committee = street.committee_by_id[register.committee]
        parts = [street.city.zh, street.district.zh, street.name.zh, committee.name.zh, community.name.zh if community else ""]
        seen[address_id(register)] = [
            address_id(register),
            *parts,
            place.name,
            register.room,
            "".join([*parts, place.name, register.room]),
        ]
    return [_heads(words, "addresses"), *seen.values()]


def _population(words: Words, found: Sequence[Register]) -> list[list[str]]:
    rows = []
    for register in found:
        for person in register.people:
            gone = "1" if person.gone or register.state in {"ended", "erased"} else ""
            part = words(f"register.export.{person.part}")
            masks = [person.name_mask, person.id_mask, person.phone_mask]
            state = words(f"register.state.{register.state}")
            rows.append([address_id(register), register.no, person.key, part, *masks, state, _day(register.verified_at), gone])
    return [_heads(words, "population"), *rows]


def _houses(words: Words, found: Sequence[Register]) -> list[list[str]]:
    rows = []
    for register in found:
        flat = [register.area, str(register.rooms or ""), register.lease_from, register.lease_to]
        state = words(f"register.state.{register.state}")
        kind = words(f"register.kind.{register.kind}")
        people = str(len(register.living))
        rows.append([address_id(register), register.no, kind, *flat, people, state, _day(register.updated_at)])
    return [_heads(words, "houses"), *rows]


def _units(words: Words, found: Sequence[Register]) -> list[list[str]]:
    rows = [
        [address_id(register), register.no, person.key, person.employer_mask]
        for register in found
        for person in register.living
        if person.employer_mask
    ]
    return [_heads(words, "units"), *rows]


def _day(instant: str | None) -> str:
    return parse(instant).date().isoformat() if instant else ""
