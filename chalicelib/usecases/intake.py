"""Staff take in what did not come by a code: at the counter, by phone, on patrol, from a meeting, for somebody who can't.

The same ledger, the same rules: the form's key makes it one case however often it is sent, and the street's ladder says where it
enters by channel and class.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from pynamodb.models import Model

from chalicelib.casework.access import ROLES, Actor, covers, split_grant
from chalicelib.casework.case import Case
from chalicelib.casework.numbers import case_number
from chalicelib.casework.orders import SOURCES
from chalicelib.errors import FieldError
from chalicelib.models import orders
from chalicelib.street import Place
from chalicelib.usecases.context import Context
from chalicelib.usecases.looked_up import EXTERNAL, typed_in
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
# What a reception was, and who filled it in for somebody: kept by role, never by name.
HOW = {"walk_in": ("consult", "mediation", "joint"), "assisted": ("family", "neighbour", "volunteer", "staff")}
# Deputies look on; everybody else may take something in where they work.
TAKERS = ROLES - {"deputy"}


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
    how: str = ""
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
        how=taken.how,
        photo_ref=photo_ref(ctx, key),
    )
    said = {name: getattr(clean, name) for name in ("text", "category", "nickname", "phone", "elsewhere", "reporter")}
    chosen = {"place": place.id, "channel": taken.channel, "class": taken.case_class, "active": active, "by": actor.id}
    body = {**said, **chosen, "external": facts.external, **({"how": taken.how} if taken.how else {})}

    def also(no: str) -> list[Model]:
        return typed_in(ctx, taken.channel, facts.external, no)

    return once(ctx, New(key, body, facts, phone, place, actor.id, actor.name, also=also))


def _problems(ctx: Context, taken: Taken) -> list[FieldError]:
    wrong = []
    if taken.channel not in CHANNELS:
        wrong.append(FieldError("channel", "choice" if taken.channel else "required"))
    if taken.case_class and taken.case_class not in ctx.street.class_by_id:
        wrong.append(FieldError("class", "choice"))
    if taken.external.strip() and not EXTERNAL.fullmatch(taken.external.strip()):
        wrong.append(FieldError("external", "external"))
    if taken.how and taken.how not in HOW.get(taken.channel, ()):
        wrong.append(FieldError("how", "choice"))
    standing = orders.get(taken.channel, taken.external.strip()) if taken.channel in SOURCES and taken.external.strip() else None
    # Sent again, the form finds its own case.
    if standing is not None and standing.case != case_number(ctx.keys.mac("case", taken.key, "0")):
        wrong.append(FieldError("external", "known", {"no": standing.case}))
    return wrong
