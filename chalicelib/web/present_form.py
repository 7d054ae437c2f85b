"""The form at the door: whose door it is, what may be chosen, what is promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.casework.case import IDEA
from chalicelib.casework.events import PERSON_REPLIES
from chalicelib.street import Clock, Duration, Place, Rung, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_clocks import FINISHING, concerns_residents
from chalicelib.web.present_offices import community_of, office_name

REPORTERS = ("resident", "merchant", "unit")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "wd": 1440}


@dataclass(frozen=True)
class PlateView:
    """The door plate: street and community above, the door large, its number beside."""

    street: str
    community: str
    name: str
    number: str


@dataclass(frozen=True)
class Tab:
    name: str
    url: str
    current: bool


def plate(street: Street, place: Place, lang: str) -> PlateView:
    return PlateView(
        street=street.name.text(lang),
        community=community_of(street, place, lang),
        name=place.en if lang == "en" and place.en else place.name,
        number=place.plate,
    )


def tabs(look: Look, street: Street, kind: str, links: Mapping[str, str]) -> list[Tab]:
    """One link per enabled kind whose code is known (`links`: kind → code). Fewer than two are not drawn."""
    found = [
        Tab(other.name.text(look.lang), f"{look.root}/f/{other.id}?c={links.get(other.id, '')}", other.id == kind)
        for other in street.kinds
        if other.id == kind or other.id in links
    ]
    return found if len(found) > 1 else []


def _length(duration: Duration) -> int:
    return duration.amount * _MINUTES[duration.unit]


def _entry_unit(street: Street, rung: Rung, place: Place) -> str:
    committee = street.committee_by_id.get(place.committee)
    units = {"committee": f"committee:{place.committee}", "community": f"community:{place.community}"}
    return f"zone:{committee.zone}" if rung.scope == "zone" and committee else units.get(rung.scope, "street")


def _promised(street: Street, rung: Rung) -> list[Clock]:
    """The clocks that start when a scanned report comes in: those of its rung and those of the whole case."""
    owned = {clock for other in street.rungs for clock in other.clocks} | {clock for c in street.classes for clock in c.clocks}
    ids = [*rung.clocks, *(clock_id for clock_id in street.clocks if clock_id not in owned)]
    clocks = [street.clocks[clock_id] for clock_id in ids]
    clocks = [clock for clock in clocks if clock.start in {"submitted", "entered"} and concerns_residents(clock)]
    return [clock for clock in clocks if not clock.channels or "qr" in clock.channels]


def _shortest(clocks: Iterable[Clock]) -> Clock | None:
    return min(clocks, key=lambda clock: _length(clock.late), default=None)


def promise(street: Street, place: Place, lang: str) -> tuple[str, dict[str, str]]:
    """(catalogue key, parameters) of the sentence that says who answers and by when, from the street's clocks."""
    rung = street.entry_rung("qr", "")
    clocks = _promised(street, rung)
    first = _shortest(clock for clock in clocks if PERSON_REPLIES & set(clock.stop) and not FINISHING & set(clock.stop))
    whole = max((clock for clock in clocks if FINISHING & set(clock.stop)), key=lambda clock: _length(clock.late), default=None)
    params = {"office": office_name(street, rung.id, _entry_unit(street, rung, place), lang)}
    if first:
        params["first"] = dates.duration(lang, first.late)
    if whole:
        params["whole"] = dates.duration(lang, whole.late)
    known = "both" if first and whole else "first" if first else "whole" if whole else "none"
    return f"form.promise.{known}", params


def version_words(version: str, lang: str) -> str:
    """`2026-11` as people write it; any other version as it is."""
    year, _, month = version.partition("-")
    if len(year) == 4 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12:
        return t(lang, "date.version", year=year, month=t(lang, f"date.month.{int(month)}"))
    return version


def categories(street: Street, lang: str) -> list[tuple[str, str]]:
    """The street's list, suggestions where it asks for them, and a last box for those who can't tell."""
    ideas = [(IDEA, street.ideas.name.text(lang))] if street.ideas else []
    return [*((c.id, c.name.text(lang)) for c in street.categories), *ideas, ("", t(lang, "form.category.unsure"))]


def reporters(lang: str) -> list[tuple[str, str]]:
    return [(reporter, t(lang, f"reporter.{reporter}")) for reporter in REPORTERS]
