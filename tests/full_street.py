"""The small street with everything switched on, for tests over HTTP that walk the whole ladder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from chalicelib import wiring
from chalicelib.street import CaseClass, Duration, Exit, FollowUp, Label, Street
from tests.world import World

DOCUMENTS = ("visit_day", "district", "suggestion", "survey")
FOLLOW_UP = FollowUp(visit=True, visitors=("zone_head",), attempts=2, micro_grid=True)


def full_street(street: Street) -> Street:
    """Triage, dispatch and every way out at the centre; both follow-ups; a class whose effect is watched."""
    exits = tuple(Exit(id=document, name=Label(f"示例{document}"), document=document) for document in DOCUMENTS)
    rungs = tuple(
        msgspec.structs.replace(rung, triage=True, exits=DOCUMENTS, dispatch=("department", "contact"))
        if rung.id == "centre"
        else rung
        for rung in street.rungs
    )
    watched = CaseClass(id="parking", name=Label("停车", "Parking"), observe=Duration(1, "d"))
    return msgspec.structs.replace(street, exits=exits, rungs=rungs, classes=(*street.classes, watched), follow_up=FOLLOW_UP)


def live_on(world: World, street: Street | None = None, **changes: Any) -> Street:
    """Lets the running application have this street, or its own with changes; returns it."""
    made = msgspec.structs.replace(street or world.street, **changes)
    house = wiring.house()
    wiring._Process.house = replace(house, context=replace(house.context, street=made))
    return made
