"""A whole case from the scan to the rating, by the pages that people use: what costs are metered on."""

from __future__ import annotations

from tests import steps
from tests.client import Visitor
from tests.world import World


def lived(world: World, clerk: Visitor, worker: Visitor) -> str:
    """Scanned, reported with a phone, accepted, assigned, asked, answered, preliminary feedback, handled, confirmed (which closes
    it), rated, and every message sent. Returns the case's number.
    """
    world.client().get(f"/Q/{world.code()}")
    no, token = steps.reported(world)
    visitor = world.client()
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "assign", to=steps.choice(clerk, no, "assign", "to", "department@street"))
    steps.act(worker, no, "ask", text="是几楼的灯?")
    visitor.get(f"/t/{token}").form("/reply").fill(text="三楼").submit()
    steps.act(worker, no, "prelim", text="已约电工")
    steps.act(worker, no, "propose", outcome="solved", text="换了灯泡")
    steps.act(clerk, no, "confirm")
    visitor.get(f"/t/{token}/rate").form("/rate").fill(satisfied="yes").submit()
    world.deliver()
    return no
