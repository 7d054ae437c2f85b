"""The desk's pages: the door, my queue, one case. `pages` offers them with the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.casework.access import OVERSEERS
from chalicelib.casework.card import Card
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.errors import DoorstepError
from chalicelib.street import Place, Rung, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_case import head, holder, past_clocks
from chalicelib.web.present_common import frame, tel
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_desk import Sent, act_view, case_marks, facts
from chalicelib.web.present_offices import grant_name, office_name
from chalicelib.web.present_queue import chips, rows
from chalicelib.web.present_timeline import timeline
from chalicelib.web.render import render
from chalicelib.web.views import ActionView, Look, PhotoView, Viewer

DESK = ("tokens", "desk")


def signin(look: Look, street: Street, username: str = "", error: DoorstepError | None = None) -> str:
    return _door(look, street, "signin", f"{look.root}/desk/signin", username, error)


def activate(look: Look, street: Street, token: str, error: DoorstepError | None = None) -> str:
    return _door(look, street, "activate", f"{look.root}/desk/activate/{token}", "", error)


def _door(look: Look, street: Street, page: str, target: str, username: str, error: DoorstepError | None) -> str:
    return render(
        "signin.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(look.lang, f"desk.{page}.title")),
        page=page,
        target=target,
        username=username,
        problem=problem_view(look.lang, error),
    )


def queue(
    look: Look,
    street: Street,
    me: Viewer,
    cards: Sequence[Card],
    now: datetime,
    filter: str,
    counts: Mapping[str, int],
) -> str:
    """My cases by deadline. `filter` is one of `all late near urgent unassigned scope`."""
    return render(
        "queue.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(look.lang, "desk.queue.title")),
        me=me,
        grants=[grant_name(street, grant, look.lang) for grant in me.grants],
        here="queue",
        total=counts.get("all", len(cards)),
        now=dates.moment(look.lang, now, street.tz, now),
        chips=chips(look, filter, counts, wide=any(_oversees(grant) for grant in me.grants)),
        rows=rows(look, street, cards, now),
        empty="all" if filter == "all" else "filtered",
    )


def _oversees(grant: str) -> bool:
    return grant.partition("@")[0] in OVERSEERS


def case(
    look: Look,
    street: Street,
    me: Viewer,
    case: Case,
    events: Sequence[Event],
    photos: Sequence[PhotoView],
    actions: Sequence[ActionView],
    now: datetime,
    attempt: str,
    values: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
    revealed: str | None = None,
    *,
    place: Place | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """One case at the desk. `values["act"]` names the action that was refused; `names` are the names of colleagues by `by`."""
    typed = values or {}
    look = replace(look, path=f"/desk/cases/{case.no}")
    seen = problem_view(look.lang, error)
    views = {action.id: act_view(action, look.lang, typed, seen) for action in actions}
    primary = next((action.id for action in actions if action.primary and not action.missing), None)
    having = holder(street, case, now, look.lang, names=True)
    running = [clock for clock in (having.clock, *having.more) if clock]
    return render(
        "case.html",
        look,
        street,
        DESK,
        f=frame(look, street, case.title),
        me=me,
        grants=[grant_name(street, grant, look.lang) for grant in me.grants],
        here="case",
        total="",
        c=head(street, case, place, now, look.lang),
        facts=facts(street, case, place, me, now, look.lang),
        marks=case_marks(street, case, having.clock, look.lang),
        photos=photos,
        holder=having,
        clocks=[*running, *past_clocks(street, case, now, look.lang)],
        primary=views[primary] if primary else None,
        others=[views[a.id] for a in actions if a.id not in {primary, "reveal"} and not a.missing],
        blocked=[views[a.id] for a in actions if a.id != "reveal" and a.missing],
        reveal=views.get("reveal") if me.sees_reporter and case.phone_mask else None,
        revealed={"phone": revealed, "tel": tel(revealed)} if revealed and me.sees_reporter else None,
        lines=timeline(street, case, events, photos, place, now, look.lang, names or {}),
        sent=Sent(f"{look.root}/desk/cases/{case.no}", me.csrf, attempt, case.version),
        act=typed.get("act", ""),
        problem=seen,
    )


def office_label(lang: str, street: Street, rung: Rung, unit: str) -> str:
    """An office to allocate to: its unit, and the rung's name where that says more."""
    name = office_name(street, rung.id, unit, lang)
    rung_name = rung.name.text(lang)
    same_scope = sum(1 for other in street.rungs if other.scope == rung.scope) > 1
    return t(lang, "who.office_of", office=name, rung=rung_name) if same_scope and name != rung_name else name
