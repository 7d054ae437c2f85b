"""Role × scope: who may read a case and who may act on it. The one place for it; pages and API alike ask here.

A grant is `role@unit`, a unit is `street`, `zone:<id>`, `committee:<id>` or `community:<id>`.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.casework.case import Case
from chalicelib.street import Rung, Street

# Roles that read every case inside their unit.
OVERSEERS = frozenset({"committee", "zone_head", "station_head", "dispatcher", "supervisor", "deputy", "street_admin"})
# Roles that read only what was assigned to them: they may be the party complained about, or outsiders to the matter.
WORKERS = frozenset({"grid_worker", "micro_grid", "property", "department", "verifier"})
ROLES = OVERSEERS | WORKERS
# Secrecy: these never learn who reported (the property company may be the party complained about; deputies inspect, they don't
# handle).
BLIND = frozenset({"property", "deputy"})

REPORTER = "reporter"
SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """`id` is `reporter`, `system` or `staff:<id>`; `name` is the role-like name shown to colleagues."""

    id: str
    name: str = ""
    grants: tuple[str, ...] = ()

    @property
    def staff_id(self) -> str:
        return self.id.removeprefix("staff:") if self.id.startswith("staff:") else ""


def split_grant(grant: str) -> tuple[str, str]:
    role, _, unit = grant.partition("@")
    return role, unit


def covers(unit: str, case: Case) -> bool:
    """Whether the case's place lies inside the unit."""
    level, _, unit_id = unit.partition(":")
    if level == "street":
        return True
    return bool(unit_id) and unit_id == {"zone": case.zone, "committee": case.committee, "community": case.community}.get(level)


def unit_of(scope: str, case: Case) -> str:
    """The unit of that level that the case's place belongs to."""
    ids = {"zone": case.zone, "committee": case.committee, "community": case.community}
    return "street" if scope == "street" else f"{scope}:{ids[scope]}"


def units_around(case: Case) -> list[str]:
    """The units that the case's place lies in, the smallest first."""
    smallest = [f"community:{case.community}"] if case.community else []
    return [*smallest, f"committee:{case.committee}", f"zone:{case.zone}", "street"]


def is_office(actor: Actor, case: Case, street: Street) -> bool:
    """Whether the actor sits in the office that has the case now."""
    rung = street.rung_by_id.get(case.rung)
    return rung is not None and f"{rung.role}@{case.unit}" in actor.grants


def is_assignee(actor: Actor, case: Case) -> bool:
    return case.assignee is not None and bool(actor.staff_id) and case.assignee.id == actor.staff_id


def may_read(actor: Actor, case: Case, street: Street) -> bool:
    """Their scope and nothing else. A case once assigned stays readable to the worker who has it, not afterwards."""
    if is_office(actor, case, street) or is_assignee(actor, case):
        return True
    return any(role in OVERSEERS and covers(unit, case) for role, unit in map(split_grant, actor.grants))


def sees_reporter(actor: Actor) -> bool:
    """Whether nickname, phone mask and the reveal are shown at all: some role of theirs must not be blind."""
    return any(split_grant(grant)[0] not in BLIND for grant in actor.grants)


def relations(actor: Actor, case: Case, street: Street) -> frozenset[str]:
    """What the actor is to this case: `office`, `assignee`, `reporter`, `system`."""
    if actor.id in {REPORTER, SYSTEM}:
        return frozenset({actor.id})
    found = set()
    if is_office(actor, case, street):
        found.add("office")
    if is_assignee(actor, case):
        found.add("assignee")
    return frozenset(found)


def targets(rung: Rung, case: Case, street: Street) -> list[tuple[Rung, str]]:
    """Offices this rung may allocate to: every unit of each target rung's level, the case's own first."""
    found: list[tuple[Rung, str]] = []
    for rung_id in rung.allocate:
        target = street.rung_by_id[rung_id]
        own = unit_of(target.scope, case) if target.scope != "community" or case.community else ""
        by_level = {
            "street": ["street"],
            "zone": [f"zone:{zone.id}" for zone in street.zones],
            "committee": [f"committee:{committee.id}" for committee in street.committees],
            "community": [f"community:{community.id}" for community in street.communities],
        }
        units = by_level[target.scope]
        found += [(target, unit) for unit in units if unit == own]
        found += [(target, unit) for unit in units if unit != own]
    return found
