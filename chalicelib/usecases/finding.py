"""The desk's search box: a number, a phone, or words; and the lists that words are looked for in.

A phone is found by its keyed hash. It never stands in an address: whoever typed one is sent on with the numbers of the cases.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.casework import access, people
from chalicelib.casework.access import OVERSEERS, Actor, split_grant
from chalicelib.casework.card import LEDGER_SHARDS, Card, card_of
from chalicelib.models import cases
from chalicelib.usecases import privacy_cases, work
from chalicelib.usecases.context import Context

# As many as one page shows; a phone that reported more often is looked up in the figures.
FOUND_MAX = 25


def by_phone(ctx: Context, actor: Actor, typed: str) -> list[str] | None:
    """Numbers of the cases under this phone that the actor may read, the latest first; None when it is no phone, or the actor
    must not learn who reported.
    """
    phone = people.normalise_phone(typed)
    if phone is None or not access.sees_reporter(actor):
        return None
    found = privacy_cases.reported([ctx.keys.mac("phone", phone).hex()])
    return [card.no for card in named(ctx, actor, found)]


def named(ctx: Context, actor: Actor, numbers: Sequence[str]) -> list[Card]:
    """The cards of these cases, as the cases stand now; what is not there or not the actor's is left out without a word."""
    found = []
    for no in dict.fromkeys(numbers[: 2 * FOUND_MAX]):
        stored = cases.get(no)
        if stored is not None and access.may_read(actor, stored.case, ctx.street):
            found.append(card_of(stored.case, ctx.street, ctx.place_of(stored.case)))
    return sorted(found, key=lambda card: card.received_at, reverse=True)[:FOUND_MAX]


def oversees(actor: Actor) -> bool:
    """Whether the actor has a scope beyond their own queue."""
    return any(role in OVERSEERS for role, _ in map(split_grant, actor.grants))


def ended(ctx: Context, actor: Actor, month: str) -> list[Card]:
    """Closed cases that were received in that month (`2026-11`) in the actor's units, the latest first."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in OVERSEERS}
    if not units:
        return []
    found = [card for shard in range(LEDGER_SHARDS) for card in cases.month(month, shard)]
    mine = [card for card in found if card.closed_at and any(work.inside(unit, card) for unit in units)]
    return sorted(mine, key=lambda card: card.received_at, reverse=True)
