"""What stands in the demo's rooms beside cases and registrations: offers of help, and property service."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.usecases.context import Context
from infra.demo import acts, property, volunteers
from infra.demo.cases import PastClock, key_of
from infra.demo.roles import home_of, neighbour_of, people


def furnish(ctx: Context) -> int:
    """Once; nothing in it is ever due, so that it needs no sweeping. How many offer help."""
    street, now, home = ctx.street, ctx.clock.civil(), home_of(ctx.street, ctx.places.values())
    staff = acts.actors([person.username for person in people(street, home)])
    here = street.committee_by_id[home.committee]
    there = neighbour_of(street, home) or here
    beyond = next((one for one in street.communities if there is not here and one.committee == there.id), None)

    def at(instant: datetime) -> Context:
        return replace(ctx, clock=PastClock(instant, now))

    if home.community:
        property.keep(at, now, staff, street.community_by_id[home.community], beyond)
    return volunteers.offer(at, now, key_of, here, there)
