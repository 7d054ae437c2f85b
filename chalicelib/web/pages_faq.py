"""Answered questions: the public page, the desk's list and form, and what is said below the form while somebody types."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from chalicelib.casework.card import Card
from chalicelib.casework.case import ENDED_STATES
from chalicelib.errors import DoorstepError
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import count, t
from chalicelib.web.look import Look
from chalicelib.web.present_case import state_for_residents
from chalicelib.web.present_common import frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_offices import grant_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

RESIDENT = ("tokens", "resident", "faq")
DESK = ("tokens", "desk", "faq")
FIELDS = ("question", "answer", "category", "committee", "case", "entry", "version")


class Entry(Protocol):
    """What is stored of an entry (`models.faq.Entry`)."""

    @property
    def id(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def committee(self) -> str: ...
    @property
    def case(self) -> str: ...
    @property
    def published(self) -> bool: ...
    @property
    def by(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def hits(self) -> int: ...


@dataclass(frozen=True)
class Line:
    """An entry as a list shows it."""

    id: str
    question: str
    answer: str
    about: str
    read: str
    written: str
    shown: bool
    mine: bool


def _scope(street: Street, committee: str, lang: str) -> str:
    found = street.committee_by_id.get(committee)
    return found.name.text(lang) if found else t(lang, "faq.whole_street")


def _category(street: Street, category: str, lang: str) -> str:
    found = street.category_by_id.get(category)
    return found.name.text(lang) if found else ""


def _line(street: Street, entry: Entry, lang: str, now: datetime, mine: Collection[str]) -> Line:
    about = [_scope(street, entry.committee, lang), _category(street, entry.category, lang)]
    return Line(
        id=entry.id,
        question=entry.question,
        answer=entry.answer,
        about=t(lang, "faq.joint").join(part for part in about if part),
        read=count(lang, "faq.desk.read", entry.hits),
        written=t(lang, "faq.desk.written", who=entry.by, day=dates.day(lang, entry.at, street.tz, now)),
        shown=entry.published,
        mine=entry.committee in mine,
    )


def public(look: Look, street: Street, entries: Sequence[Entry], query: str, now: datetime) -> str:
    """The page that everybody may read; `query` is what was searched for."""
    lang = look.lang
    return render(
        "faq.html",
        look,
        street,
        RESIDENT,
        f=frame(look, street, t(lang, "faq.title")),
        lines=[_line(street, entry, lang, now, ()) for entry in entries],
        query=query,
        found=count(lang, "faq.found", len(entries)) if query else "",
    )


def desk(
    look: Look, street: Street, me: Viewer, entries: Sequence[Entry], mine: Collection[str], now: datetime, done: str = ""
) -> str:
    """The desk's list. `mine` are the scopes that the reader may write for; `done` is what was done just now."""
    lang = look.lang
    return render(
        "faq_desk.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "faq.title")),
        me=me,
        grants=[grant_name(street, grant, lang) for grant in me.grants],
        here="faq",
        total="",
        lines=[_line(street, entry, lang, now, mine) for entry in entries],
        done=done,
    )


def edit(
    look: Look,
    street: Street,
    me: Viewer,
    values: Mapping[str, str],
    scopes: Sequence[str],
    error: DoorstepError | None = None,
    *,
    shown: bool = True,
) -> str:
    """One entry's form. `values` are `FIELDS`; version 0 is a new one. `scopes` are the committees to choose from."""
    lang = look.lang
    there = values["version"] != "0"
    look = replace(look, path=f"/desk/faq/{values['entry']}" if there else "/desk/faq/new")
    return render(
        "faq_edit.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "faq.desk.edit" if there else "faq.desk.new")),
        me=me,
        grants=[grant_name(street, grant, lang) for grant in me.grants],
        here="faq",
        total="",
        values={name: values.get(name, "") for name in FIELDS},
        there=there,
        shown=shown,
        scopes=[(scope, _scope(street, scope, lang)) for scope in scopes],
        categories=[("", t(lang, "hints.uncategorised")), *((one.id, one.name.text(lang)) for one in street.categories)],
        problem=problem_view(lang, error),
    )


def hints(look: Look, street: Street, cards: Sequence[Card], entries: Sequence[Entry], now: datetime) -> dict[str, Any]:
    """What the form shows below the text, with its words: nothing of them has to be on the page before somebody types."""
    lang = look.lang
    return {
        "similar": [_alike(street, card, lang, now) for card in cards],
        "faq": [{"id": entry.id, "question": entry.question, "answer": entry.answer} for entry in entries],
        "words": {
            "similar": t(lang, "hints.similar"),
            "follow": t(lang, "hints.done" if all(card.state in ENDED_STATES for card in cards) else "hints.follow"),
            "faq": t(lang, "hints.faq"),
        },
    }


def _alike(street: Street, card: Card, lang: str, now: datetime) -> dict[str, Any]:
    category = _category(street, card.category, lang) or t(lang, "hints.uncategorised")
    day = dates.day(lang, card.received_at, street.tz, now)
    state = state_for_residents(card.state, lang)
    return {
        "category": category,
        "date": day,
        "state": state,
        "recurs": "recurs" in card.marks,
        "line": t(lang, "hints.again" if "recurs" in card.marks else "hints.case", category=category, day=day, state=state),
    }
