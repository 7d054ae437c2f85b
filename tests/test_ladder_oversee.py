"""Supervision, joint triage, ways out of the ladder, and pairs of cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.casework.access import Actor
from chalicelib.casework.decide import Command, counterpart, decide, parting, record
from chalicelib.casework.folds import fold
from chalicelib.casework.notices import Told, messages
from chalicelib.errors import Forbidden, NotAllowed
from chalicelib.street import Notice, Street, Supervision
from tests.ladder_street import (
    CENTRE,
    COLLEAGUE,
    COMMITTEE,
    DEPUTY,
    NOW,
    POLICE,
    RESIDENT,
    SUPERVISOR,
    VISITOR,
    ZONE,
    ladder_street,
    with_clock,
    with_rung,
)
from tests.ladder_walks import INPUTS, Walk, allocated, began, dispatched, in_state


def jointly() -> Street:
    return with_rung(ladder_street(), "centre", triage=True)


def ruled(**rules: int) -> Street:
    """Nothing flags by itself here; only the street's rules put a case on the list."""
    street = with_clock(ladder_street(), "whole", action=("remind",))
    street = with_clock(street, "handle", action=("remind",))
    return msgspec.structs.replace(street, supervision=Supervision(**rules))


# ---- Triage by two sides (二级研判)


def test_dispatching_waits_for_the_four_answers_of_both_sides() -> None:
    walk = began(jointly(), rung="centre")
    with pytest.raises(NotAllowed, match="gate_triage"):
        walk.do(CENTRE, "dispatch")
    with pytest.raises(NotAllowed, match="nothing_to_agree"):
        walk.do(SUPERVISOR, "agree_triage")
    walk.do(CENTRE, "triage")
    with pytest.raises(NotAllowed, match="gate_triage"):
        walk.do(CENTRE, "dispatch")
    walk.do(SUPERVISOR, "agree_triage")
    triage = walk.case.triage
    assert triage is not None
    assert triage.answers == {"generality": True, "urgency": False, "legality": True, "public_interest": True}
    assert (triage.side, triage.by, triage.agreed) == ("office", "staff:D1", "staff:S1")
    assert walk.do(CENTRE, "dispatch").case.state == "dispatched"


def test_neither_the_same_person_nor_the_same_side_agrees_with_itself() -> None:
    walk = began(jointly(), rung="centre").do(CENTRE, "triage")
    colleague = Actor("staff:D2", "另一调度员", ("dispatcher@street",))
    both = Actor("staff:D1", "调度员兼督办", ("dispatcher@street", "supervisor@street"))
    for actor in (CENTRE, colleague, both):
        with pytest.raises(NotAllowed, match="gate_other_side"):
            walk.do(actor, "agree_triage")
    other = began(jointly(), rung="centre").do(SUPERVISOR, "triage")
    with pytest.raises(NotAllowed, match="gate_other_side"):
        other.do(Actor("staff:S2", "另一督办", ("supervisor@street",)), "agree_triage")
    assert other.do(CENTRE, "agree_triage").case.triage is not None


def test_answers_may_be_mended_until_they_are_agreed() -> None:
    walk = began(jointly(), rung="centre").do(CENTRE, "triage")
    walk.do(SUPERVISOR, "triage", {**INPUTS["triage"], "urgency": "yes"}).do(CENTRE, "agree_triage")
    assert walk.case.triage is not None
    assert walk.case.triage.answers["urgency"]
    for actor in (CENTRE, SUPERVISOR):
        with pytest.raises(NotAllowed, match="triaged_already"):
            walk.do(actor, "triage")


def test_every_question_is_answered() -> None:
    walk = began(jointly(), rung="centre")
    with pytest.raises(NotAllowed, match="fields") as refused:
        walk.do(CENTRE, "triage", {"generality": "yes", "text": "普遍"})
    assert [field.name for field in refused.value.fields] == ["urgency", "legality", "public_interest"]


# ---- The supervision list (督办清单)


def test_supervised_by_hand_inspected_answered_and_ended_with_a_result() -> None:
    walk = in_state("handling").do(SUPERVISOR, "supervise").do(SUPERVISOR, "inspect").do(DEPUTY, "inspect")
    assert (walk.case.supervised, walk.case.supervisions) == (True, 1)
    with pytest.raises(NotAllowed, match="supervised_already"):
        walk.do(SUPERVISOR, "supervise")
    walk.do(COMMITTEE, "feed_back")
    with pytest.raises(NotAllowed, match="fields"):
        walk.do(SUPERVISOR, "end_supervision", {"result": ""})
    walk.do(SUPERVISOR, "end_supervision")
    assert walk.case.supervised is False
    assert walk.events[-1].data["result"] == "已解决"
    with pytest.raises(NotAllowed, match="not_supervised"):
        walk.do(SUPERVISOR, "end_supervision")
    assert walk.do(SUPERVISOR, "supervise").case.supervisions == 2


def test_a_flag_puts_a_case_on_the_list_and_closing_does_not_take_it_off() -> None:
    walk = allocated().later(days=2)
    assert (walk.case.supervised, walk.case.lateness) == (True, 1)
    walk.do(ZONE, "sign").do(ZONE, "propose").do(ZONE, "confirm").do(ZONE, "close")
    assert walk.case.supervised
    assert walk.do(SUPERVISOR, "end_supervision").case.supervised is False


def test_the_rule_of_lateness_counts_each_clock_once_and_acts_by_itself() -> None:
    walk = in_state("accepted", ruled(late=2)).until(NOW + timedelta(days=6, hours=23))
    assert (walk.case.lateness, walk.case.supervised) == (1, False)
    walk.until(NOW + timedelta(days=7))
    by_rule = walk.events[-1]
    assert (by_rule.type, by_rule.by, by_rule.data["rule"]) == ("supervised", "system", "late")
    assert (walk.case.supervised, walk.case.supervisions) == (True, 1)
    assert fold(walk.case.no, walk.events) == walk.case


def test_the_rule_of_reopenings_acts_on_the_street_s_number() -> None:
    walk = in_state("reopened", ruled(reopened=2))
    assert not walk.case.supervised
    walk.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm").do(COMMITTEE, "reopen")
    assert (walk.events[-1].type, walk.events[-1].data["rule"]) == ("supervised", "reopened")


def test_one_of_a_large_class_case_gets_on_the_list_once_even_where_a_flag_was_before() -> None:
    street = ruled(cluster=4)
    for flagged in (False, True):
        walk = in_state("accepted", street)
        walk.case = msgspec.structs.replace(walk.case, supervised=flagged)
        for many in (3, 4, 5):
            walk.keep(record(walk.case, [("classed", {"class": "222222", "cases": many})], "system", f"a{many}", NOW, street))
        assert [event.data["rule"] for event in walk.events if event.type == "supervised"] == ["cluster"]
        assert walk.events[-2].type == "supervised"
    done = in_state("closed", street)
    done.keep(record(done.case, [("classed", {"class": "222222", "cases": 9})], "system", "a9", done.now, street))
    assert "supervised" not in done.types


def test_without_rules_nothing_gets_on_the_list_by_itself() -> None:
    walk = in_state("reopened", ruled()).later(days=60)
    assert (walk.case.lateness > 2, "supervised" in walk.types) == (True, False)


def test_urging_reaches_the_lead_and_who_owes_a_report() -> None:
    street = msgspec.structs.replace(ladder_street(), notices=(Notice(on="urged", to="partners", template="near"),))
    walk = dispatched(street).do(POLICE, "report_in").do(CENTRE, "urge")
    told = {message.to for message in messages(Told(walk.case, walk.events[-1], street, None))}
    assert told == {"office:department@dept:police", "office:department@dept:traffic", "contact:power"}


def test_supervisors_warn_at_any_time_and_of_a_visit_that_is_due_its_visitors_hear() -> None:
    to_visitors = Notice(on="urged", to="visitors", template="near")
    street = msgspec.structs.replace(ladder_street(visit=True, visitors=("station_head",)), notices=(to_visitors,))
    walk = began(street).do(COMMITTEE, "accept").do(SUPERVISOR, "urge")
    assert messages(Told(walk.case, walk.events[-1], street, None)) == []
    walk.do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    with pytest.raises(NotAllowed, match="nobody_to_urge"):
        walk.do(COMMITTEE, "urge")
    walk.do(SUPERVISOR, "urge")
    told = {message.to.partition("@")[0] for message in messages(Told(walk.case, walk.events[-1], street, None))}
    assert (walk.case.state, walk.case.urges, told) == ("visiting", 2, {"nearest:station_head"})
    walk.do(VISITOR, "visit").do(SUPERVISOR, "urge").do(COMMITTEE, "close")
    with pytest.raises(NotAllowed, match="nobody_to_urge"):
        walk.do(SUPERVISOR, "urge")


# ---- Out of the ladder, upward


def test_a_referred_case_keeps_its_row_until_the_answer_is_back() -> None:
    walk = in_state("referred")
    assert (walk.case.state, walk.case.exit, walk.case.open) == ("referred", "district", True)
    paused = walk.case.clock("whole")
    assert paused is not None
    assert paused.paused is not None
    assert walk.later(days=30).case.lateness == 1  # the centre's own contact; the whole case stands still
    walk.do(CENTRE, "answer_back")
    assert (walk.case.state, walk.case.exit, walk.events[-1].data["exit"]) == ("handling", "", "district")
    again = walk.case.clock("whole")
    assert again is not None
    assert again.paused is None


def test_only_the_rungs_own_exits_lead_out() -> None:
    with pytest.raises(NotAllowed, match="no_exit"):
        in_state("accepted").do(COMMITTEE, "refer")
    walk = began(rung="centre")
    with pytest.raises(NotAllowed, match="fields"):
        walk.do(CENTRE, "refer", {"exit": "suggestion", "text": "x"})
    assert walk.do(CENTRE, "refer", {"exit": "visit_day", "text": "x"}).case.exit == "visit_day"


# ---- Two cases


def pair(**facts: Any) -> tuple[Walk, Walk]:
    """One at the committee, and an older one at its side."""
    return began(), began(no="7K3M-PQ9X-A", **{"phone_mac": "ab", **facts})


def test_the_same_persons_repeat_ends_in_the_case_that_stays() -> None:
    gone, stays = pair()
    gone.with_other(COMMITTEE, "merge", stays)
    assert (gone.case.state, gone.case.outcome, gone.case.merged_into) == ("closed", "duplicate", stays.case.no)
    assert all(run.stopped for run in gone.case.clocks)
    assert [follower.no for follower in stays.case.followers] == [gone.case.no]
    assert stays.case.state == "received"
    for walk in (gone, stays):
        assert fold(walk.case.no, walk.events) == walk.case


def test_different_people_are_linked_and_not_merged() -> None:
    gone, stays = pair(phone_mac="cd")
    with pytest.raises(NotAllowed, match="fields") as refused:
        gone.do(COMMITTEE, "merge", {"other": stays.case})
    assert [field.code for field in refused.value.fields] == ["another_person"]
    gone.with_other(COMMITTEE, "link", stays)
    assert (gone.case.links, stays.case.links) == ((stays.case.no,), (gone.case.no,))
    assert (gone.case.state, stays.case.state) == ("received", "received")
    with pytest.raises(NotAllowed, match="fields"):
        gone.do(COMMITTEE, "link", {"other": stays.case})


def test_a_case_merges_with_an_open_one_and_not_with_itself() -> None:
    gone, stays = pair()
    stays.do(COMMITTEE, "answer")
    for other in (stays.case, gone.case):
        with pytest.raises(NotAllowed, match="fields") as refused:
            gone.do(COMMITTEE, "merge", {"other": other})
        assert [field.code for field in refused.value.fields] == ["not_open"]


def test_a_merged_hotline_order_brings_its_mirrored_clock_with_its_old_end() -> None:
    gone = began(channel="hotline_12345", external="SH20260930-77", phone_mac="")
    stays = began(no="7K3M-PQ9X-A", now=NOW + timedelta(days=1))
    gone.now = stays.now
    before = gone.case.clock("mirror")
    gone.with_other(COMMITTEE, "merge", stays)
    mirror = stays.case.clock("mirror")
    assert before is not None
    assert mirror is not None
    assert (mirror.started, mirror.due, mirror.rung, mirror.stopped) == (before.started, before.due, "", None)
    assert stays.case.followers[0].external == "SH20260930-77"
    # One mirrored clock is enough.
    second = began(no="9K3M-PQ9X-A", channel="hotline_12345", now=stays.now)
    second.with_other(COMMITTEE, "merge", stays)
    assert [run.id for run in stays.case.clocks].count("mirror") == 1
    stays.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    assert mirror.id not in {run.id for run in stays.case.clocks if run.running}


def test_reporters_of_merged_cases_are_answered_under_their_own_numbers() -> None:
    gone, stays = pair()
    gone.with_other(COMMITTEE, "merge", stays)
    stranger = began(no="9K3M-PQ9X-A", phone_mac="")
    stranger.with_other(COMMITTEE, "merge", stays)
    # Merged by somebody who knows that it is one person under two numbers.
    stays.case = msgspec.structs.replace(
        stays.case, followers=tuple(msgspec.structs.replace(one, phone_mac="ef") for one in stays.case.followers[:1])
    )
    stays.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    told = messages(Told(stays.case, stays.events[-1], stays.street, None))
    assert {(message.case, message.phone_mac) for message in told if message.to == "reporter"} == {
        (stays.case.no, ""),
        (gone.case.no, "ef"),
    }


def test_who_is_merged_into_a_case_that_is_handled_is_told_then_and_the_others_not_again() -> None:
    stays = began(no="7K3M-PQ9X-A")
    early = began(no="9K3M-PQ9X-A", channel="hotline_12345", external="SH20260930-76", phone_mac="ee")
    early.with_other(COMMITTEE, "merge", stays)
    stays.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    late = began(channel="hotline_12345", external="SH20260930-77", phone_mac="ef")
    late.with_other(COMMITTEE, "merge", stays)
    (told,) = messages(Told(stays.case, stays.events[-1], stays.street, None))
    assert (told.case, told.template, told.to, told.phone_mac) == (late.case.no, "handled", "reporter", "ef")
    assert told.params[0] == late.case.no


def test_an_order_merged_by_mistake_is_parted_again_with_its_own_clock_and_answered_for_itself() -> None:
    stays = began(no="7K3M-PQ9X-A")
    gone = began(channel="hotline_12345", external="SH20260930-77", phone_mac="ef")
    mirror = gone.case.clock("mirror")
    gone.with_other(COMMITTEE, "merge", stays)
    before = gone.case
    gone.do(COMMITTEE, "reopen", after=timedelta(hours=1))
    stays.now = gone.now
    stays.keep(parting(before, gone.events[-1:], stays.case, COMMITTEE, gone.now, stays.street))
    assert (stays.case.followers, [run.id for run in stays.case.clocks if run.id == "mirror" and run.running]) == ((), [])
    again = gone.case.clock("mirror")
    assert mirror is not None
    assert again is not None
    assert (again.running, again.started, again.due) == (True, mirror.started, mirror.due)
    stays.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    told = messages(Told(stays.case, stays.events[-1], stays.street, None))
    assert {message.case for message in told} == {stays.case.no}
    # A case that is opened again for itself parts from nobody.
    assert parting(stays.case, stays.events[-1:], gone.case, COMMITTEE, gone.now, stays.street) == []


def test_those_merged_before_follow_along_into_the_next_case() -> None:
    first, second = pair()
    third = began(no="9K3M-PQ9X-A")
    first.with_other(COMMITTEE, "merge", second)
    second.with_other(COMMITTEE, "merge", third)
    assert [follower.no for follower in third.case.followers] == [second.case.no, first.case.no]
    assert fold(third.case.no, third.events) == third.case


def test_a_merged_cases_parties_owe_nothing_any_more() -> None:
    gone, stays = began().do(COMMITTEE, "dispatch").do(POLICE, "sign"), began(no="7K3M-PQ9X-A")
    gone.with_other(COMMITTEE, "merge", stays)
    assert gone.case.owing == ()
    assert all(run.stopped for run in gone.case.clocks)


def test_a_merged_case_whose_reporter_disagrees_lives_on_its_own() -> None:
    gone, stays = pair()
    gone.with_other(COMMITTEE, "merge", stays).do(COLLEAGUE, "reopen")
    assert (gone.case.state, gone.case.merged_into) == ("reopened", "")


def test_the_other_half_of_a_pair_is_not_what_reporters_may_do() -> None:
    gone, stays = pair()
    with pytest.raises(Forbidden):
        decide(gone.case, Command("merge", "x", {"other": stays.case}), RESIDENT, gone.now, gone.street)
    events = counterpart(Command("link", "x"), gone.case, stays.case, COMMITTEE, gone.now, gone.street)
    assert [(event.type, event.data["no"], event.by) for event in events] == [("linked", gone.case.no, "staff:C1")]


def test_a_flagged_case_can_be_put_on_the_list_by_hand_and_then_owes_an_answer() -> None:
    walk = in_state("observing")
    walk.case = msgspec.structs.replace(walk.case, supervised=True)
    walk.do(SUPERVISOR, "supervise")
    assert (walk.case.listed, walk.case.supervisions) == (True, 1)
    with pytest.raises(NotAllowed, match="supervised_already"):
        walk.do(SUPERVISOR, "supervise")
    assert walk.do(SUPERVISOR, "end_supervision").case.listed is False
