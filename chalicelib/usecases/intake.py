"""Staff take in what did not come by a code: at the counter, by phone, on patrol, from a meeting, for somebody who can't.

The same ledger, the same rules: the form's key makes it one case however often it is sent, and the street's ladder says where it
enters by channel and class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from chalicelib.casework.access import ROLES, Actor, covers, split_grant
from chalicelib.casework.case import Case
from chalicelib.errors import FieldError
from chalicelib.street import Place
from chalicelib.usecases.context import Context
from chalicelib.usecases.submit import New, Report, check_key, checked, facts_of, once, photo_ref

# Channels that staff may name, and whether what comes there was found by us (主动发现) unless the form says otherwise.
CHANNELS = {
    "phone": False,
    "walk_in": False,
    "visit": True,
    "patrol": True,
    "meeting": True,
    "committee": True,
    "assisted": False,
    "hotline_12345": False,
    "petition": False,
}
# Deputies look on; everybody else may take something in where they work.
TAKERS = ROLES - {"deputy"}
_EXTERNAL = re.compile(r"[0-9A-Za-z\-_/.]{1,40}")


@dataclass(frozen=True)
class Taken:
    """The form as typed. `found` is `active`, `passive` or "" for what the channel means."""

    key: str
    channel: str
    place: str
    text: str
    case_class: str = ""
    category: str = ""
    reporter: str = "resident"
    phone: str = ""
    nickname: str = ""
    elsewhere: str = ""
    found: str = ""
    external: str = ""
    lang: str = "zh-CN"


def places(ctx: Context, actor: Actor) -> list[Place]:
    """Where the actor may take something in: the doors inside their units that still hang, in the file's order."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in TAKERS}
    return [place for place in ctx.places.values() if not place.retired and _reaches(ctx, units, place)]


def _reaches(ctx: Context, units: set[str], place: Place) -> bool:
    committee = ctx.street.committee_by_id[place.committee]
    where = Case(no="", community=place.community, committee=place.committee, zone=committee.zone)
    return any(covers(unit, where) for unit in units)


def take_in(ctx: Context, actor: Actor, taken: Taken) -> Case:
    """The case that this form is, made now or found.

    Raises `Malformed` (no usable key), `NotAllowed("fields")` and `Conflict("same_key")`.
    """
    key = check_key(taken.key)
    # Typed on a phone, the door's id may be in lower case.
    place = next((one for one in places(ctx, actor) if one.id == taken.place.strip().upper()), None)
    wrong = [] if place else [FieldError("place", "required" if not taken.place.strip() else "choice")]
    wrong += _problems(ctx, taken)
    report = Report(
        key=key,
        code="",
        text=taken.text,
        category=taken.category,
        nickname=taken.nickname,
        phone=taken.phone,
        elsewhere=taken.elsewhere,
        reporter=taken.reporter,
        lang=taken.lang,
    )
    clean, phone = checked(ctx, report, wrong)
    if place is None:
        raise RuntimeError("a form without a place passed the check")
    active = CHANNELS[taken.channel] if taken.found not in {"active", "passive"} else taken.found == "active"
    facts = msgspec.structs.replace(
        facts_of(ctx, clean, phone, place, taken.channel, taken.case_class),
        active=active,
        external=taken.external.strip(),
        photo_ref=photo_ref(ctx, key),
    )
    said = {name: getattr(clean, name) for name in ("text", "category", "nickname", "phone", "elsewhere", "reporter")}
    chosen = {"place": place.id, "channel": taken.channel, "class": taken.case_class, "active": active, "by": actor.id}
    body = {**said, **chosen, "external": facts.external}
    return once(ctx, New(key, body, facts, phone, place, actor.id, actor.name))


def _problems(ctx: Context, taken: Taken) -> list[FieldError]:
    wrong = []
    if taken.channel not in CHANNELS:
        wrong.append(FieldError("channel", "choice" if taken.channel else "required"))
    if taken.case_class and taken.case_class not in ctx.street.class_by_id:
        wrong.append(FieldError("class", "choice"))
    if taken.external.strip() and not _EXTERNAL.fullmatch(taken.external.strip()):
        wrong.append(FieldError("external", "external"))
    return wrong
