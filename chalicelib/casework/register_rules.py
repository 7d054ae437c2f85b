"""What happens to a registration: the events of each step, who may take it, and when a flat looks like a group let."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from chalicelib.casework.access import Actor, split_grant
from chalicelib.casework.events import Event, stamp
from chalicelib.casework.idcards import mask_id, mask_name
from chalicelib.casework.people import mask_phone
from chalicelib.casework.register import Person, Register, replace
from chalicelib.casework.register_card import Row
from chalicelib.casework.registering import TWICE, Filled, FilledPerson
from chalicelib.errors import FieldError
from chalicelib.street import RegisterTerms, Street

# Who reads a registration and its flat; who works on it; who may open an ID number; who answers for people's rights.
READERS = frozenset({"verifier", "committee", "dispatcher", "street_admin"})
WORKERS = frozenset({"verifier", "committee"})
REVEALERS = frozenset({"verifier"})
EXPORTERS = frozenset({"committee", "street_admin"})
# With whole numbers: a committee opens them one at a time, at a door; the base register is the street's matter.
OPENERS = frozenset({"street_admin"})
# Why a number is opened: chosen from a list. Every other reason is typed.
REVEAL_REASONS = ("verify", "contact", "other")
KEEPERS = frozenset({"street_admin"})

Macs = Callable[[str, str], str]


def holds(actor: Actor, roles: Iterable[str], committee: str, street: Street) -> bool:
    """Whether one of the roles is the actor's for a unit that the committee's registrations lie in."""
    found = street.committee_by_id.get(committee)
    units = {"street", f"committee:{committee}", f"zone:{found.zone}" if found else ""}
    return any(role in roles and unit in units for role, unit in map(split_grant, actor.grants))


def committees_of(actor: Actor, roles: Iterable[str], street: Street) -> list[str]:
    """The committees whose registrations are the actor's to see in one of the roles, in the street's order."""
    wanted = frozenset(roles)
    return [committee.id for committee in street.committees if holds(actor, wanted, committee.id, street)]


def people_of(filled: Filled, version: int, mac: Macs) -> tuple[Person, ...]:
    """The people of a form as they are kept: masks, keyed hashes, where each value is sealed. What was not typed anew stays."""
    return tuple(_kept(person, version, mac) for person in filled.people)


def _kept(filled: FilledPerson, version: int, mac: Macs) -> Person:
    person = filled.before or Person(key=filled.key, part=filled.part)
    fresh = filled.fresh
    change: dict[str, Any] = {"minor": filled.minor, "guardian": filled.guardian}
    if "name" in fresh:
        change["name_mask"] = mask_name(fresh["name"])
    if "id" in fresh:
        change |= {"id_mask": mask_id(fresh["id"]), "id_mac": mac("id", fresh["id"])}
    if "phone" in fresh:
        change |= {"phone_mask": mask_phone(fresh["phone"]), "phone_mac": mac("phone", fresh["phone"])}
    if "employer" in fresh:
        change["employer_mask"] = f"{fresh['employer'][:2]}**"
    return replace(person, **change, sealed={**person.sealed, **dict.fromkeys(fresh, version)})


def twice(filled: Filled, people: Iterable[Person]) -> list[FieldError]:
    """The same ID number for two who live there, or for the landlord and a tenant, one of them sealed before; said beside the
    number that was typed. `people` are those of `filled`, as kept. What stood twice already keeps nobody from another change.
    """
    found, seen = [], dict[str, FilledPerson]()
    for typed, kept in zip(filled.people, people, strict=True):
        other = seen.setdefault(kept.id_mac, typed) if kept.id_mac else typed
        fresh = next((one for one in (typed, other) if "id" in one.fresh), None)
        if other is not typed and fresh:
            found.append(FieldError(f"{fresh.at}_id", TWICE))
    return found


def unguarded(register: Register) -> Register:
    """The registration as it is read when its text has changed: nobody's guardian has agreed to the new one yet."""
    return replace(register, people=tuple(replace(person, guardian=False) for person in register.people))


def to_seal(filled: Filled) -> dict[str, str]:
    """What is sealed under a version of its own: everything that was typed anew."""
    return {f"{person.key}.{name}": value for person in filled.people for name, value in person.fresh.items()}


def facts(filled: Filled, people: Iterable[Person]) -> dict[str, Any]:
    """What the form says of the flat and the people, as an event holds it."""
    found: dict[str, Any] = {"room": filled.room, "people": [msgspec.structs.asdict(person) for person in people]}
    for name in ("area", "rooms", "lease_from", "lease_to", "by"):
        if getattr(filled, name):
            found[name] = getattr(filled, name)
    if filled.slot:
        found["slot"] = msgspec.structs.asdict(filled.slot)
    return found


def changed(before: Register, filled: Filled) -> bool:
    """Whether a form sent again says anything else than what stands."""
    same = (filled.room, filled.area, filled.rooms, filled.lease_from, filled.lease_to, filled.by)
    flat = (before.room, before.area, before.rooms, before.lease_from, before.lease_to, before.by)
    fresh = any(person.fresh or person.before is None for person in filled.people)
    return same != flat or fresh or bool(filled.left) or (filled.slot is not None and filled.slot != before.slot)


def event(register: Register, event_type: str, data: Mapping[str, Any], by: str, attempt: str, now: datetime) -> Event:
    """The next event. Time never runs backwards inside a registration."""
    at = max(stamp(now), register.updated_at)
    return Event(seq=register.version + 1, type=event_type, at=at, by=by, attempt=attempt, data=dict(data))


def crowding(register: Register, others: Iterable[Row], terms: RegisterTerms) -> dict[str, str | int] | None:
    """What makes a flat look like a group let, or None: more people than its rooms may hold, or too little floor for each.

    Everybody registered in the flat counts, each once, whoever filled in the form: five single leases are five people. What
    counts is the fullest day of this lease: who moves out before another moves in does not count beside them.
    """
    if register.kind != "rental" or not register.rooms or not register.area:
        return None
    who = {person.id_mac[:16] or f"{register.no}.{person.key}" for person in register.living}
    beside = [
        other
        for other in others
        if other.no != register.no
        and other.kind == "rental"
        and other.state not in {"ended", "erased"}
        and _overlaps(register, other)
    ]
    days = {max(other.lease_from, register.lease_from) for other in beside} | {register.lease_from}
    living = max(len(who.union(*(other.who for other in beside if _stands(other, day)))) for day in days)
    if living > register.rooms * terms.per_room:
        return {"rule": "rooms", "people": living, "rooms": register.rooms, "area": register.area}
    if living and Decimal(register.area) / living < Decimal(terms.min_area):
        return {"rule": "area", "people": living, "rooms": register.rooms, "area": register.area}
    return None


def _overlaps(register: Register, other: Row) -> bool:
    return register.lease_from < other.lease_to and other.lease_from < register.lease_to


def _stands(other: Row, day: str) -> bool:
    return other.lease_from <= day < other.lease_to


def ended(register: Register, today: date) -> bool:
    """Whether the lease is over: its last day still counts."""
    return bool(register.lease_to) and register.lease_to < today.isoformat()


def scrub(events: Iterable[Event], keys: frozenset[str], *, flat: bool) -> tuple[Event, ...]:
    """The history without what it says of these people (of everybody with `flat`, which takes the room out too).

    Folding it gives what erasing makes of the state, so that nothing of a person is left in an older version.
    """
    return tuple(_scrubbed(one, keys, flat=flat) for one in events)


def _scrubbed(one: Event, keys: frozenset[str], *, flat: bool) -> Event:
    data = dict(one.data)
    if "register" in data:
        told = dict(data["register"])
        told["people"] = [
            {"key": person["key"], "part": person["part"], "gone": True} if flat or person["key"] in keys else person
            for person in told["people"]
        ]
        if flat:
            told |= {"room": ""}
        data["register"] = told
    about = {data["person"]} if data.get("person") else set(data.get("keys", ()))
    # Free words of a visit may be about anybody there.
    if flat or not about or about & keys:
        data = {name: "" if _is_free(name, value) else value for name, value in data.items()}
    return msgspec.structs.replace(one, data=data)


def _is_free(name: str, value: object) -> bool:
    return name in {"remark", "note"} or (name == "reason" and value not in REVEAL_REASONS)
