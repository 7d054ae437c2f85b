"""Class cases at the desk: who sees and does what, and what every member's own timeline and reporter are told.

The class case is stored first, then its members one by one; what a broken run leaves is caught up with by the hourly one, and
what was written once is not written again (each event's attempt derives from the class case, what it says and the round).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.casework import access, class_cases, numbers
from chalicelib.casework.access import OVERSEERS, SYSTEM, Actor
from chalicelib.casework.card import Card
from chalicelib.casework.class_cases import ClassCase
from chalicelib.casework.decide import record
from chalicelib.casework.events import stamp
from chalicelib.casework.notices import CLASS_DONE
from chalicelib.errors import Conflict, Malformed, Unknown
from chalicelib.models import cases, classes, ledger
from chalicelib.usecases import work
from chalicelib.usecases.context import Context
from chalicelib.usecases.telling import rows_for

log = logging.getLogger("doorstep")

# So many members are told within a request; the rest by the hourly run.
AT_ONCE = 25
# A form carries no more numbers, and no matter is proposed with more.
MEMBERS_MAX = 150
MARGIN_S = 15.0
_ID = re.compile(rf"[{numbers.ALPHABET}]{{6}}")
ORDER = ("proposed", "open", "done", "dismissed")

replace = msgspec.structs.replace


@dataclass(frozen=True)
class Opened:
    """`cards` are those members (and cases to be added) that the reader may see; the others are only counted."""

    one: ClassCase
    cards: Mapping[str, Card]
    acts: Sequence[str]
    surveys: Sequence[str]


def listed(ctx: Context, actor: Actor) -> list[ClassCase]:
    """Those in the actor's scope: what waits for a decision first, the largest first."""
    mine = [one for one in classes.every(ctx.street.id) if class_cases.sees(actor, one, OVERSEERS)]
    return sorted(mine, key=lambda one: (ORDER.index(one.state), -len(one.members), one.id))


def opened(ctx: Context, actor: Actor, class_id: str) -> Opened:
    """Raises `Unknown("page")` for what is not there or not theirs: the two look alike."""
    one = classes.get(ctx.street.id, class_id) if _ID.fullmatch(class_id) else None
    if one is None or not class_cases.sees(actor, one, OVERSEERS):
        raise Unknown("page")
    found = classes.cards([*one.numbers, *(member.no for member in one.more)][:100])
    units = {unit for role, unit in map(access.split_grant, actor.grants) if role in OVERSEERS}
    mine = {no: card for no, card in found.items() if any(work.inside(unit, card) for unit in units)}
    surveys = class_cases.surveys(actor, one, ctx.street)
    return Opened(one, mine, class_cases.acts(actor, one, ctx.street), surveys)


def act(ctx: Context, actor: Actor, class_id: str, what: str, data: Mapping[str, Any], version: int) -> ClassCase:
    """One step. Raises `Unknown("page")`, `NotAllowed`, and `Conflict("class_stale")` when somebody was there before."""
    seen = opened(ctx, actor, class_id).one
    if what not in class_cases.ACTS[seen.state]:
        raise Conflict("class_stale") if seen.version != version else Malformed("form")
    if seen.version != version:
        raise Conflict("class_stale")
    after = class_cases.after(seen, what, data, actor, stamp(ctx.clock.civil()), ctx.street)
    public = what in {"finish", "reopen"}
    if public:
        # Before as well: who dies in between leaves nothing on the public page that does not hold any more.
        ledger.drop_summary()
    try:
        stored = classes.put(ctx.street.id, after)
    except classes.Stale as stale:
        raise Conflict("class_stale") from stale
    if public:
        ledger.drop_summary()
    return catch_up(ctx, stored, AT_ONCE, actor)


def tell_rest(ctx: Context, seconds_left: Callable[[], float]) -> int:
    """What requests left to tell: how many class cases were brought up to date."""
    told = 0
    for one in classes.every(ctx.street.id):
        if _behind(one) and seconds_left() > MARGIN_S:
            catch_up(ctx, one, len(one.members), None, seconds_left)
            told += 1
    return told


def _behind(one: ClassCase) -> bool:
    return bool(one.leaving) or any(_owes(one, member.noted) for member in one.members)


def _owes(one: ClassCase, noted: str) -> bool:
    """Whether a member has not been told what stands. A finished one opened again has its say already."""
    wanted = one.wanted
    return bool(wanted) and noted != wanted and not (wanted == "classed" and noted)


def catch_up(
    ctx: Context, one: ClassCase, most: int, actor: Actor | None, seconds_left: Callable[[], float] = lambda: 60.0
) -> ClassCase:
    """Writes what its members' timelines lack. One reporter of several members gets one message."""
    owing = [member.no for member in one.members if _owes(one, member.noted)][:most]
    done = one.state == "done"
    already = (member.no for member in one.members if done and owing and member.noted == one.wanted)
    phones = {phone for no in already if (phone := _phone(no))}
    told: set[str] = set()
    left: set[str] = set()
    for no in one.leaving[:most]:
        _write(ctx, one, no, "unclassed", actor, phones)
        left.add(no)
    for no in owing:
        if seconds_left() < MARGIN_S:
            break
        for event in ("classed", CLASS_DONE) if done else ("classed",):
            _write(ctx, one, no, event, actor, phones)
        told.add(no)
    return _noted(ctx, one, told, left)


def _phone(no: str) -> str:
    stored = cases.get(no)
    return stored.case.phone_mac if stored is not None else ""


def _noted(ctx: Context, one: ClassCase, told: set[str], left: set[str]) -> ClassCase:
    """Marks on the newest version what was written; somebody may have gone on in between."""
    standing: ClassCase | None = one
    for _ in range(cases.TRIES):
        if standing is None or not (told or left):
            return standing or one
        members = tuple(replace(each, noted=one.wanted) if each.no in told else each for each in standing.members)
        leaving = tuple(no for no in standing.leaving if no not in left)
        try:
            return classes.put(ctx.street.id, replace(standing, members=members, leaving=leaving))
        except classes.Stale:
            standing = classes.get(ctx.street.id, one.id)
    return one


def _write(ctx: Context, one: ClassCase, no: str, event: str, actor: Actor | None, phones: set[str]) -> None:
    """One event on one member, unless it is there. What was found invalid or taken back is told on its page alone."""
    by, who = (actor.id, actor.name) if actor else (SYSTEM, "")
    data: dict[str, Any] = {"class": one.id, "title": one.title, **({"who": who} if who else {})}
    data |= {"sentence": one.sentence} if event == CLASS_DONE else {"internal": True}
    if event != CLASS_DONE and one.state == "open":
        # What the street's rule of supervision goes by; nobody is to answer for a matter that has its result.
        data["cases"] = len(one.members)
    for _ in range(cases.TRIES):
        stored = cases.get(no)
        if stored is None:
            return
        case = stored.case
        # Members come and go and come again: how the case stands says whether it was told; of an end its round does.
        turn = one.round if event == CLASS_DONE else case.version
        attempt = hashlib.sha256(f"{one.id} {event} {turn} {no}".encode()).hexdigest()[:32]
        # What went into another member is answered with that one.
        covered = bool(case.merged_into) and case.merged_into in one.numbers
        quiet = case.state == "invalid" or case.outcome == "withdrawn" or covered or case.phone_mac in phones
        if event == CLASS_DONE and not quiet:
            phones.add(case.phone_mac or no)
        if stored.has(attempt) or (event != CLASS_DONE and (case.class_case == one.id) == (event == "classed")):
            return
        events = record(case, [(event, data)], by, attempt, ctx.clock.civil(), ctx.street)
        try:
            cases.write(stored, events, [] if quiet else rows_for(ctx, case, events), attempt, ctx.street, ctx.place_of(case))
        except cases.Stale:
            if event == CLASS_DONE and not quiet:
                phones.discard(case.phone_mac or no)
            continue
        return
    raise Conflict("busy")


def public(ctx: Context, most: int) -> tuple[ledger.Matter, ...]:
    """The latest that are done, as the public page tells of them."""
    done = sorted((one for one in classes.every(ctx.street.id) if one.state == "done"), key=lambda one: one.done_at, reverse=True)
    return tuple(
        ledger.Matter(
            title=one.title,
            sentence=one.sentence,
            count=one.count,
            unit=one.unit,
            cases=len(one.members),
            committees=len(one.committees),
        )
        for one in done[:most]
    )
