"""Figures of a period and a unit: who may see which, reading the ledger, counting."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pynamodb.exceptions import PynamoDBException

from chalicelib.casework.access import Actor, split_grant
from chalicelib.casework.figures_count import Count, count
from chalicelib.casework.figures_period import Period, around, inside, month_to_date, units_of
from chalicelib.errors import FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.models import ledger
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep")

# A year at most in one answer; what is longer than a quarter is not set against the time before.
LONGEST, COMPARED = 366, 92
KEEPERS = frozenset({"street_admin"})
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])\s*[,，\t;； ]\s*(\d{1,7})")


@dataclass(frozen=True)
class Report:
    """`before` is the same time before, None for long periods; `calls` month → (this year, last year), whole street only;
    `scans` door → how often its codes were scanned.
    """

    unit: str
    period: Period
    count: Count
    before: Count | None
    calls: Mapping[str, tuple[int | None, int | None]]
    scans: Mapping[str, int]
    at: datetime


def units(ctx: Context, actor: Actor) -> list[str]:
    """The units whose figures the actor may see as a whole, the widest first. Raises `Forbidden("role")` without any."""
    found = units_of(actor.grants)
    if not found:
        raise Forbidden("role")
    return found


def chosen(ctx: Context, actor: Actor, unit: str) -> str:
    """The unit asked for, or the actor's own. Raises `Unknown("unit")` for one outside their scope: the two look alike."""
    mine = units(ctx, actor)
    if not unit:
        return mine[0]
    if not set(around(unit, ctx.street, dict(ctx.places))) & set(mine):
        raise Unknown("unit")
    return unit


def period(ctx: Context, first: str, last: str) -> Period:
    """From the first day to the last, both in it; what is missing or no date is this month to today, a year at most."""
    today = ctx.clock.civil().astimezone(ctx.street.tz).date()
    usual = month_to_date(today)
    start, end = _day(first), _day(last)
    begin = start or (usual.first if end is None or end >= usual.first else end.replace(day=1))
    over = (end or max(today, begin)) + timedelta(days=1)
    if over <= begin:
        begin, over = over - timedelta(days=1), begin + timedelta(days=1)
    return Period(begin, min(over, begin + timedelta(days=LONGEST)))


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def is_day(typed: str) -> bool:
    """Whether it is a day as RFC 3339 writes one, of a year that figures can be asked of."""
    return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", typed) is not None and _day(typed) is not None


def report(ctx: Context, actor: Actor, unit: str, asked: Period) -> Report:
    """Raises what `chosen` raises."""
    unit = chosen(ctx, actor, unit)
    calls = _calls(asked) if unit == "street" else {}
    before = _counted(ctx, unit, asked.before) if asked.days <= COMPARED else None
    return Report(unit, asked, _counted(ctx, unit, asked), before, calls, _scans(ctx, unit, asked), ctx.clock.civil())


def _counted(ctx: Context, unit: str, asked: Period) -> Count:
    rows = (row for row in ledger.rows(asked, ctx.street) if inside(unit, row))
    return count(rows, ctx.clock.civil(), asked.parts(), ctx.street.tz)


def _scans(ctx: Context, unit: str, asked: Period) -> dict[str, int]:
    places = dict(ctx.places)
    return {one: n for one, n in ledger.scans(asked).items() if unit in around(f"place:{one}", ctx.street, places)}


def scanned(ctx: Context, place: str) -> None:
    """Counts a scan at a door. Whoever stands there gets the form all the same when it can't be counted."""
    day = ctx.clock.civil().astimezone(ctx.street.tz).date().isoformat()
    until = ctx.clock.wall().timestamp() + ctx.street.retention.case_days * 86_400
    try:
        ledger.count_scan(day, place, until)
    except PynamoDBException:
        log.warning("a scan was not counted")


def _calls(asked: Period) -> dict[str, tuple[int | None, int | None]]:
    """The hotline's months from January to the period's last, each beside the same month of the year before."""
    year, last = asked.months()[-1].split("-")
    kept = ledger.hotline(f"{int(year) - 1}-01", f"{year}-{last}")
    months = [f"{month:02d}" for month in range(1, int(last) + 1)]
    found = {f"{year}-{month}": (kept.get(f"{year}-{month}"), kept.get(f"{int(year) - 1}-{month}")) for month in months}
    return {month: pair for month, pair in found.items() if pair != (None, None)}


def may_import(ctx: Context, actor: Actor) -> bool:
    return any(role in KEEPERS and unit == "street" for role, unit in map(split_grant, actor.grants))


def import_calls(ctx: Context, actor: Actor, typed: str) -> int:
    """Lines of `2026-11,1234`; returns how many months were kept.

    Raises `Forbidden("role")`, and `NotAllowed("fields")` for any line that is something else: nothing is kept then.
    """
    if not may_import(ctx, actor):
        raise Forbidden("role")
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    found = [_MONTH.fullmatch(line) for line in lines]
    # A heading is what a spreadsheet puts first.
    if lines and found[0] is None and not any(sign.isdigit() for sign in lines[0]):
        found = found[1:]
    if not found or any(one is None for one in found):
        raise NotAllowed("fields", fields=[FieldError("calls", "months")])
    calls = {f"{one[1]}-{one[2]}": int(one[3]) for one in found if one}
    ledger.keep_hotline(calls)
    return len(calls)
