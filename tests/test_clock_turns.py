"""Which clocks run, when they end, and what stops, pauses and resumes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.casework.case import Case
from chalicelib.casework.events import parse
from tests.ladder_street import CENTRE, COMMITTEE, NOW, RESIDENT, ZONE
from tests.ladder_walks import began, in_state


def running(case: Case) -> set[str]:
    return {run.id for run in case.clocks if run.running}


def due(case: Case, clock: str) -> datetime:
    run = case.clock(clock)
    assert run is not None
    return parse(run.due)


def test_a_report_starts_its_rungs_clocks_and_those_of_the_whole_case() -> None:
    walk = began()
    assert running(walk.case) == {"accept", "handle", "whole"}
    assert due(walk.case, "accept") == NOW + timedelta(days=1)
    assert due(walk.case, "handle") == NOW + timedelta(days=3)
    assert due(walk.case, "whole") == NOW + timedelta(days=7)
    assert walk.case.deadline == "2026-11-19T02:00:00.000Z"
    assert walk.case.next_due == "2026-11-19T01:00:00.000Z"  # the reminder, one hour before


def test_accepting_stops_the_accept_clock_and_leaves_the_others() -> None:
    assert running(in_state("accepted").case) == {"handle", "whole"}


def test_moving_ends_the_old_rungs_clocks_starts_the_new_ones_and_keeps_the_whole_cases() -> None:
    walk = in_state("accepted").do(COMMITTEE, "pass_up", after=timedelta(days=1))
    assert running(walk.case) == {"contact", "whole"}
    assert due(walk.case, "whole") == NOW + timedelta(days=7)
    assert due(walk.case, "contact") == walk.now + timedelta(days=1)


def test_down_is_not_back_the_whole_case_stays_due_on_day_seven() -> None:
    walk = began(rung="centre").do(CENTRE, "allocate", after=timedelta(days=3))
    assert running(walk.case) == {"zone_accept", "whole"}
    walk.do(ZONE, "sign").do(ZONE, "assign")
    assert running(walk.case) == {"zone_accept", "whole"}
    assert due(walk.case, "whole") == NOW + timedelta(days=7)


def test_waiting_for_the_resident_pauses_only_the_clocks_that_say_so_and_gives_back_what_was_left() -> None:
    walk = in_state("accepted").do(COMMITTEE, "ask", after=timedelta(days=1))
    assert running(walk.case) == {"whole"}
    before = due(walk.case, "handle")
    walk.do(RESIDENT, "reply", after=timedelta(days=2))
    assert running(walk.case) == {"handle", "whole"}
    assert due(walk.case, "handle") == before + timedelta(days=2)


def test_a_mirrored_clock_runs_only_for_its_channel_over_working_days() -> None:
    assert "mirror" not in running(began().case)
    eve = datetime(2026, 9, 30, 8, 0, tzinfo=UTC)
    walk = began(channel="hotline_12345", now=eve)
    # The test street publishes no days off, so 15 working days are three weeks.
    assert due(walk.case, "mirror") == eve + timedelta(days=21)


def test_a_class_given_on_accepting_starts_its_own_clock() -> None:
    walk = began().do(COMMITTEE, "accept", {"class": "urgent"})
    assert due(walk.case, "clear") == walk.now + timedelta(hours=4)


def test_reopening_starts_the_rung_again_and_closing_ends_all_but_a_date_to_look_again() -> None:
    walk = in_state("closed")
    assert running(walk.case) == {"look_again"}
    walk.do(COMMITTEE, "reopen")
    assert running(walk.case) == {"accept", "handle", "redo"}
    assert due(walk.case, "accept") == walk.now + timedelta(days=1)


def test_only_a_persons_reply_counts_as_the_first_feedback() -> None:
    walk = began().do(RESIDENT, "add")
    assert walk.case.first_reply_at is None
    walk.do(COMMITTEE, "accept")
    assert walk.case.first_reply_at == walk.events[-1].at
