"""Every clock figure of the five streets, written a second time by hand from what the streets say and a printed calendar.

Wednesday 18 November 2026, 10:00, is the start of each `way`: all its steps are made at that instant. Working days from there:
1 is Thursday the 19th, 2 Friday the 20th, 3 Monday the 23rd, 5 Wednesday the 25th, 15 Wednesday 9 December. The third instant
of a figure is the end when the same is done on Wednesday 30 September, 16:00, the eve of National Day: 1 to 7 October are off,
Saturday the 10th is worked; so 1 working day is Thursday the 8th, 2 the 9th, 3 Saturday the 10th, 5 Tuesday the 13th, 15
Tuesday the 27th.
"""

from __future__ import annotations

from dataclasses import dataclass

# Reminder, end, and end from the eve of the holiday.
MINUTES_30 = ("11-18 10:15", "11-18 10:30", "09-30 16:30")
HOUR = ("11-18 10:30", "11-18 11:00", "09-30 17:00")
HOURS_4 = ("11-18 13:00", "11-18 14:00", "09-30 20:00")
DAY = ("11-19 09:00", "11-19 10:00", "10-01 16:00")
DAYS_2 = ("11-19 10:00", "11-20 10:00", "10-02 16:00")
# One working day before a Saturday 10:00 is all of Friday.
DAYS_3 = ("11-20 00:00", "11-21 10:00", "10-03 16:00")
DAYS_7 = ("11-24 10:00", "11-25 10:00", "10-07 16:00")
DAYS_15 = ("12-02 10:00", "12-03 10:00", "10-15 16:00")
# The end is a Sunday: a working day before is all of Friday.
DAYS_60 = ("2027-01-15 00:00", "2027-01-17 10:00", "11-29 16:00")
WORKING_1 = ("11-19 09:00", "11-19 10:00", "10-08 16:00")
WORKING_2 = ("11-19 10:00", "11-20 10:00", "10-09 16:00")
WORKING_3 = ("11-20 10:00", "11-23 10:00", "10-10 16:00")
WORKING_5 = ("11-24 10:00", "11-25 10:00", "10-13 16:00")
WORKING_15 = ("12-08 10:00", "12-09 10:00", "10-27 16:00")
# A long run's own date, 1 December, at the end of office hours.
DATED = ("11-30 18:00", "12-01 18:00", "")
# Dates to look again: nobody is late for them and nothing goes out before.
AFTER_7 = ("", "11-25 10:00", "10-07 16:00")
AFTER_30 = ("", "12-18 10:00", "10-30 16:00")
NEXT_DAY = ("", "11-19 10:00", "10-08 16:00")


@dataclass(frozen=True)
class Figure:
    """`end` is one of: `remind`, `flag`, `up:<rung>` (passed over), `date` (nobody is late). `told` are the roles that hear it
    beside the office that has it; of a party's own clock the parties named hear it too.
    """

    street: str
    clock: str
    way: str
    figure: tuple[str, str, str]
    end: str
    told: str = ""
    channel: str = "qr"
    case_class: str = ""
    parties: tuple[str, ...] = ()

    @property
    def steps(self) -> list[str]:
        return self.way.split()

    def __str__(self) -> str:
        return f"{self.street}-{self.clock}-{self.case_class or self.channel}-{self.figure[1]}"


LONG = "long_run=2026-12-01 approve"
DONE = "propose confirm"


def _usual(street: str, take: str, done: str, told: str, **more: str) -> list[Figure]:
    """What every street has alike: `take` brings a case to somebody's hands, `done` from there to handled."""
    supervisor = more.get("supervisor", "supervisor")
    return [
        Figure(street, "mirror_12345", more["hotline"], WORKING_15, "flag", more["hotline_told"], "hotline_12345"),
        Figure(
            street,
            "petition_accept",
            more.get("petition", ""),
            DAYS_15,
            "flag",
            more.get("petition_told", supervisor),
            "petition",
        ),
        Figure(street, "petition_finish", more["hotline"], DAYS_60, "flag", more["hotline_told"], "petition"),
        Figure(street, "redo", f"{take} {done} reopen accept", WORKING_3, "flag", f"{told} {supervisor}".strip()),
        Figure(street, "long_run", f"{take} {LONG}", DATED, "flag", f"{told} {supervisor}".strip()),
        Figure(street, "long_run_review", f"{take} {LONG}", AFTER_30, "date", more["review"]),
        Figure(street, "supervision_feedback", f"{take} supervise", WORKING_3, "remind", f"{told} {supervisor}".strip()),
        Figure(street, "recurrence_7", f"{take} {done} {more['closing']}", AFTER_7, "date", "committee property"),
        Figure(street, "recurrence_30", f"{take} {done} {more['closing']}", AFTER_30, "date", "committee property"),
    ]


CHANGQIAO = [
    # From the eve of the holiday its three days are over before its working day is.
    Figure("changqiao", "committee_accept", "", (*WORKING_1[:2], ""), "up:centre", "zone_head", "visit"),
    Figure("changqiao", "committee_handle", "accept", DAYS_3, "up:centre", "zone_head", "visit"),
    Figure("changqiao", "contact", "", WORKING_1, "flag", "supervisor"),
    Figure("changqiao", "centre_dispatch", "", MINUTES_30, "flag", "supervisor"),
    Figure("changqiao", "zone_accept", "allocate=zone@zone:z1", WORKING_1, "flag", "supervisor"),
    Figure("changqiao", "whole_case", "accept allocate=zone@zone:z1 sign", DAYS_7, "flag", "supervisor"),
    Figure("changqiao", "rental_verify", "", DAY, "flag", "dispatcher supervisor", "visit", "group_rental"),
    Figure("changqiao", "rental_correct", "accept prelim", DAYS_2, "flag", "dispatcher supervisor", "visit", "group_rental"),
    Figure(
        "changqiao",
        "report_in",
        "accept dispatch=management,safety",
        WORKING_1,
        "flag",
        "supervisor",
        parties=("management", "safety"),
    ),
    Figure("changqiao", "micro_visit", f"accept {DONE}", NEXT_DAY, "date", "micro_grid"),
    *_usual(
        "changqiao",
        "accept allocate=zone@zone:z1 sign",
        DONE,
        "",
        hotline="accept allocate=zone@zone:z1 sign",
        hotline_told="supervisor",
        review="zone_head supervisor",
        closing="close",
    ),
]

HUAJING = [
    Figure("huajing", "first_feedback", "", ("11-18 10:03", "11-18 10:05", "09-30 16:05"), "remind", "station_head"),
    Figure("huajing", "station_sort", "accept", WORKING_1, "remind", "station_head"),
    Figure("huajing", "facility_respond", "accept=facility", HOUR, "flag", "station_head supervisor"),
    Figure("huajing", "facility_handle", "accept=facility accept", DAY, "flag", "station_head supervisor"),
    Figure("huajing", "zone_accept", "accept=complex", WORKING_1, "flag", "station_head supervisor"),
    Figure("huajing", "zone_handle", "accept=complex accept", WORKING_5, "flag", "station_head supervisor"),
    Figure("huajing", "tracked_handle", "accept=hard accept", WORKING_15, "flag", "supervisor"),
    Figure(
        "huajing",
        "report_in",
        "accept=complex accept dispatch=construction,water",
        WORKING_1,
        "flag",
        "station_head supervisor",
        parties=("construction", "water"),
    ),
    Figure("huajing", "return_visit", f"accept=facility accept prelim {DONE}", WORKING_1, "remind", "station_head"),
    *_usual(
        "huajing",
        "accept=complex accept",
        f"prelim {DONE}",
        "station_head",
        hotline="accept=complex accept",
        petition_told="station_head supervisor",
        hotline_told="station_head supervisor",
        review="station_head supervisor",
        closing="visit close",
    ),
]

ZHUJING = [
    Figure("zhujing-jinlai", "committee_accept", "", HOUR, "up:grid"),
    Figure("zhujing-jinlai", "committee_handle", "accept=simple", WORKING_1, "up:grid"),
    Figure("zhujing-jinlai", "committee_handle", "accept=complex", WORKING_5, "up:grid"),
    Figure("zhujing-jinlai", "committee_handle", "accept", WORKING_5, "up:grid"),
    Figure("zhujing-jinlai", "grid_accept", "pass_up", MINUTES_30, "flag", "supervisor"),
    Figure("zhujing-jinlai", "grid_handle", "pass_up accept", WORKING_5, "flag", "supervisor"),
    Figure(
        "zhujing-jinlai",
        "report_in",
        "accept=urgent pass_up accept dispatch=police,traffic",
        MINUTES_30,
        "flag",
        "supervisor dispatcher",
        parties=("police", "traffic"),
    ),
    Figure(
        "zhujing-jinlai",
        "report_in",
        "accept=complex pass_up accept dispatch=emergency,police",
        WORKING_1,
        "flag",
        "supervisor dispatcher",
        parties=("emergency", "police"),
    ),
    Figure("zhujing-jinlai", "return_visit", f"accept=simple {DONE}", WORKING_1, "remind", "dispatcher"),
    # After the day on which the effect is watched.
    Figure("zhujing-jinlai", "return_visit", f"accept=parking {DONE}", WORKING_2, "remind", "dispatcher"),
    *_usual(
        "zhujing-jinlai",
        "pass_up accept",
        DONE,
        "",
        hotline="accept",
        hotline_told="supervisor",
        review="committee dispatcher",
        closing="visit close",
    ),
]

TIANPING = [
    Figure("tianping", "station_handle", "accept=simple", WORKING_1, "remind", "dispatcher"),
    Figure(
        "tianping",
        "hazard_accept",
        "accept=urgent",
        ("11-18 10:08", "11-18 10:15", "09-30 16:15"),
        "remind",
        "station_head dispatcher",
    ),
    Figure("tianping", "hazard_arrive", "accept=urgent accept", MINUTES_30, "remind", "station_head dispatcher"),
    Figure("tianping", "hazard_clear", "accept=urgent accept report_in", HOURS_4, "remind", "station_head dispatcher"),
    Figure("tianping", "hazard_finish", "accept=urgent accept clear", WORKING_1, "remind", "station_head dispatcher"),
    Figure("tianping", "zone_meeting", "accept=hard accept", WORKING_5, "flag", "dispatcher supervisor"),
    Figure("tianping", "zone_handle", "accept=hard accept meet", WORKING_15, "flag", "dispatcher supervisor"),
    Figure(
        "tianping",
        "report_in",
        "accept=hard accept dispatch=management,police",
        WORKING_1,
        "flag",
        "dispatcher supervisor",
        parties=("management", "police"),
    ),
    Figure("tianping", "return_visit", f"accept=simple {DONE}", WORKING_1, "remind", "dispatcher"),
    *_usual(
        "tianping",
        "accept=hard accept meet",
        DONE,
        "dispatcher",
        hotline="accept=hard accept meet",
        hotline_told="dispatcher supervisor",
        review="zone_head supervisor",
        closing="visit close",
    ),
]

TRIAGED = "pass_up accept triage agree_triage dispatch=management,services"
YUEJINCUN = [
    Figure("yuejincun", "first_response", "", HOURS_4, "flag", "committee"),
    Figure("yuejincun", "daily_triage", "", DAY, "flag", "committee"),
    Figure("yuejincun", "community_handle", "accept=simple", WORKING_3, "flag", "committee"),
    Figure("yuejincun", "community_handle", "accept=consult", WORKING_3, "flag", "committee"),
    Figure("yuejincun", "centre_triage", "accept=complex pass_up", WORKING_2, "flag", "supervisor"),
    Figure("yuejincun", "centre_triage", "accept=complex pass_up refer=suggestion answer_back", WORKING_2, "flag", "supervisor"),
    Figure("yuejincun", "lead_handle", f"accept=simple {TRIAGED}", WORKING_5, "flag", "supervisor"),
    Figure("yuejincun", "lead_handle", f"accept=complex {TRIAGED}", WORKING_15, "flag", "supervisor"),
    Figure(
        "yuejincun",
        "report_in",
        f"accept=complex {TRIAGED}",
        WORKING_1,
        "flag",
        "supervisor",
        parties=("management", "services"),
    ),
    Figure("yuejincun", "return_visit", f"accept=simple {DONE}", WORKING_1, "remind", "committee"),
    *_usual(
        "yuejincun",
        "pass_up accept",
        DONE,
        "",
        hotline="accept",
        hotline_told="supervisor",
        review="station_head supervisor",
        closing="visit close",
    ),
]

FIGURES = (*CHANGQIAO, *HUAJING, *ZHUJING, *TIANPING, *YUEJINCUN)
# How often a clock comes again while nothing stops it, from the hand.
AGAIN = {
    ("huajing", "first_feedback"): ("", "qr", ["11-18 10:05", "11-18 10:10", "11-18 10:15", "11-18 10:20"]),
    ("tianping", "hazard_accept"): ("accept=urgent", "qr", ["11-18 10:15", "11-18 10:30", "11-18 10:45", "11-18 11:00"]),
    ("tianping", "hazard_arrive"): ("accept=urgent accept", "qr", ["11-18 10:30", "11-18 10:45", "11-18 11:00", "11-18 11:15"]),
    ("tianping", "hazard_clear"): (
        "accept=urgent accept report_in",
        "qr",
        ["11-18 14:00", "11-18 14:15", "11-18 14:30", "11-18 14:45"],
    ),
}
WEEKLY = ["12-09 10:00", "12-16 10:00", "12-23 10:00", "12-30 10:00", "2027-01-06 10:00"]
