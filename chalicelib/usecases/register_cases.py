"""The case that a registration raises by itself: more people in a flat than its rooms or its floor allow (疑似群租)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.casework import decide, numbers
from chalicelib.casework.access import SYSTEM, unit_of
from chalicelib.casework.case import Case
from chalicelib.casework.register import Register
from chalicelib.casework.register_card import Row
from chalicelib.casework.register_rules import crowding
from chalicelib.models import cases, registers
from chalicelib.usecases.context import Context
from chalicelib.usecases.telling import rows_for

CHANNEL = "register"
CLASS = "group_rental"


def raised(ctx: Context, register: Register, attempt: str, counter: int) -> tuple[str, cases.Change | None]:
    """The number of the case that this registration is a matter of, and the case itself when it begins with it.

    ("", None) when the flat is not crowded, or a case about it is open already. `counter` makes another number when one is taken.
    """
    if register.kind != "rental" or (register.case and _open(register.case)):
        return "", None
    others = registers.at_flat(register.place, register.room)
    crowd = crowding(register, others, ctx.street.register)
    if crowd is None:
        return "", None
    standing = _standing(others, register.no)
    if standing:
        return standing, None
    no = numbers.case_number(ctx.keys.mac("case", "register", register.no, str(register.version), str(counter)))
    said = ctx.street.register.suspicion.zh.format(room=register.room, **crowd)
    facts = _facts(ctx, register, no, said)
    events = decide.submit(facts, attempt, ctx.clock.civil(), ctx.street, SYSTEM)
    empty = cases.Stored(case=Case(no=no), events=(), submission="", fingerprint="")
    return no, cases.Change(empty, events, rows_for(ctx, empty.case, events), ctx.places.get(register.place))


def _standing(others: Sequence[Row], no: str) -> str:
    """The open case about the same flat that another registration raised."""
    return next((other.case for other in others if other.no != no and other.case and _open(other.case)), "")


def _open(no: str) -> bool:
    stored = cases.get(no)
    return stored is not None and stored.case.open


def _facts(ctx: Context, register: Register, no: str, said: str) -> Case:
    case_class = CLASS if CLASS in ctx.street.class_by_id else ""
    where = Case(
        no=no, place=register.place, community=register.community, committee=register.committee, zone=register.zone, text=said
    )
    rung = ctx.street.entry_rung(CHANNEL, case_class)
    named = {"channel": CHANNEL, "active": True, "case_class": case_class, "reporter": "unit"}
    return msgspec.structs.replace(where, **named, rung=rung.id, unit=unit_of(rung.scope, where), highest=rung.level)
