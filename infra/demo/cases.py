"""Plays `cases.toml` through the use cases: as resident, as the office that has the case, as the one it was assigned to.

The clock of each step lies in the past, so that deadlines are near and late as on a working day. Every key and attempt derives
from the case's place in the file: playing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case
from chalicelib.models import staff
from chalicelib.street import Place
from chalicelib.usecases import capability, follow, work
from chalicelib.usecases.context import Context
from chalicelib.usecases.submit import Report, submit
from infra.demo.roles import home_of

FILE = Path(__file__).with_name("cases.toml")


@dataclass
class PastClock:
    """Civil time as the demo's story goes; wall time is now."""

    instant: datetime
    now: datetime

    def civil(self) -> datetime:
        return self.instant

    def wall(self) -> datetime:
        return self.now

    def pass_hours(self, hours: float) -> None:
        self.instant = min(self.instant + timedelta(hours=hours), self.now)


@dataclass(frozen=True)
class Played:
    """A case of the demo and the slots that its photos have to arrive in."""

    case: Case
    photos: tuple[int, ...]


def play(ctx: Context) -> list[Played]:
    script = tomllib.loads(FILE.read_text("utf-8"))["cases"]
    now = ctx.clock.civil()
    return [_play(ctx, f"demo:{number}", entry, now) for number, entry in enumerate(script, start=1)]


def key_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _play(ctx: Context, name: str, entry: Mapping[str, Any], now: datetime) -> Played:
    clock = PastClock(now - timedelta(hours=float(entry["ago"])), now)
    then = replace(ctx, clock=clock)
    slots = tuple(range(1, int(entry.get("photos", 0)) + 1))
    case = submit(then, _report(then, name, entry, slots))
    if case.updated_at != case.received_at:
        # It went on already: played before, or worked on by somebody since.
        return Played(case, slots)
    for number, step in enumerate(entry.get("steps", ()), start=1):
        clock.pass_hours(float(step["after"]))
        case = _step(then, case, step, key_of(f"{name}:{number}"))
    return Played(case, slots)


def _report(ctx: Context, name: str, entry: Mapping[str, Any], slots: tuple[int, ...]) -> Report:
    categories = ctx.street.categories
    return Report(
        key=key_of(name),
        code=ctx.code_for("issue", _place(ctx, name, entry.get("at", "home"))),
        text=entry["text"],
        category=categories[entry["category"] % len(categories)].id if categories else "",
        nickname=entry.get("nickname", ""),
        phone=entry.get("phone", ""),
        photos=slots,
    )


def _place(ctx: Context, name: str, where: str) -> Place:
    """A place of the home committee, or of another zone's; which one depends on the name only."""
    home = home_of(ctx.street, ctx.places.values())
    zone_of = {committee.id: committee.zone for committee in ctx.street.committees}
    near = [place for place in ctx.places.values() if place.community == home.community and place.committee == home.committee]
    far = [place for place in ctx.places.values() if zone_of[place.committee] != zone_of[home.committee]]
    live = sorted(
        (place for place in (far if where == "away" and far else near) if not place.retired), key=lambda place: place.id
    )
    return live[int(key_of(name), 16) % len(live)]


def _step(ctx: Context, case: Case, step: Mapping[str, Any], attempt: str) -> Case:
    data = {name: value for name, value in step.items() if name not in {"do", "by", "after", "scope", "role"}}
    if data.get("class") not in ctx.street.class_by_id:
        data.pop("class", None)
    if step.get("by") == "reporter":
        token = capability.token_for(ctx, case.no, case.generation)
        return follow.act(ctx, token, step["do"], data, attempt).case
    actor = _actor(ctx, case, step)
    if actor is None:
        return case
    if step["do"] == "allocate":
        target = _office(ctx, case, step["scope"])
        if target is None:
            return case
        data["to"] = target
    if step["do"] == "assign":
        chosen = next((value for value, party in work.parties(ctx, case) if party.grant.startswith(step["role"] + "@")), None)
        if chosen is None:
            return case
        data["to"] = chosen
    return work.act(ctx, actor, case.no, step["do"], data, attempt, None).case


def _actor(ctx: Context, case: Case, step: Mapping[str, Any]) -> Actor | None:
    """Whoever the step is for: the one it was assigned to, else somebody of the office that has it."""
    if step.get("by") == "assignee" and case.assignee:
        row = staff.person(case.assignee.id)
    else:
        holders = staff.holders(f"{ctx.street.rung_by_id[case.rung].role}@{case.unit}")
        row = staff.person(holders[0].staff_id or "") if holders else None
    return Actor(id=f"staff:{row.staff_id}", name=row.name or "", grants=tuple(sorted(row.grants or ()))) if row else None


def _office(ctx: Context, case: Case, scope: str) -> str | None:
    """The nearest office of that level below the present one."""
    roles = {"committee": "committee", "zone": "zone_head"}
    for rung, unit in work.offices_below(ctx, case):
        if rung.scope == scope and rung.role == roles.get(scope, rung.role):
            return f"{rung.id}@{unit}"
    return None
