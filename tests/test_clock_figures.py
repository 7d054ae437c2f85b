"""Every clock figure of Changqiao, one minute before its instant and one minute after, on the street file that ships.

The instants are written out by hand from a printed calendar, so that the calendar's code is not asked to confirm itself. All
local times are Shanghai's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case, Party, apply
from chalicelib.casework.clocks import feedback_due
from chalicelib.casework.decide import Command, decide, submit
from chalicelib.casework.events import PERSON_REPLIES, Event, parse, stamp
from chalicelib.casework.notices import Told, messages
from chalicelib.casework.tick import tick
from chalicelib.street import Place, Street
from infra.streetfile.compile import load

FILE = Path(__file__).parent.parent / "infra" / "streets" / "changqiao.toml"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)


@cache
def changqiao() -> tuple[Street, dict[str, Place]]:
    street, places = load(FILE)
    return street, {place.id: place for place in places}


def at(text: str) -> datetime:
    """`11-18 10:00` of 2026 in Shanghai; another year may lead."""
    return datetime.fromisoformat(text if text.count("-") == 2 else f"2026-{text}").replace(tzinfo=SHANGHAI)


WEDNESDAY = at("11-18 10:00")

OFFICES = {
    "committee": Actor("staff:C1", "居委", ("committee@committee:c01",)),
    "centre": Actor("staff:D1", "调度员", ("dispatcher@street",)),
    "zone": Actor("staff:Z1", "片区长", ("zone_head@zone:z1",)),
    "verifier": Actor("staff:V1", "核实人员", ("verifier@committee:c01",)),
}
RESIDENT = Actor("reporter")
INPUTS: dict[str, dict[str, Any]] = {
    "ask": {"text": "是几号楼"},
    "answer": {"text": "到窗口办"},
    "prelim": {"text": "已联系电工"},
    "add": {"text": "今天又不亮"},
    "reply": {"text": "三号楼"},
    "propose": {"outcome": "solved", "text": "换了灯泡"},
    "pass_up": {"reason": "线路归外单位"},
    "assign": {"to": Party(id="W1", name="承办部门", grant="department@street")},
    "reopen": {"reason": "又坏了"},
    "reveal": {"reason": "contact"},
    "down": {"to": "committee@committee:c01"},
    "zone": {"to": "zone@zone:z1"},
}

Seen = list[tuple[str, str, str]]


class Road:
    """A case of Changqiao: what people do with it, and what time does."""

    def __init__(self, start: datetime = WEDNESDAY, channel: str = "qr", case_class: str = "") -> None:
        self.street, self.places = changqiao()
        self.place = next(place for place in self.places.values() if place.committee == "c01")
        rung = self.street.entry_rung(channel, case_class)
        facts = Case(
            no="K7M3-9QXA-C",
            place=self.place.id,
            community=self.place.community,
            committee="c01",
            zone="z1",
            rung=rung.id,
            unit={"committee": "committee:c01", "street": "street"}[rung.scope],
            highest=rung.level,
            text="楼道灯不亮",
            channel=channel,
            case_class=case_class,
            phone_mask="138****0000",
            phone_mac="ab",
        )
        self.now = start
        self.case = Case(no=facts.no)
        self.events: list[Event] = []
        self._take(submit(facts, "attempt-0", start, self.street))

    def _take(self, made: list[Event]) -> None:
        for event in made:
            self.case = apply(self.case, event)
            self.events.append(event)

    def do(self, *actions: str) -> Road:
        """Each at the same instant, by the office that has the case, or by the resident."""
        for name in actions:
            action = "allocate" if name in {"down", "zone"} else name
            who = RESIDENT if action in {"add", "reply"} else OFFICES[self.case.rung]
            command = Command(action, f"attempt-{len(self.events)}", INPUTS.get(name, {}))
            self._take(decide(self.case, command, who, self.now, self.street))
        return self

    def until(self, instant: datetime) -> Seen:
        """What time makes of it by then, as (event, clock, state of the case afterwards)."""
        assert instant >= self.now
        self.now = instant
        seen: Seen = []
        for event in tick(self.case, instant, self.street, f"sweep-{len(self.events)}"):
            self._take([event])
            seen.append((event.type, str(event.data.get("clock", "")), self.case.rung))
        return seen

    def told(self, kind: str) -> set[tuple[str, str]]:
        """Template and recipient of everything that the latest events of that type tell."""
        case, found = Case(no=self.case.no), dict[int, set[tuple[str, str]]]()
        for event in self.events:
            case = apply(case, event)
            said = messages(Told(case, event, self.street, self.place))
            found[event.seq] = {(message.template, message.to) for message in said}
        return found[max(event.seq for event in self.events if event.type == kind)]

    def due(self, clock: str) -> datetime:
        run = self.case.clock(clock)
        assert run is not None
        assert run.running, clock
        return parse(run.due)


def of(clock: str, seen: Seen) -> Seen:
    return [entry for entry in seen if entry[1] == clock]


# ---- Every figure, in a week without a holiday ---------------------------------------------------------------------------------

COMMITTEE_OFFICE = "office:committee@committee:c01"
CENTRE_OFFICE = "office:dispatcher@street"
ZONE_OFFICE = "office:zone_head@zone:z1"
VERIFIER_OFFICE = "office:verifier@committee:c01"


@dataclass(frozen=True)
class Figure:
    """`leads` are who is told beside the office that has it; `to` the rung it goes up to, "" where it stays."""

    clock: str
    road: Callable[[], Road]
    warn: str
    due: str
    office: str
    leads: frozenset[str]
    to: str = ""
    flag: bool = True


LEAD = frozenset({"zone_head"})
TOLD = frozenset({"supervisor"})
FIGURES = (
    Figure(
        "committee_accept", lambda: Road(channel="visit"), "11-19 09:00", "11-19 10:00", COMMITTEE_OFFICE, LEAD, "centre", False
    ),
    Figure(
        "committee_handle",
        lambda: Road(channel="visit").do("accept"),
        "11-20 00:00",  # one working day before a Saturday 10:00 is all of Friday
        "11-21 10:00",
        COMMITTEE_OFFICE,
        LEAD,
        "centre",
        False,
    ),
    Figure("contact", Road, "11-19 09:00", "11-19 10:00", CENTRE_OFFICE, TOLD),
    Figure("centre_dispatch", Road, "11-18 10:15", "11-18 10:30", CENTRE_OFFICE, TOLD),
    Figure(
        "zone_accept",
        lambda: Road(channel="visit").do("pass_up", "zone"),
        "11-19 09:00",
        "11-19 10:00",
        ZONE_OFFICE,
        TOLD,
    ),
    Figure("whole_case", lambda: Road().do("zone", "accept", "assign"), "11-24 10:00", "11-25 10:00", ZONE_OFFICE, TOLD),
    Figure(
        "mirror_12345",
        lambda: Road(channel="hotline_12345").do("zone", "accept"),
        "12-08 10:00",
        "12-09 10:00",
        ZONE_OFFICE,
        TOLD,
    ),
    Figure(
        "rental_verify",
        lambda: Road(channel="visit", case_class="group_rental"),
        "11-19 09:00",
        "11-19 10:00",
        VERIFIER_OFFICE,
        TOLD,
    ),
    Figure(
        "rental_correct",
        lambda: Road(channel="visit", case_class="group_rental").do("accept", "prelim"),
        "11-19 10:00",
        "11-20 10:00",
        VERIFIER_OFFICE,
        TOLD,
    ),
    Figure(
        "redo",
        lambda: Road().do("zone", "accept", "propose", "confirm", "reopen", "accept"),
        "11-20 10:00",
        "11-23 10:00",  # 3 wd from a Wednesday
        ZONE_OFFICE,
        TOLD,
    ),
)
NAMES = [figure.clock for figure in FIGURES]


def test_every_clock_of_the_street_stands_in_the_table() -> None:
    assert sorted(NAMES) == sorted(changqiao()[0].clocks)


def nearest(roles: frozenset[str], road: Road) -> set[str]:
    units = f"community:{road.place.community},committee:c01,zone:z1,street"
    return {f"nearest:{role}@{units}" for role in roles}


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
def test_the_reminder_goes_out_at_its_instant_to_who_has_it_and_to_nobody_before(figure: Figure) -> None:
    road = figure.road()
    before = road.until(at(figure.warn) - MINUTE)
    assert of(figure.clock, before) == []
    rung = road.case.rung
    assert of(figure.clock, road.until(at(figure.warn) + MINUTE)) == [("reminded", figure.clock, rung)]
    near = {("near", figure.office)} | ({("near", "staff:W1")} if road.case.assignee else set())
    reminder = next(event for event in reversed(road.events) if event.type == "reminded" and event.data["clock"] == figure.clock)
    assert parse(reminder.due or "") == at(figure.warn)
    assert parse(reminder.data["until"]) == at(figure.due)
    assert road.told("reminded") == near


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
def test_at_the_end_exactly_its_step_is_made_once_and_nothing_a_minute_before(figure: Figure) -> None:
    road = figure.road()
    road.until(at(figure.due) - MINUTE)
    assert road.until(at(figure.due) - MINUTE) == []
    rung, late, flagged = road.case.rung, road.case.lateness, road.case.supervised
    seen = road.until(at(figure.due) + MINUTE)
    expected = [("lapsed", figure.clock, rung)] + ([("passed_up", figure.clock, figure.to)] if figure.to else [])
    assert of(figure.clock, seen) == expected
    lapsed = next(event for event in reversed(road.events) if event.type == "lapsed" and event.data["clock"] == figure.clock)
    assert parse(lapsed.due or "") == at(figure.due)
    assert lapsed.by == "system"
    assert lapsed.data["flag"] is figure.flag
    assert road.case.supervised is (flagged or figure.flag)
    assert road.case.lateness > late
    assert road.case.rung == (figure.to or rung)
    # Once: another sweep a minute later finds nothing more of this clock.
    assert of(figure.clock, road.until(at(figure.due) + 2 * MINUTE)) == []
    told = {("late", figure.office)} | {("late", who) for who in nearest(figure.leads, road)}
    told |= {("late", "staff:W1")} if road.case.assignee else set()
    assert road.told("lapsed") == told
    if figure.to:
        assert road.told("passed_up") == {("new", CENTRE_OFFICE)}


def test_what_a_committee_lets_lie_has_the_centres_full_half_hour_from_when_it_comes_there() -> None:
    road = Road(channel="visit")
    # Nobody swept for six hours after the end.
    road.until(at("11-19 16:00"))
    assert road.case.rung == "centre"
    assert road.due("centre_dispatch") == at("11-19 16:30")
    assert road.until(at("11-19 16:29")) == [("reminded", "centre_dispatch", "centre")]
    assert road.until(at("11-19 16:31")) == [("lapsed", "centre_dispatch", "centre")]


def test_accepted_in_time_nothing_of_that_rung_is_late() -> None:
    road = Road(channel="visit")
    road.until(at("11-19 09:59"))
    road.do("accept", "propose", "confirm")
    assert road.until(at("12-31 00:00")) == []


def test_waiting_for_the_resident_stops_the_committees_days_but_not_the_seven() -> None:
    road = Road(channel="visit").do("accept")
    road.now = at("11-19 10:00")
    road.do("ask")
    assert road.until(at("11-24 09:59")) == []
    assert road.until(at("11-24 10:01")) == [("reminded", "whole_case", "committee")]
    road.do("reply")
    # Two of the three days were left.
    assert road.due("committee_handle") == at("11-26 10:01")
    assert road.due("whole_case") == at("11-25 10:00")


def test_the_resident_is_promised_the_hour_at_which_the_contact_clock_ends() -> None:
    assert parse(feedback_due(Road().case, changqiao()[0]) or "") == at("11-19 10:00")


@pytest.mark.parametrize("reply", ["accept", "answer"])
def test_a_persons_reply_stops_the_feedback_clock(reply: str) -> None:
    assert of("contact", Road().do(reply).until(at("11-30 10:00"))) == []


def test_what_stops_it_are_the_replies_of_people_and_nothing_else() -> None:
    assert set(changqiao()[0].clocks["contact"].stop) == PERSON_REPLIES


@pytest.mark.parametrize("act", ["", "add", "zone", "down", "reveal", "renew_link"])
def test_neither_the_automatic_receipt_nor_paperwork_stops_it(act: str) -> None:
    road = Road()
    assert ("received", "reporter") in road.told("submitted")  # the receipt, at once
    if act:
        road.do(act)
    assert road.due("contact") == at("11-19 10:00")
    road.until(at("11-19 09:59"))
    assert [kind for kind, _, _ in of("contact", road.until(at("11-19 10:01")))] == ["lapsed"]


# ---- Over National Day with its working weekend, at night, on a day off, past what is published ------------------------------

# 1–7 October 2026 are off; Saturday the 10th is worked, and so was Sunday 20 September.
EVE = at("09-30 16:00")


def test_the_calendar_that_ships_has_the_holiday_and_both_working_weekends() -> None:
    from chalicelib.casework.calendar import is_working_day

    calendar = changqiao()[0].calendar
    off = [day for day in range(1, 13) if not is_working_day(date(2026, 10, day), calendar)]
    assert off == [1, 2, 3, 4, 5, 6, 7, 11]
    assert is_working_day(date(2026, 9, 20), calendar)


@pytest.mark.parametrize(
    ("clock", "road", "due"),
    [
        ("committee_accept", lambda: Road(at("10-09 16:00"), "visit"), "10-10 16:00"),
        ("committee_handle", lambda: Road(EVE, "visit").do("accept"), "10-03 16:00"),
        ("contact", lambda: Road(EVE), "10-08 16:00"),
        ("centre_dispatch", lambda: Road(EVE), "09-30 16:30"),
        ("zone_accept", lambda: Road(EVE, "visit").do("pass_up", "zone"), "10-08 16:00"),
        ("whole_case", lambda: Road(EVE).do("zone", "accept"), "10-07 16:00"),
        ("mirror_12345", lambda: Road(EVE, "hotline_12345").do("zone", "accept"), "10-27 16:00"),
        ("rental_verify", lambda: Road(EVE, "visit", "group_rental"), "10-01 16:00"),
        ("rental_correct", lambda: Road(EVE, "visit", "group_rental").do("accept", "prelim"), "10-02 16:00"),
        ("redo", lambda: Road(EVE).do("zone", "accept", "propose", "confirm", "reopen", "accept"), "10-10 16:00"),
    ],
)
def test_over_the_holiday_working_days_wait_and_count_the_working_saturday_and_days_run_on(
    clock: str, road: Callable[[], Road], due: str
) -> None:
    case = road()
    assert ("lapsed", clock) not in {(kind, of_clock) for kind, of_clock, _ in case.until(at(due) - MINUTE)}
    assert ("lapsed", clock) in {(kind, of_clock) for kind, of_clock, _ in case.until(at(due) + MINUTE)}


def test_the_reminder_of_a_clock_that_ends_after_the_holiday_comes_when_people_are_back() -> None:
    road = Road(EVE)
    road.until(at("10-08 14:59"))
    assert road.until(at("10-08 15:01")) == [("reminded", "contact", "centre")]


def test_a_committee_has_its_working_day_to_accept_but_only_three_days_to_handle_holiday_or_not() -> None:
    road = Road(EVE, "visit")
    assert road.due("committee_accept") == at("10-08 16:00")
    assert road.until(at("10-03 15:59")) == []
    assert road.until(at("10-03 16:01")) == [
        ("lapsed", "committee_handle", "committee"),
        ("passed_up", "committee_handle", "centre"),
    ]


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
    road = Road(at(start))
    assert (road.due("contact"), road.due("whole_case")) == (at(contact), at(whole))
    for clock, due in (("contact", contact), ("whole_case", whole)):
        road.until(at(due) - MINUTE)
        assert of(clock, road.until(at(due) - MINUTE)) == []
        assert of(clock, road.until(at(due) + MINUTE)) == [("lapsed", clock, "centre")]


def test_half_an_hour_to_dispatch_runs_over_midnight() -> None:
    road = Road(at("11-20 23:45"))
    assert road.until(at("11-21 00:14")) == [("reminded", "centre_dispatch", "centre")]
    assert road.until(at("11-21 00:16")) == [("lapsed", "centre_dispatch", "centre")]


def test_an_order_of_the_hotline_on_the_eve_of_the_holiday_keeps_both_of_its_clocks() -> None:
    """The sixth story: 7 days by the calendar, 15 working days that skip the holiday and count the working Saturday."""
    road = Road(EVE, "hotline_12345").do("zone", "accept")
    assert (road.due("whole_case"), road.due("mirror_12345")) == (at("10-07 16:00"), at("10-27 16:00"))
    # No reminder: the last working day before that end is the eve itself.
    assert road.until(at("10-07 15:59")) == []
    assert road.until(at("10-07 16:01")) == [("lapsed", "whole_case", "zone")]
    assert road.case.supervised
    assert road.until(at("10-26 15:59")) == []
    assert road.until(at("10-27 15:59")) == [("reminded", "mirror_12345", "zone")]
    assert road.until(at("10-27 16:01")) == [("lapsed", "mirror_12345", "zone")]
    # A scan at the same door on the same eve has no mirror.
    assert Road(EVE).case.clock("mirror_12345") is None


def test_down_is_not_back_the_whole_case_stays_due_on_its_seventh_day_whatever_the_offices_do() -> None:
    road = Road(WEDNESDAY)
    for day, action in ((1, "zone"), (2, "pass_up"), (3, "down"), (4, "pass_up"), (5, "zone")):
        road.now = WEDNESDAY + timedelta(days=day)
        road.do(action)
    assert road.due("whole_case") == at("11-25 10:00")
    road.until(at("11-25 09:59"))
    assert of("whole_case", road.until(at("11-25 10:01"))) == [("lapsed", "whole_case", "zone")]


def test_an_outage_over_every_instant_skips_no_step_and_no_rung() -> None:
    road = Road(WEDNESDAY, "visit")
    seen = road.until(at("12-20 10:00"))
    assert seen == [
        ("reminded", "committee_accept", "committee"),
        ("lapsed", "committee_accept", "committee"),
        ("passed_up", "committee_accept", "centre"),
        ("reminded", "whole_case", "centre"),
        ("lapsed", "whole_case", "centre"),
    ]
    dues = [event.due for event in road.events[1:]]
    expected = ["11-19 09:00", "11-19 10:00", "11-19 10:00", "11-24 10:00", "11-25 10:00"]
    assert dues == [stamp(at(text)) for text in expected]
    assert road.due("centre_dispatch") == at("12-20 10:30")
