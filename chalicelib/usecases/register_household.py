"""One household, one file (一户一档): a flat's registrations, the visits there, and the cases of it and of its door."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.casework import access
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.card import Card
from chalicelib.errors import Unknown
from chalicelib.models import cases, registers
from chalicelib.street import Place
from chalicelib.usecases.context import Context

CASES = 50


@dataclass(frozen=True)
class Household:
    """`visits` are (instant, result, remark, who). `own` are cases that the flat's registrations raised, `door` the others."""

    place: Place
    room: str
    registrations: tuple[registers.Stored, ...]
    visits: tuple[tuple[str, str, str, str], ...]
    own: tuple[Card, ...]
    door: tuple[Card, ...]


def household(ctx: Context, actor: Actor, place_id: str, room: str) -> Household:
    """Raises `Unknown("register")` for a flat outside the actor's scope, or one of which nothing is known: they look alike."""
    place = ctx.places.get(place_id.strip().upper())
    if place is None or not room.strip() or not rules.holds(actor, rules.READERS, place.committee, ctx.street):
        raise Unknown("register")
    found = [registers.get(row.no) for row in registers.at_flat(place.id, room)]
    stored = tuple(one for one in found if one is not None and one.register.state != "erased")
    if not stored:
        raise Unknown("register")
    raised = {one.register.case for one in stored if one.register.case}
    at_door = [card for card in cases.at_place(place.id, CASES) if _readable(ctx, actor, card)]
    visits = sorted(
        (
            (event.at, str(event.data["result"]), str(event.data["remark"]), str(event.data.get("who", "")))
            for one in stored
            for event in one.events
            if event.type == "verified"
        ),
        reverse=True,
    )
    return Household(
        place=place,
        room=stored[-1].register.room,
        registrations=tuple(reversed(stored)),
        visits=tuple(visits),
        own=tuple(card for card in at_door if card.no in raised),
        door=tuple(card for card in at_door if card.no not in raised),
    )


def _readable(ctx: Context, actor: Actor, card: Card) -> bool:
    """Only what the reader might open anyway."""
    stored = cases.get(card.no)
    return stored is not None and access.may_read(actor, stored.case, ctx.street)
