"""What is seen across cases: early warnings, the zone's library, and the agenda sheet of its meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.casework.card import Card, place_name
from chalicelib.casework.case import Case
from chalicelib.casework.class_cases import ClassCase
from chalicelib.casework.finding import NONE
from chalicelib.errors import DoorstepError
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.pages_classes import class_reason, name_of
from chalicelib.web.present_common import frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_offices import grant_name, unit_name
from chalicelib.web.present_sheets import ON_PAPER, HandedOver, handed_over
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

DESK = ("tokens", "desk", "faq", "classes")
SHEET = ("tokens", "sheet")
HEADINGS = {"hard": "library.agenda.hard", "late": "library.agenda.late", "recurs": "library.agenda.recurs"}
SAID = {"new": "", "seen": "warning.seen", "dismissed": "warning.dismissed"}
EXCERPT = 200


class Warned(Protocol):
    """What is kept of a warning (`models.warnings.Kept`)."""

    @property
    def series(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def usual(self) -> float: ...
    @property
    def first(self) -> str: ...
    @property
    def last(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def who(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def version(self) -> int: ...


@dataclass(frozen=True)
class WarningLine:
    series: str
    version: int
    fresh: bool
    reason: str
    since: str
    said: str
    quote: str


@dataclass(frozen=True)
class Entry:
    """A case of the library: what was reported, what was done, what came of it."""

    no: str
    title: str
    meta: str
    cause: str
    handling: str
    outcome: str


def matter_of(street: Street, series: str, places: Mapping[str, Place], lang: str) -> str:
    """`word:电梯@committee:c07` as people say it."""
    what, _, unit = series.partition("@")
    kind, _, name = what.partition(":")
    if kind == "category":
        category = street.category_by_id.get(name)
        name = category.name.text(lang) if category else name
    elif kind == "place":
        place = places.get(name)
        return place_name(street, place, lang) if place else name
    return name if unit == "street" else t(lang, "warning.in", matter=name, unit=unit_name(street, unit, lang))


def reason_of(street: Street, one: Warned, places: Mapping[str, Place], lang: str) -> str:
    """`电梯：7天9件，往常每周1.2件`."""
    matter = matter_of(street, one.series, places, lang)
    return t(lang, "warning.reason", matter=matter, count=one.count, usual=f"{one.usual:.1f}")


def _warning(street: Street, one: Warned, places: Mapping[str, Place], lang: str, now: datetime) -> WarningLine:
    said = ""
    if SAID[one.state]:
        when = dates.moment(lang, one.at, street.tz, now)
        said = t(lang, SAID[one.state], who=one.who, when=when)
    return WarningLine(
        series=one.series,
        version=one.version,
        fresh=one.state == "new",
        reason=reason_of(street, one, places, lang),
        since=t(
            lang,
            "warning.since",
            first=dates.written(lang, one.first, street.tz, now),
            last=dates.written(lang, one.last, street.tz, now),
        ),
        said=said,
        quote=one.text,
    )


def warnings(
    look: Look,
    street: Street,
    me: Viewer,
    places: Mapping[str, Place],
    rising: Sequence[Warned],
    before: Sequence[Warned],
    now: datetime,
    error: DoorstepError | None = None,
    series: str = "",
) -> str:
    """`series` is the one that something was said to when it was refused with `error`."""
    lang = look.lang
    return _desk(
        "warnings.html",
        look,
        street,
        me,
        "warnings",
        t(lang, "warning.title"),
        rising=[_warning(street, one, places, lang, now) for one in rising],
        before=[_warning(street, one, places, lang, now) for one in before],
        problem=problem_view(lang, error),
        series=series,
    )


def library(
    look: Look,
    street: Street,
    me: Viewer,
    places: Mapping[str, Place],
    entries: Sequence[Case],
    total: int,
    left: int,
    values: Mapping[str, str],
    results: Sequence[str],
    now: datetime,
) -> str:
    """`values` are from, to, q, category and outcome as chosen; `results` the outcomes to choose from."""
    lang = look.lang
    names = {"open": t(lang, "library.open")}
    return _desk(
        "library.html",
        look,
        street,
        me,
        "library",
        t(lang, "library.title"),
        entries=[_entry(street, case, places, lang, now) for case in entries],
        count=t(lang, "library.count", total=total, shown=len(entries)),
        left=t(lang, "library.left", left=left) if left else "",
        values=values,
        categories=[
            ("", t(lang, "library.every")),
            *((one.id, one.name.text(lang)) for one in street.categories),
            (NONE, t(lang, "hints.uncategorised")),
        ],
        outcomes=[
            ("", t(lang, "library.every")),
            *((one, names[one] if one in names else t(lang, f"outcome.{one}")) for one in results),
        ],
    )


def _entry(street: Street, case: Case, places: Mapping[str, Place], lang: str, now: datetime) -> Entry:
    place = places.get(case.place)
    category = street.category_by_id.get(case.category)
    parts = [
        case.no,
        dates.day(lang, case.received_at, street.tz, now),
        unit_name(street, f"committee:{case.committee}", lang),
        place_name(street, place, lang) if place and not case.elsewhere else "",
        category.name.text(lang) if category else "",
    ]
    outcome = t(lang, f"outcome.{case.outcome}") if case.outcome else t(lang, f"state.{case.state}")
    return Entry(
        no=case.no,
        title=case.title or case.no,
        meta=t(lang, "text.list").join(part for part in parts if part),
        cause=case.text[:EXCERPT],
        handling=case.result or case.demands,
        outcome=outcome,
    )


def agenda(
    look: Look,
    street: Street,
    me: Viewer,
    places: Mapping[str, Place],
    cases: Mapping[str, Sequence[Card]],
    classes: Sequence[ClassCase],
    warned: Sequence[Warned],
    now: datetime,
) -> str:
    """The sheet of the regular meeting: what has to be spoken of, with room for what is decided."""
    lang = look.lang
    groups: list[tuple[str, list[HandedOver]]] = [
        (t(lang, key), handed_over(street, cases.get(heading, ()), lang)) for heading, key in HEADINGS.items()
    ]
    matters = [(name_of(lang, one), class_reason(lang, street, one, ON_PAPER)) for one in classes]
    return render(
        "sheet_agenda.html",
        look,
        street,
        SHEET,
        f=frame(look, street, t(lang, "library.agenda")),
        me=me,
        grants=[grant_name(street, grant, lang) for grant in me.grants],
        printed=dates.moment(lang, now, street.tz, ON_PAPER),
        today=dates.day(lang, now, street.tz, ON_PAPER),
        groups=groups,
        matters=matters,
        warned=[reason_of(street, one, places, lang) for one in warned],
        back=f"{look.root}/desk/library",
    )


def _desk(template: str, look: Look, street: Street, me: Viewer, here: str, title: str, **view: object) -> str:
    grants = [grant_name(street, grant, look.lang) for grant in me.grants]
    shown = {"f": frame(look, street, title), "me": me, "grants": grants, "here": here, "total": "", "title": title}
    return render(template, look, street, DESK, **shown, **view)


def shown_period(first: date, end: date) -> dict[str, str]:
    """The two ends as date fields show them, both in it."""
    return {"from": first.isoformat(), "to": (end - timedelta(days=1)).isoformat()}
