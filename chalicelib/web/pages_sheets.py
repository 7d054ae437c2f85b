"""Papers: what is printed, signed and handed over. Black on white, A4, marks as words, numbers masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.casework.card import Card
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.present_offices import grant_name
from chalicelib.web.present_sheets import ON_PAPER, handed_over, paper
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

SHEET = ("tokens", "sheet")
# What the exits of a street file name as their documents, each with a form of its own.
DOCUMENTS = ("suggestion", "visit_day", "district", "survey")
PAPERS = ("task_sheet", "order")


def sheet(
    look: Look,
    street: Street,
    me: Viewer,
    name: str,
    case: Case,
    events: Sequence[Event],
    now: datetime,
    *,
    place: Place | None = None,
    names: Mapping[str, str] | None = None,
    also: Sequence[tuple[Case, Sequence[Event], Place | None]] = (),
) -> str:
    """`name` is one of `PAPERS` or `DOCUMENTS`; `also` are the other cases of a list with their events and doors."""
    lang = look.lang
    made = paper(street, case, events, place, me, names or {}, lang)
    rows = [made, *(paper(street, one, theirs, door, me, {}, lang) for one, theirs, door in also)]
    title = t(lang, "desk.sheet.titled", sheet=made.exit if name in DOCUMENTS else t(lang, f"desk.sheet.{name}"), no=case.no)
    return _page(look, street, f"sheet_{name}.html", title, me, now, p=made, rows=rows, back=f"{look.root}/desk/cases/{case.no}")


def handover(look: Look, street: Street, me: Viewer, cards: Sequence[Card], now: datetime) -> str:
    """Everything open on somebody's desks, for whoever takes over."""
    grants = [grant_name(street, grant, look.lang) for grant in me.grants]
    title, rows = t(look.lang, "desk.sheet.handover"), handed_over(street, cards, look.lang)
    return _page(look, street, "sheet_handover.html", title, me, now, rows=rows, grants=grants, back=f"{look.root}/desk")


def _page(look: Look, street: Street, template: str, title: str, me: Viewer, now: datetime, **view: Any) -> str:
    printed = dates.moment(look.lang, now, street.tz, ON_PAPER)
    today = dates.day(look.lang, now, street.tz, ON_PAPER)
    return render(template, look, street, SHEET, f=frame(look, street, title), me=me, printed=printed, today=today, **view)
