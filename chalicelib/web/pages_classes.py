"""Class cases (类案) at the desk: the list, and one with its reason, its members, the survey and everything done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.casework.card import Card
from chalicelib.casework.class_cases import ClassCase, offices
from chalicelib.errors import DoorstepError
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import count, t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_offices import grant_name, unit_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

DESK = ("tokens", "desk", "faq", "classes")
STATES = {
    "proposed": "classes.state.proposed",
    "open": "classes.state.open",
    "done": "classes.state.done",
    "dismissed": "classes.state.dismissed",
}
STEPS = {
    "accept": "classes.step.accept",
    "dismiss": "classes.step.dismiss",
    "lead": "classes.step.lead",
    "need": "classes.step.need",
    "note": "classes.step.note",
    "add": "classes.step.add",
    "take_out": "classes.step.take_out",
    "finish": "classes.step.finish",
    "reopen": "classes.step.reopen",
}


@dataclass(frozen=True)
class Line:
    id: str
    name: str
    why: str
    result: str


@dataclass(frozen=True)
class Group:
    name: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class MemberLine:
    """A case of it; without a title for one outside the reader's scope."""

    no: str
    title: str
    where: str
    meta: str


@dataclass(frozen=True)
class Row:
    committee: str
    cases: int
    asked: str
    by: str


@dataclass(frozen=True)
class Did:
    text: str
    quote: str
    meta: str
    iso: str


def name_of(lang: str, one: ClassCase) -> str:
    return one.title or t(lang, "classes.unnamed", words=_words(lang, one))


def _words(lang: str, one: ClassCase) -> str:
    return t(lang, "text.list").join(one.words)


def amount(lang: str, number: int, unit: str) -> str:
    """`1,300个充电口`; without a unit cases are counted."""
    return t(lang, "classes.amount", number=f"{number:,}", unit=unit) if unit else f"{number:,}"


def class_reason(lang: str, street: Street, one: ClassCase, now: datetime) -> str:
    """Why it is proposed: what they share, how many committees and cases, since when."""
    ats = sorted(member.at for member in one.members if member.at)
    first, last = (dates.day(lang, at, street.tz, now) for at in (ats[0], ats[-1])) if ats else ("", "")
    return t(
        lang,
        "classes.why",
        words=_words(lang, one),
        committees=len(one.committees),
        cases=len(one.members),
        days=first if first == last else t(lang, "classes.days", first=first, last=last),
    )


def _result(lang: str, street: Street, one: ClassCase) -> str:
    if one.state == "done":
        return t(lang, "classes.done_line", amount=amount(lang, one.count, one.unit), sentence=one.sentence)
    return t(lang, "classes.led_by", lead=_lead(street, one.lead, lang)) if one.lead else ""


def _lead(street: Street, lead: str, lang: str) -> str:
    role, _, unit = lead.partition("@")
    return unit_name(street, unit, lang) if role == "department" else grant_name(street, lead, lang)


def listed(look: Look, street: Street, me: Viewer, found: Sequence[ClassCase], now: datetime) -> str:
    lang = look.lang
    groups = [
        Group(
            t(lang, key),
            [
                Line(one.id, name_of(lang, one), class_reason(lang, street, one, now), _result(lang, street, one))
                for one in found
                if one.state == state
            ],
        )
        for state, key in STATES.items()
    ]
    return _page("classes.html", look, street, me, t(lang, "classes.title"), groups=[one for one in groups if one.lines])


def one(
    look: Look,
    street: Street,
    me: Viewer,
    found: ClassCase,
    cards: Mapping[str, Card],
    acts: Sequence[str],
    surveys: Sequence[str],
    now: datetime,
    values: Mapping[str, str] | None = None,
    kept: Sequence[str] | None = None,
    error: DoorstepError | None = None,
) -> str:
    """`cards` are the members that the reader may see, `acts` what they may do, `surveys` the committees that they may speak
    for; `values` and `kept` what was typed and ticked when it was refused with `error`.
    """
    lang = look.lang
    look = replace(look, path=f"/desk/classes/{found.id}")
    typed = dict.fromkeys(("title", "text", "lead", "unit", "number", "committee", "count", "sentence"), "")
    typed |= {"lead": found.lead, "unit": found.unit, **(values or {})}
    lines = [_member(street, member.no, member.committee, cards, lang, now) for member in found.members]
    return _page(
        "class_case.html",
        look,
        street,
        me,
        name_of(lang, found),
        c=found,
        state=t(lang, STATES[found.state]),
        why=class_reason(lang, street, found, now),
        grown=count(lang, "classes.grown", found.grown_from) if found.grown_from else "",
        result=_result(lang, street, found),
        members=lines,
        more=[_member(street, member.no, member.committee, cards, lang, now) for member in found.more],
        kept=[line.no for line in lines] if kept is None else kept,
        rows=_survey(street, found, lang),
        asked=amount(lang, found.asked, found.unit),
        acts=acts,
        leads=[(grant, _lead(street, grant, lang)) for grant in offices(street)],
        committees=[(id_, unit_name(street, f"committee:{id_}", lang)) for id_ in surveys],
        did=[_did(street, found, at, lang, now) for at in range(len(found.steps) - 1, -1, -1)],
        values=typed,
        problem=problem_view(lang, error),
    )


def _member(street: Street, no: str, committee: str, cards: Mapping[str, Card], lang: str, now: datetime) -> MemberLine:
    card, where = cards.get(no), unit_name(street, f"committee:{committee}", lang)
    if card is None:
        return MemberLine(no, "", where, t(lang, "classes.elsewhere"))
    place = card.place_en if lang == "en" and card.place_en else card.place
    return MemberLine(no, card.title, f"{where}{t(lang, 'faq.joint')}{place}", dates.day(lang, card.received_at, street.tz, now))


def _survey(street: Street, found: ClassCase, lang: str) -> list[Row]:
    """One row a committee that has members or has said how many it needs."""
    rows = []
    for id_ in dict.fromkeys((*found.committees, *found.needs)):
        need = found.needs.get(id_)
        cases = sum(member.committee == id_ for member in found.members)
        asked = amount(lang, need.number, found.unit) if need else "—"
        rows.append(Row(unit_name(street, f"committee:{id_}", lang), cases, asked, need.by if need else ""))
    return rows


def _did(street: Street, found: ClassCase, at: int, lang: str, now: datetime) -> Did:
    step = found.steps[at]
    quote = _lead(street, step.text, lang) if step.act == "lead" else step.text
    when = dates.moment(lang, step.at, street.tz, now)
    return Did(t(lang, STEPS[step.act]), quote, t(lang, "classes.by", who=step.who, when=when), dates.iso(step.at))


def _page(template: str, look: Look, street: Street, me: Viewer, title: str, **view: object) -> str:
    grants = [grant_name(street, grant, look.lang) for grant in me.grants]
    shown = {"f": frame(look, street, title), "me": me, "grants": grants, "here": "classes", "total": "", "title": title}
    return render(template, look, street, DESK, **shown, **view)
