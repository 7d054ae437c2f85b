"""What the desk's page says about a case: where and what, who works on it, what waits for a yes, what is known so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from chalicelib.casework.case import Case, Partner
from chalicelib.casework.events import Event
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_clocks import ClockView, standing
from chalicelib.web.present_events import rating_words
from chalicelib.web.present_offices import where
from chalicelib.web.present_queue import Mark, marks
from chalicelib.web.views import Viewer

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class PartnerView:
    """`standing` is `done`, `plain` or `late`."""

    name: str
    role: str
    words: str
    standing: str
    glyph: str


@dataclass(frozen=True)
class RequestView:
    name: str
    by: str
    when: str
    said: tuple[str, ...]


@dataclass(frozen=True)
class LinkView:
    """Another case: `no` is also where its page is."""

    label: str
    no: str


def facts(street: Street, case: Case, place: Place | None, me: Viewer, now: datetime, lang: str) -> Pairs:
    category, case_class = street.category_by_id.get(case.category), street.class_by_id.get(case.case_class)
    unset = t(lang, "desk.fact.unset")
    source = t(
        lang,
        "desk.fact.source_line",
        channel=t(lang, f"channel.{case.channel}"),
        reporter=t(lang, f"reporter.{case.reporter}"),
        found=t(lang, "found.active" if case.active else "found.passive"),
    )
    found = [
        (t(lang, "desk.fact.place"), where(street, case, place, lang)),
        (t(lang, "desk.fact.category"), category.name.text(lang) if category else unset),
        (t(lang, "desk.fact.class"), case_class.name.text(lang) if case_class else unset),
        (t(lang, "desk.fact.source"), source),
        *([(t(lang, "desk.fact.how"), t(lang, f"how.{case.how}"))] if case.how else []),
        *([(t(lang, "desk.fact.external"), case.external)] if case.external else []),
        (t(lang, "desk.fact.received"), dates.moment(lang, case.received_at, street.tz, now)),
    ]
    if me.sees_reporter:
        if case.nickname:
            found.append((t(lang, "desk.fact.nickname"), case.nickname))
        found.append((t(lang, "desk.fact.phone"), case.phone_mask or t(lang, "desk.fact.no_phone")))
    else:
        found.append((t(lang, "desk.fact.nickname"), t(lang, "desk.fact.secret")))
    return found


def case_marks(street: Street, case: Case, first: ClockView | None, on: Sequence[str], lang: str) -> list[Mark]:
    """What weighs most, then the deadline, then the state. `on` are the marks of the case's card."""
    found = list(marks(on, lang))
    if first and case.open:
        found.append(Mark(first.standing, first.glyph, first.words))
    found.append(
        Mark("tag", "", t(lang, f"state.{case.state}")) if case.open else Mark("done", "tick", t(lang, f"state.{case.state}"))
    )
    if case.reopened:
        found.append(Mark("tag", "again", t(lang, "mark.reopened", n=case.reopened)))
    return found


def partners(street: Street, case: Case, now: datetime, lang: str) -> list[PartnerView]:
    """Lead and co-handlers with who has signed, reported in, or still owes it."""
    return [_partner(street, case, partner, now, lang) for partner in case.partners]


def _partner(street: Street, case: Case, partner: Partner, now: datetime, lang: str) -> PartnerView:
    role = t(lang, "role.lead" if partner.lead else "role.co_handler")
    name = partner.party.name

    def at(instant: str) -> str:
        return dates.moment(lang, instant, street.tz, now)

    if partner.reported:
        return PartnerView(name, role, t(lang, "desk.partner.reported", at=at(partner.reported)), "done", "tick")
    if partner.released:
        return PartnerView(name, role, t(lang, "desk.partner.released", at=at(partner.released)), "plain", "leave")
    run = next((run for run in case.clocks if run.party == partner.party.id and run.stopped is None), None)
    if run is not None and standing(run.warn, run.due, now) == "late":
        late = dates.span(lang, now - dates.local(run.due, street.tz))
        return PartnerView(name, role, t(lang, "desk.partner.late", span=late), "late", "bang")
    if partner.signed:
        return PartnerView(name, role, t(lang, "desk.partner.signed", at=at(partner.signed)), "plain", "clock")
    by = t(lang, "desk.partner.owing_by", by=at(run.due)) if run else t(lang, "desk.partner.owing")
    return PartnerView(name, role, by, "plain", "clock")


def requests(street: Street, case: Case, names: Mapping[str, str], now: datetime, lang: str) -> list[RequestView]:
    """What waits for a second person's yes, with everything that person has to know."""
    listed = {option.id: option.name.text(lang) for option in street.reasons.extension}
    found = []
    for request in case.requests:
        said = [
            listed.get(request.reason, ""),
            t(lang, "desk.request.days", n=request.days) if request.days else "",
            t(lang, "desk.request.until", day=dates.day(lang, request.until, street.tz, now)) if request.until else "",
            request.text,
        ]
        when = dates.moment(lang, request.at, street.tz, now)
        by = names.get(request.by) or t(lang, "role.staff")
        found.append(RequestView(t(lang, f"request.{request.kind}"), by, when, tuple(words for words in said if words)))
    return found


def known(street: Street, case: Case, events: Sequence[Event], now: datetime, lang: str) -> Pairs:
    """What has been found out and agreed on the way, in the order in which it comes about."""

    def at(instant: str) -> str:
        return dates.moment(lang, instant, street.tz, now)

    found: Pairs = []
    if case.demands:
        found.append((t(lang, "desk.known.demands"), case.demands))
    if case.demanded_by:
        found.append((t(lang, "desk.known.demanded_by"), at(case.demanded_by)))
    if case.refusals:
        key = "desk.known.designated" if case.designated else "desk.known.refused"
        found.append((t(lang, "desk.known.refusals"), t(lang, key, n=case.refusals)))
    if case.contacted_at or case.contact_attempts:
        words = at(case.contacted_at) if case.contacted_at else t(lang, "desk.known.attempts", n=case.contact_attempts)
        found.append((t(lang, "desk.known.contact"), words))
    if case.cleared_at:
        found.append((t(lang, "desk.known.cleared"), at(case.cleared_at)))
    if case.extended:
        found.append((t(lang, "desk.known.extended"), t(lang, "desk.known.extended_on", at=at(case.extended))))
    if case.long_run_until:
        found.append((t(lang, "desk.known.long_run"), dates.day(lang, case.long_run_until, street.tz, now)))
    if case.exit:
        way = street.exit_by_id.get(case.exit)
        found.append((t(lang, "desk.known.exit"), way.name.text(lang) if way else case.exit))
    if case.observe_until:
        found.append((t(lang, "desk.known.observe"), at(case.observe_until)))
    found += _visit(street, case, now, lang)
    if case.supervised or case.supervisions:
        found.append((t(lang, "desk.known.supervision"), _supervision(case, events, lang)))
    if case.urges:
        found.append((t(lang, "desk.known.urges"), t(lang, "desk.known.times", n=case.urges)))
    if case.rating:
        found.append((t(lang, "desk.known.rating"), rating_words(msgspec.structs.asdict(case.rating), lang)))
        found.append(
            (t(lang, "desk.known.consent"), t(lang, "desk.known.consent_yes" if case.rating.publish else "desk.known.consent_no"))
        )
    if case.published:
        found.append((t(lang, "desk.known.published"), case.published))
    return found


def _visit(street: Street, case: Case, now: datetime, lang: str) -> Pairs:
    if case.visit is None:
        tried = [(t(lang, "desk.known.visit"), t(lang, "desk.known.attempts", n=case.visit_attempts))]
        return tried if case.visit_attempts else []
    causes = {option.id: option.name.text(lang) for option in street.reasons.cause}
    said = [
        t(lang, f"option.way.{case.visit.way}"),
        t(lang, f"option.said.{case.visit.said}"),
        t(lang, f"option.solved.{case.visit.solved}") if case.visit.solved else "",
        causes.get(case.visit.cause, ""),
        dates.moment(lang, case.visit.at, street.tz, now),
    ]
    found = [(t(lang, "desk.known.visit"), t(lang, "text.comma").join(words for words in said if words))]
    return [*found, (t(lang, "desk.known.visit_said"), case.visit.text)] if case.visit.text else found


def _supervision(case: Case, events: Sequence[Event], lang: str) -> str:
    last = next((event for event in reversed(events) if event.type in {"supervised", "supervision_ended"}), None)
    if last is None:
        # A clock of the street's put it there by itself.
        return t(lang, "desk.known.by_clock")
    if last.type == "supervision_ended":
        return t(lang, "desk.known.supervision_ended", result=str(last.data.get("result", "")))
    rule = last.data.get("rule")
    return t(lang, f"desk.known.rule_{rule}") if rule else str(last.data.get("reason", ""))


def triage(case: Case, names: Mapping[str, str], lang: str) -> tuple[Pairs, str] | None:
    """The four answers with the result in words, and how far the other side has agreed."""
    if case.triage is None:
        return None
    answers = [
        (t(lang, f"desk.triage.{question}"), t(lang, "option.yes" if said else "option.no"))
        for question, said in case.triage.answers.items()
    ]
    staff = t(lang, "role.staff")
    by, agreed = names.get(case.triage.by, staff), names.get(case.triage.agreed, staff)
    note = t(lang, "desk.triage.agreed", by=by, agreed=agreed) if case.triage.agreed else t(lang, "desk.triage.waiting", by=by)
    return [*answers, (t(lang, "label.triage.text"), case.triage.text)], note


def links(case: Case, lang: str) -> list[LinkView]:
    """Cases that belong to this one."""
    found = [LinkView(t(lang, "desk.link.recurs"), case.recurs)] if case.recurs else []
    found += [LinkView(t(lang, "desk.link.into"), case.merged_into)] if case.merged_into else []
    found += [LinkView(_follower(follower.channel, follower.external, lang), follower.no) for follower in case.followers]
    return [*found, *(LinkView(t(lang, "desk.link.linked"), no) for no in case.links)]


def _follower(channel: str, external: str, lang: str) -> str:
    named = t(lang, f"channel.{channel}") if channel else ""
    return t(lang, "desk.link.merged", source=f"{named} {external}".strip())
