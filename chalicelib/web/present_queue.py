"""My queue: one row per case with its marks, its clock and whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.card import Card
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_clocks import GLYPHS, LATE, NEAR, bar, mark_words, name_of, standing
from chalicelib.web.views import Look

FILTERS = {"all": "list", "late": "bang", "near": "hourglass", "urgent": "warn", "unassigned": "user"}
MARK_GLYPHS = {"urgent": "warn", "supervised": "eye"}
ORDER = ("urgent", "supervised")


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


def chips(look: Look, chosen: str, counts: Mapping[str, int], wide: bool) -> list[Chip]:
    """The filters of my queue, and last everything in my scope for those who oversee one."""
    found = [
        Chip(t(look.lang, f"desk.filter.{name}"), glyph, _link(look, name), str(counts.get(name, 0)), name == chosen)
        for name, glyph in FILTERS.items()
    ]
    if wide:
        found.append(Chip(t(look.lang, "desk.filter.scope"), "house", _link(look, "scope"), "", chosen == "scope"))
    return found


def _link(look: Look, name: str) -> str:
    return f"{look.root}/desk" + ("" if name == "all" else f"?show={name}")


def _clock(street: Street, card: Card, now: datetime, lang: str) -> RowClock:
    if card.deadline is None:
        return RowClock("paused", "clock", t(lang, f"state.{card.state}"))
    state = standing(card.warn, card.deadline, now)
    moment = dates.moment(lang, card.deadline, street.tz, now)
    share, notch = bar(street, card.clock, card.started or card.deadline, card.deadline, now)
    return RowClock(
        standing=state,
        glyph=GLYPHS[state],
        words=mark_words(state, street, card.clock, card.deadline, now, lang),
        by=t(lang, "desk.queue.by", by=moment, clock=name_of(street, card.clock, lang)),
        share=share,
        notch=notch,
    )


def rows(look: Look, street: Street, cards: Sequence[Card], now: datetime) -> list[Row]:
    """In the order given: nearest deadline first."""
    return [_row(look, street, card, now) for card in cards]


def _row(look: Look, street: Street, card: Card, now: datetime) -> Row:
    clock = _clock(street, card, now, look.lang)
    case_class, category = street.class_by_id.get(card.case_class), street.category_by_id.get(card.category)
    kind = case_class.name if case_class else category.name if category else None
    return Row(
        url=f"{look.root}/desk/cases/{card.no}",
        title=card.title or card.no,
        place=card.place_en if look.lang == "en" and card.place_en else card.place,
        kind=kind.text(look.lang) if kind else t(look.lang, "desk.queue.unsorted"),
        owner=card.owner,
        edge=clock.standing if clock.standing in {NEAR, LATE} else "",
        marks=marks(card.marks, look.lang),
        clock=clock,
    )
