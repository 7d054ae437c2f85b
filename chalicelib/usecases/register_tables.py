"""The base register's four tables (一标三实) as an archive: addresses, people, houses, units, each a CSV file for another
system, and all four in a workbook for people, since a spreadsheet rounds the digits of an ID number that it reads from CSV.

With masks, unless somebody hands in what the vault opened.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

from chalicelib.casework.events import parse
from chalicelib.casework.people import is_mobile
from chalicelib.casework.register import Person, Register
from chalicelib.casework.register_card import as_changed, room_key
from chalicelib.models import registers
from chalicelib.models.registers import RegisterItem
from chalicelib.usecases.context import Context
from chalicelib.usecases.figures_files import Sheet, xlsx_of
from chalicelib.usecases.register_digest import table

Words = Callable[..., str]
# What the vault opened: by registration and person, the fields by name.
Opened = Mapping[tuple[str, str], Mapping[str, str]]
TABLES = {
    "addresses": ("address", "city", "district", "street", "committee", "community", "building", "room", "standard"),
    "population": ("address", "no", "person", "part", "name", "id", "phone", "state", "verified_at", "left"),
    "houses": ("address", "no", "kind", "area", "rooms", "lease_from", "lease_to", "people", "state", "changed_at"),
    "units": ("address", "no", "person", "employer"),
}
WORKBOOK = "base-register.xlsx"
HEADS = frozenset(head for heads in TABLES.values() for head in heads)


def read_all(numbers: Sequence[str]) -> list[Register]:
    """These registrations as of their last change, in this order, a hundred a call; what is gone meanwhile is left out."""
    rows = RegisterItem.batch_get([(registers.key(no), "RECORD") for no in numbers], consistent_read=True)
    found = {row.pk: registers.read(row) for row in rows}
    standing = (found[registers.key(no)] for no in numbers if registers.key(no) in found)
    return [as_changed(stored.register, stored.events) for stored in standing]


def archive(ctx: Context, words: Words, found: Sequence[Register], opened: Opened | None = None) -> bytes:
    out = io.BytesIO()
    made = {
        "addresses": _addresses(ctx, words, found),
        "population": _population(ctx, words, found, opened or {}),
        "houses": _houses(ctx, words, found),
        "units": _units(words, found, opened or {}),
    }
    book = xlsx_of([Sheet(words(f"register.sheet.{name}"), made[name]) for name in TABLES])
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in TABLES:
            packed.writestr(f"{name}.csv", table(made[name]))
        packed.writestr(WORKBOOK, book)
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


def _population(ctx: Context, words: Words, found: Sequence[Register], opened: Opened) -> list[list[str]]:
    rows = []
    for register in found:
        for person in register.people:
            gone = "1" if person.gone or register.state in {"ended", "erased"} else ""
            part = words(f"register.export.{person.part}")
            told = _told(opened.get((register.no, person.key), {}), person)
            state = words(f"register.state.{register.state}")
            rows.append(
                [address_id(register), register.no, person.key, part, *told, state, _day(ctx, register.verified_at), gone]
            )
    return [_heads(words, "population"), *rows]


def _told(values: Mapping[str, str], person: Person) -> list[str]:
    """Name, ID number and phone, each as opened or else as its mask; a phone as it is dialled inland."""
    phone = values.get("phone", "")
    national = phone.removeprefix("+86")
    dialled = national if is_mobile(phone) else f"0{national}"
    return [values.get("name", person.name_mask), values.get("id", person.id_mask), dialled if phone else person.phone_mask]


def _houses(ctx: Context, words: Words, found: Sequence[Register]) -> list[list[str]]:
    rows = []
    for register in found:
        flat = [register.area, str(register.rooms or ""), register.lease_from, register.lease_to]
        state = words(f"register.state.{register.state}")
        kind = words(f"register.kind.{register.kind}")
        people = str(len(register.living))
        rows.append([address_id(register), register.no, kind, *flat, people, state, _day(ctx, register.updated_at)])
    return [_heads(words, "houses"), *rows]


def _units(words: Words, found: Sequence[Register], opened: Opened) -> list[list[str]]:
    rows = []
    for register in found:
        for person in register.living:
            employer = opened.get((register.no, person.key), {}).get("employer", person.employer_mask)
            if employer:
                rows.append([address_id(register), register.no, person.key, employer])
    return [_heads(words, "units"), *rows]


def _day(ctx: Context, instant: str | None) -> str:
    """The day in the street."""
    return parse(instant).astimezone(ctx.street.tz).date().isoformat() if instant else ""
