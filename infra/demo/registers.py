"""Plays `registers.toml` where the street has these forms: people register, verifiers book and visit, days are closed.

Names are roles with a letter. ID numbers pass every check and can belong to nobody: the region is one the checks know, the day of
birth lies 127 years back (nobody has lived that long), and the order code is 000, which no office gives out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from stdnum.cn import ric

from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.register import Register
from chalicelib.casework.register_card import PARTS
from chalicelib.casework.registering import Typed, TypedPerson
from chalicelib.errors import Conflict
from chalicelib.ports import Lists
from chalicelib.street import Place
from chalicelib.usecases import register_digest, register_work
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_submit import Sent, submit

FILE = Path(__file__).with_name("registers.toml")
REGION = "310104"
YEARS = 127
LETTERS = "甲乙丙丁戊己庚辛壬癸"
SECONDS = 60.0

Act = Callable[[Context], None]
Doors = Callable[[str, str], Place]
KeyOf = Callable[[str], str]


def id_number(number: int, today: date) -> str:
    """The `number`-th of the demo's people; each has a day of birth of their own."""
    born = date(today.year - YEARS, 1, 1) + timedelta(days=number)
    body = f"{REGION}{born:%Y%m%d}000"
    return body + ric.calc_check_digit(f"{body}0")


def turns(
    ctx: Context, people: Sequence[Actor], now: datetime, doors: Doors, key_of: KeyOf, lists: Lists
) -> list[tuple[datetime, Act]]:
    """What happens and when, up to now; nothing where the street registers nothing. `doors` finds a place by name and home or
    away, `key_of` makes the key of a name.
    """
    script = [
        (number, entry)
        for number, entry in enumerate(tomllib.loads(FILE.read_text("utf-8"))["registers"])
        if ctx.street.kind(entry["kind"]) is not None and ctx.street.form(entry["kind"]) is not None
    ]
    found: list[tuple[datetime, Act]] = []
    where = {number: _door(ctx, entry, doors, key_of) for number, entry in script}
    for number, entry in script:
        found += _story(number, entry, where[number], people, now, key_of)
    if found:
        committees = frozenset(place.committee for place in where.values())
        found += _days(ctx, committees, min(at for at, _ in found), now, lists)
    return found


def _door(ctx: Context, entry: Mapping[str, Any], doors: Doors, key_of: KeyOf) -> Place:
    """A building's door of the same committee, where it has one: nobody lives in a lift."""
    name = f"demo:door:{entry['door']}"
    found = doors(name, "away" if entry.get("away") else "home")
    near = [one for one in ctx.places.values() if one.committee == found.committee and one.kind == "building" and not one.retired]
    return sorted(near, key=lambda one: one.id)[int(key_of(name), 16) % len(near)] if near else found


def _story(
    number: int, entry: Mapping[str, Any], place: Place, people: Sequence[Actor], now: datetime, key_of: KeyOf
) -> Iterator[tuple[datetime, Act]]:
    """Once played it is left alone: days on the form are counted from the start, and would differ."""
    name, made = f"demo:register:{number + 1}", list[Register]()

    def come(ctx: Context) -> None:
        code, at = ctx.code_for(entry["kind"], place), ctx.clock.civil()
        try:
            register = submit(ctx, Sent(key_of(name), code, entry["kind"], _typed(ctx, number, entry, at)))
        except Conflict:
            return
        if register.updated_at == register.created_at:
            made.append(register)

    def go_on(step: Mapping[str, Any], attempt: str) -> Act:
        def act(ctx: Context) -> None:
            for register in made:
                _step(ctx, register, step, people, attempt)

        return act

    at = now - timedelta(hours=float(entry["ago"]))
    yield at, come
    for count, step in enumerate(entry.get("steps", ()), start=1):
        at = min(at + timedelta(hours=float(step["after"])), now)
        yield at, go_on(step, key_of(f"{name}:{count}"))


def _step(ctx: Context, register: Register, step: Mapping[str, Any], people: Sequence[Actor], attempt: str) -> None:
    verifiers = (one for one in people if rules.holds(one, {"verifier"}, register.committee, ctx.street))
    workers = (one for one in people if rules.holds(one, rules.WORKERS, register.committee, ctx.street))
    actor = next(verifiers, None) or next(workers, None)
    if actor is None:
        return
    data = {name: value for name, value in step.items() if name in {"result", "remark"}}
    if step["do"] == "book":
        data = {"slot_day": _day(ctx, ctx.clock.civil(), int(step["ahead"])), "slot_part": step["part"]}
    register_work.act(ctx, actor, register.no, step["do"], data, attempt)


def _day(ctx: Context, at: datetime, ahead: int) -> str:
    return (at.astimezone(ctx.street.tz).date() + timedelta(days=ahead)).isoformat()


def _typed(ctx: Context, number: int, entry: Mapping[str, Any], at: datetime) -> Typed:
    today = at.astimezone(ctx.street.tz).date()
    terms = ctx.street.form(entry["kind"])
    rental = entry["kind"] == "rental"
    who = "租客" if rental else "住户"
    typed = Typed(
        room=entry["room"],
        people=tuple(_person(f"示例{who}", number * 20 + count, count, today) for count in range(entry["people"])),
        agree=terms.version if terms and terms.basis == "consent" else "",
    )
    if rental:
        first, last = (_day(ctx, at, days) for days in entry["lease"])
        lease = {"lease_from": first, "lease_to": last, "by": entry.get("by", "landlord")}
        landlord = TypedPerson(name=f"示例房东{LETTERS[number % len(LETTERS)]}", phone=f"021-0012 {4800 + number}")
        typed = replace(typed, area=entry["area"], rooms=str(entry["rooms"]), landlord=landlord, **lease)
    if "slot" in entry:
        ahead, part = entry["slot"]
        typed = replace(typed, slot_day=_day(ctx, at, ahead), slot_part=PARTS[PARTS.index(part)])
    return typed


def _person(role: str, number: int, count: int, today: date) -> TypedPerson:
    return TypedPerson(name=f"{role}{LETTERS[count]}", id=id_number(number, today), phone=f"021-0012 {4000 + number}")


def _days(
    ctx: Context, committees: frozenset[str], first: datetime, now: datetime, lists: Lists
) -> Iterator[tuple[datetime, Act]]:
    """Each day's digest at the street's hour, for the committees of the demo alone."""
    hour = time.fromisoformat(ctx.street.register.digest_at)
    day = first.astimezone(ctx.street.tz).date()
    while (at := datetime.combine(day, hour, ctx.street.tz)) <= now:
        if at >= first:
            yield at, lambda then: _digest(then, committees, lists)
        day += timedelta(days=1)


def _digest(ctx: Context, committees: frozenset[str], lists: Lists) -> None:
    from chalicelib.web.i18n import t

    few = tuple(one for one in ctx.street.committees if one.id in committees)
    street = msgspec.structs.replace(ctx.street, committees=few)
    register_digest.run(replace(ctx, street=street), lists, lambda key: t(street.languages[0], key), lambda: SECONDS)
