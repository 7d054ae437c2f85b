"""Early warning (未诉先办): once a day every matter is set beside its own past; overseers see what rises and say what they did.

Counted are categories, matters (words of `same_words`) and doors: in the whole street and in each committee. Only cards are read:
the first clause of what was said, never the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import msgspec

from chalicelib.casework import personal, warning
from chalicelib.casework.access import OVERSEERS, Actor, split_grant
from chalicelib.casework.card import Card
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.figures_period import Period
from chalicelib.casework.similar import matters_in
from chalicelib.casework.warning import Came
from chalicelib.errors import Conflict, FieldError, NotAllowed, Unknown
from chalicelib.models import classes, warnings
from chalicelib.models.warnings import Kept
from chalicelib.usecases.context import Context

NEEDS_S, CLAIM_S, A_DAY = 30.0, 300, 86_400
# What was dismissed comes back at so many times the count that it had then.
AGAIN = 1.5
KEPT_DAYS = 400
TEXT_MAX = 300
SAYINGS = ("seen", "dismissed")
VERIFIER = "verifier"


@dataclass(frozen=True)
class Warned:
    """`looked` reports, `standing` series that rise today, `new` of them since yesterday."""

    looked: int
    standing: int
    new: int


def daily(ctx: Context, seconds_left: Callable[[], float]) -> Warned | None:
    """Once a day of the street's."""
    wall, day = int(ctx.clock.wall().timestamp()), _today(ctx)
    if seconds_left() < NEEDS_S or not classes.claim(ctx.street.id, "warnings", day.isoformat(), wall, wall + CLAIM_S):
        return None
    made = look(ctx)
    classes.finished(ctx.street.id, "warnings", wall + A_DAY)
    return made


def _today(ctx: Context) -> date:
    return ctx.clock.civil().astimezone(ctx.street.tz).date()


def look(ctx: Context) -> Warned:
    today = _today(ctx)
    came = [made for card in _cards(ctx, today) if (made := _came(ctx, card)) is not None]
    found = warning.warnings(came, today, min((one.day for one in came), default=today))
    known = {one.series: one for one in warnings.every(ctx.street.id)}
    end, new = int(ctx.clock.wall().timestamp()) + KEPT_DAYS * A_DAY, 0
    for one in found:
        before = known.get(one.series)
        after = _after(before, one, today)
        new += before is None or before.first != after.first
        try:
            warnings.put(ctx.street.id, after, end)
        except warnings.Stale:
            # Somebody says something to it right now; the numbers of the day can wait for tomorrow's.
            continue
    return Warned(len(came), len(found), new)


def _after(before: Kept | None, one: warning.Warning, today: date) -> Kept:
    """A wave goes on while it warns day after day; what was said to it holds until it has grown."""
    day, usual = today.isoformat(), round(one.usual, 2)
    if before is None or date.fromisoformat(before.last) < today - timedelta(days=warning.WEEK):
        version = before.version if before else 0
        return Kept(series=one.series, count=one.count, usual=usual, first=day, last=day, version=version)
    kept = msgspec.structs.replace(before, count=one.count, usual=usual, last=day)
    if before.state == "dismissed" and one.count >= AGAIN * before.at_count:
        return msgspec.structs.replace(kept, state="new", first=day)
    return kept


def _cards(ctx: Context, today: date) -> list[Card]:
    """The weeks that are compared, and no others: two stretches of the ledger."""
    backs = warning.weeks_back()
    stretches = ((0, warning.PAST_WEEKS), (min(back for back in backs if back > warning.PAST_WEEKS), max(backs)))
    found: list[Card] = []
    for nearest, farthest in stretches:
        first, last = (today - timedelta(days=warning.WEEK * back) for back in (farthest + 1, nearest))
        begin, end = (stamp(datetime.combine(day, time(), ctx.street.tz)) for day in (first, last))
        found += [card for card in classes.came(Period(first, last).months(), begin, end) if card.received_at < end]
    return found


def _came(ctx: Context, card: Card) -> Came | None:
    rung = ctx.street.rung_by_id.get(card.rung)
    if card.state == "invalid" or (rung is not None and rung.role == VERIFIER):
        return None
    names = [f"word:{word}" for word in sorted(matters_in(card.title))]
    names += [f"category:{card.category}"] if card.category else []
    series = [f"{name}@{unit}" for name in names for unit in ("street", f"committee:{card.committee}")]
    if card.place:
        series.append(f"place:{card.place}@committee:{card.committee}")
    return Came(parse(card.received_at).astimezone(ctx.street.tz).date(), tuple(series))


def listed(ctx: Context, actor: Actor) -> tuple[list[Kept], list[Kept]]:
    """(what rises now and nobody has dismissed, what was said before), in the actor's units, the steepest first."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in OVERSEERS}
    mine = [one for one in warnings.every(ctx.street.id) if _inside(ctx, one, units)]
    fresh = (_today(ctx) - timedelta(days=1)).isoformat()
    now = [one for one in mine if one.last >= fresh and one.state != "dismissed"]
    before = [one for one in mine if one not in now]
    steep = sorted(now, key=lambda one: (one.state != "new", -one.count / (one.usual + 1), one.series))
    return steep, sorted(before, key=lambda one: (one.last, one.at), reverse=True)


def _inside(ctx: Context, one: Kept, units: set[str]) -> bool:
    unit = one.series.partition("@")[2]
    committee = ctx.street.committee_by_id.get(unit.removeprefix("committee:"))
    return "street" in units or unit in units or (committee is not None and f"zone:{committee.zone}" in units)


def say(ctx: Context, actor: Actor, series: str, what: str, text: str, version: int) -> None:
    """Looked after, or dismissed with a reason. Raises `Unknown("page")`, `NotAllowed("fields")`, `Conflict("class_stale")`."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in OVERSEERS}
    one = warnings.get(ctx.street.id, series)
    if one is None or not _inside(ctx, one, units):
        raise Unknown("page")
    said = text.strip()
    if what not in SAYINGS or not said:
        raise NotAllowed("fields", fields=[FieldError("text", "required")])
    if len(said) > TEXT_MAX:
        raise NotAllowed("fields", fields=[FieldError("text", "too_long", {"max": TEXT_MAX})])
    if personal.is_in(said):
        raise NotAllowed("fields", fields=[FieldError("text", "personal")])
    at = stamp(ctx.clock.civil())
    after = msgspec.structs.replace(one, state=what, at_count=one.count, who=actor.name, text=said, at=at, version=version)
    try:
        warnings.put(ctx.street.id, after, int(ctx.clock.wall().timestamp()) + KEPT_DAYS * A_DAY)
    except warnings.Stale as stale:
        raise Conflict("class_stale") from stale
