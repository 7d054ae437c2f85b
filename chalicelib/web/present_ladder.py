"""The ladder as residents see it: which office has the case, which had it, which would get it next and when by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event, parse
from chalicelib.street import Rung, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_clocks import ClockView, concerns_residents, live, running
from chalicelib.web.present_offices import office_name

MOVES = frozenset({"passed_up", "allocated", "routed", "returned_down", "refused"})


@dataclass(frozen=True)
class RungView:
    """`state` is `now`, `done` (ended here), `passed`, `skipped` or `ahead`; `moves` is the dashed box above the present rung."""

    level: str
    name: str
    state: str
    note: str = ""
    clock: ClockView | None = None
    moves: str = ""


@dataclass(frozen=True)
class Stay:
    """One office's time with the case."""

    rung: str
    unit: str
    since: datetime
    until: datetime | None
    how: str = ""


def stays(case: Case, events: Sequence[Event]) -> list[Stay]:
    """Every office the case was with, in order."""
    found: list[Stay] = []
    for event in events:
        if event.type == "submitted":
            first = event.data.get("case", {})
            found.append(Stay(first.get("rung", case.rung), first.get("unit", case.unit), event.instant, None))
        elif event.type in MOVES and found and event.data.get("rung"):
            last = found[-1]
            how = "auto" if event.by == "system" else event.type
            found[-1] = Stay(last.rung, last.unit, last.since, event.instant, how)
            found.append(Stay(event.data["rung"], event.data["unit"], event.instant, None))
    return found or [Stay(case.rung, case.unit, parse(case.received_at), None)]


def _leads_to(rung: Rung) -> set[str]:
    return {target for target in (rung.pass_up, rung.late, *rung.allocate) if target}


def _reach(start: set[str], street: Street) -> set[str]:
    """Every rung that can still be reached from these."""
    found, ahead = set(start), list(start)
    while ahead:
        rung = street.rung_by_id.get(ahead.pop())
        for target in (_leads_to(rung) if rung else set()) - found:
            found.add(target)
            ahead.append(target)
    return found


def _takes(rung: Rung, case: Case) -> bool:
    """Whether cases of this class may enter here at all: side rungs of other classes are not drawn."""
    return any(not entry.classes or case.case_class in entry.classes for entry in rung.enters)


def ladder(street: Street, case: Case, events: Sequence[Event], now: datetime, lang: str) -> list[RungView]:
    """The rungs, top first."""
    way = stays(case, events)
    been = {stay.rung: stay for stay in way}
    entry = way[0].rung
    ahead = _reach({case.rung}, street) if case.open else set()
    entry_level = street.rung_by_id[entry].level if entry in street.rung_by_id else 0
    below = {
        rung.id
        for rung in street.rungs
        if rung.level < entry_level and _takes(rung, case) and entry in _reach({rung.id}, street) and rung.id not in been
    }
    here = street.rung_by_id[case.rung].level if case.rung in street.rung_by_id else 0
    ahead = {rung_id for rung_id in ahead if rung_id in street.rung_by_id and street.rung_by_id[rung_id].level > here}
    drawn = [rung for rung in street.rungs if rung.id in been or rung.id in ahead or rung.id in below]
    drawn.sort(key=lambda rung: -rung.level)
    return [_rung(street, case, rung, been.get(rung.id), below, now, lang) for rung in drawn]


def _rung(street: Street, case: Case, rung: Rung, stay: Stay | None, below: set[str], now: datetime, lang: str) -> RungView:
    level = t(lang, "ladder.level", n=rung.level)
    if rung.id == case.rung:
        name = office_name(street, rung.id, case.unit, lang)
        if not case.open:
            return RungView(level, name, "done", t(lang, "ladder.withdrawn" if case.outcome == "withdrawn" else "ladder.ended"))
        if case.state in {"handled", "observing"}:
            return RungView(level, name, "done", t(lang, "ladder.handled"))
        runs = [run for run in live(case) if run.running and concerns_residents(street.clocks.get(run.id))]
        mine = next((run for run in runs if run.rung == rung.id), runs[0] if runs else None)
        clock = running(street, mine, now, lang, case) if mine else None
        return RungView(level, name, "now", clock=clock, moves=_moves(street, case, rung, lang, now))
    if stay and stay.until:
        used = dates.span(lang, stay.until - stay.since)
        name = office_name(street, rung.id, stay.unit, lang)
        return RungView(level, name, "passed", t(lang, f"ladder.left.{stay.how}", span=used))
    if rung.id in below:
        return RungView(level, rung.name.text(lang), "skipped", t(lang, "ladder.skipped"))
    return RungView(level, rung.name.text(lang), "ahead")


def next_office(street: Street, case: Case, lang: str) -> str | None:
    """Where the case goes by itself when its rung is late."""
    rung = street.rung_by_id.get(case.rung)
    target = street.rung_by_id.get(rung.late or "") if rung else None
    return target.name.text(lang) if target else None


def _moves(street: Street, case: Case, rung: Rung, lang: str, now: datetime) -> str:
    """`11月24日（周二）16:00还没办好，自动交到…`, only where the street moves it by itself."""
    target = next_office(street, case, lang)
    for run in live(case):
        clock = street.clocks.get(run.id)
        if target and clock and run.running and run.rung == rung.id and "escalate" in clock.action and parse(run.due) > now:
            return t(lang, "ladder.moves", by=dates.moment(lang, run.due, street.tz, now), office=target)
    return ""
