"""Lengths by class, office hours, repeats, dates named by a step, one run for each party, and what time does after closing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import parse
from chalicelib.casework.folds import fold
from chalicelib.street import Again, CaseClass, Clock, Duration, Label, Street
from tests.ladder_street import (
    CENTRE,
    COMMITTEE,
    NOW,
    POLICE,
    RESIDENT,
    TRAFFIC,
    ladder_street,
    with_clock,
    with_rung,
)
from tests.ladder_walks import Walk, began, dispatched, in_state

DAY, WEEK = timedelta(days=1), timedelta(days=7)
SIMPLE = {"class": "simple", "reason": "一次能办好"}
COMPLEX = {"class": "complex", "reason": "多家单位"}


def paced(**more: object) -> Street:
    """The committee handles within five working days, what is simple within one, what is urgent within an hour."""
    pace = {"simple": Duration(1, "wd"), "urgent": Duration(1, "h")}
    values: dict[str, object] = {"late": Duration(5, "wd"), "late_for": pace, "action": ("flag",), "warn": Duration(1, "wd")}
    return with_clock(ladder_street(), "handle", **{**values, **more})


def run_of(case: Case, clock: str) -> ClockRun:
    run = case.clock(clock)
    assert run is not None
    return run


def ends(walk: Walk, clock: str = "handle") -> timedelta:
    """When it ends, from when the case came."""
    return parse(run_of(walk.case, clock).due) - NOW


def lapses(walk: Walk, clock: str) -> list[timedelta]:
    found = [event for event in walk.events if event.type == "lapsed" and event.data["clock"] == clock]
    return [parse(event.due or "") - NOW for event in found]


# ---- Lengths by class


def test_a_clock_has_its_classs_length_from_the_first_start() -> None:
    assert ends(began(paced())) == WEEK
    assert ends(began(paced(), case_class="simple")) == DAY
    assert ends(began(paced(), case_class="complex")) == WEEK
    short = run_of(began(paced(), case_class="simple").case, "handle")
    # A length of a class's own has the common reminder: an hour before the end of a day.
    assert parse(short.due) - parse(short.warn or "") == timedelta(hours=1)


def test_another_class_re_lengthens_the_running_clock_from_its_start() -> None:
    walk = began(paced()).do(COMMITTEE, "accept", SIMPLE, after=timedelta(hours=3))
    assert ends(walk) == DAY
    assert run_of(walk.case, "handle").started == "2026-11-18T02:00:00.000Z"
    assert [run.id for run in walk.case.clocks].count("handle") == 1
    walk.do(COMMITTEE, "reclassify", COMPLEX)
    assert ends(walk) == WEEK


def test_a_clock_of_the_same_length_is_left_alone() -> None:
    walk = began(paced()).do(COMMITTEE, "accept", COMPLEX)
    assert "move" not in walk.events[-1].data.get("clocks", {})


def test_a_pause_stays_added_when_the_class_changes_over_a_weekend_too() -> None:
    walk = began(paced(), case_class="simple").do(COMMITTEE, "accept", {}).do(COMMITTEE, "ask", after=timedelta(hours=10))
    walk.do(RESIDENT, "reply", after=DAY)
    assert ends(walk) == 2 * DAY
    walk.do(COMMITTEE, "reclassify", COMPLEX)
    # Five working days and the one that it waited: Wednesday 10:00 to Thursday of the next week.
    assert ends(walk) == 8 * DAY
    friday = began(paced(), case_class="simple", now=NOW + 2 * DAY).do(COMMITTEE, "accept", {})
    friday.do(COMMITTEE, "ask", after=timedelta(0)).do(RESIDENT, "reply", after=3 * DAY)
    friday.do(COMMITTEE, "reclassify", {"class": "parking", "reason": "车位"}, after=timedelta(0))
    # It waited one working day, Friday to Monday; six working days from Friday are Monday of the week after next.
    assert ends(friday) == timedelta(days=2 + 10) + timedelta(minutes=0)


def test_a_class_given_while_a_clock_stands_still_counts_when_it_goes_on() -> None:
    street = paced(pause=("returned",))
    walk = began(street).do(COMMITTEE, "dispatch").do(POLICE, "refuse", after=timedelta(hours=2))
    assert run_of(walk.case, "handle").paused is not None
    waited = walk.now
    walk.do(COMMITTEE, "accept", SIMPLE, after=DAY)
    run = run_of(walk.case, "handle")
    assert run.paused is None
    # A working day less what had passed before it stood still.
    assert parse(run.due) - walk.now == DAY - (waited - NOW)


def test_a_clock_that_was_over_has_time_again_and_is_over_once_more() -> None:
    walk = began(paced(), case_class="simple").do(COMMITTEE, "accept", {}).later(days=1)
    assert lapses(walk, "handle") == [DAY]
    walk.do(COMMITTEE, "reclassify", COMPLEX)
    assert run_of(walk.case, "handle").lapsed is None
    walk.until(NOW + WEEK)
    assert lapses(walk, "handle") == [DAY, WEEK]
    assert fold(walk.case.no, walk.events) == walk.case


def test_a_shorter_class_may_already_be_late() -> None:
    walk = began(paced()).do(COMMITTEE, "accept", {}).later(hours=5).do(COMMITTEE, "reclassify", {**SIMPLE, "class": "urgent"})
    assert ends(walk) == timedelta(hours=1)
    walk.sweep()
    assert lapses(walk, "handle") == [timedelta(hours=1)]


def test_a_class_brings_its_own_clocks_once() -> None:
    street = with_rung(ladder_street(), "committee", clocks=("accept", "handle", "clear"))
    walk = began(street, case_class="urgent")
    assert [run.id for run in walk.case.clocks].count("clear") == 1


# ---- Office hours


@pytest.mark.parametrize(
    ("came", "due"),
    [
        ("2026-11-18T10:00", "2026-11-18T11:00"),
        ("2026-11-18T20:00", "2026-11-18T21:00"),
        ("2026-11-18T20:30", "2026-11-19T08:30"),
        ("2026-11-18T23:00", "2026-11-19T09:00"),
        ("2026-11-19T03:00", "2026-11-19T09:00"),
        ("2026-11-18T21:00", "2026-11-19T09:00"),
        ("2026-11-20T20:30", "2026-11-21T08:30"),  # hours are hours on a Saturday too
    ],
)
def test_an_hour_to_accept_passes_only_between_eight_and_nine_in_the_evening(came: str, due: str) -> None:
    street = with_clock(ladder_street(), "accept", late=Duration(1, "h"), warn=Duration(30, "m"), hours="08:00-21:00")
    now = datetime.fromisoformat(came).replace(tzinfo=street.tz)
    run = run_of(began(street, now=now).case, "accept")
    assert parse(run.due) == datetime.fromisoformat(due).replace(tzinfo=street.tz)
    assert parse(run.due) - timedelta(hours=11, minutes=30) <= parse(run.warn or "") <= parse(run.due) - timedelta(minutes=30)


def test_the_reminder_lies_within_the_hours_too() -> None:
    street = with_clock(ladder_street(), "accept", late=Duration(1, "h"), warn=Duration(30, "m"), hours="08:00-21:00")
    run = run_of(began(street, now=datetime(2026, 11, 18, 12, 45, tzinfo=UTC)).case, "accept")  # 20:45
    assert (run.due, run.warn) == ("2026-11-19T00:45:00.000Z", "2026-11-19T00:15:00.000Z")


# ---- Again and again


def repeating(action: tuple[str, ...] = ("flag",)) -> Street:
    again = Again(Duration(5, "m"), 3)
    return with_clock(ladder_street(), "accept", late=Duration(5, "m"), warn=None, action=action, again=again)


def test_a_late_clock_says_so_again_three_times_and_then_no_more() -> None:
    walk = began(repeating()).later(hours=3)
    minutes = [instant / timedelta(minutes=1) for instant in lapses(walk, "accept")]
    assert minutes == [5, 10, 15, 20]
    assert [event.data.get("again") for event in walk.events if event.type == "lapsed"] == [None, 2, 3, 4]
    # Late once, however often it is said.
    assert walk.case.lateness == 1


def test_what_stops_the_clock_stops_the_repeats() -> None:
    walk = began(repeating()).later(minutes=11).do(COMMITTEE, "accept").later(hours=2)
    assert len(lapses(walk, "accept")) == 2


def test_an_outage_catches_up_with_every_repeat() -> None:
    walk = began(repeating())
    walk.now += timedelta(hours=1)
    assert [event.due for event in walk.sweep() if event.data["clock"] == "accept"] == [
        f"2026-11-18T02:{minute:02d}:00.000Z" for minute in (5, 10, 15, 20)
    ]
    assert walk.sweep() == []


def test_a_repeated_clock_passes_its_rung_over_once() -> None:
    walk = began(repeating(("escalate",))).later(hours=1)
    assert walk.types.count("passed_up") == 1
    assert len(lapses(walk, "accept")) == 1


# ---- After closing, and when nothing may be handed up


def test_a_closed_case_is_late_and_never_goes_up_by_itself() -> None:
    street = with_clock(ladder_street(), "report", action=("escalate", "flag"))
    walk = began(street).do(COMMITTEE, "dispatch").do(POLICE, "report_in").do(POLICE, "propose").do(COMMITTEE, "confirm")
    walk.do(COMMITTEE, "close").later(days=3)
    assert (walk.case.state, walk.case.rung, "passed_up" in walk.types) == ("closed", "committee", False)
    assert len(lapses(walk, "report")) == 2


def test_what_is_handled_is_not_handed_up_by_a_late_visit() -> None:
    visit = Clock(
        id="visit",
        name=Label("办结回访"),
        start="handled_confirmed",
        stop=("visited", "closed"),
        late=Duration(1, "wd"),
        action=("escalate",),
    )
    street = ladder_street(visit=True)
    walk = in_state("visiting", msgspec.structs.replace(street, clocks={**street.clocks, "visit": visit})).later(days=2)
    assert (walk.case.state, walk.case.rung, len(lapses(walk, "visit"))) == ("visiting", "committee", 1)


def test_a_lead_is_passed_over_with_the_rung_and_owes_its_report_still() -> None:
    walk = began().do(COMMITTEE, "accept").do(COMMITTEE, "dispatch").later(days=3)
    assert (walk.case.rung, walk.case.state, walk.case.lead) == ("centre", "received", None)
    assert "department@dept:police" in {partner.party.id for partner in walk.case.owing}
    assert walk.do(CENTRE, "allocate").case.state == "dispatched"


# ---- Dates named by a step, one run for each party


def test_a_named_date_replaces_the_length_and_is_late_that_day() -> None:
    walk = began(rung="centre").do(
        CENTRE, "dispatch", {"lead": "department@dept:police", "demands": "挪车", "until": "2026-11-20"}
    )
    walk.do(POLICE, "report_in").until(datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    assert lapses(walk, "demanded") == [timedelta(days=2, hours=8)]


def test_each_partys_lateness_is_its_own() -> None:
    walk = dispatched().do(POLICE, "report_in").do(TRAFFIC, "report_in", after=timedelta(hours=1)).later(days=2)
    late = [event.data.get("party") for event in walk.events if event.type == "lapsed" and event.data["clock"] == "report"]
    assert late == ["contact:power"]


def test_reminders_and_ends_say_whose_they_are() -> None:
    street = with_clock(ladder_street(), "report", warn=Duration(1, "h"))
    walk = began(street, rung="centre").do(CENTRE, "dispatch").later(days=1)
    said = {(event.type, event.data.get("party")) for event in walk.events if event.data.get("clock") == "report"}
    parties = ("department@dept:police", "department@dept:traffic", "contact:power")
    assert said == {(kind, party) for kind in ("reminded", "lapsed") for party in parties}


def test_a_case_without_a_class_of_the_street_any_more_still_runs() -> None:
    street = paced()
    walk = began(street, case_class="simple").do(COMMITTEE, "accept", {})
    walk.street = msgspec.structs.replace(street, classes=(CaseClass(id="other", name=Label("其他")),))
    walk.later(days=1).do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    assert lapses(walk, "handle") == [DAY]


def test_a_clock_that_the_street_file_dropped_ends_all_the_same() -> None:
    walk = began()
    kept = {clock_id: clock for clock_id, clock in walk.street.clocks.items() if clock_id != "accept"}
    rungs = with_rung(walk.street, "committee", clocks=("handle",)).rungs
    walk.street = msgspec.structs.replace(walk.street, clocks=kept, rungs=rungs)
    walk.later(days=1)
    assert lapses(walk, "accept") == [DAY]
    assert walk.do(COMMITTEE, "answer").case.state == "closed"
    assert all(run.stopped for run in walk.case.clocks if run.id == "accept")
