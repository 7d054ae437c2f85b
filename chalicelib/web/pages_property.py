"""Pages of property service: disclosures for everybody; at the desk the book of a community and its forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from chalicelib.casework import property as rules
from chalicelib.casework.property import DISCLOSURES, SCORES, Book, Check, Disclosure
from chalicelib.errors import DoorstepError
from chalicelib.street import Community, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_common import Problem, frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_offices import grant_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

RESIDENT = ("tokens", "resident", "public", "faq")
DESK = ("tokens", "desk", "faq", "property")
SHOWN = 12


@dataclass(frozen=True)
class Told:
    """A disclosure as it is read."""

    kind: str
    name: str
    text: str
    about: str


@dataclass(frozen=True)
class Line:
    """A line of the list beside what was said of it: `found` is the note of a finding, `case` what became of it."""

    id: str
    name: str
    ok: bool
    found: str
    case: str


def _name(kind: str, lang: str) -> str:
    return t(lang, f"property.kind.{kind}")


def _about(street: Street, one: Disclosure, lang: str, now: datetime) -> str:
    said = [t(lang, "property.of", day=dates.written(lang, one.day, street.tz, now))] if one.day else []
    said.append(t(lang, "property.written", who=one.by, day=dates.day(lang, one.at, street.tz, now)))
    return t(lang, "property.joint").join(said)


def _told(street: Street, book: Book, lang: str, now: datetime) -> list[Told]:
    found = ((kind, book.disclosures.get(kind)) for kind in DISCLOSURES)
    return [
        Told(kind, _name(kind, lang), one.text if one else "", _about(street, one, lang, now) if one else "")
        for kind, one in found
    ]


def _by_committee(street: Street, found: Collection[Community], lang: str) -> list[tuple[str, list[Community]]]:
    grouped = ((one.name.text(lang), [c for c in found if c.committee == one.id]) for one in street.committees)
    return [(name, members) for name, members in grouped if members]


def everywhere(look: Look, street: Street, disclosing: Collection[str]) -> str:
    """For everybody: the communities of which something is disclosed."""
    found = [one for one in street.communities if one.id in disclosing]
    return render(
        "property_public.html",
        look,
        street,
        RESIDENT,
        f=frame(look, street, t(look.lang, "property.title")),
        title=t(look.lang, "property.title"),
        groups=[
            (name, [(c.id, c.name.text(look.lang)) for c in members]) for name, members in _by_committee(street, found, look.lang)
        ],
        told=None,
        back="/public",
    )


def disclosed(look: Look, street: Street, community: Community, book: Book, now: datetime) -> str:
    """For everybody: the six of one community, what is missing as well."""
    name = community.name.text(look.lang)
    return render(
        "property_public.html",
        look,
        street,
        RESIDENT,
        f=frame(look, street, t(look.lang, "property.of_community", community=name)),
        title=name,
        groups=[],
        told=_told(street, book, look.lang, now),
        back="/public/property",
    )


def _desk(look: Look, street: Street, me: Viewer, template: str, title: str, **view: Any) -> str:
    return render(
        template,
        look,
        street,
        DESK,
        f=frame(look, street, title),
        title=title,
        me=me,
        grants=[grant_name(street, grant, look.lang) for grant in me.grants],
        here="property",
        total="",
        **view,
    )


def listed(
    look: Look,
    street: Street,
    me: Viewer,
    found: Sequence[Community],
    standing: Mapping[str, Mapping[str, str]],
    today: date,
) -> str:
    """The reader's communities and how far each one's book is."""
    lang, month, quarter = look.lang, rules.month_of(today), rules.quarter_of(today)
    groups = []
    for name, members in _by_committee(street, found, lang):
        lines = []
        for one in members:
            has = standing.get(one.id, {})
            said = [t(lang, "property.disclosed", n=sum(f"D#{kind}" in has for kind in DISCLOSURES), all=len(DISCLOSURES))]
            said.append(t(lang, "property.checked" if has.get("K", "") >= month else "property.unchecked"))
            said.append(t(lang, "property.rated" if has.get("Q", "") >= quarter else "property.unrated"))
            lines.append((one.id, one.name.text(lang), t(lang, "property.joint").join(said)))
        groups.append((name, lines))
    sheets = [
        (one, t(lang, "property.review.button", quarter=quarter_name(lang, one))) for one in (rules.before(quarter), quarter)
    ]
    return _desk(look, street, me, "property_list.html", t(lang, "property.title"), groups=groups, sheets=sheets)


def _lines(street: Street, done: Check, lang: str) -> list[Line]:
    names = {one.id: one.name.text(lang) for one in street.property.check}
    return [Line(name, names.get(name, name), mark.ok, mark.note, mark.case) for name, mark in done.marks.items()]


def community(
    look: Look,
    street: Street,
    me: Viewer,
    found: Community,
    book: Book,
    today: date,
    now: datetime,
    *,
    keeps: bool,
    checks: bool,
    rates: bool,
    error: DoorstepError | None = None,
) -> str:
    """One community: the six, the street's checks with their findings, and beside them how the manager rates the same lines."""
    lang, quarter = look.lang, rules.quarter_of(today)
    shown = [one for one in (quarter, rules.before(quarter)) if book.rating(one) or one == quarter]
    return _desk(
        look,
        street,
        me,
        "property_book.html",
        t(lang, "property.of_community", community=found.name.text(lang)),
        id=found.id,
        told=_told(street, book, lang, now),
        month=rules.month_of(today),
        this_month=_month(lang, rules.month_of(today)),
        quarter=quarter,
        checked=[
            (one.month, _month(lang, one.month), _written(street, one.by, one.at, lang, now), _lines(street, one, lang))
            for one in book.checks[:SHOWN]
        ],
        quarters=[_beside(street, book, one, lang, now) for one in shown],
        heads=heads_of(lang, "item", "own", "street"),
        keeps=keeps,
        checks=checks,
        rates=rates,
        problem=problem_view(lang, error),
    )


def heads_of(lang: str, *names: str) -> list[str]:
    return [t(lang, f"property.head.{name}") for name in names]


def _month(lang: str, month: str) -> str:
    return t(lang, "property.month", year=month[:4], month=int(month[5:]))


def quarter_name(lang: str, quarter: str) -> str:
    return t(lang, "property.quarter", year=quarter[:4], quarter=quarter[-1])


def _written(street: Street, by: str, at: str, lang: str, now: datetime) -> str:
    return t(lang, "property.written", who=by, day=dates.day(lang, at, street.tz, now))


def _beside(street: Street, book: Book, quarter: str, lang: str, now: datetime) -> dict[str, Any]:
    """The manager's marks of a quarter beside the street's checks of its months, line by line."""
    rating = book.rating(quarter)
    checks = [one for one in book.checks if one.month in rules.months(quarter)]
    rows = []
    for item in street.property.check:
        looked = [one.marks[item.id] for one in checks if item.id in one.marks]
        good = sum(mark.ok for mark in looked)
        own = rating.marks.get(item.id) if rating else None
        rows.append(
            (
                item.name.text(lang),
                t(lang, "property.score", n=own) if own else t(lang, "property.none"),
                t(lang, "property.good", good=good, of=len(looked)) if looked else t(lang, "property.none"),
            )
        )
    return {
        "id": quarter,
        "name": quarter_name(lang, quarter),
        "rows": rows,
        "rated": rating is not None,
        "visits": t(lang, "property.visits", visited=rating.visited, satisfied=rating.satisfied) if rating else "",
        "text": rating.text if rating else "",
        "written": _written(street, rating.by, rating.at, lang, now) if rating else "",
    }


def disclosure(
    look: Look,
    street: Street,
    me: Viewer,
    found: Community,
    kind: str,
    book: Book,
    history: Sequence[Any],
    now: datetime,
    typed: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
) -> str:
    """One disclosure's form, with everything that it said before."""
    lang, standing = look.lang, book.disclosures.get(kind, Disclosure(text=""))
    values = typed or {"text": standing.text, "day": standing.day, "version": str(standing.version)}
    return _desk(
        look,
        street,
        me,
        "property_disclosure.html",
        _name(kind, lang),
        id=found.id,
        community=found.name.text(lang),
        kind=kind,
        hint=t(lang, f"property.kind.{kind}.hint"),
        values={name: values.get(name, "") for name in ("text", "day", "version")},
        history=[(_about(street, one, lang, now), one.text) for one in history if one.version < standing.version],
        problem=problem_view(lang, error),
    )


def _problem(street: Street, lang: str, error: DoorstepError | None) -> Problem | None:
    """In the summary each sentence is led by the line of the list that it is about."""
    seen = problem_view(lang, error)
    if seen is None:
        return None
    names = {one.id: one.name.text(lang) for one in street.property.check}
    lines = tuple(
        (
            name,
            t(lang, "register.wrong.line", label=names[of], text=text) if (of := name.removesuffix("_note")) in names else text,
        )
        for name, text in seen.summary
    )
    return replace(seen, summary=lines)


def check(
    look: Look,
    street: Street,
    me: Viewer,
    found: Community,
    month: str,
    book: Book,
    typed: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
) -> str:
    """The street's check of a month."""
    lang, standing = look.lang, book.check(month)
    values: dict[str, str] = dict(typed or {})
    if typed is None and standing:
        for name, mark in standing.marks.items():
            values |= {name: "ok" if mark.ok else "bad", f"{name}_note": mark.note}
        values["version"] = str(standing.version)
    return _desk(
        look,
        street,
        me,
        "property_form.html",
        t(lang, "property.check.title", month=_month(lang, month)),
        id=found.id,
        community=found.name.text(lang),
        act="check",
        key=("month", month),
        version=values.get("version") or "0",
        hint=t(lang, "property.check.hint"),
        items=[(one.id, one.name.text(lang)) for one in street.property.check],
        options=[(one, t(lang, f"property.mark.{one}")) for one in ("ok", "bad")],
        values=_kept(street, values),
        notes=True,
        problem=_problem(street, lang, error),
    )


def rating(
    look: Look,
    street: Street,
    me: Viewer,
    found: Community,
    quarter: str,
    book: Book,
    typed: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
) -> str:
    """The manager's own rating of a quarter."""
    lang, standing = look.lang, book.rating(quarter)
    values: dict[str, str] = dict(typed or {})
    if typed is None and standing:
        values = {name: str(score) for name, score in standing.marks.items()}
        values |= {"visited": str(standing.visited), "satisfied": str(standing.satisfied), "text": standing.text}
        values["version"] = str(standing.version)
    return _desk(
        look,
        street,
        me,
        "property_form.html",
        t(lang, "property.rating.title", quarter=quarter_name(lang, quarter)),
        id=found.id,
        community=found.name.text(lang),
        act="rating",
        key=("quarter", quarter),
        version=values.get("version") or "0",
        hint=t(lang, "property.rating.hint"),
        items=[(one.id, one.name.text(lang)) for one in street.property.check],
        options=[(one, one) for one in SCORES],
        values=_kept(street, values),
        notes=False,
        problem=_problem(street, lang, error),
    )


def _kept(street: Street, values: Mapping[str, str]) -> dict[str, str]:
    """Every field of both forms, empty where nothing was typed."""
    lines = [name for one in street.property.check for name in (one.id, f"{one.id}_note")]
    return {name: values.get(name, "") for name in (*lines, "visited", "satisfied", "text")}
