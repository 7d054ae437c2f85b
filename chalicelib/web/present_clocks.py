"""A clock as words, a date and a bar: in time, near, late, stopped in time, stopped late, or standing still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.casework import calendar
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.clocks import length
from chalicelib.casework.events import parse
from chalicelib.street import Clock, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_offices import party_name

# Events that end a matter for the person who reported it.
FINISHING = frozenset({"handled_confirmed", "closed"})
PLAIN, NEAR, LATE, DONE, MISSED, PAUSED = "plain", "near", "late", "done", "missed", "paused"
GLYPHS = {PLAIN: "clock", NEAR: "hourglass", LATE: "bang", DONE: "tick", MISSED: "bang", PAUSED: "clock"}


@dataclass(frozen=True)
class ClockView:
    """`share` is how much of the time is used, in percent; `notch` where the deadline was on the bar of a late clock.

    `party` is whose clock it is where each has one, `original` the end that an extension moved.
    """

    id: str
    name: str
    standing: str
    glyph: str
    words: str
    by: str
    day: str
    iso: str
    share: int
    notch: int | None
    used: str
    total: str
    party: str = ""
    original: str = ""


def standing(warn: str | None, due: str, now: datetime) -> str:
    """`plain`, `near` (its reminder is due) or `late`. Lists count and filter with this too."""
    if now >= parse(due):
        return LATE
    return NEAR if warn and now >= parse(warn) else PLAIN


def name_of(street: Street, clock_id: str, lang: str) -> str:
    clock = street.clocks.get(clock_id)
    return clock.name.text(lang) if clock else t(lang, "clock.other")


def total_of(street: Street, clock_id: str, lang: str, case_class: str = "") -> str:
    """How long the clock is; nothing for one that ends on a named date."""
    clock = street.clocks.get(clock_id)
    return dates.duration(lang, length(clock, case_class)) if clock and not clock.until else ""


def _in_working_days(street: Street, clock_id: str, case_class: str) -> bool:
    clock = street.clocks.get(clock_id)
    return clock is not None and not clock.until and length(clock, case_class).unit == "wd"


def left_words(street: Street, clock_id: str, due: str, now: datetime, lang: str, case_class: str = "") -> str:
    """How much is left, in the clock's own unit."""
    if _in_working_days(street, clock_id, case_class):
        return dates.working_days(lang, calendar.working_between(now, parse(due), street.calendar, street.tz))
    return dates.span(lang, parse(due) - now)


def mark_words(state: str, street: Street, clock_id: str, due: str, now: datetime, lang: str, case_class: str = "") -> str:
    clock = street.clocks.get(clock_id)
    if clock is not None and not clock.counts:
        return t(lang, "mark.date", day=dates.day(lang, due, street.tz, now))
    if state == LATE:
        return t(lang, "mark.late", span=dates.span(lang, now - parse(due)))
    if state == NEAR:
        return t(lang, "mark.near", span=dates.span(lang, parse(due) - now))
    return t(lang, "mark.left", span=left_words(street, clock_id, due, now, lang, case_class))


def bar(street: Street, clock_id: str, started: str, due: str, now: datetime, case_class: str = "") -> tuple[int, int | None]:
    """(share used, notch) in percent. Working-day clocks fill by working time."""
    wd = _in_working_days(street, clock_id, case_class)
    begin, end = parse(started), parse(due)

    def between(a: datetime, b: datetime) -> timedelta:
        return calendar.working_between(a, b, street.calendar, street.tz) if wd else b - a

    whole, used = between(begin, end), between(begin, max(now, begin))
    if not whole:
        return 100, None
    if used > whole:
        return 100, max(4, min(96, round(100 * (whole / used))))
    return max(2, round(100 * (used / whole))), None


def running(street: Street, run: ClockRun, now: datetime, lang: str, case: Case | None = None) -> ClockView:
    """A clock that runs or stands still, of a case whose class may have a length of its own."""
    clock, case_class = street.clocks.get(run.id), case.case_class if case else ""
    counts = clock is None or clock.counts
    state = PAUSED if run.paused else standing(run.warn, run.due, now) if counts else PLAIN
    paused = "mark.paused" if case is None or case.state == "waiting" else "mark.standing"
    words = t(lang, paused) if run.paused else mark_words(state, street, run.id, run.due, now, lang, case_class)
    share, notch = bar(street, run.id, run.started, run.due, parse(run.paused) if run.paused else now, case_class)
    used = now - parse(run.started)
    return _view(street, run, state, words, share, notch, dates.span(lang, used), now, lang, case)


def ended(street: Street, run: ClockRun, now: datetime, lang: str, case: Case | None = None) -> ClockView:
    """A clock that was stopped: in time or not, and how long it took."""
    stopped = parse(run.stopped or run.due)
    in_time = stopped <= parse(run.due)
    used = dates.span(lang, stopped - parse(run.started))
    words = t(lang, "mark.done" if in_time else "mark.missed", span=used)
    return _view(street, run, DONE if in_time else MISSED, words, 100, None, used, now, lang, case)


def _view(
    street: Street,
    run: ClockRun,
    state: str,
    words: str,
    share: int,
    notch: int | None,
    used: str,
    now: datetime,
    lang: str,
    case: Case | None,
) -> ClockView:
    partners = case.partners if case else ()
    called = next((one.party for one in partners if one.party.id == run.party), None)
    return ClockView(
        id=run.id,
        name=name_of(street, run.id, lang),
        standing=state,
        glyph=GLYPHS[state],
        words=words,
        by=dates.moment(lang, run.due, street.tz, now),
        day=dates.day(lang, run.due, street.tz, now),
        iso=dates.iso(run.due),
        share=share,
        notch=notch,
        used=used,
        total=total_of(street, run.id, lang, case.case_class if case else ""),
        party=party_name(street, called, lang) if called else "",
        original=dates.moment(lang, run.original, street.tz, now) if run.original else "",
    )


def concerns_residents(clock: Clock | None) -> bool:
    """Clocks that promise an answer or the end of the matter; an office's own (to dispatch in time), a party's, and dates to look
    again are left to the desk.
    """
    if clock is None or clock.party or not clock.counts:
        return False
    stops = set(clock.stop)
    return bool(stops & {"accepted", "prelim_given"}) or bool(stops & FINISHING and not stops & {"allocated", "assigned"})


def counts(street: Street, run: ClockRun) -> bool:
    """Whether anybody can be late for it."""
    clock = street.clocks.get(run.id)
    return clock is None or clock.counts


def live(case: Case) -> list[ClockRun]:
    """Clocks that have not been stopped, the next to end first; paused ones stand last."""
    return sorted((run for run in case.clocks if run.stopped is None), key=lambda run: (run.paused is not None, run.due))


def what_if_not(street: Street, run: ClockRun, lang: str, next_office: str | None, staff: bool = False) -> str:
    """What happens at the end of a clock, once, if nothing has been done by then."""
    clock = street.clocks.get(run.id)
    actions = clock.action if clock else ()
    if "escalate" in actions and next_office:
        return t(lang, "desk.late.escalate" if staff else "late.escalate", office=next_office)
    what = "flag" if "flag" in actions else "remind"
    return t(lang, f"desk.late.{what}" if staff else f"late.{what}")
