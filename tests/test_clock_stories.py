"""What clocks do together, in stories: feedback and receipts, holidays and nights, going up, parties who never come, outages.

Five of the six stories that a naive build gets wrong stand here as values; `scenarios/` tells all six over HTTP.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.casework.clocks import feedback_due
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.notices import Told, messages
from chalicelib.errors import NotAllowed
from tests.roads import MINUTE, WEDNESDAY, Road, at, of, shipped

EVE = at("09-30 16:00")
TO_ZONE, TO_COMMITTEE = "allocate=zone@zone:z1", "allocate=committee@committee:c01"


def centre(channel: str = "qr") -> Road:
    return Road("changqiao", channel=channel)


def test_what_a_committee_lets_lie_has_the_centres_full_half_hour_from_when_it_comes_there() -> None:
    road = centre("visit")
    # Nobody swept for six hours after the end.
    road.until(at("11-19 16:00"))
    assert road.case.rung == "centre"
    assert road.due("centre_dispatch") == at("11-19 16:30")
    assert road.until(at("11-19 16:29")) == [("reminded", "centre_dispatch", "centre")]
    assert road.until(at("11-19 16:31")) == [("lapsed", "centre_dispatch", "centre")]


def test_accepted_and_done_in_time_nothing_is_late_and_the_dates_to_look_again_come() -> None:
    road = centre("visit")
    road.until(at("11-19 09:59"))
    road.do("accept", "propose", "confirm", "close")
    seen = road.until(at("12-31 00:00"))
    assert [(kind, clock) for kind, clock, _ in seen] == [("reminded", "recurrence_7"), ("reminded", "recurrence_30")]
    assert road.case.lateness == 0


@pytest.mark.parametrize(
    ("name", "channel", "promised"),
    [
        ("changqiao", "hotline_12345", "11月25日10:00"),
        ("changqiao", "petition", "11月25日10:00"),
        ("zhujing-jinlai", "petition", "11月25日10:00"),
        ("huajing", "hotline_12345", "11月19日10:00"),
        # Nothing of the command centre's own is the end of handling before it has dispatched.
        ("yuejincun", "hotline_12345", "12月9日10:00"),
    ],
)
def test_whoever_called_elsewhere_is_promised_the_streets_own_end_and_not_the_mirrored_one(
    name: str, channel: str, promised: str
) -> None:
    road = Road(name, channel=channel).do("accept")
    told = messages(Told(road.case, road.latest("accepted"), road.street, road.place))
    assert [message.params[2] for message in told if message.template == "accepted"] == [promised]


def test_waiting_for_the_resident_stops_the_committees_days_but_not_the_seven() -> None:
    road = centre("visit").do("accept")
    road.now = at("11-19 10:00")
    road.do("ask")
    assert road.until(at("11-24 09:59")) == []
    # Three working days, and nobody is waited for any more.
    assert road.until(at("11-24 10:01")) == [("resumed", "", "committee"), ("reminded", "whole_case", "committee")]
    # Two of the three days were left.
    assert road.due("committee_handle") == at("11-26 10:01")
    assert road.due("whole_case") == at("11-25 10:00")


@pytest.mark.parametrize(
    ("name", "clock", "instant"),
    [
        ("changqiao", "contact", "11-19 10:00"),
        ("huajing", "first_feedback", "11-18 10:05"),
        ("yuejincun", "first_response", "11-18 14:00"),
    ],
)
@pytest.mark.parametrize("reply", ["accept", "answer", "ask", "contact", "prelim"])
def test_a_persons_reply_stops_the_feedback_clock_and_the_resident_was_promised_its_end(
    name: str, clock: str, instant: str, reply: str
) -> None:
    road = Road(name)
    assert parse(feedback_due(road.case, shipped(name)[0]) or "") == at(instant)
    steps = ["accept", reply] if reply in {"ask", "prelim"} else [reply]
    assert of(clock, road.do(*steps).until(at("11-30 10:00"))) == []


@pytest.mark.parametrize("act", ["", "add", TO_ZONE, TO_COMMITTEE, "reveal", "renew_link", "supervise"])
def test_neither_the_automatic_receipt_nor_paperwork_stops_it(act: str) -> None:
    road = centre()
    assert ("received", "reporter") in road.told("submitted")  # the receipt, at once
    if act:
        road.do(act)
    assert road.due("contact") == at("11-19 10:00")
    road.until(at("11-19 09:59"))
    assert [kind for kind, _, _ in of("contact", road.until(at("11-19 10:01")))] == ["lapsed"]


def test_a_scan_at_night_is_late_after_five_minutes_and_the_station_head_hears_it_four_times() -> None:
    """The first story: only the automatic receipt before 23:03."""
    road = Road("huajing", at("11-18 22:58"))
    assert ("received", "reporter") in road.told("submitted")
    assert of("first_feedback", road.until(at("11-18 23:02"))) == [("reminded", "first_feedback", "station")]
    assert of("first_feedback", road.until(at("11-18 23:04"))) == [("lapsed", "first_feedback", "station")]
    assert road.nearest("station_head") | {road.office} <= {who for _, who in road.told("lapsed")}
    assert len(of("first_feedback", road.until(at("11-19 08:00")))) == 3
    assert (road.case.lateness, road.case.first_reply_at) == (1, None)
    assert of("first_feedback", road.do("accept").until(at("11-30 08:00"))) == []


def test_a_month_at_the_first_rung_is_not_late_but_due_on_its_own_date() -> None:
    """The second story: a long run, approved on the second working day."""
    road = Road("yuejincun").do("accept=simple")
    road.until(at("11-19 15:00"))
    road.do("long_run=2026-12-18")
    road.until(at("11-19 16:00"))
    road.do("approve")
    assert ("extended", "reporter") in road.told("long_run_started")
    assert of("community_handle", road.until(at("12-17 17:59"))) == []
    assert road.case.lateness == 0
    assert of("long_run", road.until(at("12-18 18:01"))) == [
        ("reminded", "long_run", "station"),
        ("lapsed", "long_run", "station"),
    ]


def test_down_is_not_back_three_refusals_end_in_designation_and_the_seventh_day_stays() -> None:
    """The third story: whole case due on day 7 whatever the offices do, and no fourth refusal."""
    road = Road("changqiao").do("accept")
    for day in (1, 2, 3):
        road.now = WEDNESDAY + timedelta(days=day - 1)
        road.do(TO_ZONE, "refuse")
        assert (road.case.rung, road.case.refusals) == ("centre", day)
    road.now = WEDNESDAY + timedelta(days=3)
    road.do(TO_ZONE)
    with pytest.raises(NotAllowed, match="designated"):
        road.do("refuse")
    assert road.due("whole_case") == at("11-25 10:00")
    road.do("sign").until(at("11-25 09:59"))
    assert of("whole_case", road.until(at("11-25 10:01"))) == [("lapsed", "whole_case", "zone")]


@pytest.mark.parametrize("end", ["report_in=traffic", "release=department@dept:traffic", ""])
def test_who_never_comes_stays_late_though_the_case_is_done(end: str) -> None:
    """The fourth story: the cars are gone, the traffic police never report in."""
    road = Road("zhujing-jinlai").do("accept=urgent", "pass_up", "accept", "dispatch=police,traffic", "sign")
    road.do("report_in=police", "clear", "propose", "confirm", "visit", "close")
    assert [party.party.id for party in road.case.owing] == ["department@dept:traffic"]
    assert of("report_in", road.until(at("11-18 10:31"))) == [
        ("reminded", "report_in", "grid"),
        ("lapsed", "report_in", "grid"),
    ]
    assert {"office:department@dept:traffic", "office:dispatcher@zone:g2"} <= {who for _, who in road.told("lapsed")}
    if end:
        assert road.do(end).case.owing == ()
    late = road.case.clock("report_in")
    assert late is not None
    assert late.running is (end == "")
    seen = road.until(at("12-31 10:00"))
    assert [(kind, clock) for kind, clock, _ in seen] == [("reminded", "recurrence_7"), ("reminded", "recurrence_30")]
    assert road.said(road.latest("reminded")) == {("near", who) for who in road.nearest("committee", "property")}


# ---- Over National Day with its working weekend, at night, on a day off, past what is published ------------------------------


def test_the_reminder_of_a_clock_that_ends_after_the_holiday_comes_when_people_are_back() -> None:
    road = Road("changqiao", EVE)
    road.until(at("10-08 14:59"))
    assert of("contact", road.until(at("10-08 15:01"))) == [("reminded", "contact", "centre")]


def test_a_committee_has_its_working_day_to_accept_but_only_three_days_to_handle_holiday_or_not() -> None:
    road = Road("changqiao", EVE, "visit")
    assert road.due("committee_accept") == at("10-08 16:00")
    assert road.until(at("10-03 15:59")) == []
    assert road.until(at("10-03 16:01")) == [
        ("lapsed", "committee_handle", "committee"),
        ("passed_up", "committee_handle", "centre"),
    ]


def test_a_committees_working_day_may_be_a_saturday_that_is_worked() -> None:
    road = Road("changqiao", at("10-09 16:00"), "visit")
    assert of("committee_accept", road.until(at("10-10 15:59"))) == [("reminded", "committee_accept", "committee")]
    assert of("committee_accept", road.until(at("10-10 16:01")))[0] == ("lapsed", "committee_accept", "committee")


@pytest.mark.parametrize(
    ("start", "contact", "whole"),
    [
        ("11-20 23:30", "11-23 23:30", "11-27 23:30"),  # a Friday night: half an hour of Friday, then Monday
        ("11-21 10:00", "11-24 00:00", "11-28 10:00"),  # a Saturday: all of Monday
        ("10-03 10:00", "10-09 00:00", "10-10 10:00"),  # inside the holiday: all of the 8th
        ("10-09 16:00", "10-10 16:00", "10-16 16:00"),  # a Friday before a working Saturday
        ("09-19 10:00", "09-21 00:00", "09-26 10:00"),  # a Saturday before a working Sunday
        ("2026-12-31 10:00", "2027-01-01 10:00", "2027-01-07 10:00"),  # nothing is published any more: Monday to Friday
        ("2027-02-12 10:00", "2027-02-15 10:00", "2027-02-19 10:00"),
    ],
)
def test_a_report_at_an_odd_hour_has_its_whole_working_day_and_its_seven_days(start: str, contact: str, whole: str) -> None:
    road = Road("changqiao", at(start))
    assert (road.due("contact"), road.due("whole_case")) == (at(contact), at(whole))
    for clock, due in (("contact", contact), ("whole_case", whole)):
        road.until(at(due) - MINUTE)
        assert of(clock, road.until(at(due) - MINUTE)) == []
        assert of(clock, road.until(at(due) + MINUTE)) == [("lapsed", clock, "centre")]


def test_half_an_hour_to_dispatch_runs_over_midnight() -> None:
    road = Road("changqiao", at("11-20 23:45"))
    assert road.until(at("11-21 00:14")) == [("reminded", "centre_dispatch", "centre")]
    assert road.until(at("11-21 00:16")) == [("lapsed", "centre_dispatch", "centre")]


def test_an_order_of_the_hotline_on_the_eve_of_the_holiday_keeps_both_of_its_clocks() -> None:
    """The sixth story: 7 days by the calendar, 15 working days that skip the holiday and count the working Saturday."""
    road = Road("changqiao", EVE, "hotline_12345").do("accept", TO_ZONE, "sign")
    assert (road.due("whole_case"), road.due("mirror_12345")) == (at("10-07 16:00"), at("10-27 16:00"))
    # No reminder: the last working day before that end is the eve itself.
    assert road.until(at("10-07 15:59")) == []
    assert road.until(at("10-07 16:01")) == [("lapsed", "whole_case", "zone")]
    assert road.case.supervised
    assert of("mirror_12345", road.until(at("10-26 15:59"))) == []
    assert of("mirror_12345", road.until(at("10-27 15:59"))) == [("reminded", "mirror_12345", "zone")]
    assert of("mirror_12345", road.until(at("10-27 16:01"))) == [("lapsed", "mirror_12345", "zone")]
    # A scan at the same door on the same eve has no mirror.
    assert Road("changqiao", EVE).case.clock("mirror_12345") is None


def test_an_outage_over_every_instant_skips_no_step_and_no_rung() -> None:
    road = centre("visit")
    seen = road.until(at("12-20 10:00"))
    assert [entry for entry in seen if entry[1] != "supervision_feedback" and entry[0] != "supervised"] == [
        ("reminded", "committee_accept", "committee"),
        ("lapsed", "committee_accept", "committee"),
        ("passed_up", "committee_accept", "centre"),
        ("reminded", "whole_case", "centre"),
        ("lapsed", "whole_case", "centre"),
    ]
    dues = [event.due for event in road.events[1:] if event.type != "supervised"]
    expected = ["11-19 09:00", "11-19 10:00", "11-19 10:00", "11-24 10:00", "11-25 10:00"]
    assert dues == [stamp(at(text)) for text in expected]
    assert road.due("centre_dispatch") == at("12-20 10:30")


@pytest.mark.parametrize("name", ["huajing", "tianping", "yuejincun"])
def test_where_the_street_says_so_no_case_ever_goes_up_by_machine(name: str) -> None:
    road = Road(name)
    entered = road.case.rung
    kinds = {kind for kind, _, _ in road.until(at("2027-11-18 10:00"))}
    assert kinds <= {"reminded", "lapsed", "supervised"}
    assert road.case.rung == entered
