"""The doors of a street as those see them who hang the posters: inside their scope, found by any word on the plate."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.casework.access import PRINTERS, Actor, split_grant
from chalicelib.errors import Unknown
from chalicelib.street import Place, Street
from chalicelib.usecases.context import Context


def _covers(unit: str, place: Place, street: Street) -> bool:
    level, _, unit_id = unit.partition(":")
    if level == "street":
        return True
    committee = street.committee_by_id.get(place.committee)
    inside = {"zone": committee.zone if committee else "", "committee": place.committee, "community": place.community}
    return bool(unit_id) and inside.get(level) == unit_id


def mine(ctx: Context, actor: Actor) -> list[Place]:
    """All places in the actor's scope, in the order of the street's file, those taken down last."""
    units = [unit for role, unit in map(split_grant, actor.grants) if role in PRINTERS]
    found = [place for place in ctx.places.values() if any(_covers(unit, place, ctx.street) for unit in units)]
    return sorted(found, key=lambda place: place.retired)


def find(ctx: Context, actor: Actor, typed: str) -> list[Place]:
    """Those of `mine` that hold every typed word, in either language."""
    words = typed.casefold().split()
    return [place for place in mine(ctx, actor) if all(word in _said(ctx.street, place) for word in words)]


def _said(street: Street, place: Place) -> str:
    names: list[str] = [place.id, place.name, place.en, place.plate]
    for one in (street.committee_by_id.get(place.committee), street.community_by_id.get(place.community)):
        names += [one.name.zh, one.name.en] if one else []
    return "\n".join(names).casefold()


def one(ctx: Context, actor: Actor, place_id: str) -> Place:
    """Raises `Unknown("page")` for a place that there is not, or not in the actor's scope: the two look the same."""
    found = next((place for place in mine(ctx, actor) if place.id == place_id.upper()), None)
    if found is None:
        raise Unknown("page")
    return found


def codes(ctx: Context, place: Place) -> Mapping[str, str]:
    """Its codes by kind, under the current key; none for a place that was taken down."""
    return {} if place.retired else {kind.id: ctx.code_for(kind.id, place) for kind in ctx.street.kinds}
