"""Property service in the demo (`property.toml`): what companies disclose, what the street finds, how the manager rates.

Each record is kept by somebody of the demo's staff who may, at its own past instant; a finding becomes a case now.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from chalicelib.casework import property as rules
from chalicelib.casework.access import Actor
from chalicelib.street import Community
from chalicelib.usecases import property as service
from chalicelib.usecases.context import Context

FILE = Path(__file__).with_name("property.toml")
MORNING = time(10)

At = Callable[[datetime], Context]


def keep(at: At, now: datetime, people: Sequence[Actor], home: Community, away: Community | None) -> None:
    """Once: where a company has disclosed anything, it is left alone."""
    script = tomllib.loads(FILE.read_text("utf-8"))
    if service.disclosing():
        return
    for entry in script["disclosures"]:
        where = away if entry.get("at") == "away" else home
        if where is not None:
            _disclose(at(now - timedelta(days=entry["days"])), people, where, entry)
    for entry in script["checks"]:
        _check(at, now, people, home, entry)
    for entry in script["ratings"]:
        _rate(at, now, people, home, entry)


def _who(ctx: Context, people: Sequence[Actor], roles: Collection[str], where: Community) -> Actor | None:
    return next((actor for actor in people if rules.holds(actor, roles, where, ctx.street)), None)


def _disclose(ctx: Context, people: Sequence[Actor], where: Community, entry: Mapping[str, Any]) -> None:
    actor = _who(ctx, people, rules.RATERS, where) or _who(ctx, people, rules.KEEPERS, where)
    if actor is not None:
        day = (service.today(ctx) - timedelta(days=entry["day"])).isoformat() if "day" in entry else ""
        service.disclose(ctx, actor, where.id, entry["kind"], {"text": entry["text"], "day": day}, 0)


def _check(at: At, now: datetime, people: Sequence[Actor], where: Community, entry: Mapping[str, Any]) -> None:
    ctx = at(now)
    first = service.today(ctx).replace(day=1)
    for _ in range(entry["months"]):
        first = (first - timedelta(days=1)).replace(day=1)
    month, then = rules.month_of(first), _morning(ctx, first.replace(day=entry["day"]), now)
    actor = _who(ctx, people, {"committee"}, where)
    lines = {line.id for line in ctx.street.property.check}
    typed = dict.fromkeys(lines, "ok")
    for line, note in entry["found"].items():
        if line in lines:
            typed |= {line: "bad", f"{line}_note": note}
    if actor is not None:
        service.check(at(then), actor, where.id, month, typed, 0)
        if typed.get(entry.get("raised", "")) == "bad":
            service.raise_finding(ctx, actor, where.id, month, entry["raised"])


def _rate(at: At, now: datetime, people: Sequence[Actor], where: Community, entry: Mapping[str, Any]) -> None:
    ctx = at(now)
    this = rules.period(rules.quarter_of(service.today(ctx)))
    actor = _who(ctx, people, rules.RATERS, where)
    marks = entry["marks"]
    typed = {line.id: str(marks[number % len(marks)]) for number, line in enumerate(ctx.street.property.check)}
    typed |= {name: str(entry[name]) for name in ("visited", "satisfied", "text")}
    if actor is not None:
        then = at(_morning(ctx, this.first + timedelta(days=7), now))
        service.rate(then, actor, where.id, rules.quarter_of(this.before.first), typed, 0)


def _morning(ctx: Context, day: date, now: datetime) -> datetime:
    """That day at ten in the street, but never in the future."""
    return min(datetime.combine(day, MORNING, ctx.street.tz), now)
