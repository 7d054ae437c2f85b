"""Several cases to one person at once: who can take them all, and each assigned by itself.

Each case is a step of its own with its own rules and its own version. What one of them refuses does not hold up the others,
and nobody is told that something was done which was not.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.casework.access import Actor, relations
from chalicelib.casework.case import ARRIVED, Case, Party
from chalicelib.casework.ladder import STEPS
from chalicelib.errors import DoorstepError, FieldError, Forbidden, NotAllowed
from chalicelib.usecases import work
from chalicelib.usecases.context import Context

# A page's worth: three calls each, well inside the half minute of an answer.
MOST = 25


@dataclass(frozen=True)
class Choice:
    """What can be assigned together: the cases, who may take every one of them (form value, party), and what was left out why
    (number, reason of the catalogue's errors).
    """

    cases: tuple[Case, ...]
    people: tuple[tuple[str, Party], ...]
    left: tuple[tuple[str, str], ...]


def choose(ctx: Context, actor: Actor, numbers: Sequence[str]) -> Choice:
    """The chosen cases, as they stand now. Numbers that are not there or not the actor's look alike."""
    found: list[Case] = []
    left: list[tuple[str, str]] = []
    for no in dict.fromkeys(numbers[:MOST]):
        try:
            opened = work.open_case(ctx, actor, no)
        except DoorstepError as error:
            left.append((no, error.reason))
            continue
        held = next((held for step, held in opened.steps if step.action == "assign"), _why_not(ctx, actor, opened.case).reason)
        if held:
            left.append((no, held))
        else:
            found.append(opened.case)
    return Choice(tuple(found), tuple(_people(ctx, found)), tuple(left))


def _why_not(ctx: Context, actor: Actor, case: Case) -> DoorstepError:
    """Why there is no assigning: it is somebody else's, or nobody has taken it up yet, or it is past that."""
    if not relations(actor, case, ctx.street) & STEPS["assign"].who:
        return Forbidden("not_yours")
    return NotAllowed("not_taken") if case.state in ARRIVED | {"dispatched"} else NotAllowed("state")


def _people(ctx: Context, found: Sequence[Case]) -> list[tuple[str, Party]]:
    """Who is offered for each of the cases."""
    offered = [{party.id: party for _, party in work.parties(ctx, case)} for case in found]
    if not offered:
        return []
    common = set(offered[0]).intersection(*offered[1:])
    numbers = [case.no for case in found]
    return [(_value(ctx, numbers, party), party) for one, party in offered[0].items() if one in common]


def _value(ctx: Context, numbers: Sequence[str], party: Party) -> str:
    """What the form carries for a person: it holds for just these cases."""
    mac = ctx.keys.mac("party", *sorted(numbers), party.id, party.grant, party.name).hex()[:32]
    return "~".join((party.id, party.grant, mac, party.name))


def assign(
    ctx: Context, actor: Actor, picked: Sequence[tuple[str, int]], to: str, note: str, attempt: str
) -> list[tuple[str, str]]:
    """Assigns each of `picked` (number, version as seen) and returns what did not go: (number, reason).

    Raises `NotAllowed("fields")` when nobody was chosen, or somebody who was not offered for just these cases.
    """
    staff_id, grant, _, name = (*to.split("~", 3), "", "", "", "")[:4]
    party = Party(id=staff_id, name=name, grant=grant)
    if not staff_id or not hmac.compare_digest(to.encode(), _value(ctx, [no for no, _ in picked], party).encode()):
        raise NotAllowed("fields", fields=[FieldError("to", "required")])
    data = {"to": party, **({"note": note} if note else {})}
    left = []
    for no, version in picked:
        try:
            work.act(ctx, actor, no, "assign", data, attempt, version)
        except DoorstepError as error:
            left.append((no, error.reason))
    return left
