"""The desk's page of one case: its facts, its clocks, and every action as a small form of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.case import Case
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import has, t
from chalicelib.web.present_clocks import ClockView
from chalicelib.web.present_common import Problem, missing_text
from chalicelib.web.present_offices import where
from chalicelib.web.present_queue import Mark, marks
from chalicelib.web.views import ActionView, FieldSpec, Viewer

GLYPHS = {
    "accept": "tick",
    "answer": "chat",
    "assign": "user",
    "ask": "chat",
    "pass_up": "up",
    "allocate": "go",
    "prelim": "phone",
    "propose": "tick",
    "confirm": "tick",
    "decline": "back",
    "close": "tick",
    "reopen": "again",
    "renew_link": "again",
}


@dataclass(frozen=True)
class FieldView:
    """A field with its label, what was typed and what is wrong with it."""

    id: str
    name: str
    kind: str
    label: str
    hint: str
    required: bool
    options: tuple[tuple[str, str], ...]
    value: str
    wrong: str


@dataclass(frozen=True)
class ActView:
    id: str
    name: str
    button: str
    glyph: str
    hint: str
    fields: tuple[FieldView, ...]
    open: bool
    missing: str


@dataclass(frozen=True)
class Sent:
    """What every form of the page carries along."""

    base: str
    csrf: str
    attempt: str
    version: int


def _label(action: str, name: str, lang: str) -> str:
    own = f"label.{action}.{name}"
    return t(lang, own if has(lang, own) else f"label.{name}")


def _field(action: str, spec: FieldSpec, lang: str, values: Mapping[str, str], problem: Problem | None) -> FieldView:
    return FieldView(
        id=f"a-{action}-{spec.name}",
        name=spec.name,
        kind=spec.kind,
        label=_label(action, spec.name, lang),
        hint="",
        required=spec.required,
        options=spec.options,
        value=values.get(spec.name, ""),
        wrong=problem.fields.get(spec.name, "") if problem else "",
    )


def act_view(action: ActionView, lang: str, values: Mapping[str, str], problem: Problem | None) -> ActView:
    """`values["act"]` names the action that was tried: only its form is filled again and opened."""
    tried = values.get("act") == action.id
    hint = f"action.{action.id}.hint"
    name = t(lang, f"action.{action.id}")
    return ActView(
        id=action.id,
        name=name,
        button=name,
        glyph=GLYPHS.get(action.id, "go"),
        hint=t(lang, hint) if has(lang, hint) else "",
        fields=tuple(
            _field(action.id, spec, lang, values if tried else {}, problem if tried else None) for spec in action.fields
        ),
        open=tried,
        missing=missing_text(lang, action.missing),
    )


def facts(street: Street, case: Case, place: Place | None, me: Viewer, now: datetime, lang: str) -> list[tuple[str, str]]:
    category, case_class = street.category_by_id.get(case.category), street.class_by_id.get(case.case_class)
    unset = t(lang, "desk.fact.unset")
    found = [
        (t(lang, "desk.fact.place"), where(street, case, place, lang)),
        (t(lang, "desk.fact.category"), category.name.text(lang) if category else unset),
        (t(lang, "desk.fact.class"), case_class.name.text(lang) if case_class else unset),
        (
            t(lang, "desk.fact.source"),
            t(
                lang,
                "desk.fact.source_line",
                channel=t(lang, f"channel.{case.channel}"),
                reporter=t(lang, f"reporter.{case.reporter}"),
                found=t(lang, "found.active" if case.active else "found.passive"),
            ),
        ),
        (t(lang, "desk.fact.received"), dates.moment(lang, case.received_at, street.tz, now)),
    ]
    if me.sees_reporter:
        if case.nickname:
            found.append((t(lang, "desk.fact.nickname"), case.nickname))
        found.append((t(lang, "desk.fact.phone"), case.phone_mask or t(lang, "desk.fact.no_phone")))
    else:
        found.append((t(lang, "desk.fact.nickname"), t(lang, "desk.fact.secret")))
    return found


def case_marks(street: Street, case: Case, first: ClockView | None, lang: str) -> list[Mark]:
    """Urgent, supervised, then the deadline; the state of a case without a running clock."""
    case_class = street.class_by_id.get(case.case_class)
    on = {"urgent": case_class is not None and case_class.hazard, "supervised": case.supervised}
    found = list(marks(tuple(mark for mark in on if on[mark]), lang))
    if first and case.open:
        found.append(Mark(first.standing, first.glyph, first.words))
    elif not case.open:
        found.append(Mark("done", "tick", t(lang, f"state.{case.state}")))
    if case.open:
        found.append(Mark("tag", "", t(lang, f"state.{case.state}")))
    if case.reopened:
        found.append(Mark("tag", "again", t(lang, "mark.reopened", n=case.reopened)))
    return found
