"""Deadlines follow the real calendar: weekends, holidays, working weekends, and years that nobody has published yet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.casework.calendar import (
    after,
    before,
    days_left,
    due,
    is_working_day,
    known,
    remaining,
    working_between,
)
from chalicelib.street import Calendar, Duration

SHANGHAI = ZoneInfo("Asia/Shanghai")


def published(year: int) -> Calendar:
    """The published exceptions of a year, asked of `chinese_calendar` day by day."""
    holidays, workdays = set(), set()
    day = date(year, 1, 1)
    while day.year == year:
        if chinese_calendar.is_workday(day) and day.weekday() >= 5:
            workdays.add(day.isoformat())
        if chinese_calendar.is_holiday(day) and day.weekday() < 5:
            holidays.add(day.isoformat())
        day += timedelta(days=1)
    return Calendar(holidays=frozenset(holidays), workdays=frozenset(workdays), known_to=f"{year}-12-31")


YEAR = published(2026)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def wd(amount: int) -> Duration:
    return Duration(amount, "wd")


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-11-19T16:05", wd(3), "2026-11-24T16:05"),  # Thursday to Tuesday
        ("2026-11-21T10:00", wd(1), "2026-11-24T00:00"),  # Saturday: ends when Monday ends
        ("2026-11-22T23:59", wd(1), "2026-11-24T00:00"),  # Sunday, the same
        ("2026-11-21T10:00", wd(5), "2026-11-28T00:00"),  # ends when Friday ends, not when the next Monday begins
        ("2026-11-20T09:00", wd(1), "2026-11-23T09:00"),  # Friday to Monday
        ("2026-11-23T00:00", wd(1), "2026-11-24T00:00"),
        ("2026-11-21T10:00", Duration(7, "d"), "2026-11-28T10:00"),
        ("2026-11-21T10:00", Duration(30, "m"), "2026-11-21T10:30"),
        ("2026-11-21T23:30", Duration(1, "h"), "2026-11-22T00:30"),
    ],
)
def test_deadlines_of_an_ordinary_week(start: str, duration: Duration, end: str) -> None:
    assert due(at(start), duration, YEAR, SHANGHAI) == at(end)
    assert due(at(start), duration, YEAR, SHANGHAI).tzinfo is UTC


def test_national_day_2026_as_published() -> None:
    # 1–7 October are off; Sunday 20 September and Saturday 10 October are worked instead.
    for day in range(1, 8):
        assert not is_working_day(date(2026, 10, day), YEAR)
    assert is_working_day(date(2026, 9, 20), YEAR)
    assert is_working_day(date(2026, 10, 10), YEAR)
    assert not is_working_day(date(2026, 10, 11), YEAR)


def test_an_order_of_30_september_skips_the_holiday_and_counts_the_working_saturday() -> None:
    start = at("2026-09-30T10:00")
    assert due(start, Duration(7, "d"), YEAR, SHANGHAI) == at("2026-10-07T10:00")
    # 8, 9, 10 (Saturday, worked), 12–16, 19–23, 26, 27 October: fifteen working days.
    assert due(start, wd(15), YEAR, SHANGHAI) == at("2026-10-27T10:00")
    assert due(start, wd(3), YEAR, SHANGHAI) == at("2026-10-10T10:00")


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_a_published_year_agrees_with_the_publication(year: int) -> None:
    calendar, day = published(year), date(year, 1, 1)
    while day.year == year:
        assert is_working_day(day, calendar) == chinese_calendar.is_workday(day)
        day += timedelta(days=1)


def test_an_unpublished_year_is_monday_to_friday_and_says_so() -> None:
    start = at("2027-10-01T10:00")  # a Friday that will surely be off, but nobody has said so yet
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_workday(date(2099, 10, 1))
    assert due(start, wd(1), YEAR, SHANGHAI) == at("2027-10-04T10:00")
    assert not known(start, YEAR, SHANGHAI)
    assert known(at("2026-12-31T23:59"), YEAR, SHANGHAI)
    assert not known(at("2027-01-01T00:00"), YEAR, SHANGHAI)


def test_the_warning_comes_sixty_days_ahead() -> None:
    assert days_left(at("2026-11-01T12:00"), YEAR, SHANGHAI) == 60
    assert days_left(at("2026-12-31T23:00"), YEAR, SHANGHAI) == 0
    assert days_left(at("2027-01-02T00:00"), YEAR, SHANGHAI) == -2
    # The street's day counts, not UTC's: this is already 1 January in Shanghai.
    assert days_left(datetime(2026, 12, 31, 17, 0, tzinfo=UTC), YEAR, SHANGHAI) == -1


def test_a_streets_own_override_wins_over_the_weekday() -> None:
    calendar = Calendar(holidays=frozenset({"2027-10-01"}), workdays=frozenset({"2027-10-02"}), known_to="2026-12-31")
    assert due(at("2027-09-30T10:00"), wd(1), calendar, SHANGHAI) == at("2027-10-02T10:00")


@pytest.mark.parametrize(
    ("end", "lead", "start"),
    [
        ("2026-11-24T16:05", wd(1), "2026-11-23T16:05"),
        ("2026-11-23T16:05", wd(1), "2026-11-20T16:05"),
        ("2026-11-24T00:00", wd(1), "2026-11-23T00:00"),
        ("2026-10-08T10:00", wd(1), "2026-09-30T10:00"),
        ("2026-11-24T16:05", Duration(1, "h"), "2026-11-24T15:05"),
        ("2026-11-24T16:05", Duration(2, "d"), "2026-11-22T16:05"),
        ("2026-11-24T16:05", wd(0), "2026-11-24T16:05"),
    ],
)
def test_reminders_come_that_long_before_the_end(end: str, lead: Duration, start: str) -> None:
    assert before(at(end), lead, YEAR, SHANGHAI) == at(start)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        due(datetime(2026, 11, 21, 10, 0), wd(1), YEAR, SHANGHAI)  # noqa: DTZ001 - naive is what is refused


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        due(at("2026-11-21T10:00"), Duration(1, "fortnight"), YEAR, SHANGHAI)
    with pytest.raises(ValueError, match="fortnight"):
        before(at("2026-11-21T10:00"), Duration(1, "fortnight"), YEAR, SHANGHAI)


instants = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
amounts = st.integers(min_value=0, max_value=40)


@given(instants, amounts)
def test_the_working_time_to_a_deadline_is_the_duration(start: datetime, amount: int) -> None:
    end = due(start, wd(amount), YEAR, SHANGHAI)
    assert working_between(start, end, YEAR, SHANGHAI) == timedelta(days=amount)
    if amount:  # the first such instant: a moment earlier it has not passed
        assert working_between(start, end - timedelta(milliseconds=1), YEAR, SHANGHAI) < timedelta(days=amount)


@given(instants, instants, st.sampled_from(["m", "h", "d", "wd"]), amounts)
def test_later_starts_never_end_earlier(a: datetime, b: datetime, unit: str, amount: int) -> None:
    first, second = sorted((a, b))
    assert due(first, Duration(amount, unit), YEAR, SHANGHAI) <= due(second, Duration(amount, unit), YEAR, SHANGHAI)


@given(instants, instants, instants)
def test_working_time_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    first, middle, last = sorted((a, b, c))
    whole = working_between(first, last, YEAR, SHANGHAI)
    assert whole == working_between(first, middle, YEAR, SHANGHAI) + working_between(middle, last, YEAR, SHANGHAI)
    assert timedelta(0) <= whole <= last - first
    assert working_between(last, first, YEAR, SHANGHAI) == -whole


@given(
    instants,
    st.sampled_from(["m", "h", "d", "wd"]),
    st.integers(min_value=1, max_value=40),
    st.integers(0, 1000),
    st.integers(0, 10**6),
)
def test_a_paused_clock_resumes_with_what_was_left(start: datetime, unit: str, amount: int, permille: int, pause: int) -> None:
    end = due(start, Duration(amount, unit), YEAR, SHANGHAI)
    now = start + (end - start) * permille / 1000
    left = remaining(unit, now, end, YEAR, SHANGHAI)
    assert left >= timedelta(0)
    again = now + timedelta(seconds=pause)
    new_end = after(again, left, unit, YEAR, SHANGHAI)
    assert new_end >= again
    assert remaining(unit, again, new_end, YEAR, SHANGHAI) == left


@given(instants, st.sampled_from(["m", "h", "d", "wd"]), amounts)
def test_a_reminder_is_never_after_the_end_and_leaves_its_lead(end: datetime, unit: str, amount: int) -> None:
    start = before(end, Duration(amount, unit), YEAR, SHANGHAI)
    assert start <= end
    assert remaining(unit, start, end, YEAR, SHANGHAI) == (
        Duration(amount, unit).amount
        * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "wd": timedelta(days=1)}[unit]
    )


# ---- Hours of the day


@pytest.mark.parametrize(
    ("start", "duration", "hours", "end"),
    [
        ("2026-11-18T20:30", Duration(1, "h"), "08:00-21:00", "2026-11-19T08:30"),
        ("2026-11-18T23:00", Duration(1, "h"), "08:00-21:00", "2026-11-19T09:00"),
        ("2026-11-18T21:00", Duration(1, "h"), "08:00-21:00", "2026-11-19T09:00"),
        ("2026-11-18T20:00", Duration(1, "h"), "08:00-21:00", "2026-11-18T21:00"),
        ("2026-11-18T07:59", Duration(30, "m"), "08:00-21:00", "2026-11-18T08:30"),
        ("2026-11-18T10:00", Duration(30, "h"), "08:00-21:00", "2026-11-20T14:00"),  # 11 + 13 + 6
        ("2026-11-18T10:00", Duration(2, "h"), "00:00-23:59", "2026-11-18T12:00"),
        ("2026-11-18T10:00", Duration(1, "wd"), "08:00-21:00", "2026-11-19T10:00"),  # days have no hours
    ],
)
def test_minutes_and_hours_pass_only_in_the_hours_named(start: str, duration: Duration, hours: str, end: str) -> None:
    assert due(at(start), duration, YEAR, SHANGHAI, hours) == at(end)


@pytest.mark.parametrize(
    ("end", "lead", "start"),
    [
        ("2026-11-19T08:30", Duration(30, "m"), "2026-11-19T08:00"),
        ("2026-11-19T08:30", Duration(31, "m"), "2026-11-18T20:59"),
        ("2026-11-19T09:00", Duration(2, "h"), "2026-11-18T20:00"),
        ("2026-11-19T03:00", Duration(1, "h"), "2026-11-18T20:00"),
    ],
)
def test_a_reminder_comes_that_long_before_within_the_hours(end: str, lead: Duration, start: str) -> None:
    assert before(at(end), lead, YEAR, SHANGHAI, "08:00-21:00") == at(start)


windows = st.tuples(st.integers(0, 12), st.integers(1, 11)).map(lambda pair: f"{pair[0]:02d}:00-{pair[0] + pair[1]:02d}:00")


@given(instants, st.integers(1, 3000), windows)
def test_a_deadline_in_hours_lies_in_them_and_its_lead_leads_back_to_the_start(start: datetime, minutes: int, hours: str) -> None:
    end = due(start, Duration(minutes, "m"), YEAR, SHANGHAI, hours)
    opens, _, closes = hours.partition("-")
    assert opens < end.astimezone(SHANGHAI).strftime("%H:%M:%S") <= f"{closes}:00"
    assert end >= start + timedelta(minutes=minutes)
    # The latest instant from which that much is left: the start itself, or the end of the hours that it came after.
    back = before(end, Duration(minutes, "m"), YEAR, SHANGHAI, hours)
    assert due(back, Duration(minutes, "m"), YEAR, SHANGHAI, hours) == end
    assert due(start, Duration(minutes + 1, "m"), YEAR, SHANGHAI, hours) > end
