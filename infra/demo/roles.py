"""Demo staff: whoever this street's ladder needs around one home, and neighbours to show where a scope ends."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.casework.access import SCOPES, unit_name
from chalicelib.casework.numbers import ALPHABET
from chalicelib.models import staff
from chalicelib.street import Committee, Place, Street
from chalicelib.usecases import signin
from chalicelib.usecases.context import Context

# Role, the level of its unit where no rung of the street says otherwise, and the role's name as a colleague would say it (people
# here are roles, never names).
ROLES = (
    ("committee", "committee", "居委会"),
    ("grid_worker", "committee", "网格员"),
    ("micro_grid", "committee", "微网格长"),
    ("verifier", "committee", "核实人员"),
    ("property", "community", "物业"),
    ("zone_head", "zone", "片区长"),
    ("station_head", "zone", "站长"),
    ("dispatcher", "street", "调度员"),
    ("department", "street", "承办部门"),
    ("supervisor", "street", "督办人员"),
    ("deputy", "street", "人大代表"),
    ("street_admin", "street", "管理员"),
)
LABELS = {role: label for role, _, label in ROLES}


@dataclass(frozen=True)
class Person:
    role: str
    scope: str
    username: str
    name: str
    phone: str

    @property
    def grant(self) -> str:
        return f"{self.role}@{self.scope}"


def home_of(street: Street, places: Iterable[Place]) -> Place:
    """The place around which the demo happens: the first live one, by committee, that belongs to a community."""
    order = {committee.id: number for number, committee in enumerate(street.committees)}
    live = [place for place in places if not place.retired]
    return min(live, key=lambda place: (not place.community, order[place.committee], place.kind != "building", place.id))


def neighbours_of(street: Street, home: Place) -> list[Committee]:
    """The other committees: those of other zones first, each in the file's order."""
    zone = street.committee_by_id[home.committee].zone
    others = (committee for committee in street.committees if committee.id != home.committee)
    return sorted(others, key=lambda other: other.zone == zone)


def neighbour_of(street: Street, home: Place) -> Committee | None:
    """The first committee of another zone, else any other one; None in a street of one committee."""
    return next(iter(neighbours_of(street, home)), None)


def people(street: Street, home: Place) -> list[Person]:
    """Everybody whom the ladder needs around the home: each role at the levels where a rung has it, every department; and the
    neighbours who work the same rungs, or are told of them, elsewhere.
    """
    committee = street.committee_by_id[home.committee]
    units = _units(committee, home.community)
    wanted = [(role, units[level]) for role, usual, _ in ROLES for level in _levels(street, role, usual)]
    wanted += [("department", f"dept:{department.id}") for department in street.departments]
    elsewhere = neighbour_of(street, home)
    if elsewhere is not None:
        heard = {role for rung in street.rungs for role in (rung.role, *rung.lead)}
        heard |= {role for clock in street.clocks.values() for role in clock.tell}
        theirs = {level: unit for level, unit in _units(elsewhere, "").items() if level in {"committee", "zone"}}
        levels = [(role, level) for role, usual, _ in ROLES if role in heard for level in _levels(street, role, usual)]
        wanted += [(role, theirs[level]) for role, level in levels if level in theirs]
    return [
        Person(role, unit, _username(role, number, wanted), _named(street, role, unit), f"021-0012 {1000 + number}")
        for number, (role, unit) in enumerate(dict.fromkeys(wanted))
    ]


def _named(street: Street, role: str, unit: str) -> str:
    """The unit and the role, which is not said twice: 示例居委会, not 示例居委会居委会."""
    name = unit_name(unit, street)
    return name if name.endswith(LABELS[role]) else f"{name}{LABELS[role]}"


def _levels(street: Street, role: str, usual: str) -> list[str]:
    """Where the street's rungs have the role, the smallest unit first; else where it usually is. Departments have their own."""
    if role == "department" and street.departments:
        return []
    worked = {rung.scope for rung in street.rungs if rung.role == role}
    return [level for level in SCOPES if level in worked] or [usual]


def _units(committee: Committee, community: str) -> dict[str, str]:
    units = {"street": "street", "zone": f"zone:{committee.zone}", "committee": f"committee:{committee.id}"}
    return {**units, "community": f"community:{community}" if community else units["committee"]}


def _username(role: str, number: int, wanted: Sequence[tuple[str, str]]) -> str:
    """The role, numbered from the second of its kind on."""
    before = sum(other == role for other, _ in list(dict.fromkeys(wanted))[:number])
    return f"{role}{before + 1}" if before else role


def ensure_staff(ctx: Context, file: Path) -> list[dict[str, Any]]:
    """Makes whoever is missing. Passwords are made once, kept in `file`, and returned for the sign-in list."""
    kept: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    wanted = people(ctx.street, home_of(ctx.street, ctx.places.values()))
    for person in wanted:
        kept.setdefault(person.username, _password())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept, indent=2), "utf-8")
    for person in wanted:
        if staff.by_username(person.username) is None:
            signin.create_staff(
                ctx,
                username=person.username,
                name=person.name,
                grants=(person.grant,),
                phone=person.phone,
                password=kept[person.username],
            )
    return [
        {"role": person.role, "scope": person.scope, "username": person.username, "password": kept[person.username]}
        for person in wanted
    ]


def _password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3)).lower()
