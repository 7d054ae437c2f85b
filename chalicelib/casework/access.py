"""Role × scope: who may read a case and who may act on it. The one place for it; pages and API alike ask here.

A grant is `role@unit`, a unit is `street`, `zone:<id>`, `committee:<id>`, `community:<id>`, or a department: `dept:<id>`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from chalicelib.casework.case import Case, Partner, Party
from chalicelib.street import Committee, Community, Department, Rung, Street, Zone

# Roles that read every case inside their unit.
OVERSEERS = frozenset({"committee", "zone_head", "station_head", "dispatcher", "supervisor", "deputy", "street_admin"})
# Roles that read only what was assigned to them: they may be the party complained about, or outsiders to the matter.
WORKERS = frozenset({"grid_worker", "micro_grid", "property", "department", "verifier"})
ROLES = OVERSEERS | WORKERS
# Where an office is, the nearest to a door first.
SCOPES = ("community", "committee", "zone", "street")
# Secrecy: these never learn who reported (the property company may be the party complained about; deputies inspect, they don't
# handle).
BLIND = frozenset({"property", "deputy"})

# Whoever looks after the doors of a committee, a zone or the street, and prints their posters.
PRINTERS = frozenset({"committee", "zone_head", "station_head", "dispatcher", "street_admin"})

# Whoever writes down what is asked often and how it is answered, for their committee, zone or the street.
ANSWERERS = PRINTERS

# A party without an account may help, never lead.
CONTACT = "contact"
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


def partner_of(actor: Actor, case: Case, *, owing: bool = False) -> Partner | None:
    """What the actor is among lead and co-handlers: in person, or by an office that they hold. `owing`: who owes a report yet."""
    mine = {actor.staff_id, *actor.grants} - {""}
    called = (one for one in case.partners if one.party.id in mine and one.released is None)
    return next((one for one in called if one.owing or not owing), None)


def is_assignee(actor: Actor, case: Case) -> bool:
    return case.assignee is not None and bool(actor.staff_id) and case.assignee.id == actor.staff_id


def may_read(actor: Actor, case: Case, street: Street) -> bool:
    """Their scope and nothing else. A case once assigned stays readable to the worker who has it, not afterwards."""
    if is_office(actor, case, street) or is_assignee(actor, case) or partner_of(actor, case):
        return True
    if relations(actor, case, street):
        return True
    return any(role in OVERSEERS and covers(unit, case) for role, unit in map(split_grant, actor.grants))


def sees_reporter(actor: Actor) -> bool:
    """Whether nickname, phone mask and the reveal are shown at all: some role of theirs must not be blind."""
    return any(split_grant(grant)[0] not in BLIND for grant in actor.grants)


def holds(actor: Actor, roles: Collection[str], case: Case) -> bool:
    """Whether one of the roles is the actor's for a unit that the case lies in."""
    return any(role in roles and covers(unit, case) for role, unit in map(split_grant, actor.grants))


def relations(actor: Actor, case: Case, street: Street) -> frozenset[str]:
    """What the actor is to this case: `office`, `assignee`, `lead`, `co` (co-handler), `addressee` (who is to sign), `origin`
    (the office that it came from), `visitor`, `micro_grid`, `supervisor`, `deputy`, `approver`, `reporter`, `system`.
    """
    if actor.id in {REPORTER, SYSTEM}:
        return frozenset({actor.id})
    office, partner, lead = is_office(actor, case, street), partner_of(actor, case), case.lead
    came = street.rung_by_id.get(case.came_rung)
    visitors = street.follow_up.visitors
    asked = {role for request in case.requests if request.by != actor.id for role in street.approvals.roles(request.kind)}
    if case.state == "invalid":
        asked |= set(street.approvals.invalid)
    found = {
        "office": office,
        "assignee": is_assignee(actor, case),
        "lead": partner is not None and partner.lead,
        "co": partner is not None and not partner.lead,
        "addressee": office if lead is None else partner is not None and partner.lead,
        "origin": came is not None and f"{came.role}@{case.came_unit}" in actor.grants,
        "visitor": holds(actor, visitors, case) if visitors else office,
        "micro_grid": street.follow_up.micro_grid and holds(actor, {"micro_grid"}, case),
        "supervisor": holds(actor, {"supervisor"}, case),
        "deputy": holds(actor, {"deputy"}, case),
        "approver": holds(actor, asked, case),
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def partners_for(rung: Rung, case: Case, street: Street) -> list[Party]:
    """Whom this rung may dispatch to: departments paired with the case's zone first, offices around the place, contacts."""
    found: list[Party] = []
    for role in rung.dispatch:
        if role == "department":
            paired = sorted(street.departments, key=lambda department: case.zone not in department.zones)
            grants = [(f"department@dept:{department.id}", department.name.zh) for department in paired]
            found += [Party(id=grant, name=name, grant=grant) for grant, name in grants]
        elif role == CONTACT:
            around = set(units_around(case))
            near = [contact for contact in street.contacts if around & set(contact.units)]
            found += [Party(id=f"contact:{contact.id}", name=contact.name.zh) for contact in near]
        else:
            for unit in units_around(case)[:-1]:
                grant = f"{role}@{unit}"
                found.append(Party(id=grant, name=unit_name(unit, street), grant=grant))
    return found


def unit_name(unit: str, street: Street) -> str:
    """The unit as people call it."""
    level, _, unit_id = unit.partition(":")
    named: dict[str, Mapping[str, Zone | Committee | Community | Department]] = {
        "zone": street.zone_by_id,
        "committee": street.committee_by_id,
        "community": street.community_by_id,
        "dept": street.department_by_id,
    }
    found = named.get(level, {}).get(unit_id)
    return found.name.zh if found else street.name.zh


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
