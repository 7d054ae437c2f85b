"""Property service at the desk: the company keeps its disclosures and rates itself, the street checks, and findings become cases.

Secrecy: nothing here names a reporter; the company sees its own community and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

import msgspec

from chalicelib.casework import numbers, personal
from chalicelib.casework import property as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case
from chalicelib.casework.events import stamp
from chalicelib.casework.property import Book, Check, Disclosure, Rating, Record
from chalicelib.errors import Conflict, FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.models import cases
from chalicelib.models import property as books
from chalicelib.street import Community, Place
from chalicelib.usecases.context import Context
from chalicelib.usecases.intake import Taken, take_in

R = TypeVar("R", Disclosure, Check, Rating)
# What a case of a finding is filed under, where the street has it.
CATEGORY = "property"
EXTERNAL_MAX = 40


def today(ctx: Context) -> date:
    """The day in the street."""
    return ctx.clock.civil().astimezone(ctx.street.tz).date()


def community(ctx: Context, actor: Actor, community_id: str) -> Community:
    """Raises `Unknown("page")` for one that there is not, or that is not theirs."""
    found = ctx.street.community_by_id.get(community_id)
    if found is None or not rules.holds(actor, rules.READERS, found, ctx.street):
        raise Unknown("page")
    return found


def book(ctx: Context, actor: Actor, community_id: str) -> Book:
    return books.read(community(ctx, actor, community_id).id)


def public_book(ctx: Context, community_id: str) -> tuple[Community, Book]:
    """What everybody may read. Raises `Unknown("page")`."""
    found = ctx.street.community_by_id.get(community_id)
    if found is None:
        raise Unknown("page")
    return found, books.read(found.id)


def disclosing() -> set[str]:
    """The communities of which anything is disclosed."""
    return {name for name, found in books.listed().items() if any(what.startswith("D#") for what in found)}


def standing() -> dict[str, dict[str, str]]:
    """Where there is something (`models.property.listed`)."""
    return books.listed()


def history(where: Community, kind: str) -> Sequence[Record]:
    """Everything that a disclosure ever said, the newest first."""
    return books.versions(where.id, f"D#{kind}")


def _mine(ctx: Context, actor: Actor, community_id: str, roles: frozenset[str]) -> Community:
    found = community(ctx, actor, community_id)
    if not rules.holds(actor, roles, found, ctx.street):
        raise Forbidden("not_yours")
    return found


def disclose(ctx: Context, actor: Actor, community_id: str, kind: str, typed: Mapping[str, str], version: int) -> Disclosure:
    """Raises `Unknown("page")`, `Forbidden("not_yours")`, `NotAllowed("fields")` and `Conflict("property_stale")`."""
    found = _mine(ctx, actor, community_id, rules.KEEPERS)
    if kind not in rules.DISCLOSURES:
        raise Unknown("page")
    text, day = typed.get("text", "").replace("\r\n", "\n").strip(), typed.get("day", "").strip()
    wrong = []
    if not text:
        wrong.append(FieldError("text", "required"))
    elif len(text) > rules.TEXT_MAX:
        wrong.append(FieldError("text", "too_long", {"max": rules.TEXT_MAX}))
    elif kind != "contacts" and personal.is_in(text):
        # Whom to call is public on purpose; anywhere else a mobile or an ID number is somebody's own.
        wrong.append(FieldError("text", "personal"))
    if day and not _is_day(day):
        wrong.append(FieldError("day", "choice"))
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    return _put(ctx, actor, found, f"D#{kind}", Disclosure(text=text, day=day, version=version))


def _is_day(typed: str) -> bool:
    try:
        return datetime.strptime(typed, "%Y-%m-%d").date().isoformat() == typed  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False


def check(ctx: Context, actor: Actor, community_id: str, month: str, typed: Mapping[str, str], version: int) -> Check:
    """The street's check of a month. Findings that are cases already stay so. Raises like `disclose`."""
    found = _mine(ctx, actor, community_id, rules.CHECKERS)
    if not rules.is_month(month, today(ctx)):
        raise Unknown("page")
    marks, wrong = rules.checked(ctx.street.property.check, typed)
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    standing = books.read(found.id).check(month)
    for name, mark in standing.marks.items() if standing else ():
        if mark.case:
            marks[name] = msgspec.structs.replace(marks.get(name, mark), case=mark.case)
    return _put(ctx, actor, found, f"K#{month}", Check(month=month, marks=marks, version=version))


def rate(ctx: Context, actor: Actor, community_id: str, quarter: str, typed: Mapping[str, str], version: int) -> Rating:
    """The manager's own rating of a quarter. Raises like `disclose`."""
    found = _mine(ctx, actor, community_id, rules.RATERS)
    if not rules.is_quarter(quarter, today(ctx)):
        raise Unknown("page")
    rating, wrong = rules.rated(ctx.street.property.check, quarter, typed)
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    return _put(ctx, actor, found, f"Q#{quarter}", msgspec.structs.replace(rating, version=version))


def _put(ctx: Context, actor: Actor, where: Community, sk: str, record: R) -> R:
    signed = msgspec.structs.replace(record, by=actor.name, at=stamp(ctx.clock.civil()))
    try:
        return books.put(where.id, sk, signed)
    except books.Stale as stale:
        raise Conflict("property_stale") from stale


def raise_finding(ctx: Context, actor: Actor, community_id: str, month: str, item: str) -> Case:
    """The case that a finding becomes, made now or found: pressing twice, or two colleagues pressing, makes one.

    Raises `Unknown("page")`, `Forbidden("not_yours")`, and what taking in raises (`NotAllowed`: no door in this community).
    """
    where = _mine(ctx, actor, community_id, rules.CHECKERS)
    done = books.read(where.id).check(month)
    mark = done.marks.get(item) if done else None
    named = next((one for one in ctx.street.property.check if one.id == item), None)
    if done is None or mark is None or mark.ok or named is None:
        raise Unknown("page")
    key = ctx.keys.mac("property-finding", where.id, month, item).hex()[:32]
    door = _door(ctx, where)
    taken = Taken(
        key=key,
        channel="patrol",
        place=door.id if door else "",
        text=f"{named.name.zh}：{mark.note}",
        category=CATEGORY if CATEGORY in ctx.street.category_by_id else "",
        external=f"check/{month}/{item}"[:EXTERNAL_MAX],
        lang=ctx.street.languages[0],
    )
    case = _standing(ctx, key, mark.case) or take_in(ctx, actor, taken)
    if not mark.case:
        marks = {**done.marks, item: msgspec.structs.replace(mark, case=case.no)}
        _put(ctx, actor, where, f"K#{month}", msgspec.structs.replace(done, marks=marks))
    return case


def _standing(ctx: Context, key: str, no: str) -> Case | None:
    """The finding's case, where it is there already, whoever made it."""
    stored = cases.get(no or numbers.case_number(ctx.keys.mac("case", key, "0")))
    if stored is None or stored.submission != ctx.keys.mac("submission", key).hex():
        return None
    return stored.case


def _door(ctx: Context, where: Community) -> Place | None:
    """Where the finding is filed: the property office, or the community's first door that hangs."""
    doors = [place for place in ctx.places.values() if place.community == where.id and not place.retired]
    return min(doors, key=lambda place: place.kind != "property_office", default=None)
