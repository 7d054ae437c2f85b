"""The desk's pages: the door and one case. `pages` offers them with the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.casework.access import ANSWERERS, OVERSEERS
from chalicelib.casework.card import Card, marks_of
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.errors import DoorstepError
from chalicelib.street import Place, Rung, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_acts import Sent, acts
from chalicelib.web.present_case import head, holder, past_clocks
from chalicelib.web.present_common import frame, spoken, tel, written
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_facts import case_marks, facts, known, links, partners, requests, triage
from chalicelib.web.present_offices import grant_name, office_name, role_name
from chalicelib.web.present_timeline import timeline
from chalicelib.web.render import render
from chalicelib.web.views import ActionView, Helper, PhotoView, Viewer

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
    helpers: Sequence[Helper] = (),
    related: Sequence[Related] = (),
) -> str:
    """One case at the desk. `values["act"]` names the action that was refused; `names` are the names of colleagues by `by`;
    `helpers` are whom to call to a hazard, `related` the cases that sound like this one, with the step offered.
    """
    typed, known_as = values or {}, names or {}
    look = replace(look, path=f"/desk/cases/{case.no}")
    lang = look.lang
    seen = problem_view(lang, error)
    having = holder(street, case, now, lang, names=True)
    running = [clock for clock in (having.clock, *having.more) if clock]
    card_marks = marks_of(case, street)
    offered = acts(actions, lang, typed, seen)
    gone = seen is not None and typed.get("act", "") not in {one.id for one in actions if one.missing is None}
    return render(
        "case.html",
        look,
        street,
        DESK,
        f=frame(look, street, case.title),
        me=me,
        grants=grants(street, me, lang),
        here="case",
        total="",
        c=head(street, case, place, now, lang, staff=True),
        facts=facts(street, case, place, me, now, lang),
        marks=case_marks(street, case, having.clock, card_marks, lang),
        photos=photos,
        holder=having,
        clocks=sorted([*running, *past_clocks(street, case, now, lang)], key=lambda clock: bool(clock.party)),
        partners=partners(street, case, now, lang),
        requests=requests(street, case, known_as, now, lang),
        known=known(street, case, events, now, lang),
        triage=triage(case, known_as, lang),
        links=links(case, lang) if me.sees_reporter else [],
        helpers=[(one.name, role_name(one.role, lang) if one.role else "", spoken(one.phone), tel(one.phone)) for one in helpers],
        sheets=_sheets(case, events),
        class_case=case.class_case if any(grant.partition("@")[0] in OVERSEERS for grant in me.grants) else "",
        related=[_related(street, one, now, lang) for one in related],
        may_keep=bool(case.result) and any(grant.partition("@")[0] in ANSWERERS for grant in me.grants),
        acts=offered,
        reveal=offered.reveal if me.sees_reporter and case.phone_mask else None,
        revealed={"phone": spoken(revealed), "tel": tel(revealed)} if revealed and me.sees_reporter else None,
        lines=timeline(street, case, events, photos, place, now, lang, known_as, blind=not me.sees_reporter),
        sent=Sent(f"{look.root}/desk/cases/{case.no}", me.csrf, attempt, case.version),
        act=typed.get("act", ""),
        problem=seen,
        written=written(typed) if gone else "",
    )


class Related(Protocol):
    """A case that sounds like the one at hand (`usecases.related.Related`)."""

    @property
    def card(self) -> Card: ...
    @property
    def same_person(self) -> bool: ...
    @property
    def act(self) -> str: ...


def _related(street: Street, one: Related, now: datetime, lang: str) -> dict[str, str]:
    card = one.card
    return {
        "no": card.no,
        "title": card.title or card.no,
        "who": t(lang, "desk.related.same" if one.same_person else "desk.related.other"),
        "state": t(lang, f"state.{card.state}"),
        "when": dates.day(lang, card.received_at, street.tz, now),
        "act": one.act,
        "button": t(lang, "desk.related.merge" if one.act == "merge" else "desk.related.link"),
    }


def grants(street: Street, me: Viewer, lang: str) -> list[str]:
    """What the person is, and where."""
    return [grant_name(street, grant, lang) for grant in me.grants]


def _sheets(case: Case, events: Sequence[Event]) -> list[str]:
    """Which papers there are to print of this case."""
    found = ["order"]
    if case.partners:
        found.append("task_sheet")
    if any(event.type == "referred" for event in events):
        found.append("exit")
    return found


def office_label(lang: str, street: Street, rung: Rung, unit: str) -> str:
    """An office to allocate to: its unit, and the rung's name where that says more."""
    name = office_name(street, rung.id, unit, lang)
    rung_name = rung.name.text(lang)
    same_scope = sum(1 for other in street.rungs if other.scope == rung.scope) > 1
    return t(lang, "who.office_of", office=name, rung=rung_name) if same_scope and name != rung_name else name
