"""What is known about a door while somebody types: reports of the same matter there, and answered questions (mission A7, G1).

Two reads. Of another person's report only category, date and state are told, and only of what residents brought themselves: what
an office found, and what verifiers look into (a suspected group let), is nobody's to learn at a door.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.casework.card import Card
from chalicelib.casework.events import stamp
from chalicelib.casework.similar import alike
from chalicelib.models import cases
from chalicelib.models.faq import Entry
from chalicelib.street import Place
from chalicelib.usecases import faq
from chalicelib.usecases.context import Context
from chalicelib.usecases.submit import RECENT, TEXT_MAX

SHORTEST = 4
SHOWN_DAYS = 30
CASES_SHOWN = FAQ_SHOWN = 3
TOLD_CHANNELS = frozenset({"qr", "open311", "phone", "walk_in", "assisted", "committee", "meeting"})
VERIFIER = "verifier"


@dataclass(frozen=True)
class Known:
    cases: tuple[Card, ...] = ()
    faq: tuple[Entry, ...] = ()


def known(ctx: Context, place: Place, typed: str) -> Known:
    """Nothing for a text that is too short to mean anything."""
    text = typed.strip()[:TEXT_MAX]
    if len(text) < SHORTEST:
        return Known()
    return Known(tuple(_cases(ctx, place, text)), tuple(faq.for_case(ctx, text, place.committee, FAQ_SHOWN)))


def _cases(ctx: Context, place: Place, text: str) -> list[Card]:
    since = stamp(ctx.clock.civil() - timedelta(days=SHOWN_DAYS))
    there = [card for card in cases.at_place(place.id, RECENT) if _told(ctx, card, since)]
    return [there[match.index] for match in alike(text, [card.title for card in there])[:CASES_SHOWN]]


def _told(ctx: Context, card: Card, since: str) -> bool:
    rung = ctx.street.rung_by_id.get(card.rung)
    if rung is None or rung.role == VERIFIER or card.channel not in TOLD_CHANNELS or card.state == "invalid":
        return False
    return card.closed_at is None or card.closed_at >= since
