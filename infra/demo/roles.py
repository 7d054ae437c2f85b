"""Demo staff: one person for every role, at the units of one home committee, and two neighbours to show where a scope ends."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chalicelib.casework.numbers import ALPHABET
from chalicelib.models import staff
from chalicelib.street import Committee, Place, Street
from chalicelib.usecases import signin
from chalicelib.usecases.context import Context

# Role, the level of its unit, and the role's name as a colleague would say it (people here are roles, never names).
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
NEIGHBOURS = ("committee", "zone_head")


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


def people(street: Street, home: Place) -> list[Person]:
    committee = street.committee_by_id[home.committee]
    made = [_person(street, role, level, label, committee, home.community, "") for role, level, label in ROLES]
    others = [other for other in street.committees if other.zone != committee.zone] or [
        other for other in street.committees if other.id != committee.id
    ]
    if others:
        neighbours = [entry for entry in ROLES if entry[0] in NEIGHBOURS]
        made += [_person(street, role, level, label, others[0], "", "2") for role, level, label in neighbours]
    unique = {person.grant: person for person in reversed(made)}.values()
    return [replace(person, phone=f"021-0012 {1000 + number}") for number, person in enumerate(reversed(unique))]


def _person(street: Street, role: str, level: str, label: str, committee: Committee, community: str, suffix: str) -> Person:
    if level == "community" and not community:
        level = "committee"
    units = {"street": "street", "zone": f"zone:{committee.zone}", "committee": f"committee:{committee.id}"}
    units["community"] = f"community:{community}"
    names = {"street": street.name.zh, "zone": street.zone_by_id[committee.zone].name.zh, "committee": committee.name.zh}
    if community:
        names["community"] = street.community_by_id[community].name.zh
    return Person(role, units[level], role + suffix, f"{names[level]}{label}", "")


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
