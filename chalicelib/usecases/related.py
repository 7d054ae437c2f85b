"""Beside an open case: others that sound like it, the same person's to merge, other people's to link (mission G1).

Looked for where they would be: under the same phone, and at the same door. Two or three small reads, only for those who may merge
or link now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.casework import access
from chalicelib.casework.access import OVERSEERS, Actor, split_grant
from chalicelib.casework.card import Card
from chalicelib.casework.case import OPEN_STATES, Case
from chalicelib.casework.ladder import Step
from chalicelib.casework.similar import alike
from chalicelib.models import cases, classes
from chalicelib.usecases import privacy_cases, work
from chalicelib.usecases.context import Context

LOOKED_AT, SHOWN = 30, 5
PAIRING = ("merge", "link")


@dataclass(frozen=True)
class Related:
    """`act` is the step that is offered: merge or link."""

    card: Card
    same_person: bool
    act: str


def related(ctx: Context, actor: Actor, case: Case, steps: Sequence[tuple[Step, str | None]]) -> list[Related]:
    """The nearest first; empty for those who can do nothing with it."""
    may = {step.action for step, missing in steps if missing is None} & set(PAIRING)
    if not may or not case.open or not access.sees_reporter(actor):
        return []
    own = privacy_cases.reported([case.phone_mac])[-LOOKED_AT:] if case.phone_mac else []
    there = [card.no for card in cases.at_place(case.place, LOOKED_AT)] if case.place and not case.elsewhere else []
    # What it recurs from is linked by itself, and may have to be merged all the same.
    known = {case.no, case.merged_into, *case.links, *(one.no for one in case.followers)}
    found = classes.cards([no for no in dict.fromkeys((*own, *there)) if no not in known])
    cards = [card for card in found.values() if card.state != "invalid" and _mine(actor, card)]
    near = [cards[match.index] for match in alike(case.text, [card.title for card in cards])]
    made = [_offer(card, card.no in own, may) for card in near]
    return [one for one in made if one is not None][:SHOWN]


def _mine(actor: Actor, card: Card) -> bool:
    return any(role in OVERSEERS and work.inside(unit, card) for role, unit in map(split_grant, actor.grants))


def _offer(card: Card, same: bool, may: set[str]) -> Related | None:
    """A repeat goes into the case that is still open; everything else is linked."""
    act = "merge" if same and "merge" in may and card.state in OPEN_STATES else "link"
    return Related(card, same, act) if act in may else None
