"""Property service per community (小区): what the company discloses, what the street finds each month, how the manager rates it.

Pure rules: who may do what where, how months and quarters are written, and what is wrong with a form.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from chalicelib.casework import personal
from chalicelib.casework.access import Actor, split_grant
from chalicelib.casework.case import Case
from chalicelib.casework.figures_period import Period
from chalicelib.errors import FieldError
from chalicelib.street import Community, Option, Street

# The six disclosures (六公示), in the order in which people ask for them.
DISCLOSURES = ("contract", "charges", "income", "procedures", "duty", "contacts")
# Who keeps them, who looks whether they hold, who rates the service itself, and who reads all of it.
KEEPERS = frozenset({"property", "street_admin"})
CHECKERS = frozenset({"committee", "zone_head", "station_head", "dispatcher", "street_admin"})
RATERS = frozenset({"property"})
READERS = KEEPERS | CHECKERS | {"supervisor"}
TEXT_MAX, NOTE_MAX, VISITED_MAX = 2000, 200, 100_000
SCORES = ("1", "2", "3", "4", "5")
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(20[0-9]{2})Q([1-4])")


class Disclosure(msgspec.Struct, frozen=True, kw_only=True):
    """`day` is the day that it is of (a contract's, an account's), as typed, or empty."""

    text: str
    day: str = ""
    by: str = ""
    at: str = ""
    version: int = 0


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a check. `case` is the case that a finding became."""

    ok: bool
    note: str = ""
    case: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The street's look at a community in a month (`2026-11`), by line of the list."""

    month: str
    marks: dict[str, Mark]
    by: str = ""
    at: str = ""
    version: int = 0


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """The manager's own rating of the contract in a quarter (`2026Q4`), 1 to 5 by line, and the households visited."""

    quarter: str
    marks: dict[str, int]
    visited: int = 0
    satisfied: int = 0
    text: str = ""
    by: str = ""
    at: str = ""
    version: int = 0


Record = Disclosure | Check | Rating


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of a community; checks and ratings the newest first."""

    disclosures: dict[str, Disclosure] = {}
    checks: tuple[Check, ...] = ()
    ratings: tuple[Rating, ...] = ()

    def check(self, month: str) -> Check | None:
        return next((one for one in self.checks if one.month == month), None)

    def rating(self, quarter: str) -> Rating | None:
        return next((one for one in self.ratings if one.quarter == quarter), None)


def covers(street: Street, unit: str, community: Community) -> bool:
    """Whether the community lies inside the unit."""
    committee = street.committee_by_id[community.committee]
    return unit in {"street", f"zone:{committee.zone}", f"committee:{committee.id}", f"community:{community.id}"}


def holds(actor: Actor, roles: Collection[str], community: Community, street: Street) -> bool:
    """Whether one of the roles is the actor's for a unit that the community lies in."""
    return any(role in roles and covers(street, unit, community) for role, unit in map(split_grant, actor.grants))


def communities(actor: Actor, street: Street) -> list[Community]:
    """Those whose property service the actor may read, in the file's order."""
    return [one for one in street.communities if holds(actor, READERS, one, street)]


def at(community: Community, street: Street) -> Case:
    """A case's facts as far as the community gives them."""
    zone = street.committee_by_id[community.committee].zone
    return Case(no="", community=community.id, committee=community.committee, zone=zone)


def month_of(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def quarter_of(day: date) -> str:
    return f"{day.year:04d}Q{(day.month - 1) // 3 + 1}"


def is_month(typed: str, today: date) -> bool:
    """Whether it is a month that has begun."""
    return bool(_MONTH.fullmatch(typed)) and typed <= month_of(today)


def is_quarter(typed: str, today: date) -> bool:
    return bool(_QUARTER.fullmatch(typed)) and typed <= quarter_of(today)


def period(quarter: str) -> Period:
    """The quarter's days. Raises ValueError for what is none."""
    found = _QUARTER.fullmatch(quarter)
    if found is None:
        raise ValueError(quarter)
    year, first = int(found[1]), 3 * int(found[2]) - 2
    return Period(date(year, first, 1), date(year + first // 10, (first + 2) % 12 + 1, 1))


def before(quarter: str) -> str:
    return quarter_of(period(quarter).before.first)


def months(quarter: str) -> list[str]:
    return period(quarter).months()


def checked(items: Sequence[Option], typed: Mapping[str, str]) -> tuple[dict[str, Mark], list[FieldError]]:
    """The lines of a check as typed: `<item>` is ok or bad, `<item>_note` says what was found; a finding needs its words."""
    marks, wrong = {}, []
    for item in items:
        said, note = typed.get(item.id, ""), typed.get(f"{item.id}_note", "").strip()
        if said not in {"ok", "bad"}:
            wrong.append(FieldError(item.id, "required"))
        elif said == "bad" and not note:
            wrong.append(FieldError(f"{item.id}_note", "required"))
        elif len(note) > NOTE_MAX:
            wrong.append(FieldError(f"{item.id}_note", "too_long", {"max": NOTE_MAX}))
        elif personal.is_in(note):
            wrong.append(FieldError(f"{item.id}_note", "personal"))
        else:
            marks[item.id] = Mark(ok=said == "ok", note=note)
    return marks, wrong


def rated(items: Sequence[Option], quarter: str, typed: Mapping[str, str]) -> tuple[Rating, list[FieldError]]:
    """The manager's rating as typed: 1 to 5 for each line, and how many households were visited and were satisfied."""
    wrong = [FieldError(item.id, "required") for item in items if typed.get(item.id, "") not in SCORES]
    numbers: dict[str, int] = {}
    for name in ("visited", "satisfied"):
        text = typed.get(name, "").strip() or "0"
        numbers[name] = int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else -1
        if not 0 <= numbers[name] <= VISITED_MAX:
            wrong.append(FieldError(name, "choice"))
    if numbers["satisfied"] > numbers["visited"] >= 0:
        wrong.append(FieldError("satisfied", "choice"))
    text = typed.get("text", "").replace("\r\n", "\n").strip()
    if len(text) > TEXT_MAX:
        wrong.append(FieldError("text", "too_long", {"max": TEXT_MAX}))
    elif personal.is_in(text):
        wrong.append(FieldError("text", "personal"))
    marks = {item.id: int(typed[item.id]) for item in items if typed.get(item.id, "") in SCORES}
    parts: dict[str, Any] = {"marks": marks, **numbers, "text": text}
    return Rating(quarter=quarter, **parts), wrong
