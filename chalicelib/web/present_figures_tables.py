"""The tables of figures, each with its finding and some with a chart. They are also what the files hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.casework.card import place_name
from chalicelib.casework.figures_count import Line, Rate
from chalicelib.casework.figures_period import Period
from chalicelib.street import Label, Street
from chalicelib.web import charts
from chalicelib.web.i18n import t
from chalicelib.web.present_figures import NOTHING, Told, percent, short_day

if TYPE_CHECKING:
    from markupsafe import Markup

PLACES = 20
# As files hold it: numbers, shares, lengths in minutes, None where there is none.
Cell = str | int | float | Rate | None


@dataclass(frozen=True)
class Section:
    """A table and its finding. `rows` are values, `shown` the same in words; `summed` says that the last row is the sum."""

    id: str
    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    shown: tuple[tuple[str, ...], ...]
    summed: bool = False
    kind: str = ""
    legend: tuple[str, ...] = ()
    chart: Markup | None = None
    note: str = ""


def sections(it: Told) -> list[Section]:
    """Everything that there is a number for, the course of time and the categories first."""
    found = [
        _categories(it),
        _course(it),
        _rungs(it),
        *(_group(it, name) for name in ("channel", "case_class", "found")),
        _places(it),
        *([_scans(it)] if it.scans else []),
    ]
    return [*found, *([_hotline(it)] if it.calls else []), _rest(it)]


def _heads(lang: str, *names: str) -> tuple[str, ...]:
    return tuple(t(lang, f"figures.head.{name}") for name in names)


def _values(name: str, line: Line) -> tuple[Cell, ...]:
    return (name, line.received, line.handled, line.late, line.on_time_rate, line.quick_rate)


def _words(name: str, line: Line) -> tuple[str, ...]:
    numbers = (f"{line.received}", f"{line.handled}", f"{line.late}")
    return (name, *numbers, percent(line.on_time_rate), percent(line.quick_rate))


LINE = ("received", "handled", "late", "on_time", "three_days")


def _lines(it: Told, id_: str, head: str, title: str, named: Sequence[tuple[str, Line]], **more: Any) -> Section:
    rows = [*named, (t(it.lang, "figures.sum"), it.count.all)]
    return Section(
        id=id_,
        name=t(it.lang, f"figures.by.{id_}"),
        title=title,
        heads=_heads(it.lang, head, *LINE),
        rows=tuple(_values(name, line) for name, line in rows),
        shown=tuple(_words(name, line) for name, line in rows),
        summed=True,
        **more,
    )


def _named(it: Told, group: str) -> list[tuple[str, Line]]:
    """Those with the most cases first; what the street has but nobody reported stands there with 0."""
    lang, street = it.lang, it.street
    names: dict[str, Label] = {}
    if group == "category":
        names = {one.id: one.name for one in street.categories}
    elif group == "case_class":
        names = {one.id: one.name for one in street.classes}
    lines = {**{name: Line() for name in names}, **it.count.by[group]}
    found = [(_called(lang, group, value, names), line) for value, line in lines.items()]
    return sorted(found, key=lambda pair: -pair[1].received)


def _called(lang: str, group: str, value: str, names: Mapping[str, Label]) -> str:
    if value in names:
        return names[value].text(lang)
    if group in {"channel", "found"} and value:
        return t(lang, f"channel.{value}" if group == "channel" else f"figures.found.{value}")
    return value or t(lang, "figures.unnamed")


def _categories(it: Told) -> Section:
    lang, named = it.lang, _named(it, "category")
    title = _finding(it, named)
    rows = [charts.Bar(name, (line.received - line.late, line.late), f"{line.received}") for name, line in named]
    chart = charts.bars(title, rows) if it.count.all.received else None
    legend = (t(lang, "figures.legend.in_time"), t(lang, "figures.legend.late")) if chart else ()
    return _lines(it, "category", "category", title, named, kind="lates", chart=chart, legend=legend)


def _finding(it: Told, named: Sequence[tuple[str, Line]]) -> str:
    """The title of the categories' chart is what it shows."""
    if not it.count.all.received:
        return t(it.lang, "figures.empty")
    name, line = max(named, key=lambda pair: pair[1].late)
    if line.late:
        return t(it.lang, "figures.finding.late", name=name, received=line.received, late=line.late)
    most, first = named[0]
    return t(it.lang, "figures.finding.most", name=most, received=first.received)


def _course(it: Told) -> Section:
    lang = it.lang
    named = [(short_day(lang, day), line) for day, line in it.count.course]
    title, chart = t(lang, "figures.empty"), None
    legend: tuple[str, ...] = ()
    if it.count.all.received:
        most, line = max(named, key=lambda pair: pair[1].received)
        title = t(
            lang, "figures.finding.course", part=t(lang, f"figures.part.{_grain(it.period)}"), day=most, received=line.received
        )
        lines = (tuple(line.received for _, line in named), tuple(line.handled for _, line in named))
        chart = charts.course(title, charts.Course(tuple(name for name, _ in named), lines))
        legend = tuple(t(lang, f"figures.head.{name}") for name in ("received", "handled_of"))
    return _lines(
        it,
        "course",
        _grain(it.period),
        title,
        named,
        kind="lines",
        chart=chart,
        legend=legend,
        note=t(lang, "figures.course.note"),
    )


def _grain(period: Period) -> str:
    parts = period.parts()
    if len(parts) == period.days:
        return "day"
    return "week" if all(part.weekday() == 0 for part in parts[1:]) and len(parts) > 2 else "month"


def rung_names(street: Street, lang: str) -> dict[str, str]:
    """Level → who works there, for the shares by the highest rung that a case reached."""
    found: dict[str, list[str]] = {}
    for rung in sorted(street.rungs, key=lambda rung: rung.level):
        found.setdefault(str(rung.level), []).append(rung.name.text(lang))
    return {level: t(lang, "text.list").join(dict.fromkeys(names)) for level, names in found.items()}


def _rungs(it: Told) -> Section:
    lang, names = it.lang, rung_names(it.street, it.lang)
    lines = {**{level: Line() for level in names}, **it.count.by["rung"]}
    named = [(level, names.get(level, level), lines[level]) for level in sorted(lines)]
    whole = it.count.all.received
    rows = [
        (name, line.received, Rate(line.received, whole), line.handled, Rate(line.handled, it.count.all.handled))
        for _, name, line in named
    ]
    title = t(lang, "figures.empty")
    if whole:
        top = max(rows, key=lambda row: row[1])
        title = t(lang, "figures.finding.rung", name=top[0], share=percent(top[2]))
    return Section(
        id="rung",
        name=t(lang, "figures.by.rung"),
        title=title,
        heads=_heads(lang, "rung", "received", "share", "handled", "share_handled"),
        rows=tuple((name, count, share, handled, of) for name, count, share, handled, of in rows),
        shown=tuple((name, f"{count}", percent(share), f"{handled}", percent(of)) for name, count, share, handled, of in rows),
        kind="shares",
        legend=tuple(row[0] for row in rows) if whole else (),
        chart=charts.share(title, [row[1] for row in rows]) if whole else None,
        note=t(lang, "figures.rung.note"),
    )


def _group(it: Told, group: str) -> Section:
    return _lines(it, group, group, t(it.lang, f"figures.by.{group}"), _named(it, group))


def _places(it: Told) -> Section:
    """The doors from which the most came."""
    lang = it.lang
    lines = sorted(it.count.by["place"].items(), key=lambda pair: -pair[1].received)
    named = [(_door(it, place_id), line) for place_id, line in lines[:PLACES]]
    note = t(lang, "figures.place.note", shown=len(named), all=len(lines), scanned=it.count.sums.scanned)
    return _lines(it, "place", "place", t(lang, "figures.by.place"), named, note=note)


def _door(it: Told, place_id: str) -> str:
    place = it.places.get(place_id)
    return place_name(it.street, place, it.lang) if place else place_id or t(it.lang, "figures.unnamed")


def _scans(it: Told) -> Section:
    """How often the doors' codes were scanned, beside what came of it."""
    lang = it.lang
    most = sorted(it.scans.items(), key=lambda pair: -pair[1])
    counted = [(_door(it, one), n, it.count.by["place"].get(one, Line()).received) for one, n in most[:PLACES]]
    sent = sum(it.count.by["place"].get(one, Line()).received for one in it.scans)
    rows = [*counted, (t(lang, "figures.sum"), sum(it.scans.values()), sent)]
    return Section(
        id="scans",
        name=t(lang, "figures.by.scans"),
        title=t(lang, "figures.by.scans"),
        heads=_heads(lang, "place", "scans", "received"),
        rows=tuple(rows),
        shown=tuple((name, f"{scans}", f"{received}") for name, scans, received in rows),
        summed=True,
        note=t(lang, "figures.scans.note", shown=len(counted), all=len(most)),
    )


def _hotline(it: Told) -> Section:
    lang = it.lang
    both = [(now, then) for now, then in it.calls.values() if now is not None and then is not None]
    now, then = sum(pair[0] for pair in both), sum(pair[1] for pair in both)
    title = t(lang, "figures.hotline.title")
    if then:
        key = "figures.hotline.fewer" if now < then else "figures.hotline.more"
        title = t(lang, key, change=changed(now, then).lstrip("+−"), now=now, then=then)
    rows = [(month, *pair) for month, pair in it.calls.items()] + [(t(lang, "figures.sum"), now, then)]
    return Section(
        id="hotline",
        name=t(lang, "figures.by.hotline"),
        title=title,
        heads=_heads(lang, "month", "this_year", "last_year", "change"),
        rows=tuple((month, a, b, Rate(a - b, b) if a is not None and b else None) for month, a, b in rows),
        shown=tuple((month, _number(a), _number(b), changed(a, b)) for month, a, b in rows),
        summed=True,
        note=t(lang, "figures.hotline.note"),
    )


def _number(value: int | None) -> str:
    return NOTHING if value is None else f"{value}"


def changed(now: int | None, then: int | None) -> str:
    """Against last year, one decimal: −8.2%."""
    if now is None or not then:
        return NOTHING
    tenths = round((now - then) * 1000 / then)
    sign = "−" if tenths < 0 else "+" if tenths else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}%"


def _rest(it: Told) -> Section:
    """Every number of the cards again, and those that have none."""
    lang, count = it.lang, it.count
    sums, whole = count.sums, count.all
    plain: list[tuple[str, int]] = [
        ("received", whole.received),
        ("valid", whole.valid),
        ("handled", whole.handled),
        ("supervised", sums.supervised),
    ]
    plain += [("redone", sums.redone), ("refusals", sums.refusals), ("dispatches", sums.dispatches), ("partly", sums.partly)]
    if it.street.ideas:
        plain += [("adopted", sums.adopted), ("not_adopted", sums.not_adopted)]
    rows: list[tuple[Cell, ...]] = [(t(lang, f"figures.number.{name}"), value, None, None) for name, value in plain]
    shown = [(str(row[0]), str(row[1]), "", "") for row in rows]
    for name, rate in count.rates.items():
        rows.append((t(lang, f"figures.rate.{name}"), rate, rate.part, rate.whole))
        shown.append((t(lang, f"figures.rate.{name}"), percent(rate), f"{rate.part}", f"{rate.whole}"))
    lengths: list[tuple[str, Callable[[], Any]]] = [("first", lambda: count.first_response), ("closing", lambda: count.closing)]
    for name, found in lengths:
        spread = found()
        for which in ("median", "p90"):
            seconds = getattr(spread, which)
            rows.append(
                (
                    t(lang, f"figures.{name}.{which}_minutes"),
                    None if seconds is None else round(seconds / 60, 1),
                    None,
                    spread.count,
                )
            )
            shown.append(
                (
                    t(lang, f"figures.{name}.{which}_minutes"),
                    NOTHING if seconds is None else f"{seconds / 60:.1f}",
                    "",
                    f"{spread.count}",
                )
            )
    return Section(
        id="rest",
        name=t(lang, "figures.by.rest"),
        title=t(lang, "figures.by.rest"),
        heads=_heads(lang, "figure", "value", "part", "whole"),
        rows=tuple(rows),
        shown=tuple(shown),
    )
