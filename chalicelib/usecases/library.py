"""The zone's library (民情库): every case with what was reported, how it was handled, what came of it; and the meeting's agenda.

Searched by period, category, outcome and words. Words are looked for on the cards first and then in reports and results of the
latest others, so that a year of a street is not unpacked for one search; the answer says when it stopped there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from chalicelib.casework import access, finding
from chalicelib.casework.access import OVERSEERS, Actor, split_grant
from chalicelib.casework.card import Card
from chalicelib.casework.case import OUTCOMES, Case
from chalicelib.casework.class_cases import ClassCase
from chalicelib.casework.events import stamp
from chalicelib.casework.figures_period import Period
from chalicelib.casework.finding import Wanted
from chalicelib.models import classes, ledger
from chalicelib.models.warnings import Kept
from chalicelib.usecases import classes as class_cases
from chalicelib.usecases import warning, work
from chalicelib.usecases.context import Context

# What one page shows, and how many cases are unpacked for words that no card carries.
SHOWN, READ = 40, 400
OPEN = "open"
RESULTS = (OPEN, *OUTCOMES)
HARD = "hard"
AGENDA = ("hard", "late", "recurs")


@dataclass(frozen=True)
class Asked:
    """`outcome` is one of `RESULTS` or empty, `words` as typed."""

    period: Period
    words: str = ""
    category: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Found:
    """`entries` are the latest of `total`; `left` cases were not read for words."""

    entries: Sequence[Case]
    total: int
    left: int = 0


def search(ctx: Context, actor: Actor, asked: Asked) -> Found:
    """What lies in the actor's units, the latest first."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in OVERSEERS}
    first, end = asked.period.bounds(ctx.street.tz)
    cards = [card for card in classes.came(asked.period.months(), first, end) if card.received_at < end]
    cards = [card for card in cards if any(work.inside(unit, card) for unit in units)]
    cards = [card for card in cards if asked.category in {"", card.category or finding.NONE}]
    cards.sort(key=lambda card: (card.received_at, card.no), reverse=True)
    if asked.outcome:
        cards = _with_outcome(ctx, cards, asked)
    words = finding.words_of(asked.words)
    if not words:
        return _entries(ctx, actor, [card.no for card in cards])
    named = {card.no for card in finding.find(cards, Wanted(words), ctx.street)}
    others = [card.no for card in cards if card.no not in named]
    read = classes.standing(others[:READ])
    named |= {no for no, case in read.items() if all(word in finding.plain(f"{case.text}\n{case.result}") for word in words)}
    return _entries(ctx, actor, [card.no for card in cards if card.no in named], max(0, len(others) - READ))


def _with_outcome(ctx: Context, cards: Sequence[Card], asked: Asked) -> list[Card]:
    rows = {row.no: row for row in ledger.rows(asked.period, ctx.street)}
    if asked.outcome == OPEN:
        return [card for card in cards if card.no in rows and rows[card.no].handled_at is None and card.closed_at is None]
    return [card for card in cards if card.no in rows and rows[card.no].outcome == asked.outcome]


def _entries(ctx: Context, actor: Actor, numbers: Sequence[str], left: int = 0) -> Found:
    found = classes.standing(numbers[:SHOWN])
    shown = [found[no] for no in numbers[:SHOWN] if no in found and access.may_read(actor, found[no], ctx.street)]
    return Found(shown, len(numbers), left)


@dataclass(frozen=True)
class Agenda:
    """What the regular meeting has to speak of: each open case once, under the first heading that fits; class cases; warnings."""

    cases: dict[str, list[Card]] = field(default_factory=dict)
    classes: Sequence[ClassCase] = ()
    warnings: Sequence[Kept] = ()


def agenda(ctx: Context, actor: Actor) -> Agenda:
    """Of everything that is open in the actor's units: hard ones and long runs, late ones, recurring ones."""
    now = stamp(ctx.clock.civil())
    found: dict[str, list[Card]] = {heading: [] for heading in AGENDA}
    for card in work.in_scope(ctx, actor):
        heading = _heading(card, now)
        if heading:
            found[heading].append(card)
    matters = [one for one in class_cases.listed(ctx, actor) if one.state in {"proposed", "open"}]
    return Agenda(found, matters, warning.listed(ctx, actor)[0])


def _heading(card: Card, now: str) -> str:
    if card.case_class == HARD or card.state in {"long_run", "referred"} or "supervised" in card.marks:
        return "hard"
    if card.deadline is not None and card.deadline <= now:
        return "late"
    return "recurs" if "recurs" in card.marks else ""


def usual(ctx: Context) -> Period:
    """The last thirty days."""
    today = ctx.clock.civil().astimezone(ctx.street.tz).date()
    return Period(today - timedelta(days=29), today + timedelta(days=1))
