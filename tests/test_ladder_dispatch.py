"""Sending a case to others: signing and refusing, designation, lead and co-handlers with clocks of their own, coming back."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from chalicelib.casework.access import Actor, partners_for
from chalicelib.casework.case import Case
from chalicelib.casework.decide import record
from chalicelib.casework.events import parse
from chalicelib.casework.folds import apply, fold
from chalicelib.errors import Forbidden, NotAllowed
from tests.ladder_street import (
    CENTRE,
    GREENERY,
    NOW,
    POLICE,
    RESIDENT,
    TRAFFIC,
    WORKER,
    ZONE,
    ladder_street,
    with_rung,
)
from tests.ladder_walks import INPUTS, MINUTE, Walk, allocated, began, dispatched

TO_POLICE = {"lead": "department@dept:police", "demands": "挪车"}
DAY = timedelta(days=1)


def runs(case: Case, clock: str) -> dict[str, str | None]:
    """The runs of a clock by party, with the instant at which each stopped."""
    return {run.party: run.stopped for run in case.clocks if run.id == clock}


def refused(walk: Walk, times: int) -> Walk:
    for _ in range(times):
        walk.do(CENTRE, "allocate").do(ZONE, "refuse")
    return walk


# ---- Signing and refusing


def test_an_office_signs_what_was_allocated_to_it() -> None:
    walk = allocated().do(ZONE, "sign")
    assert (walk.case.state, walk.case.accepted_by) == ("signed", "staff:Z1")
    assert walk.do(ZONE, "report_in").case.state == "handling"


def test_a_refused_allocation_is_back_with_who_allocated_it() -> None:
    walk = allocated().do(ZONE, "refuse")
    assert (walk.case.rung, walk.case.unit, walk.case.state, walk.case.refusals) == ("centre", "street", "returned", 1)
    with pytest.raises(Forbidden):
        walk.do(ZONE, "sign")
    assert walk.do(CENTRE, "accept").case.state == "accepted"


def test_a_refused_dispatch_stays_with_the_dispatcher_who_has_the_co_handlers_still() -> None:
    walk = dispatched().do(POLICE, "refuse")
    assert (walk.case.rung, walk.case.state, walk.case.refusals, walk.case.lead) == ("centre", "returned", 1, None)
    assert [partner.party.id for partner in walk.case.owing] == ["department@dept:traffic", "contact:power"]
    assert runs(walk.case, "report")["department@dept:police"] is not None
    assert walk.do(TRAFFIC, "report_in").case.state == "returned"


def test_a_refusal_needs_a_listed_reason_and_its_basis() -> None:
    walk = allocated()
    for wrong in ({"reason": "no_time", "basis": "忙"}, {"reason": "not_ours", "basis": ""}, {}):
        with pytest.raises(NotAllowed, match="fields"):
            walk.do(ZONE, "refuse", wrong)
    assert walk.case.state == "dispatched"


def test_refusing_ends_after_one_working_day_and_signing_does_not() -> None:
    in_time = allocated()
    sent = in_time.now
    assert in_time.do(ZONE, "refuse", after=DAY).case.state == "returned"
    late = allocated()
    with pytest.raises(NotAllowed, match="refusal_too_late"):
        late.do(ZONE, "refuse", after=DAY + timedelta(milliseconds=1))
    assert late.now - sent == DAY + timedelta(milliseconds=1)
    assert late.do(ZONE, "sign").case.state == "signed"


def test_the_working_day_for_refusing_skips_the_weekend() -> None:
    friday = NOW + timedelta(days=2)
    walk = allocated(now=friday)
    assert walk.do(ZONE, "refuse", after=timedelta(days=3)).case.state == "returned"


def test_after_the_third_refusal_the_centre_designates_and_there_is_no_fourth() -> None:
    walk = refused(began(rung="centre"), 2).do(CENTRE, "allocate")
    assert not walk.case.designated
    walk.do(ZONE, "refuse").do(CENTRE, "allocate")
    assert (walk.case.refusals, walk.case.designated) == (3, True)
    with pytest.raises(NotAllowed, match="designated"):
        walk.do(ZONE, "refuse")
    assert (walk.case.unit, walk.case.state) == ("zone:z1", "dispatched")
    assert walk.do(ZONE, "sign").case.state == "signed"


def test_refusals_of_leads_and_of_offices_count_together() -> None:
    walk = refused(began(rung="centre"), 2).do(CENTRE, "dispatch").do(POLICE, "refuse").do(CENTRE, "dispatch")
    assert walk.case.designated
    with pytest.raises(NotAllowed, match="designated"):
        walk.do(POLICE, "refuse")


def test_a_street_may_designate_earlier() -> None:
    street = msgspec.structs.replace(ladder_street(), terms=msgspec.structs.replace(ladder_street().terms, refusals=1))
    assert refused(began(street, rung="centre"), 1).do(CENTRE, "allocate").case.designated


def test_the_whole_cases_clock_runs_on_through_three_refusals() -> None:
    walk = began(rung="centre")
    for _ in range(3):
        walk.do(CENTRE, "allocate").do(ZONE, "refuse", after=timedelta(hours=20))
    walk.do(CENTRE, "allocate")
    assert [run.due for run in walk.case.clocks if run.id == "whole"] == ["2026-11-25T02:00:00.000Z"]
    assert walk.case.clocks[-1].id == "zone_accept"
    owners = [(run.id, run.stopped is None) for run in walk.case.clocks if run.id == "zone_accept"]
    assert owners == [("zone_accept", False)] * 3 + [("zone_accept", True)]


# ---- Lead and co-handlers


def test_departments_paired_with_the_zone_are_offered_first_and_the_units_are_named() -> None:
    walk = began(rung="centre")
    offered = [party.name for party in partners_for(walk.street.rung_by_id["centre"], walk.case, walk.street)]
    assert offered == ["派出所", "交警中队", "绿化市容", "示例1小区", "示例1居委", "一片区", "供电抢修"]


def test_each_party_has_a_clock_of_its_own_that_only_its_own_report_ends() -> None:
    walk = dispatched()
    assert runs(walk.case, "report") == dict.fromkeys(["department@dept:police", "department@dept:traffic", "contact:power"])
    walk.do(POLICE, "report_in")
    assert walk.case.state == "handling"
    assert [party for party, stopped in runs(walk.case, "report").items() if stopped] == ["department@dept:police"]
    walk.do(TRAFFIC, "report_in")
    with pytest.raises(NotAllowed, match="reported_already"):
        walk.do(TRAFFIC, "report_in")
    with pytest.raises(Forbidden):
        walk.do(GREENERY, "report_in")


def test_the_office_reports_in_for_a_party_without_an_account_and_for_nobody_else() -> None:
    walk = dispatched()
    for wrong in ({}, {"party": "department@dept:traffic"}, {"party": "contact:water"}):
        with pytest.raises(NotAllowed, match="fields"):
            walk.do(CENTRE, "report_in", wrong)
    walk.do(CENTRE, "report_in", {"party": "contact:power"})
    assert runs(walk.case, "report")["contact:power"] == walk.events[-1].at
    assert walk.case.state == "dispatched"
    with pytest.raises(NotAllowed, match="nothing_to_report"):
        walk.do(CENTRE, "report_in", {"party": "contact:power"})


def test_a_co_handlers_clock_survives_closing_and_is_late_all_the_same() -> None:
    walk = dispatched().do(POLICE, "report_in").do(POLICE, "clear").do(POLICE, "propose").do(CENTRE, "confirm")
    walk.do(CENTRE, "close")
    assert (walk.case.state, walk.case.cleared_at is not None) == ("closed", True)
    assert {run.key for run in walk.case.clocks if run.running} == {
        "report~department@dept:traffic",
        "report~contact:power",
        "look_again",
    }
    walk.later(days=1)
    late = [event.data["party"] for event in walk.events if event.type == "lapsed"]
    assert sorted(late) == ["contact:power", "department@dept:traffic"]
    assert walk.case.state == "closed"
    walk.do(TRAFFIC, "report_in").do(CENTRE, "release", {"party": "contact:power", "reason": "已修复"})
    assert walk.case.owing == ()
    assert {run.id for run in walk.case.clocks if run.running} == {"look_again"}


def test_co_handlers_report_in_while_nobody_leads_and_after_the_case_has_moved() -> None:
    walk = dispatched().do(POLICE, "refuse").do(CENTRE, "allocate").do(ZONE, "sign")
    walk.do(TRAFFIC, "report_in")
    assert walk.case.state == "signed"
    assert [partner.party.id for partner in walk.case.owing] == ["contact:power"]


def test_who_led_for_the_office_before_does_not_stand_in_the_next_ones_way() -> None:
    walk = dispatched().do(POLICE, "sign").do(CENTRE, "allocate")
    assert (walk.case.lead, walk.case.state) == (None, "dispatched")
    with pytest.raises(Forbidden):
        walk.do(POLICE, "sign")
    with pytest.raises(Forbidden):
        walk.do(POLICE, "propose")
    walk.do(POLICE, "report_in").do(ZONE, "sign")
    assert (walk.case.state, walk.case.accepted_by) == ("signed", "staff:Z1")


def test_releasing_a_silent_lead_brings_the_case_back_to_the_office() -> None:
    for prepare in (dispatched(), dispatched().do(POLICE, "sign")):
        walk = prepare.do(CENTRE, "release", {"party": "department@dept:police", "reason": "逾期未签收"})
        assert (walk.case.state, walk.case.lead) == ("returned", None)
        with pytest.raises(Forbidden):
            walk.do(POLICE, "propose")
        assert walk.do(CENTRE, "dispatch").case.lead is not None


def test_releasing_a_co_handler_leaves_the_lead_where_it_was() -> None:
    walk = dispatched().do(CENTRE, "release")
    assert (walk.case.state, walk.case.lead is not None) == ("dispatched", True)
    assert runs(walk.case, "report")["department@dept:traffic"] == walk.events[-1].at
    for wrong in ("department@dept:traffic", "department@dept:greenery", ""):
        with pytest.raises(NotAllowed, match="fields"):
            walk.do(CENTRE, "release", {"party": wrong, "reason": "x"})


def test_dispatching_again_keeps_who_owes_a_report_and_starts_no_second_clock() -> None:
    walk = dispatched().do(POLICE, "refuse").do(CENTRE, "dispatch", {**INPUTS["dispatch"], "lead": "department@dept:greenery"})
    live = [run.key for run in walk.case.clocks if run.stopped is None and run.party]
    assert sorted(live) == ["report~contact:power", "report~department@dept:greenery", "report~department@dept:traffic"]
    assert [run.started for run in walk.case.clocks if run.party == "department@dept:traffic"] == ["2026-11-18T02:01:00.000Z"]
    assert walk.case.lead is not None
    assert walk.case.lead.party.name == "绿化市容"


def test_a_party_ticked_twice_or_beside_leading_is_called_once() -> None:
    co = ["department@dept:traffic", "department@dept:police", "department@dept:traffic"]
    walk = began(rung="centre").do(CENTRE, "dispatch", {**TO_POLICE, "co": co})
    assert [partner.party.id for partner in walk.case.partners] == ["department@dept:police", "department@dept:traffic"]
    assert len(runs(walk.case, "report")) == 2


def test_a_lead_called_again_owes_again() -> None:
    walk = dispatched().do(POLICE, "report_in").do(CENTRE, "dispatch", TO_POLICE)
    assert [partner.party.id for partner in walk.case.owing if partner.lead] == ["department@dept:police"]
    assert [run.stopped is None for run in walk.case.clocks if run.party == "department@dept:police"] == [False, True]


def test_dispatching_takes_a_case_from_its_worker_and_drops_what_they_proposed() -> None:
    walk = began(rung="centre").do(CENTRE, "accept").do(CENTRE, "assign").do(WORKER, "propose").do(CENTRE, "dispatch")
    assert (walk.case.assignee, walk.case.proposed) == (None, None)
    with pytest.raises(NotAllowed, match="nothing_proposed"):
        walk.do(POLICE, "sign").do(CENTRE, "confirm")


def test_a_demanded_date_is_the_end_of_its_clock_and_no_date_starts_none() -> None:
    assert dispatched().case.clock("demanded") is None
    walk = began(rung="centre").do(CENTRE, "dispatch", {**TO_POLICE, "until": "2026-11-20"})
    run = walk.case.clock("demanded")
    assert run is not None
    assert run.due == walk.case.demanded_by == "2026-11-20T10:00:00.000Z"  # 18:00, when offices close


def test_who_leads_and_helps_both_reports_for_both() -> None:
    both = Actor("staff:B1", "联勤", ("department@dept:police", "department@dept:traffic"))
    walk = dispatched().do(both, "report_in").do(both, "report_in")
    assert [partner.party.id for partner in walk.case.owing] == ["contact:power"]


def test_a_hazards_parties_have_half_an_hour() -> None:
    walk = began(rung="centre").do(CENTRE, "accept", {"class": "urgent"}).do(CENTRE, "dispatch")
    ends = {parse(run.due) - walk.now for run in walk.case.clocks if run.id == "report"}
    assert ends == {timedelta(minutes=30)}


def test_a_rung_that_may_not_dispatch_allocate_or_pass_up_does_not() -> None:
    walk = allocated().do(ZONE, "sign")
    for action, reason in {"dispatch": "no_dispatch", "allocate": "no_allocation", "pass_up": "no_rung_above"}.items():
        with pytest.raises(NotAllowed, match=reason):
            walk.do(ZONE, action)
    street = with_rung(ladder_street(), "zone", assign=())
    with pytest.raises(NotAllowed, match="no_workers"):
        allocated(street).do(ZONE, "sign").do(ZONE, "assign")


def test_a_dispatched_case_withdrawn_by_its_reporter_leaves_the_parties_to_be_heard() -> None:
    walk = dispatched().do(RESIDENT, "withdraw", after=MINUTE)
    assert walk.case.state == "closed"
    assert len(walk.case.owing) == 3
    assert fold(walk.case.no, walk.events) == walk.case


def test_that_the_office_is_there_itself_ends_no_partys_clock() -> None:
    walk = dispatched()
    running = {run.key for run in walk.case.clocks if run.party and run.stopped is None}
    assert running
    walk.do(POLICE, "sign")
    events = record(walk.case, [("reported_in", {"party": "", "name": ""})], "staff:A", "a" * 32, walk.now, walk.street)
    after = apply(walk.case, events[0])
    assert {run.key for run in after.clocks if run.party and run.stopped is None} == running
