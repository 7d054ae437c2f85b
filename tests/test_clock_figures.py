"""Every clock figure of the five streets, one minute before its instant and one minute after, on the street files that ship.

The instants stand in `clock_table`, written by hand, so that neither the street files nor the calendar's code confirm themselves.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from chalicelib.casework.calendar import is_working_day
from chalicelib.casework.events import parse
from chalicelib.errors import NotAllowed
from tests.clock_table import AGAIN, FIGURES, WEEKLY, Figure
from tests.roads import MINUTE, WEDNESDAY, Road, at, of, shipped

EVE = at("09-30 16:00")
STREETS = ("changqiao", "huajing", "tianping", "yuejincun", "zhujing-jinlai")
REMINDED = [figure for figure in FIGURES if figure.figure[0]]
OVER_THE_HOLIDAY = [figure for figure in FIGURES if figure.figure[2]]


def road_of(figure: Figure, start: datetime = WEDNESDAY) -> Road:
    return Road(figure.street, start, figure.channel, figure.case_class).do(*figure.steps)


@pytest.mark.parametrize("name", STREETS)
def test_every_clock_of_the_street_stands_in_the_table(name: str) -> None:
    assert {figure.clock for figure in FIGURES if figure.street == name} == set(shipped(name)[0].clocks)


@pytest.mark.parametrize("figure", REMINDED, ids=str)
def test_the_reminder_goes_out_at_its_instant_to_who_has_it_and_not_before(figure: Figure) -> None:
    road, warn, due = road_of(figure), at(figure.figure[0]), at(figure.figure[1])
    assert of(figure.clock, road.until(warn - MINUTE)) == []
    rung = road.case.rung
    times = len(figure.parties) or 1
    assert of(figure.clock, road.until(warn + MINUTE)) == [("reminded", figure.clock, rung)] * times
    reminder = road.latest("reminded", figure.clock)
    assert (parse(reminder.due or ""), parse(reminder.data["until"])) == (warn, due)
    party = {f"office:department@dept:{figure.parties[-1]}"} if figure.parties else set()
    assert road.said(reminder) == {("near", who) for who in {road.office} | party}


@pytest.mark.parametrize("figure", FIGURES, ids=str)
def test_at_the_end_its_step_is_made_once_and_nothing_a_minute_before(figure: Figure) -> None:
    road, due = road_of(figure), at(figure.figure[1])
    assert {entry[0] for entry in of(figure.clock, road.until(due - MINUTE))} <= {"reminded"}
    rung, office, late, flagged = road.case.rung, road.office, road.case.lateness, road.case.supervised
    seen = of(figure.clock, road.until(due + MINUTE))
    times = len(figure.parties) or 1
    if figure.end == "date":
        assert seen == [("reminded", figure.clock, rung)]
        reminder = road.latest("reminded", figure.clock)
        assert (parse(reminder.due or ""), reminder.data["date"], road.case.lateness) == (due, True, late)
        assert road.said(reminder) == {("near", who) for who in road.nearest(*figure.told.split())}
        return
    up = figure.end.removeprefix("up:") if figure.end.startswith("up:") else ""
    assert seen == [("lapsed", figure.clock, rung)] * times + ([("passed_up", figure.clock, up)] if up else [])
    lapsed = road.latest("lapsed", figure.clock)
    assert (parse(lapsed.due or ""), lapsed.by) == (due, "system")
    assert lapsed.data["flag"] is (figure.end == "flag")
    assert road.case.lateness >= late + times
    assert road.case.supervised or figure.end != "flag" or flagged
    assert road.case.rung == (up or rung)
    told = {office} | road.nearest(*figure.told.split())
    told |= {f"office:department@dept:{figure.parties[-1]}"} if figure.parties else set()
    assert road.said(lapsed) == {("late", who) for who in told}
    if up:
        assert ("new", road.office) in road.told("passed_up")
    # Once: another sweep a minute later finds nothing more of this clock.
    assert of(figure.clock, road.until(due + 2 * MINUTE)) == []


@pytest.mark.parametrize("figure", OVER_THE_HOLIDAY, ids=str)
def test_over_the_holiday_working_days_wait_and_count_the_working_saturday_and_days_run_on(figure: Figure) -> None:
    road, due = road_of(figure, EVE), at(figure.figure[2])
    kind = "reminded" if figure.end == "date" else "lapsed"
    before = of(figure.clock, road.until(due - MINUTE))
    assert [entry for entry in before if entry[0] == "lapsed" or (figure.end == "date" and entry[0] == "reminded")] == []
    assert kind in {entry[0] for entry in of(figure.clock, road.until(due + MINUTE))}


def test_the_calendar_that_ships_has_the_holiday_and_both_working_weekends() -> None:
    for name in STREETS:
        calendar = shipped(name)[0].calendar
        off = [day for day in range(1, 13) if not is_working_day(date(2026, 10, day), calendar)]
        assert off == [1, 2, 3, 4, 5, 6, 7, 11]
        assert is_working_day(date(2026, 9, 20), calendar)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("huajing", "accept assign"),
        ("tianping", "accept=urgent clear"),
        ("tianping", "accept=urgent accept dispatch=police clear sign"),
        ("yuejincun", "pass_up refer=suggestion answer_back"),
        ("changqiao", "refer=district answer_back"),
        ("zhujing-jinlai", "pass_up refer=town answer_back"),
    ],
)
def test_what_somebody_has_in_hand_is_never_without_an_end(name: str, way: str) -> None:
    road = Road(name).do(*way.split())
    ends = [run.due for run in road.case.clocks if run.running and not run.party and road.street.clocks[run.id].counts]
    assert ends != []
    assert road.case.deadline is not None


@pytest.mark.parametrize(
    ("name", "clock", "way", "days"),
    [
        ("zhujing-jinlai", "grid_handle", "pass_up accept allocate=committee@committee:j01", 7),
        ("huajing", "zone_handle", "accept=complex accept allocate=facility@zone:z1", 7),
        ("tianping", "zone_handle", "accept=hard accept allocate=station@zone:wutong", 21),
    ],
)
def test_who_gets_it_back_refused_has_the_rest_of_the_time_and_not_all_of_it_again(
    name: str, clock: str, way: str, days: int
) -> None:
    road = Road(name).do(*way.split())
    road.until(WEDNESDAY + timedelta(minutes=20))
    road.do("refuse")
    assert road.due(clock) == WEDNESDAY + timedelta(days=days)
    # What was over is over still, and is not late a second time.
    late = Road(name).do(*way.split()[:-1])
    late.until(WEDNESDAY + timedelta(days=days, minutes=1))
    late.do(way.split()[-1], "refuse")
    lateness = late.case.lateness
    assert of(clock, late.until(WEDNESDAY + timedelta(days=days, minutes=9))) == []
    assert late.case.lateness == lateness


# ---- What comes again while nothing stops it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", AGAIN, ids="-".join)
def test_what_comes_again_comes_three_times_more_and_then_no_more(key: tuple[str, str]) -> None:
    name, clock = key
    way, channel, instants = AGAIN[key]
    road = Road(name, channel=channel).do(*way.split())
    for instant in map(at, instants):
        road.until(instant - MINUTE)
        assert of(clock, road.until(instant + MINUTE)) == [("lapsed", clock, road.case.rung)]
        assert road.nearest("station_head") <= {who for _, who in road.said(road.latest("lapsed", clock))}
    assert of(clock, road.until(at("12-18 10:00"))) == []


def test_what_is_tracked_is_flagged_every_week() -> None:
    road = Road("huajing").do("accept=hard", "accept")
    for instant in map(at, WEEKLY):
        road.until(instant - MINUTE)
        assert of("tracked_handle", road.until(instant + MINUTE)) == [("lapsed", "tracked_handle", "tracked")]
        assert road.latest("lapsed", "tracked_handle").data["flag"] is True


@pytest.mark.parametrize("name", STREETS)
def test_a_long_run_is_looked_at_every_thirty_days_and_nobody_is_late_for_it(name: str) -> None:
    road = Road(name, channel="visit").do("accept", "long_run=2027-11-18", "approve")
    late = road.case.lateness
    for instant in map(at, ("12-18 10:00", "2027-01-17 10:00", "2027-02-16 10:00")):
        road.until(instant - MINUTE)
        assert of("long_run_review", road.until(instant + MINUTE)) == [("reminded", "long_run_review", road.case.rung)]
    assert road.case.lateness == late


# ---- Hours of the day, days of watching, and what pauses ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "warn", "due"),
    [
        ("11-18 20:30", "11-19 08:00", "11-19 08:30"),  # half an hour of the evening, half an hour of the morning
        ("11-18 21:00", "11-19 08:30", "11-19 09:00"),
        ("11-18 23:40", "11-19 08:30", "11-19 09:00"),
        ("11-19 06:00", "11-19 08:30", "11-19 09:00"),
        ("11-21 20:15", "11-21 20:45", "11-22 08:15"),  # hours of the day, not of the week: a Saturday night
        ("10-01 12:00", "10-01 12:30", "10-01 13:00"),  # and of a holiday
    ],
)
def test_an_hour_to_accept_counts_from_eight_to_nine_in_the_evening(start: str, warn: str, due: str) -> None:
    road = Road("zhujing-jinlai", at(start))
    if at(warn) - MINUTE > at(start):
        assert road.until(at(warn) - MINUTE) == []
    assert [entry[0] for entry in road.until(at(due) - MINUTE)] == ["reminded"]
    assert of("committee_accept", road.until(at(due) + MINUTE))[0] == ("lapsed", "committee_accept", "committee")
    assert road.case.rung == "grid"


@pytest.mark.parametrize(("start", "instant"), [(WEDNESDAY, "11-19 10:00"), (EVE, "10-01 16:00")])
def test_what_a_parking_change_has_done_is_looked_at_the_next_day_and_not_before(start: datetime, instant: str) -> None:
    road = Road("zhujing-jinlai", start).do("accept=parking", "propose", "confirm")
    assert road.case.state == "observing"
    road.until(at(instant) - MINUTE)
    with pytest.raises(NotAllowed, match="gate_observation"):
        road.do("observe")
    road.until(at(instant) + MINUTE)
    assert road.do("observe").case.state == "visiting"
    assert road.do("visit", "close").case.state == "closed"


@pytest.mark.parametrize(
    ("name", "way", "clock", "before", "after"),
    [
        ("zhujing-jinlai", "accept=complex", "committee_handle=simple", "11-25 10:00", "11-19 10:00"),
        ("zhujing-jinlai", "accept=simple", "committee_handle=complex", "11-19 10:00", "11-25 10:00"),
        ("yuejincun", "accept=complex pass_up accept triage agree_triage dispatch=safety", "lead_handle", "12-09 10:00", ""),
    ],
)
def test_another_class_has_another_length_from_the_same_start(name: str, way: str, clock: str, before: str, after: str) -> None:
    clock, _, case_class = clock.partition("=")
    road = Road(name).do(*way.split())
    assert road.due(clock) == at(before)
    if after:
        assert road.do(f"reclassify={case_class}").due(clock) == at(after)


@pytest.mark.parametrize(
    ("name", "way", "clock"),
    [
        ("changqiao", "accept", "whole_case"),
        ("huajing", "accept=complex accept", "zone_handle"),
        ("zhujing-jinlai", "accept=complex", "committee_handle"),
        ("tianping", "accept=simple", "station_handle"),
        ("yuejincun", "accept=simple", "community_handle"),
    ],
)
def test_what_a_long_run_or_a_way_out_holds_up_stands_still_and_an_extension_moves_the_end(
    name: str, way: str, clock: str
) -> None:
    road = Road(name).do(*way.split())
    due = road.due(clock)
    road.do("extend=2", "approve")
    run = road.case.clock(clock)
    assert run is not None
    assert (parse(run.original or ""), parse(run.due) > due) == (due, True)
    road.do("long_run=2026-12-01", "approve")
    standing = road.case.clock(clock)
    assert standing is not None and standing.paused
    assert of(clock, road.until(at("11-30 10:00"))) == []
