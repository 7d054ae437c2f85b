"""A register's form: what is typed, checked and put into one written form. Everything wrong is found at once.

`Typed` is the form as it came; `read` makes `Filled` of it: normalised values, and for each person what was typed anew (`fresh`).
When a registration is changed, a field left empty keeps what is sealed, since nobody here can read it back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from chalicelib.casework import people as phones
from chalicelib.casework.idcards import age, normalise_id
from chalicelib.casework.register import Person, Register, Slot
from chalicelib.casework.register_card import PARTS
from chalicelib.errors import FieldError

PEOPLE_MAX = 20
ROOMS_MAX = 50
AREA_MIN, AREA_MAX = Decimal("0.1"), Decimal(2000)
LEASE_YEARS_MAX = 20
LEASE_PAST_DAYS, LEASE_AHEAD_DAYS = 3650, 366
SLOT_DAYS = 30
NAME_MAX, EMPLOYER_MAX, ROOM_MAX, REMARK_MAX = 40, 60, 20, 200
CHILD, GROWN = 14, 18
BY = ("landlord", "tenant")
LANDLORD = "l"
# Said of an ID number that two people have, here and where one of them is sealed (`register_rules.twice`).
TWICE = "twice"
FIELDS = ("name", "id", "phone", "employer")
_AREA = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?")
_WHOLE = re.compile(r"[0-9]{1,3}")
_KEY = re.compile(r"p[0-9]{1,3}")
# The dot of transcribed names (买买提·吐尔逊) as keyboards and other systems write it, put into one form.
_DOTS = dict.fromkeys(map(ord, "\u2022\u2027\u2219\u22c5\u25cf\u30fb\uff65"), "\u00b7")
# Names of people: letters of any script, the dots of transcribed names, spaces between.
_NAME = re.compile(r"[^\W\d_]+(?:[·.\- ’'][^\W\d_]+)*")


@dataclass(frozen=True)
class TypedPerson:
    """One row. `key` is empty for somebody new; `gone` says that this person has left."""

    key: str = ""
    name: str = ""
    id: str = ""
    phone: str = ""
    employer: str = ""
    guardian: bool = False
    gone: bool = False

    @property
    def empty(self) -> bool:
        return not (self.key or self.name.strip() or self.id.strip() or self.phone.strip() or self.employer.strip())


@dataclass(frozen=True)
class Typed:
    """The form as typed. `agree` is the version of the text that was agreed to, empty when it was not."""

    room: str = ""
    area: str = ""
    rooms: str = ""
    lease_from: str = ""
    lease_to: str = ""
    by: str = ""
    slot_day: str = ""
    slot_part: str = ""
    agree: str = ""
    landlord: TypedPerson = TypedPerson()
    people: tuple[TypedPerson, ...] = ()


@dataclass(frozen=True)
class FilledPerson:
    """`fresh` holds what was typed anew, by field, in its written form; `before` is who it was until now; `at` leads the names of
    their fields in the form, empty for whom it did not name.
    """

    key: str
    part: str
    fresh: Mapping[str, str]
    minor: bool
    guardian: bool
    before: Person | None = None
    at: str = ""


@dataclass(frozen=True)
class Filled:
    room: str
    area: str = ""
    rooms: int = 0
    lease_from: str = ""
    lease_to: str = ""
    by: str = ""
    slot: Slot | None = None
    people: tuple[FilledPerson, ...] = ()
    left: frozenset[str] = frozenset()


@dataclass
class _Reading:
    """Collects what is wrong while a form is read. `today` is a day of the street's calendar."""

    kind: str
    today: date
    before: Register | None
    wrong: list[FieldError] = field(default_factory=list)

    def no(self, name: str, code: str, **params: str | int) -> None:
        self.wrong.append(FieldError(name, code, params))

    def text(self, name: str, typed: str, longest: int, *, required: bool) -> str:
        plain = " ".join(unicodedata.normalize("NFKC", typed).split())
        if required and not plain:
            self.no(name, "required")
        elif len(plain) > longest:
            self.no(name, "too_long", max=longest)
        elif any(unicodedata.category(char)[0] == "C" for char in plain):
            self.no(name, "letters")
        return plain


def read(
    typed: Typed, kind: str, today: date, before: Register | None = None, *, booking: bool = True
) -> tuple[Filled, list[FieldError]]:
    """What the form says, and everything that is wrong with it, in the form's order. `booking`: a slot has to be named (nobody
    books a visit by correcting a record at the desk).
    """
    reading = _Reading(kind, today, before)
    room = reading.text("room", typed.room, ROOM_MAX, required=True)
    area, rooms, lease_from, lease_to, by = _flat(reading, typed) if kind == "rental" else ("", 0, "", "", "")
    people, left = _people(reading, typed)
    slot = _slot(reading, typed) if booking else None
    filled = Filled(room, area, rooms, lease_from, lease_to, by, slot, people, left)
    return filled, reading.wrong


def _flat(reading: _Reading, typed: Typed) -> tuple[str, int, str, str, str]:
    by = typed.by
    if by not in BY:
        reading.no("by", "choice" if by else "required")
    area = _area(reading, typed.area)
    rooms = _whole(reading, "rooms", typed.rooms, 1, ROOMS_MAX)
    first, last = _day(reading, "lease_from", typed.lease_from), _day(reading, "lease_to", typed.lease_to)
    if first and not _between(first, reading.today, LEASE_PAST_DAYS, LEASE_AHEAD_DAYS):
        reading.no("lease_from", "far")
    if first and last and last <= first:
        reading.no("lease_to", "order")
    elif first and last and (last - first).days > LEASE_YEARS_MAX * 366:
        reading.no("lease_to", "too_many", max=LEASE_YEARS_MAX)
    elif last and last < reading.today and reading.before is None:
        reading.no("lease_to", "past")
    return area, rooms, first.isoformat() if first else "", last.isoformat() if last else "", by


def _between(day: date, today: date, before: int, after: int) -> bool:
    return today - timedelta(days=before) <= day <= today + timedelta(days=after)


def _narrow(typed: str) -> str:
    return "".join(unicodedata.normalize("NFKC", typed).split())


def _area(reading: _Reading, typed: str) -> str:
    """Square metres with at most one decimal: `75` or `75.5`."""
    plain = _narrow(typed).lower()
    for unit in ("平方米", "平米", "平", "㎡", "m²", "m2"):
        plain = plain.removesuffix(unit)
    if not plain:
        reading.no("area", "required")
        return ""
    if not _AREA.fullmatch(plain) or not AREA_MIN <= Decimal(plain) <= AREA_MAX:
        reading.no("area", "range", low=str(AREA_MIN), high=str(AREA_MAX))
        return ""
    whole = Decimal(plain).quantize(Decimal("0.1"))
    return str(whole).removesuffix(".0") if whole >= AREA_MIN else str(AREA_MIN)


def _whole(reading: _Reading, name: str, typed: str, low: int, high: int) -> int:
    plain = _narrow(typed)
    if not plain:
        reading.no(name, "required")
        return 0
    if not (plain.isascii() and _WHOLE.fullmatch(plain)) or not low <= int(plain) <= high:
        reading.no(name, "range", low=low, high=high)
        return 0
    return int(plain)


def _day(reading: _Reading, name: str, typed: str, *, required: bool = True) -> date | None:
    """`2027-01-31`, also with slashes, dots or 年月日 between, and full-width digits."""
    plain = _narrow(typed)
    parts = [part for part in re.split(r"[-/.年月日]", plain) if part]
    if not plain:
        if required:
            reading.no(name, "required")
        return None
    try:
        if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts) or len(parts[0]) != 4:
            raise ValueError
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except (ValueError, OverflowError):
        reading.no(name, "date")
        return None


def slot_of(day: str, part: str, today: date) -> tuple[Slot | None, list[FieldError]]:
    """A half day that the desk books."""
    reading = _Reading("population", today, None)
    return _slot(reading, Typed(slot_day=day, slot_part=part)), reading.wrong


def _slot(reading: _Reading, typed: Typed) -> Slot | None:
    """When the verifier may come: asked for with the first registration; left empty later it stays as it is."""
    if not typed.slot_day.strip() and not typed.slot_part:
        if reading.kind == "population" and reading.before is None:
            reading.no("slot_day", "required")
        return None
    day = _day(reading, "slot_day", typed.slot_day)
    if day and not _between(day, reading.today, 0, SLOT_DAYS):
        reading.no("slot_day", "slot", days=SLOT_DAYS)
        day = None
    if typed.slot_part not in PARTS:
        reading.no("slot_part", "choice" if typed.slot_part else "required")
        return None
    return Slot(day=day.isoformat(), part=typed.slot_part) if day else None


def _people(reading: _Reading, typed: Typed) -> tuple[tuple[FilledPerson, ...], frozenset[str]]:
    known = {person.key: person for person in (reading.before.people if reading.before else ()) if not person.gone}
    rows = [row for row in typed.people if not row.empty]
    found: list[FilledPerson] = []
    if reading.kind == "rental":
        found.append(_person(reading, "l", typed.landlord, LANDLORD, "landlord", known.get(LANDLORD)))
    ever = {person.key for person in (reading.before.people if reading.before else ())}
    keys = iter([key for key in (f"p{number}" for number in range(1, PEOPLE_MAX * 40)) if key not in ever])
    left, named = set(), set()
    part = "tenant" if reading.kind == "rental" else "member"
    staying = 0
    for number, row in enumerate(rows, start=1):
        before = known.get(row.key) if _KEY.fullmatch(row.key) else None
        if before is not None and row.key not in named:
            named.add(row.key)
        else:
            before = None
        if before is not None and row.gone:
            left.add(before.key)
            continue
        if row.gone and row.key in ever and row.key not in known:
            # Said by somebody else a moment ago.
            continue
        staying += 1
        found.append(_person(reading, f"p{number}", row, before.key if before else next(keys), part, before))
    # Whoever the form did not name at all is still there: only saying so makes somebody leave.
    missing = [person for key, person in known.items() if key not in named | {LANDLORD}]
    found += [FilledPerson(person.key, person.part, {}, person.minor, person.guardian, person) for person in missing]
    if not 1 <= staying + len(missing) <= PEOPLE_MAX:
        reading.no("people", "people", max=PEOPLE_MAX)
    _twice(reading, typed.landlord if reading.kind == "rental" else TypedPerson(), rows)
    return tuple(found), frozenset(left)


def _twice(reading: _Reading, landlord: TypedPerson, rows: Sequence[TypedPerson]) -> None:
    """The same ID number typed for two people. What is sealed already can't be read here: `register_rules.twice`."""
    seen = {normalise_id(landlord.id)} if landlord.id.strip() else set()
    for number, row in enumerate(rows, start=1):
        id_number = normalise_id(row.id) if row.id.strip() and not row.gone else None
        if id_number and id_number in seen:
            reading.no(f"p{number}_id", "twice")
        elif id_number:
            seen.add(id_number)


def _person(reading: _Reading, at: str, row: TypedPerson, key: str, part: str, before: Person | None) -> FilledPerson:
    sealed = before.sealed if before else {}
    fresh: dict[str, str] = {}
    name = reading.text(f"{at}_name", row.name.translate(_DOTS), NAME_MAX, required="name" not in sealed)
    if name and len(name) <= NAME_MAX and not _NAME.fullmatch(name):
        reading.no(f"{at}_name", "letters")
    id_number = _one_form(reading, f"{at}_id", row.id, normalise_id, "id_number")
    minor, guardian = (before.minor if before else False), row.guardian or (before.guardian if before else False)
    years = age(id_number, reading.today) if id_number else None
    if years is not None:
        minor = years < CHILD
    if years is not None and not 0 <= years <= 130:
        reading.no(f"{at}_id", "id_number")
    if not row.id.strip() and "id" not in sealed and part != "landlord":
        reading.no(f"{at}_id", "required")
    phone = _one_form(reading, f"{at}_phone", row.phone, phones.normalise_phone, "phone")
    # Whose ID number stays as it is sealed was asked for a phone by their age then.
    grown = years >= GROWN if years is not None else before is None
    if not row.phone.strip() and "phone" not in sealed and part != "member" and grown:
        reading.no(f"{at}_phone", "required")
    employer = reading.text(f"{at}_employer", row.employer, EMPLOYER_MAX, required=False)
    if minor and part == "landlord":
        minor = False
    if minor and not guardian:
        reading.no(f"{at}_guardian", "guardian")
    fresh = {"name": name, "id": id_number or "", "phone": phone or "", "employer": employer}
    said = {name: value for name, value in fresh.items() if value}
    return FilledPerson(key, part, said, minor, guardian and minor, before, at)


def _one_form(reading: _Reading, name: str, typed: str, normalise: Callable[[str], str | None], code: str) -> str | None:
    if not typed.strip():
        return None
    found = normalise(typed)
    if found is None:
        reading.no(name, code)
    return found
