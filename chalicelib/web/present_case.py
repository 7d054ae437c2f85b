"""What the resident's pages and the desk's page say about one case: who has it, until when, what happens if not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.case import Case
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_clocks import ClockView, concerns_residents, ended, live, running, what_if_not
from chalicelib.web.present_ladder import next_office
from chalicelib.web.present_offices import office_name, party_role, where
from chalicelib.web.present_timeline import outcome_name

GLYPHS = {"received": "clock", "waiting": "chat", "handled": "tick", "visiting": "tick", "closed": "tick"}


@dataclass(frozen=True)
class Holder:
    """Who has the case and what for; `clock` is the one that ends next, `more` the others that run."""

    office: str
    verb: str
    state: str
    glyph: str
    clock: ClockView | None
    more: tuple[ClockView, ...]
    if_not: str


@dataclass(frozen=True)
class CaseHead:
    no: str
    title: str
    text: str
    place: str
    state: str
    glyph: str
    open: bool
    outcome: str
    result: str
    question: str
    reply_by: str
    phone: str
    version: int


def office_of(street: Street, case: Case, lang: str, names: bool) -> str:
    """The office, and whoever it gave the case to: by role for residents, by name for colleagues."""
    office = office_name(street, case.rung, case.unit, lang)
    if case.assignee is None or not case.open:
        return office
    party = case.assignee.name if names else party_role(street, case.assignee, lang)
    return t(lang, "who.assigned", office=office, party=party)


def head(street: Street, case: Case, place: Place | None, now: datetime, lang: str) -> CaseHead:
    return CaseHead(
        no=case.no,
        title=case.title,
        text=case.text,
        place=where(street, case, place, lang),
        state=t(lang, f"state.{case.state}"),
        glyph=GLYPHS.get(case.state, "clock"),
        open=case.open,
        outcome=outcome_name(case.outcome, lang),
        result=case.result if case.handled_at or case.closed_at else "",
        question=case.question,
        reply_by=dates.moment(lang, case.reply_by, street.tz, now) if case.reply_by else "",
        phone=case.phone_mask,
        version=case.version,
    )


def holder(street: Street, case: Case, now: datetime, lang: str, names: bool = False) -> Holder:
    runs = [run for run in live(case) if names or concerns_residents(street.clocks.get(run.id))] if case.open else []
    clocks = [running(street, run, now, lang) for run in runs]
    first = next((run for run in runs if run.running), None)
    return Holder(
        office=office_of(street, case, lang, names),
        verb=t(lang, f"who.verb.{case.state}"),
        state=case.state,
        glyph=GLYPHS.get(case.state, "clock"),
        clock=clocks[0] if clocks else None,
        more=tuple(clocks[1:]),
        if_not=what_if_not(street, first, lang, next_office(street, case, lang), staff=names) if first else "",
    )


def past_clocks(street: Street, case: Case, now: datetime, lang: str) -> list[ClockView]:
    """Clocks that were stopped, the latest run of each, for the desk's panel."""
    latest = {run.id: run for run in case.clocks if run.stopped}
    alive = {run.id for run in case.clocks if run.stopped is None}
    return [ended(street, run, now, lang) for run_id, run in latest.items() if run_id not in alive]
