"""A resident follows a case: by the link, or by its number and the last four digits of the phone (view only)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.casework import ladder, numbers
from chalicelib.casework.access import REPORTER, Actor
from chalicelib.casework.case import Case
from chalicelib.casework.decide import Command
from chalicelib.errors import Limited, Unknown
from chalicelib.models import cases
from chalicelib.usecases import capability
from chalicelib.usecases.acting import commit
from chalicelib.usecases.context import Context


@dataclass(frozen=True)
class Elsewhere:
    """The case that another one went into: how it stands, without anybody's words but the office's result."""

    state: str
    outcome: str | None = None
    result: str = ""


WRONG_TRIES = 5
LOCK_MINUTES = 60
ME = Actor(id=REPORTER)


def look_up(ctx: Context, number: str, last4: str) -> cases.Stored:
    """The case of that number, if the phone on it ends in these digits. View only.

    Wrong digits, an unknown number and a case without a phone look alike; after five failures the number is locked to this
    way in for an hour. Raises `Unknown("look_up")` or `Limited("look_up")`.
    """
    no = numbers.normalise_number(number)
    digits = "".join(char for char in last4 if char.isdecimal())
    if no is None or len(digits) != 4:
        raise Unknown("look_up")
    # Counted before anything is read, so that parallel guesses do not get more than their share, and whether there is such a
    # case or not: otherwise the lock would tell.
    window = int(ctx.clock.wall().timestamp()) // (LOCK_MINUTES * 60)
    if cases.count_try(no, window, 1, LOCK_MINUTES * 60) > WRONG_TRIES:
        raise Limited("look_up", params={"minutes": LOCK_MINUTES})
    stored = cases.get(no)
    if stored is None or not stored.case.last4_mac:
        raise Unknown("look_up")
    digits = str(int(digits)).zfill(4)
    if not hmac.compare_digest(ctx.keys.mac("last4", no, digits).hex(), stored.case.last4_mac):
        raise Unknown("look_up")
    cases.count_try(no, window, -1, LOCK_MINUTES * 60)
    return stored


def actions(ctx: Context, case: Case) -> list[str]:
    """What the reporter may do now, gates included."""
    return [step.action for step, held in ladder.allowed(case, ME, ctx.street, ctx.clock.civil()) if held is None]


def act(ctx: Context, token: str, action: str, data: Mapping[str, Any], attempt: str) -> cases.Stored:
    """Adds, replies, rates or withdraws. Raises what `ladder.decide` raises, and `Unknown` for the link."""
    stored = capability.open_link(ctx, token)
    return commit(ctx, stored, Command(action, attempt, data), ME)


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
    return Elsewhere(last.state, last.outcome if done else None, last.result if done else "")
