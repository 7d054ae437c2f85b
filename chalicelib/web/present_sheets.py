"""A case on paper: the same facts for every sheet; each sheet's template says which of them and in which form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.casework.access import unit_name
from chalicelib.casework.card import Card
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.next_steps import USUAL
from chalicelib.web.present_clocks import live, name_of
from chalicelib.web.present_events import outcome_name
from chalicelib.web.present_facts import Pairs, facts, triage
from chalicelib.web.present_offices import office_name, party_name, where
from chalicelib.web.present_queue import marks
from chalicelib.web.present_timeline import Line, timeline
from chalicelib.web.views import Viewer

# Paper is read on another day: no date is "today", and the year stands with it.
ON_PAPER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PartyLine:
    """A lead or co-handler on the task sheet, with room to sign."""

    role: str
    name: str
    report_by: str
    stood: str


@dataclass(frozen=True)
class Paper:
    """`way` is what happened so far, the oldest first, without what concerns the reporter; `done` the office's part of it."""

    no: str
    title: str
    text: str
    place: str
    committee: str
    zone: str
    office: str
    state: str
    facts: Pairs
    clocks: Pairs
    category: str
    case_class: str
    received: str
    parties: tuple[PartyLine, ...]
    demands: str
    demanded_by: str
    deadline: str
    triage: Pairs
    way: tuple[Line, ...]
    done: tuple[Line, ...]
    result: str
    outcome: str
    why: str
    exit: str
    referred: str
    external: str
    nickname: str
    phone: str


@dataclass(frozen=True)
class HandedOver:
    """One row of the hand-over sheet."""

    no: str
    title: str
    place: str
    state: str
    marks: str
    owner: str
    clock: str
    next: str


def paper(
    street: Street,
    case: Case,
    events: Sequence[Event],
    place: Place | None,
    me: Viewer,
    names: Mapping[str, str],
    lang: str,
) -> Paper:
    now = ON_PAPER

    def at(instant: str | None) -> str:
        return dates.moment(lang, instant, street.tz, now) if instant else ""

    category, case_class = street.category_by_id.get(case.category), street.class_by_id.get(case.case_class)
    gone_up = next((event for event in reversed(events) if event.type == "referred"), None)
    way = street.exit_by_id.get(str(gone_up.data["exit"])) if gone_up else None
    lines = timeline(street, case, events, (), place, now, lang, names, blind=True)
    way_so_far = [line for line in reversed(lines) if line.visible]
    answers = triage(case, names, lang)
    secret = not me.sees_reporter
    return Paper(
        no=case.no,
        title=case.title,
        text=case.text,
        place=where(street, case, place, lang),
        committee=unit_name(f"committee:{case.committee}", street),
        zone=unit_name(f"zone:{case.zone}", street),
        office=office_name(street, case.rung, case.unit, lang),
        state=t(lang, f"state.{case.state}"),
        facts=facts(street, case, place, me, now, lang),
        clocks=[(name_of(street, run.id, lang), at(run.due)) for run in live(case) if not run.party],
        category=category.name.text(lang) if category else t(lang, "desk.fact.unset"),
        case_class=case_class.name.text(lang) if case_class else t(lang, "desk.fact.unset"),
        received=at(case.received_at),
        parties=_parties(street, case, lang),
        demands=case.demands,
        demanded_by=at(case.demanded_by),
        deadline=at(case.demanded_by or case.deadline),
        triage=answers[0] if answers else [],
        way=tuple(way_so_far),
        done=tuple(line for line in way_so_far if line.type not in {"submitted", "referred"}),
        result=case.result,
        outcome=outcome_name(case.outcome or case.proposed, lang),
        why=str(gone_up.data.get("reason", "")) if gone_up else "",
        exit=way.name.text(lang) if way else "",
        referred=at(gone_up.at) if gone_up else "",
        external=case.external,
        nickname="" if secret else case.nickname,
        phone=t(lang, "desk.fact.secret") if secret else case.phone_mask or t(lang, "desk.fact.no_phone"),
    )


def _parties(street: Street, case: Case, lang: str) -> tuple[PartyLine, ...]:
    ends = {run.party: run.due for run in case.clocks if run.party and run.stopped is None}
    found = []
    for partner in sorted((one for one in case.partners if one.released is None), key=lambda one: not one.lead):
        by = dates.moment(lang, ends[partner.party.id], street.tz, ON_PAPER) if partner.party.id in ends else ""
        stood = dates.moment(lang, partner.reported, street.tz, ON_PAPER) if partner.reported else ""
        role = t(lang, "role.lead" if partner.lead else "role.co_handler")
        found.append(PartyLine(role, party_name(street, partner.party, lang), by, stood))
    return tuple(found)


def handed_over(street: Street, cards: Sequence[Card], lang: str) -> list[HandedOver]:
    return [_handed(street, card, lang) for card in cards]


def _handed(street: Street, card: Card, lang: str) -> HandedOver:
    clock = ""
    if card.deadline:
        by = dates.moment(lang, card.deadline, street.tz, ON_PAPER)
        clock = t(lang, "desk.queue.by", by=by, clock=name_of(street, card.clock, lang))
    usual = [step for step in USUAL.get(card.state, ()) if _fits(street, card, step)]
    return HandedOver(
        no=card.no,
        title=card.title or card.no,
        place=card.place_en if lang == "en" and card.place_en else card.place,
        state=t(lang, f"state.{card.state}"),
        marks=t(lang, "text.list").join(mark.text for mark in marks(card.marks, lang)),
        owner=card.owner or t(lang, "desk.queue.nobody"),
        clock=clock or t(lang, "desk.case.no_clock"),
        next=t(lang, f"action.{usual[0]}") if usual else t(lang, "desk.sheet.wait"),
    )


def _fits(street: Street, card: Card, step: str) -> bool:
    """What a card tells of a step: only a suggestion is weighed, and only who was called together reports in."""
    if step == "weigh":
        found = street.class_by_id.get(card.case_class)
        return found is not None and found.idea
    return step != "report_in" or "owing" in card.marks
