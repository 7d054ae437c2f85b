"""Plays `cases.toml` through the use cases: as resident, as the office that has the case, as the one it was assigned to.

All cases together, in the order of time, on a clock of the past days that stops wherever something is due: so reminders, lateness
and messages stand at the instants at which the system would have made them. Every key and attempt derives from the case's place
in the file: playing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case
from chalicelib.models import cases, staff
from chalicelib.street import Place
from chalicelib.usecases import capability, follow, send, sweeping, work
from chalicelib.usecases.context import Context
from chalicelib.usecases.submit import Report, submit
from infra.demo.roles import home_of
from infra.serve.advance import Mover

FILE = Path(__file__).with_name("cases.toml")
SWEEP_S = 50.0


@dataclass
class PastClock:
    """Civil time as the demo's story goes; wall time is now."""

    instant: datetime
    now: datetime

    def civil(self) -> datetime:
        return self.instant

    def wall(self) -> datetime:
        return self.now

    def advance_to(self, instant: datetime) -> datetime:
        self.instant = max(self.instant, instant)
        return self.instant

    @contextmanager
    def hold(self) -> Iterator[None]:
        """It stands still anyway."""
        yield


@dataclass(frozen=True)
class Played:
    """A case of the demo and the slots that its photos have to arrive in."""

    case: Case
    photos: tuple[int, ...]


@dataclass(frozen=True)
class Turn:
    """One thing that somebody does; step 0 is the report itself."""

    at: datetime
    case: int
    step: int


def play(ctx: Context) -> list[Played]:
    """Ends with civil time where it was, and nothing due."""
    script = tomllib.loads(FILE.read_text("utf-8"))["cases"]
    now = ctx.clock.civil()
    turns = sorted((turn for number, entry in enumerate(script) for turn in _turns(number, entry, now)), key=lambda turn: turn.at)
    clock = PastClock(turns[0].at, now)
    then = replace(ctx, clock=clock)

    def sweep() -> None:
        sweeping.sweep(then, lambda: SWEEP_S)
        send.sweep(then)

    mover = Mover(clock, sweep)
    played: dict[int, Played] = {}
    done: set[int] = set()
    for turn in turns:
        mover.move(_at(turn.at))
        entry, name = script[turn.case], f"demo:{turn.case + 1}"
        if turn.step == 0:
            slots = tuple(range(1, int(entry.get("photos", 0)) + 1))
            case = submit(then, _report(then, name, entry, slots))
            played[turn.case] = Played(case, slots)
            if case.updated_at != case.received_at:
                # It went on already: played before, or worked on by somebody since.
                done.add(turn.case)
        elif turn.case not in done:
            stored = cases.get(played[turn.case].case.no)
            if stored is not None:
                _step(then, stored.case, entry["steps"][turn.step - 1], key_of(f"{name}:{turn.step}"))
    mover.move(_at(now))
    return [_as_it_stands(played[number]) for number in sorted(played)]


def _as_it_stands(entry: Played) -> Played:
    stored = cases.get(entry.case.no)
    return replace(entry, case=stored.case) if stored else entry


def _turns(number: int, entry: Mapping[str, Any], now: datetime) -> Iterator[Turn]:
    at = now - timedelta(hours=float(entry["ago"]))
    yield Turn(at, number, 0)
    for step, described in enumerate(entry.get("steps", ()), start=1):
        at = min(at + timedelta(hours=float(described["after"])), now)
        yield Turn(at, number, step)


def _at(instant: datetime) -> Callable[[datetime], datetime]:
    return lambda _: instant


def key_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


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
