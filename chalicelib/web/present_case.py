"""What the resident's pages and the desk's page say about one case: who has it, until when, what happens if not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.case import Case
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import has, t
from chalicelib.web.present_clocks import ClockView, concerns_residents, counts, ended, live, running, what_if_not
from chalicelib.web.present_events import outcome_name
from chalicelib.web.present_ladder import next_office
from chalicelib.web.present_offices import office_name, party_name, party_role, where

GLYPHS = {"waiting": "chat", "observing": "eye", "handled": "tick", "visiting": "tick", "closed": "tick"}


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
    """The office, and whoever it gave the case to: a person by role for residents, by name for colleagues; a lead by its name."""
    office = office_name(street, case.rung, case.unit, lang)
    if not case.open:
        return office
    if case.assignee is not None:
        if names:
            return t(lang, "who.named", office=office, party=case.assignee.name)
        return t(lang, "who.assigned", office=office, party=party_role(street, case.assignee, lang))
    if case.lead is not None:
        return t(lang, "who.led", office=office, party=party_name(street, case.lead.party, lang))
    return office


def state_for_residents(state: str, lang: str) -> str:
    """The state in plain words, without what offices have between each other."""
    own = f"progress.state.{state}"
    return t(lang, own if has(lang, own) else f"state.{state}")


def shown_state(case: Case) -> str:
    """What a reporter took back was not closed by anybody's work."""
    return "withdrawn" if case.state == "closed" and case.outcome == "withdrawn" else case.state


def head(street: Street, case: Case, place: Place | None, now: datetime, lang: str, *, staff: bool = False) -> CaseHead:
    return CaseHead(
        no=case.no,
        title=case.title,
        text=case.text,
        place=where(street, case, place, lang),
        state=t(lang, f"state.{case.state}") if staff else state_for_residents(shown_state(case), lang),
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
    runs = live(case) if case.open else []
    if not names:
        # A date that stands still for a plan or an answer from above promises nothing.
        asked = case.state == "waiting"
        runs = [run for run in runs if concerns_residents(street.clocks.get(run.id)) and (run.running or asked)]
    clocks = [running(street, run, now, lang, case) for run in runs]
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
    """Clocks that were stopped, the latest run of each, for the desk's panel. Nobody is judged by dates to look again."""
    latest = {run.key: run for run in case.clocks if run.stopped and counts(street, run)}
    alive = {run.key for run in case.clocks if run.stopped is None}
    return [ended(street, run, now, lang, case) for key, run in latest.items() if key not in alive]


def notes(street: Street, case: Case, now: datetime, lang: str) -> list[str]:
    """What a resident has to know besides: another date than promised, what is being watched, that it went on elsewhere."""
    found = []
    if case.extended and case.open:
        original = min((run.original for run in case.clocks if run.original and run.stopped is None), default=None)
        moved = dates.moment(lang, original, street.tz, now) if original else ""
        found.append(t(lang, "progress.note.extended", original=moved) if moved else t(lang, "progress.note.longer"))
    if case.state == "long_run" and case.long_run_until:
        found.append(t(lang, "progress.note.long_run", day=dates.day(lang, case.long_run_until, street.tz, now)))
    if case.state == "observing" and case.observe_until:
        found.append(t(lang, "progress.note.observing", by=dates.moment(lang, case.observe_until, street.tz, now)))
    if case.state == "referred":
        way = street.exit_by_id.get(case.exit)
        found.append(t(lang, "progress.note.referred", exit=way.name.text(lang) if way else ""))
    if case.state == "invalid":
        found.append(t(lang, "progress.note.invalid", phone=street.phone.replace(" ", "\u00a0")))
    return found
