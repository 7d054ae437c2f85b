"""My queue: one row per case with its marks, its clock and whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.card import Card
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_clocks import GLYPHS, LATE, NEAR, PLAIN, bar, mark_words, name_of, standing

FILTERS = {
    "all": "list",
    "late": "bang",
    "near": "hourglass",
    "urgent": "warn",
    "supervised": "eye",
    "unassigned": "user",
    "approve": "lock",
}
MARK_GLYPHS = {"urgent": "warn", "supervised": "eye", "approval": "lock", "recurs": "again", "extended": "clock", "owing": "user"}
ORDER = tuple(MARK_GLYPHS)
# Beside the deadline; what is more is counted.
IN_A_ROW = 2


@dataclass(frozen=True)
class Mark:
    kind: str
    glyph: str
    text: str


@dataclass(frozen=True)
class Chip:
    name: str
    glyph: str
    url: str
    count: str
    current: bool


@dataclass(frozen=True)
class RowClock:
    standing: str
    glyph: str
    words: str
    by: str = ""
    share: int = 0
    notch: int | None = None


@dataclass(frozen=True)
class Row:
    no: str
    url: str
    title: str
    place: str
    kind: str
    owner: str
    edge: str
    marks: tuple[Mark, ...]
    clock: RowClock


def marks(names: Sequence[str], lang: str) -> tuple[Mark, ...]:
    return tuple(Mark(name, MARK_GLYPHS[name], t(lang, f"mark.{name}")) for name in ORDER if name in names)


def few(found: Sequence[Mark], lang: str) -> tuple[Mark, ...]:
    """The weightiest, and how many more there are."""
    more = len(found) - IN_A_ROW
    return (*found[:IN_A_ROW], *([Mark("tag", "", t(lang, "mark.more", n=more))] if more > 0 else []))


def chips(look: Look, chosen: str, counts: Mapping[str, int]) -> list[Chip]:
    """The filters of my queue, with what waits for my yes where I may give one."""
    return [
        Chip(t(look.lang, f"desk.filter.{name}"), glyph, _link(look, name), str(counts.get(name, 0)), name == chosen)
        for name, glyph in FILTERS.items()
        if name != "approve" or "approve" in counts
    ]


def _link(look: Look, name: str) -> str:
    return f"{look.root}/desk" + ("" if name == "all" else f"?show={name}")


def _clock(street: Street, card: Card, now: datetime, lang: str) -> RowClock:
    if card.deadline is None:
        return RowClock("paused", "clock", t(lang, f"state.{card.state}"))
    state = of_card(street, card, now)
    moment = dates.moment(lang, card.deadline, street.tz, now)
    share, notch = bar(street, card.clock, card.started or card.deadline, card.deadline, now, card.case_class)
    return RowClock(
        standing=state,
        glyph=GLYPHS[state],
        words=mark_words(state, street, card.clock, card.deadline, now, lang, card.case_class),
        by=t(lang, "desk.queue.by", by=moment, clock=name_of(street, card.clock, lang)),
        share=share,
        notch=notch,
    )


def of_card(street: Street, card: Card, now: datetime) -> str:
    """`plain`, `near` or `late`; nobody is late for a date to remember."""
    if card.deadline is None:
        return PLAIN
    clock = street.clocks.get(card.clock)
    return PLAIN if clock is not None and not clock.counts else standing(card.warn, card.deadline, now)


def rows(look: Look, street: Street, cards: Sequence[Card], now: datetime) -> list[Row]:
    """In the order given: nearest deadline first."""
    return [_row(look, street, card, now) for card in cards]


def _row(look: Look, street: Street, card: Card, now: datetime) -> Row:
    clock = _clock(street, card, now, look.lang)
    case_class, category = street.class_by_id.get(card.case_class), street.category_by_id.get(card.category)
    kind = case_class.name if case_class else category.name if category else None
    return Row(
        no=card.no,
        url=f"{look.root}/desk/cases/{card.no}",
        title=card.title or card.no,
        place=card.place_en if look.lang == "en" and card.place_en else card.place,
        kind=kind.text(look.lang) if kind else t(look.lang, "desk.queue.unsorted"),
        owner=card.owner,
        edge=clock.standing if clock.standing in {NEAR, LATE} else "",
        marks=few(marks(card.marks, look.lang), look.lang),
        clock=clock,
    )
