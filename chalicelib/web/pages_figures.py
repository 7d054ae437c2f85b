"""Pages of figures: the desk's, and what the street tells everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from chalicelib.casework.card import place_name
from chalicelib.casework.figures_count import Rate
from chalicelib.errors import DoorstepError
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web import present_figures as present
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.pages_classes import amount
from chalicelib.web.present_common import frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_figures import Told
from chalicelib.web.present_figures_tables import Section, sections
from chalicelib.web.present_offices import grant_name, unit_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

if TYPE_CHECKING:
    from chalicelib.models.ledger import Matter
    from chalicelib.usecases.figures import Report
    from chalicelib.usecases.figures_public import Deed, Public

DESK = ("tokens", "desk", "figures")
PUBLIC = ("tokens", "resident", "public")
HOW = ("v", "now", "three_days", "on_time", "response", "first", "resolution", "satisfaction", "visits", "redo", "rung", "calls")


@dataclass(frozen=True)
class Options:
    name: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Done:
    sentence: str
    where: str
    took: str


def told(lang: str, street: Street, places: Mapping[str, Place], found: Report) -> Told:
    return Told(street, found.period, found.count, found.before, places, lang, found.calls, found.scans)


def tables(it: Told) -> list[Section]:
    """What the files hold: every table of the page."""
    return sections(it)


def figures(
    look: Look,
    street: Street,
    me: Viewer,
    places: Mapping[str, Place],
    found: Report,
    mine: Sequence[str],
    *,
    may_import: bool = False,
    error: DoorstepError | None = None,
    typed: str = "",
) -> str:
    """`mine` are the units that the reader may see as a whole."""
    lang, it = look.lang, told(look.lang, street, places, found)
    first, last = found.period.first, found.period.last - timedelta(days=1)
    asked = urlencode({"from": first.isoformat(), "to": last.isoformat(), "unit": found.unit})
    received = found.count.all.received
    return render(
        "figures.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "figures.title")),
        me=me,
        grants=[grant_name(street, grant, lang) for grant in me.grants],
        here="figures",
        total="",
        until=t(lang, "figures.until", now=dates.moment(lang, found.at, street.tz, found.at)),
        files=[(kind, f"{look.root}/desk/figures/file?{asked}&kind={kind}") for kind in ("xlsx", "csv")]
        + [("json", f"{look.root}/api/v1/figures?{asked}")],
        first=first.isoformat(),
        last=last.isoformat(),
        unit=found.unit,
        units=_units(lang, street, places, found.unit, mine),
        said=t(
            lang,
            "figures.said",
            unit=_unit(lang, street, places, found.unit),
            first=_day(lang, first, street, found.at),
            last=_day(lang, last, street, found.at),
            received=received,
            valid=found.count.all.valid,
            handled=found.count.all.handled,
        ),
        kpis=present.kpis(it),
        sections=sections(it),
        may_import=may_import,
        problem=problem_view(lang, error),
        typed=typed,
        how=[(t(lang, f"figures.how.{name}.name"), t(lang, f"figures.how.{name}.text")) for name in HOW],
    )


def _day(lang: str, day: date, street: Street, now: datetime) -> str:
    return dates.day(lang, datetime(day.year, day.month, day.day, 12, tzinfo=street.tz), street.tz, now)


def _unit(lang: str, street: Street, places: Mapping[str, Place], unit: str) -> str:
    place = places.get(unit.removeprefix("place:"))
    return place_name(street, place, lang) if place else unit_name(street, unit, lang)


def _units(lang: str, street: Street, places: Mapping[str, Place], chosen: str, mine: Sequence[str]) -> list[Options]:
    """The reader's units and everything inside them, down to the estates; a single door only when it was asked for."""
    zones, committees = {one.id: one for one in street.zones}, {one.id: one for one in street.committees}
    every = "street" in mine
    open_zones = [one for one in zones if every or f"zone:{one}" in mine]
    open_committees = [id_ for id_, one in committees.items() if one.zone in open_zones or f"committee:{id_}" in mine]
    estates = [one.id for one in street.communities if one.committee in open_committees or f"community:{one.id}" in mine]
    listed = {
        "": ["street"] if every else [],
        "zone": [f"zone:{one}" for one in open_zones],
        "committee": [f"committee:{one}" for one in open_committees],
        "community": [f"community:{one}" for one in estates],
    }
    known = {unit for found in listed.values() for unit in found}
    listed["place"] = [unit for unit in dict.fromkeys((chosen, *mine)) if unit not in known]
    return [
        Options(
            t(lang, f"figures.unit.{level}") if level else "",
            tuple((unit, _unit(lang, street, places, unit)) for unit in found),
        )
        for level, found in listed.items()
        if found
    ]


def public(look: Look, street: Street, found: Public) -> str:
    """What came, what was done, and how fast: this month, for everybody."""
    lang, summary = look.lang, found.summary
    first = date.fromisoformat(summary.first)
    lines = sorted(summary.lines.items(), key=lambda pair: -pair[1][0])
    names = {one.id: one.name.text(lang) for one in street.categories}
    known = [(names.get(name, t(lang, "figures.unnamed")), *line) for name, line in lines]
    quick, satisfied = Rate(*summary.quick), Rate(*summary.satisfied)
    cells = [
        (t(lang, "public.received"), f"{summary.received}", t(lang, "public.cases")),
        (t(lang, "public.handled"), f"{summary.handled}", t(lang, "public.cases")),
        (t(lang, "public.three_days"), present.percent(quick), ""),
        (t(lang, "public.satisfied"), present.percent(satisfied), ""),
    ]
    return render(
        "public.html",
        look,
        street,
        PUBLIC,
        f=frame(look, street, t(lang, "public.title")),
        cells=cells,
        period=t(
            lang,
            "public.period",
            first=_day(lang, first, street, dates.local(summary.at, street.tz)),
            until=_until(lang, street, summary.at),
        ),
        fast=t(lang, "public.fast", time=present.length(lang, summary.median)) if summary.median is not None else "",
        lines=known,
        empty=not summary.received,
        disclosing=summary.disclosing > 0,
        matters=[_matter(lang, one) for one in summary.matters],
        deeds=[_done(lang, street, one, t(lang, "public.took", time=dates.span(lang, one.took))) for one in found.deeds],
        ideas=[_done(lang, street, one, t(lang, "outcome.adopted")) for one in found.ideas],
    )


def _done(lang: str, street: Street, one: Deed, took: str) -> Done:
    return Done(one.sentence, _where(lang, street, one.community, one.committee), took)


def _matter(lang: str, one: Matter) -> dict[str, str]:
    return {
        "title": one.title,
        "amount": amount(lang, one.count, one.unit),
        "sentence": one.sentence,
        "asked": t(lang, "public.matters.from", committees=one.committees, cases=one.cases),
    }


def _until(lang: str, street: Street, at: str) -> str:
    return dates.moment(lang, at, street.tz, dates.local(at, street.tz))


def _where(lang: str, street: Street, community: str, committee: str) -> str:
    return unit_name(street, f"community:{community}" if community else f"committee:{committee}", lang)
