"""A register's form and a registration as pages show them: rows of people, masks, problems with the name of their field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.casework.events import Event
from chalicelib.casework.register import Person, Register, Slot
from chalicelib.casework.register_card import PARTS, Row
from chalicelib.casework.registering import Typed, TypedPerson
from chalicelib.errors import DoorstepError, FieldError
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_common import Problem, describe

_LABELS = {
    "room": "register.form.room",
    "area": "register.form.area",
    "rooms": "register.form.rooms",
    "lease_from": "register.form.lease_from",
    "lease_to": "register.form.lease_to",
    "by": "register.form.by",
    "people": "register.people.tenants",
    "slot_day": "register.slot.day",
    "slot_part": "register.slot.part",
    "agree": "register.consent.title",
    "result": "desk.register.result",
    "remark": "desk.register.remark",
    "reason": "desk.register.reason",
    "day": "register.slot.day",
    "part": "register.slot.part",
}
_PERSON = {
    "name": "register.person.name",
    "id": "register.person.id",
    "phone": "register.person.phone",
    "employer": "register.person.employer",
    "guardian": "register.person.guardian",
}


@dataclass(frozen=True)
class PersonRow:
    """One person's block in the form. `at` leads the names of its fields; `kept` are the masks of what is sealed already."""

    at: str
    n: int
    who: str
    typed: TypedPerson
    kept: Mapping[str, str]
    guardian: bool = False


@dataclass(frozen=True)
class PersonView:
    """One person of a registration as anybody may see them: masks alone."""

    key: str
    who: str
    name: str
    facts: tuple[tuple[str, str], ...]
    left: bool
    erased: bool


@dataclass(frozen=True)
class Line:
    what: str
    detail: str
    who: str
    when: str
    iso: str


def person_name(lang: str, part: str, n: int) -> str:
    """`承租人2`, by the place in the form."""
    return t(lang, f"register.people.{part}", n=n)


def _kept(person: Person | None) -> dict[str, str]:
    if person is None:
        return {}
    masks = {"name": person.name_mask, "id": person.id_mask, "phone": person.phone_mask, "employer": person.employer_mask}
    return {name: mask for name, mask in masks.items() if mask and name in person.sealed}


def form_rows(lang: str, kind: str, typed: Typed, before: Register | None) -> tuple[PersonRow | None, list[PersonRow]]:
    """The landlord's block (rentals alone) and one for each person, one empty block at least."""
    known = {person.key: person for person in (before.people if before else ()) if not person.gone}
    part = "tenant" if kind == "rental" else "member"
    landlord = None
    if kind == "rental":
        landlord = PersonRow("l", 0, t(lang, "register.people.landlord"), typed.landlord, _kept(known.get("l")))
    rows = [row for row in typed.people if not row.empty] or [TypedPerson()]
    made = []
    for n, row in enumerate(rows, start=1):
        person = known.get(row.key)
        guardian = row.guardian or (person.guardian if person else False)
        made.append(PersonRow(f"p{n}", n, person_name(lang, part, n), row, _kept(person), guardian))
    return landlord, made


def label_of(lang: str, name: str, kind: str) -> str:
    """The label of a field, with whose it is where it is a person's."""
    at, _, own = name.partition("_")
    if own in _PERSON and (at == "l" or (at[:1] == "p" and at[1:].isdigit())):
        part = "landlord" if at == "l" else "tenant" if kind == "rental" else "member"
        who = person_name(lang, part, int(at[1:]) if at != "l" else 0)
        return who + t(lang, "text.comma") + t(lang, _PERSON[own])
    if name == "people" and kind == "population":
        return t(lang, "register.people.members")
    return t(lang, _LABELS[name]) if name in _LABELS else name


def problem(lang: str, kind: str, error: DoorstepError | None) -> Problem | None:
    """An error with its fields' sentences, each led by the field's label in the summary."""
    if error is None:
        return None
    title, detail = describe(lang, error)
    texts = {field.name: wrong_text(lang, field) for field in error.fields}
    lines = tuple(
        (name, t(lang, "register.wrong.line", label=label_of(lang, name, kind), text=text)) for name, text in texts.items()
    )
    return Problem(title, detail, texts, lines, error.status == 409)


def wrong_text(lang: str, field: FieldError) -> str:
    return t(lang, f"register.wrong.{field.code}", **field.params)


def slot_words(lang: str, slot: Slot | None, street: Street) -> str:
    if slot is None:
        return ""
    day = date.fromisoformat(slot.day)
    words = t(
        lang,
        "date.day_year",
        year=day.year,
        month=t(lang, f"date.month.{day.month}"),
        day=day.day,
        weekday=t(lang, f"date.weekday.{day.weekday()}"),
    )
    return t(lang, "register.slot.words", day=words, part=t(lang, f"register.part.{slot.part}"))


def row_slot(lang: str, row: Row, street: Street) -> str:
    day, _, part = row.slot.partition("/")
    return slot_words(lang, Slot(day=day, part=part), street) if day and part in PARTS else ""


def facts(lang: str, register: Register, street: Street, where: str) -> list[tuple[str, str]]:
    found = [(t(lang, "register.page.flat"), f"{where} {register.room}".strip())]
    if register.kind == "rental" and register.area:
        found.append((t(lang, "register.form.area"), t(lang, "register.page.size", area=register.area, rooms=register.rooms)))
        lease = t(lang, "register.page.lease", **{"from": register.lease_from, "to": register.lease_to})
        found.append((t(lang, "register.form.lease"), lease))
        found.append((t(lang, "register.form.by"), t(lang, f"register.by.{register.by}") if register.by else ""))
    if register.slot:
        found.append((t(lang, "register.page.slot"), slot_words(lang, register.slot, street)))
    if register.remark:
        found.append((t(lang, "register.page.remark"), register.remark))
    return [(label, value) for label, value in found if value]


def people(lang: str, persons: Iterable[Person]) -> list[PersonView]:
    """Masks alone: nothing on these pages can be more."""
    counts: dict[str, int] = {}
    found = []
    for person in persons:
        counts[person.part] = counts.get(person.part, 0) + 1
        masks = {"id": person.id_mask, "phone": person.phone_mask, "employer": person.employer_mask}
        shown = tuple((t(lang, _PERSON[name]), mask) for name, mask in masks.items() if mask)
        who = person_name(lang, person.part, counts[person.part])
        found.append(PersonView(person.key, who, person.name_mask, shown, person.gone, person.erased))
    return found


def history(lang: str, events: Iterable[Event], street: Street, *, names: bool) -> list[Line]:
    """What has happened, the latest first; `names` says which colleague it was."""
    lines = []
    for event in sorted(events, key=lambda one: -one.seq):
        if event.type in {"revealed", "exported"} and not names:
            continue
        detail = ""
        if event.type == "verified":
            detail = t(lang, f"register.state.{event.data['result']}")
        if names and event.data.get("reason"):
            detail = str(event.data["reason"])
        if event.type == "suspected" and names:
            detail = str(event.data["case"])
        who = str(event.data.get("who", "")) if names else ""
        when = dates.dated(lang, event.at, street.tz)
        lines.append(Line(t(lang, f"register.event.{event.type}"), detail, who, when, dates.iso(event.at)))
    return lines
