"""Figures in words: what a page is made from, shares and lengths as people read them, the cards on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from chalicelib.casework.figures_count import Count, Rate
from chalicelib.casework.figures_period import Period
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t

if TYPE_CHECKING:
    pass

NOTHING = "—"


@dataclass(frozen=True)
class Kpi:
    name: str
    value: str
    of: str
    more: tuple[str, ...] = ()
    time: bool = False


@dataclass(frozen=True)
class Told:
    """What a page of figures is made from. `calls` are month → (this year, last year) of the hotline,
    `scans` door → scans of its codes.
    """

    street: Street
    period: Period
    count: Count
    before: Count | None
    places: Mapping[str, Place]
    lang: str
    calls: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    scans: Mapping[str, int] = field(default_factory=dict)


def percent(rate: Rate) -> str:
    """One decimal, half up: 96.2%; "—" when there is nothing to divide by."""
    if not rate.whole:
        return NOTHING
    tenths = (rate.part * 2000 + rate.whole) // (2 * rate.whole)
    return f"{tenths // 10}.{tenths % 10}%"


def length(lang: str, seconds: float | None) -> str:
    return NOTHING if seconds is None else dates.span(lang, timedelta(seconds=seconds))


def short_day(lang: str, day: date) -> str:
    return t(lang, "figures.day", month=t(lang, f"date.month.{day.month}"), day=day.day)


def kpis(it: Told) -> list[Kpi]:
    lang, count = it.lang, it.count
    rates, first = count.rates, count.first_response
    cards = [Kpi(t(lang, f"figures.rate.{name}"), percent(rates[name]), _of(it, name), _than(it, name)) for name in MAIN]
    response = Kpi(
        t(lang, "figures.first.median"),
        length(lang, first.median),
        t(lang, "figures.first.p90", time=length(lang, first.p90)) if first.count else t(lang, "figures.none"),
        (t(lang, "figures.first.in_time", rate=percent(rates["response"])),),
        time=True,
    )
    apart = t(lang, "figures.apart.partly", n=count.sums.partly) if count.sums.answered else ""
    beside = {
        "resolution": [t(lang, "figures.beside.office", rate=percent(rates["office"])), apart],
        "satisfaction": [t(lang, "figures.beside.visits", rate=percent(rates["visits"]))],
    }
    words = [
        Kpi(t(lang, f"figures.rate.{name}"), percent(rates[name]), _of(it, name), tuple(line for line in more if line))
        for name, more in beside.items()
    ]
    return [*cards, response, *words]


MAIN = ("three_days", "on_time", "handled")
OTHERS = ("response", "visits", "office", "redo", "refusal")


def _of(it: Told, name: str) -> str:
    rate = it.count.rates[name]
    return t(it.lang, "figures.of", part=rate.part, whole=rate.whole) if rate.whole else t(it.lang, "figures.none")


def _than(it: Told, name: str) -> tuple[str, ...]:
    """Against the same time before, in points of per cent."""
    if it.before is None:
        return ()
    then, now = it.before.rates[name], it.count.rates[name]
    if then.value is None or now.value is None:
        return ()
    points = round((now.value - then.value) * 1000)
    if not points:
        return (t(it.lang, "figures.than.same"),)
    key = "figures.than.more" if points > 0 else "figures.than.less"
    return (t(it.lang, key, points=f"{abs(points) // 10}.{abs(points) % 10}"),)
