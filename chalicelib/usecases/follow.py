"""A resident follows a case: by the link, or by its number and the last four digits of the phone (view only).

The number of a registration opens it in the same way: the two share their form, the field, the lock and every answer.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.casework import ladder, numbers
from chalicelib.casework.access import REPORTER, Actor
from chalicelib.casework.case import Case
from chalicelib.casework.decide import Command
from chalicelib.casework.people import last4 as ending
from chalicelib.casework.register import Register
from chalicelib.errors import Limited, Unknown
from chalicelib.models import cases, registers
from chalicelib.usecases import capability
from chalicelib.usecases.acting import commit, repeats
from chalicelib.usecases.context import Context


@dataclass(frozen=True)
class Elsewhere:
    """The case that another one went into: how it stands, without anybody's words but the office's result."""

    state: str
    outcome: str | None = None
    result: str = ""


@dataclass(frozen=True)
class Found:
    """What a number stands for: a case or a registration, one of the two."""

    case: cases.Stored | None = None
    register: registers.Stored | None = None


WRONG_TRIES = 5
LOCK_MINUTES = 60
ME = Actor(id=REPORTER)


def look_up(ctx: Context, number: str, last4: str) -> Found:
    """The case or registration of that number, if the phone on it ends in these digits. View only.

    Wrong digits, an unknown number and a case without a phone look alike, also in what they cost; after five failures the number
    is locked to this way in for an hour. Raises `Unknown("look_up")` or `Limited("look_up")`.
    """
    no = numbers.normalise_number(number)
    digits = "".join(char for char in last4 if char.isdecimal())
    if no is None or len(digits) != 4:
        raise Unknown("look_up")
    # Counted before anything is read, so that parallel guesses do not get more than their share, and whether there is such a
    # number or not: otherwise the lock would tell.
    window = int(ctx.clock.wall().timestamp()) // (LOCK_MINUTES * 60)
    if cases.count_try(no, window, 1, LOCK_MINUTES * 60) > WRONG_TRIES:
        raise Limited("look_up", params={"minutes": LOCK_MINUTES})
    case, register = cases.get(no), registers.get(no)
    digits = str(int(digits)).zfill(4)
    given = ctx.keys.mac("last4", no, digits).hex()
    of_case = bool(case and case.case.last4_mac) and hmac.compare_digest(given, case.case.last4_mac if case else "")
    of_register = register is not None and hmac.compare_digest(digits.encode(), _ending(register.register).encode())
    if not (of_case or of_register):
        raise Unknown("look_up")
    cases.count_try(no, window, -1, LOCK_MINUTES * 60)
    return Found(case=case) if of_case else Found(register=register)


def _ending(register: Register) -> str:
    """The last four digits of the phone of whoever filled it in, which its mask shows; no four digits where there is none.

    Not anybody's in it: five guesses an hour are to be worth no more here than on a case.
    """
    asked = [person for person in register.people if not person.gone and person.phone_mask]
    if register.kind == "rental":
        asked = [person for person in asked if (person.part == "landlord") == (register.by == "landlord")]
    return ending(asked[0].phone_mask) if asked else ""


def actions(ctx: Context, case: Case) -> list[str]:
    """What the reporter may do now, gates included."""
    return [step.action for step, held in ladder.allowed(case, ME, ctx.street, ctx.clock.civil()) if held is None]


def act(ctx: Context, token: str, action: str, data: Mapping[str, Any], attempt: str) -> cases.Stored:
    """Adds, replies, rates or withdraws. Raises what `ladder.decide` raises, and `Unknown` for the link.

    What comes as an answer when nobody waits for it any more is kept as an addition.
    """
    stored = capability.open_link(ctx, token)
    command = Command(action, attempt, data)
    if action == "reply" and stored.case.state != "waiting" and not repeats(stored, command, ME):
        command = Command("add", attempt, data)
    return commit(ctx, stored, command, ME)


def went_into(case: Case) -> Elsewhere | None:
    """How the case stands that this one was merged into, and its result once it is handled; None for a case of its own."""
    seen, last = {case.no}, case
    # What it went into may have been merged itself.
    while last.merged_into and last.merged_into not in seen:
        found = cases.get(last.merged_into)
        if found is None:
            break
        seen.add(found.case.no)
        last = found.case
    if last is case:
        return None
    done = last.handled_at or last.closed_at
    # Why somebody took theirs back is nobody else's to read.
    told = bool(done) and last.outcome != "withdrawn"
    return Elsewhere(last.state, last.outcome if done else None, last.result if told else "")
