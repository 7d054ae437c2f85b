"""Cases in every state with everybody around them who can be, for asserting who may do what (`ladder_table.md`).

The case came to the committee by a visit and was passed up; the centre has it, so its origin is the committee. The street has
return visitors, micro-grid workers and both gates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.casework.access import Actor
from tests.ladder_street import (
    APPROVER,
    CENTRE,
    COMMITTEE,
    DEPUTY,
    GREENERY,
    MICRO_GRID,
    OTHER_COMMITTEE,
    POLICE,
    PROPERTY,
    RESIDENT,
    SUPERVISOR,
    TRAFFIC,
    VISITOR,
    WORKER,
    ZONE,
    ladder_street,
)
from tests.ladder_walks import INPUTS, Walk, began

Situations = dict[str, Callable[[], Walk]]
FAILED = {"way": "phone", "reached": "no"}
OUT_OF_SCOPE = {"outcome": "out_of_scope", "text": "请找供电公司"}


def passed_up() -> Walk:
    street = ladder_street(visit=True, visitors=("station_head",), micro_grid=True)
    return began(street, channel="visit").do(COMMITTEE, "pass_up")


def accepted() -> Walk:
    return passed_up().do(CENTRE, "accept").do(CENTRE, "invalid")


def to_zone() -> Walk:
    return passed_up().do(CENTRE, "allocate")


def to_police() -> Walk:
    return passed_up().do(CENTRE, "dispatch")


def signed() -> Walk:
    return to_police().do(POLICE, "sign").do(POLICE, "extend")


def handling() -> Walk:
    return signed().do(POLICE, "report_in").do(CENTRE, "assign")


def proposed() -> Walk:
    return handling().do(WORKER, "propose").do(SUPERVISOR, "supervise")


def visiting() -> Walk:
    return proposed().do(CENTRE, "confirm")


def called_three_times() -> Walk:
    walk = visiting()
    for _ in range(3):
        walk.do(VISITOR, "visit", FAILED)
    return walk


def handled() -> Walk:
    return visiting().do(VISITOR, "visit")


def observing() -> Walk:
    walk = passed_up().do(CENTRE, "accept", {"class": "parking"}).do(CENTRE, "dispatch").do(POLICE, "sign")
    return walk.do(CENTRE, "assign").do(POLICE, "propose").do(CENTRE, "confirm")


def closed() -> Walk:
    return handled().do(CENTRE, "close").do(CENTRE, "publish")


def invalid() -> Walk:
    return passed_up().do(CENTRE, "dispatch").do(POLICE, "sign").do(CENTRE, "invalid").do(APPROVER, "approve")


SITUATIONS: Situations = {
    "received, passed up by the committee": passed_up,
    "accepted, asked to be found invalid": accepted,
    "accepted, a suggestion": lambda: passed_up().do(CENTRE, "accept", {"class": "idea"}),
    "dispatched, allocated to the zone": to_zone,
    "dispatched to a lead, a co-handler and a contact": to_police,
    "signed by the zone": lambda: to_zone().do(ZONE, "sign"),
    "signed by the lead, who asks for more time": signed,
    "returned by the zone": lambda: to_zone().do(ZONE, "refuse"),
    "returned by the lead, asked to be found invalid": lambda: to_police().do(POLICE, "refuse").do(CENTRE, "invalid"),
    "handling, assigned to a worker, more time asked for": handling,
    "handling, proposed as handled and supervised": proposed,
    "waiting for the reporter, more time asked for": lambda: handling().do(POLICE, "ask"),
    "long run": lambda: handling().do(POLICE, "long_run").do(APPROVER, "approve", {"request": "long_run"}),
    "referred upward": lambda: handling().do(CENTRE, "refer"),
    "observing": observing,
    "observing, the day after": lambda: observing().later(days=1),
    "visiting, supervised": visiting,
    "visiting, called three times": called_three_times,
    "visiting, asked to be closed as unreachable": lambda: called_three_times().do(VISITOR, "unreachable"),
    "handled and visited": handled,
    "reopened": lambda: handled().do(CENTRE, "reopen"),
    "closed and published, the co-handler owes a report": closed,
    "invalid": invalid,
    "received, reinstated": lambda: invalid().do(APPROVER, "reinstate"),
}
# Who is what to these cases. The office is the centre's, the zone's where it was allocated.
PEOPLE: dict[str, Actor] = {
    "office": CENTRE,
    "zone": ZONE,
    "assignee": WORKER,
    "lead": POLICE,
    "co": TRAFFIC,
    "origin": COMMITTEE,
    "visitor": VISITOR,
    "micro_grid": MICRO_GRID,
    "supervisor": SUPERVISOR,
    "deputy": DEPUTY,
    "approver": APPROVER,
    "reporter": RESIDENT,
}
# Nobody to any of these cases: another unit's, a role that has nothing to do with it, the machine itself.
OUTSIDERS: dict[str, Actor] = {
    "another committee": OTHER_COMMITTEE,
    "property": PROPERTY,
    "another department": GREENERY,
    "another zone": Actor("staff:O1", "另一片区", ("zone_head@zone:z2",)),
    "another station": Actor("staff:O2", "另一站点", ("station_head@zone:z2",)),
    "another worker": Actor("staff:O3", "另一网格员", ("grid_worker@committee:c1",)),
    "another micro-grid": Actor("staff:O4", "另一微网格", ("micro_grid@community:m2",)),
    "another deputy": Actor("staff:O5", "另一代表", ("deputy@committee:c2",)),
    "another supervisor": Actor("staff:O6", "另一督办", ("supervisor@zone:z2",)),
    "another approver": Actor("staff:O7", "另一审批", ("street_admin@zone:z2",)),
    "verifier": Actor("staff:O8", "核实人员", ("verifier@committee:c1",)),
    "somebody without a grant": Actor("staff:O9", "离岗人员"),
    "the machine": Actor("system"),
}


def inputs(action: str, walk: Walk) -> dict[str, Any]:
    """What fits the moment: before handling, only what is not ours or a repeat may be closed."""
    if action == "close" and walk.case.state not in {"handled", "visiting"}:
        return OUT_OF_SCOPE
    owing = [partner.party.id for partner in walk.case.owing]
    if action == "report_in" and "contact:power" in owing:
        return {"party": "contact:power"}
    if action == "release" and owing:
        return {"party": owing[0], "reason": "不再需要"}
    if action == "reclassify" and walk.case.case_class == "simple":
        return {"class": "parking", "reason": "车位调整"}
    return INPUTS[action]
