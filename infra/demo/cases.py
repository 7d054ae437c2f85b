"""Plays `cases.toml` through the use cases: as resident, and as whoever this street's ladder has do what the story tells.

All cases and registrations together, in the order of time, on a clock of the past days that stops wherever something is due: so
reminders, lateness and messages stand at the instants at which the system would have made them. Every key and attempt derives
from the case's place in the file: playing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.casework.access import Actor
from chalicelib.casework.case import IDEA, Case
from chalicelib.models import cases
from chalicelib.street import Place
from chalicelib.usecases import capability, follow, send, sweeping, work
from chalicelib.usecases.context import Context
from chalicelib.usecases.intake import Taken, places, take_in
from chalicelib.usecases.submit import Report, submit
from infra.demo import acts, matters, registers, roles
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
    script = [entry for entry in tomllib.loads(FILE.read_text("utf-8"))["cases"] if _has(ctx, entry)]
    people = acts.actors([person.username for person in roles.people(ctx.street, home_of(ctx.street, ctx.places.values()))])
    now = ctx.clock.civil()
    turns = [turn for number, entry in enumerate(script) for turn in _turns(number, entry, now)]
    beside = registers.turns(ctx, people, now, partial(place_of, ctx), key_of, wiring.house().lists)
    beside += matters.turns(ctx, people, now)
    clock = PastClock(min([turn.at for turn in turns] + [at for at, _ in beside]), now)
    then = replace(ctx, clock=clock)

    def sweep() -> None:
        sweeping.sweep(then, lambda: SWEEP_S)
        send.sweep(then)

    mover = Mover(clock, sweep)
    played: dict[int, Played] = {}
    done: set[int] = set()

    def take(turn: Turn) -> None:
        entry, name = script[turn.case], f"demo:{turn.case + 1}"
        if turn.step == 0:
            slots = tuple(range(1, int(entry.get("photos", 0)) + 1))
            case = _come(then, name, entry, slots, people)
            played[turn.case] = Played(case, slots)
            if case.updated_at != case.received_at:
                # It went on already: played before, or worked on by somebody since.
                done.add(turn.case)
        elif turn.case not in done:
            stored = cases.get(played[turn.case].case.no)
            if stored is not None:
                _step(then, stored.case, entry["steps"][turn.step - 1], people, key_of(f"{name}:{turn.step}"))

    agenda = [(turn.at, partial(take, turn)) for turn in turns] + [(at, partial(act, then)) for at, act in beside]
    for at, act in sorted(agenda, key=lambda pair: pair[0]):
        mover.move(_at(at))
        act()
    mover.move(_at(now))
    return [_as_it_stands(played[number]) for number in sorted(played)]


def _has(ctx: Context, entry: Mapping[str, Any]) -> bool:
    """Whether this street knows a class of which the story is told, where it is about one."""
    return "about" not in entry or any(name in ctx.street.class_by_id for name in entry["about"])


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


def _come(ctx: Context, name: str, entry: Mapping[str, Any], slots: tuple[int, ...], people: Sequence[Actor]) -> Case:
    """By the code on a door, or taken in by whoever sits where it came."""
    if "channel" not in entry:
        return submit(ctx, _report(ctx, name, entry, slots))
    place = place_of(ctx, name, entry.get("at", "home"))
    taker = next(actor for actor in people if place in places(ctx, actor))
    taken = Taken(
        key=key_of(name),
        channel=entry["channel"],
        place=place.id,
        text=entry["text"],
        case_class=next((one for one in entry.get("about", ()) if one in ctx.street.class_by_id), ""),
        phone=entry.get("phone", ""),
        external=entry.get("external", ""),
    )
    return take_in(ctx, taker, taken)


def _report(ctx: Context, name: str, entry: Mapping[str, Any], slots: tuple[int, ...]) -> Report:
    return Report(
        key=key_of(name),
        code=ctx.code_for("issue", place_of(ctx, name, entry.get("at", "home"))),
        text=entry["text"],
        category=_category(ctx, entry),
        nickname=entry.get("nickname", ""),
        phone=entry.get("phone", ""),
        photos=slots,
    )


def _category(ctx: Context, entry: Mapping[str, Any]) -> str:
    """A suggestion is chosen where the category is."""
    categories = ctx.street.categories
    if "category" not in entry:
        return IDEA
    return categories[entry["category"] % len(categories)].id if categories else ""


def place_of(ctx: Context, name: str, where: str) -> Place:
    """A place of the home community, of the neighbours', or of a third committee; which one depends on the name only."""
    home = home_of(ctx.street, ctx.places.values())
    others = roles.neighbours_of(ctx.street, home) if where != "home" else []
    committee = others[0 if where == "away" else len(others) > 1].id if others else ""
    near = [place for place in ctx.places.values() if place.community == home.community and place.committee == home.committee]
    far = [place for place in ctx.places.values() if place.committee == committee]
    live = sorted((place for place in far or near if not place.retired), key=lambda place: place.id)
    return live[int(key_of(name), 16) % len(live)]


def _step(ctx: Context, case: Case, step: Mapping[str, Any], people: Sequence[Actor], attempt: str) -> None:
    """A step that this street's ladder does not offer here is left out."""
    if step.get("by") == "reporter":
        token = capability.token_for(ctx, case.no, case.generation)
        if step["do"] in follow.actions(ctx, case):
            said = {name: value for name, value in step.items() if name not in {"do", "by", "after"}}
            follow.act(ctx, token, step["do"], said, attempt)
        return
    actor = acts.who(step, ctx, case, people) if acts.is_due(step, ctx, case) else None
    data = acts.inputs(step, ctx, case, people) if actor else None
    if actor is not None and data is not None:
        work.act(ctx, actor, case.no, acts.action_of(step, case), data, attempt, None)
