"""The desk's lists, and assigning several of their cases at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.casework.card import Card, card_of
from chalicelib.casework.finding import Wanted
from chalicelib.errors import DoorstepError
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.pages_desk import DESK, grants
from chalicelib.web.pages_sheets import handover
from chalicelib.web.present_common import describe, frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_filters import Filter, address, filters, pager
from chalicelib.web.present_offices import role_name
from chalicelib.web.present_queue import chips, rows
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

if TYPE_CHECKING:
    from chalicelib.usecases.bulk import Choice

__all__ = ["Listed", "assigned", "bulk", "handover", "queue"]

PAGE = 25
# Which entry of the side bar a list belongs to; everything else is my queue.
HERE = {"scope": "scope", "ended": "ended", "listed": "listed"}


@dataclass(frozen=True)
class Listed:
    """A list as it was asked for. `cards` are what is left of `all_cards` after searching; `show` is the chip's name, `only` for
    the result of a look-up; `counts` are those of the chips; `months` can be chosen where what has ended is listed. `most` is how
    many of an office's or a zone's are read where there may be more, else 0.
    """

    show: str
    cards: Sequence[Card]
    all_cards: Sequence[Card]
    counts: Mapping[str, int]
    wanted: Wanted = field(default_factory=Wanted)
    typed: str = ""
    page: int = 1
    month: str = ""
    months: Sequence[str] = ()
    bulk: bool = False
    most: int = 0


def queue(look: Look, street: Street, me: Viewer, view: Listed, now: datetime) -> str:
    """One page of a list, nearest deadline first (what has ended: the latest first)."""
    lang = look.lang
    pages = max(1, -(-len(view.cards) // PAGE))
    at = min(view.page, pages)
    chosen = {"show": "" if view.show in {"all", "only"} else view.show, "q": view.typed, **dict(view.wanted.facets)}
    if view.show == "ended":
        chosen["month"] = view.month
    title = t(lang, f"desk.list.{view.show}" if view.show in HERE or view.show == "only" else "desk.queue.title")
    shown = view.cards[PAGE * (at - 1) : PAGE * at]
    return render(
        "queue.html",
        look,
        street,
        DESK,
        f=frame(look, street, title),
        me=me,
        grants=grants(street, me, lang),
        here=HERE.get(view.show, "queue"),
        total=view.counts.get("all", 0),
        title=title,
        now=dates.moment(lang, now, street.tz, now),
        chips=[] if view.show in HERE else chips(look, view.show, view.counts),
        show=view.show,
        typed=view.typed,
        filters=_filters(street, view, lang),
        narrowed=view.wanted.any,
        whole=look.root + address({"show": chosen["show"], "month": chosen.get("month", "")}),
        rows=rows(look, street, shown, now),
        count=t(lang, "desk.list.count", first=PAGE * (at - 1) + 1, last=PAGE * (at - 1) + len(shown), n=len(view.cards)),
        n=len(view.cards),
        pager=pager(look, chosen, at, pages),
        bulk=view.bulk and bool(shown),
        most=t(lang, "desk.queue.most", n=view.most) if view.most else "",
    )


def _filters(street: Street, view: Listed, lang: str) -> list[Filter]:
    found = filters(street, view.all_cards, view.wanted, lang)
    if view.show == "ended":
        months = [(one, t(lang, "desk.list.month", year=one[:4], month=int(one[5:])), one == view.month) for one in view.months]
        found.insert(0, Filter("month", t(lang, "desk.find.month"), tuple(months), required=True))
    return found


def bulk(
    look: Look,
    street: Street,
    me: Viewer,
    choice: Choice,
    places: Mapping[str, Place],
    now: datetime,
    attempt: str,
    error: DoorstepError | None = None,
    note: str = "",
) -> str:
    """Who is to have these cases: every one of them as it stands now, what can't be assigned with the reason."""
    lang = look.lang
    cards = [card_of(case, street, places.get(case.place)) for case in choice.cases]
    return render(
        "bulk.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "desk.bulk.title")),
        me=me,
        grants=grants(street, me, lang),
        here="queue",
        total="",
        rows=rows(look, street, cards, now),
        picks=[f"{case.no}~{case.version}" for case in choice.cases],
        people=[(value, f"{party.name} · {role_name(party.grant, lang)}") for value, party in choice.people],
        left=_left(lang, choice.left),
        attempt=attempt,
        note=note,
        problem=problem_view(lang, error),
    )


def assigned(look: Look, street: Street, me: Viewer, done: Sequence[str], left: Sequence[tuple[str, str]]) -> str:
    """What went and what did not."""
    return render(
        "bulk_done.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(look.lang, "desk.bulk.title")),
        me=me,
        grants=grants(street, me, look.lang),
        here="queue",
        total="",
        done=list(done),
        left=_left(look.lang, left),
    )


def _left(lang: str, left: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Reasons in words. They may come back from an address: an unknown one reads as the general one."""
    return [(no, describe(lang, DoorstepError(reason, params={"action": "assign"}))[0]) for no, reason in left]
