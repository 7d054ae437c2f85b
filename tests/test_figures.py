"""Figures are right to the case: counted beside a count by hand over the raw events, at every boundary, and as streets publish
theirs.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.casework.figures import Figures, figures_of, row_of
from chalicelib.casework.figures_count import Count, Rate, count, spread
from chalicelib.casework.figures_period import Period, around, inside, month_to_date, units_of
from chalicelib.web.present_figures import percent
from chalicelib.web.present_figures_tables import changed
from tests import figures_brute
from tests.figures_lives import counted, counted_street, lives, row
from tests.ladder_street import APPROVER, CENTRE, COMMITTEE, NOW, POLICE, RESIDENT, SUPERVISOR, VISITOR, ZONE
from tests.ladder_walks import HANDLE, Walk, along, began, dispatched

GROUPS = ("category", "channel", "case_class", "rung", "place", "found")
MS = timedelta(milliseconds=1)


def as_counted_by_hand(found: Count) -> dict[str, Any]:
    """The same figures in the shape of `figures_brute.figures`."""
    rates = {name: (rate.part, rate.whole) for name, rate in found.rates.items() if name != "handled"}
    spreads = {
        name: None if one.median is None else (one.median, one.p90)
        for name, one in {"first": found.first_response, "closing": found.closing}.items()
    }
    return {
        "received": found.all.received,
        "valid": found.all.valid,
        "handled": found.all.handled,
        **rates,
        **spreads,
        "partly": found.sums.partly,
        "supervised": found.sums.supervised,
        **{
            f"handled by {name}": Counter({value: line.handled for value, line in found.by[name].items() if line.handled})
            for name in ("category", "rung")
        },
        **{name: Counter({value: line.received for value, line in found.by[name].items()}) for name in GROUPS},
    }


def differences(walks: list[Walk], now: datetime) -> list[str]:
    ours = as_counted_by_hand(counted(walks, now))
    theirs = figures_brute.figures([walk.events for walk in walks], walks[0].street, now)
    assert set(ours) == set(theirs)
    return [f"{name}: {ours[name]} instead of {theirs[name]}" for name in theirs if ours[name] != theirs[name]]


def test_random_lives_are_counted_as_by_hand_one_by_one_and_together() -> None:
    seen: Counter[str] = Counter()
    for seed in range(4):
        walks = lives(200, seed)
        for walk in walks:
            assert differences([walk], walk.now) == [], [(event.type, event.at) for event in walk.events]
            seen.update({event.type for event in walk.events})
        for now in (NOW + timedelta(days=4), NOW + timedelta(days=60)):
            past = [walk for walk in walks if walk.now <= now]
            by_street = [[walk for walk in past if ("whole" in walk.street.clocks) == whole] for whole in (True, False)]
            assert [differences(some, now) for some in by_street if some] == [[] for some in by_street if some]
    # Lives in which nothing happens prove nothing.
    rich = {
        "reopened",
        "merged",
        "invalidated",
        "withdrawn",
        "extended",
        "long_run_started",
        "refused",
        "visited",
        "visit_failed",
    }
    assert {kind: seen[kind] for kind in rich if seen[kind] < 3} == {}


def handled_after(length: timedelta, **facts: Any) -> Walk:
    """Accepted at once, handled exactly then."""
    walk = along(began(counted_street(), rung="centre", **facts), [(CENTRE, "accept"), (CENTRE, "propose")])
    walk.until(NOW + length)
    return walk.do(CENTRE, "confirm", after=timedelta())


def test_exactly_72_hours_is_in_three_days_and_a_millisecond_more_is_not() -> None:
    walk = handled_after(timedelta(hours=72))
    assert counted([walk], walk.now).rates["three_days"] == Rate(1, 1)
    walk = handled_after(timedelta(hours=72) + MS)
    assert counted([walk], walk.now).rates["three_days"] == Rate(0, 1)


def test_an_open_case_is_judged_from_its_72nd_hour() -> None:
    walk = began(counted_street())
    assert counted([walk], NOW + timedelta(hours=72) - MS).rates["three_days"] == Rate(0, 0)
    assert counted([walk], NOW + timedelta(hours=72)).rates["three_days"] == Rate(0, 1)


def test_pauses_are_included_in_the_three_days_and_move_the_deadline() -> None:
    walk = began(counted_street(), rung="centre").do(CENTRE, "accept").do(CENTRE, "long_run").do(APPROVER, "approve")
    assert counted([walk], NOW + timedelta(days=30)).rates["three_days"] == Rate(0, 1)
    assert counted([walk], NOW + timedelta(days=30)).rates["on_time"] == Rate(0, 0)
    # The date that was agreed is the deadline now.
    until = datetime(2027, 3, 1, 10, tzinfo=UTC)
    assert counted([walk], until).rates["on_time"] == Rate(0, 0)
    assert counted([walk], until + MS).rates["on_time"] == Rate(0, 1)


def test_handled_at_the_very_deadline_is_on_time() -> None:
    assert counted([handled_after(timedelta(days=7))], NOW + timedelta(days=9)).rates["on_time"] == Rate(1, 1)
    assert counted([handled_after(timedelta(days=7) + MS)], NOW + timedelta(days=9)).rates["on_time"] == Rate(0, 1)
    waiting = began(counted_street(), rung="centre").do(CENTRE, "accept")
    assert counted([waiting], NOW + timedelta(days=7)).rates["on_time"] == Rate(0, 0)
    assert counted([waiting], NOW + timedelta(days=7) + MS).rates["on_time"] == Rate(0, 1)


def test_an_approved_extension_is_the_deadline() -> None:
    walk = began(counted_street(), rung="centre").do(CENTRE, "accept").do(CENTRE, "extend").do(APPROVER, "approve", {})
    due = row(walk).due
    assert due is not None
    assert due > "2026-11-25T02"
    walk.until(NOW + timedelta(days=9))
    assert counted([walk], walk.now).rates["on_time"] == Rate(0, 0)
    walk.do(CENTRE, "propose").do(CENTRE, "confirm")
    assert counted([walk], walk.now).rates["on_time"] == Rate(1, 1)


def test_what_does_not_count_is_left_out_of_v() -> None:
    street, other = counted_street(), began(counted_street(), no="7K3M-PQ9X-A")
    merged = began(street).do(COMMITTEE, "merge", {"other": other.case})
    invalid = began(street).do(COMMITTEE, "invalid").do(APPROVER, "approve")
    early = began(street).do(RESIDENT, "withdraw")
    late = began(street).do(COMMITTEE, "accept").do(RESIDENT, "withdraw")
    found = counted([merged, invalid, early, late, other], NOW + timedelta(days=10))
    assert (found.all.received, found.all.valid) == (5, 2)
    assert counted([invalid.do(APPROVER, "reinstate")], invalid.now).all.valid == 1
    assert counted([early.do(COMMITTEE, "reopen")], early.now).all.valid == 1


def test_a_reopened_case_is_not_handled_until_it_is_again() -> None:
    walk = along(began(counted_street()), HANDLE).do(COMMITTEE, "reopen")
    found = counted([walk], walk.now)
    assert (found.all.handled, found.rates["redo"]) == (0, Rate(1, 1))
    walk.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    found = counted([walk], walk.now)
    assert (found.all.handled, found.rates["redo"]) == (1, Rate(1, 1))
    # What was taken back by its reporter and goes on was never done before.
    back = began(counted_street()).do(RESIDENT, "withdraw").do(COMMITTEE, "reopen")
    assert counted([back], back.now).rates["redo"] == Rate(0, 0)


def test_only_a_person_answers_and_a_late_answer_is_a_miss() -> None:
    """Story 1: scanned at night, only the automatic receipt in time."""
    quiet = began(counted_street(), rung="centre")
    assert counted([quiet], NOW + timedelta(hours=4)).rates["response"] == Rate(0, 0)
    assert counted([quiet], NOW + timedelta(hours=4) + MS).rates["response"] == Rate(0, 1)
    # Without a phone, what stands on the page counts.
    answered = began(counted_street(), rung="centre", phone_mask="", phone_mac="").until(NOW + timedelta(hours=4))
    answered.do(CENTRE, "accept", after=timedelta())
    late = began(counted_street(), rung="centre").until(NOW + timedelta(hours=4)).do(CENTRE, "accept", after=MS)
    assert counted([answered, late], late.now).rates["response"] == Rate(1, 2)


def test_only_the_promise_made_at_reception_is_that_of_the_first_response() -> None:
    """What a later office promises for itself is its own matter, even if it ends earlier."""
    walk = began(counted_street(), rung="centre").do(CENTRE, "allocate", {"to": "committee@committee:c1", "reason": ""})
    assert row(walk).reply_due == "2026-11-18T06:00:00.000Z"


def test_what_stands_still_is_not_overdue() -> None:
    walk = began(counted_street(), rung="centre").do(CENTRE, "accept").do(CENTRE, "refer")
    assert counted([walk], NOW + timedelta(days=40)).rates["on_time"] == Rate(0, 0)


def test_silence_is_not_satisfaction() -> None:
    """Story 5: three calls fail, no rating: outside the satisfaction rate, inside the visits' denominator."""
    street = counted_street()
    silent = along(began(street), HANDLE)
    for _ in range(3):
        silent.do(VISITOR, "visit", {"way": "phone", "reached": "no"})
    silent.do(VISITOR, "unreachable", {}).do(APPROVER, "approve", {})
    assert silent.case.outcome == "unreachable"
    said = {"way": "phone", "reached": "yes", "said": "basic", "solved": "partly"}
    pleased = along(began(street), HANDLE).do(VISITOR, "visit", said)
    angry = along(began(street), HANDLE).do(
        VISITOR, "visit", {**said, "said": "unsatisfied", "solved": "no", "cause": "not_done"}
    )
    waiting = along(began(street), HANDLE)
    found = counted([silent, pleased, angry, waiting], waiting.now)
    assert found.rates["satisfaction"] == Rate(1, 2)
    assert (found.rates["resolution"], found.sums.partly) == (Rate(0, 2), 1)
    assert found.rates["visits"] == Rate(2, 3)
    # A working day later the visit that nobody made is due.
    assert counted([waiting], waiting.now + timedelta(days=1) - MS).rates["visits"] == Rate(0, 0)
    assert counted([waiting], waiting.now + timedelta(days=1)).rates["visits"] == Rate(0, 1)
    # Whom the reporter's own rating forestalled is not one whom nobody called.
    rated = along(began(street), HANDLE).do(RESIDENT, "rate", {"satisfied": "no"})
    assert (rated.case.state, counted([rated], rated.now).rates["visits"]) == ("reopened", Rate(0, 0))
    # Whether it is solved, they said the first time.
    again = angry.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    again.do(VISITOR, "visit", {**said, "said": "satisfied", "solved": ""})
    assert (row(again).said, row(again).solved) == ("satisfied", "no")


def test_refusals_are_counted_against_dispatches_and_rungs_by_the_highest() -> None:
    walk = began(counted_street(), rung="centre").do(CENTRE, "allocate").do(ZONE, "refuse").do(CENTRE, "allocate")
    walk.do(ZONE, "sign")
    found = counted([walk, dispatched(counted_street()).do(POLICE, "sign").do(SUPERVISOR, "supervise")], walk.now)
    assert found.rates["refusal"] == Rate(1, 3)
    assert {level: line.received for level, line in found.by["rung"].items()} == {"3": 1, "2": 1}
    assert found.sums.supervised == 1


def test_the_percentile_is_the_nearest_rank() -> None:
    assert spread([]).median is None
    assert (spread([5]).median, spread([5]).p90) == (5, 5)
    assert (spread([4, 1, 3, 2]).median, spread(list(range(1, 11))).p90, spread(list(range(1, 12))).p90) == (2.5, 9, 10)


def test_nothing_to_divide_by_prints_a_dash() -> None:
    empty = count([], NOW, (), counted_street().tz)
    assert {percent(rate) for rate in empty.rates.values()} == {"—"}
    assert (percent(Rate(1, 3)), percent(Rate(2, 3)), percent(Rate(1, 1)), percent(Rate(1, 2000))) == (
        "33.3%",
        "66.7%",
        "100.0%",
        "0.1%",
    )


def test_rows_of_before_are_lifted_when_they_are_read() -> None:
    old: dict[str, Any] = {
        "no": "K7M3-9QXA-C",
        "state": "closed",
        "channel": "qr",
        "reporter": "resident",
        "category": "x",
        "case_class": "",
    }
    old |= {"committee": "c1", "zone": "z1", "place": "AAAAAA", "highest": 2, "received_at": "2026-11-18T02:00:00.000Z"}
    old |= {"first_reply_at": None, "accepted_at": None, "handled_at": "2026-11-19T02:00:00.000Z"}
    old |= {"closed_at": "2026-11-20T02:00:00.000Z", "outcome": "solved", "reopened": 1, "satisfied": False, "score": 1}
    lifted = row_of(msgspec.json.encode(old))
    assert (lifted.v, lifted.handlings, lifted.redone, lifted.said) == (2, 2, 1, "unsatisfied")
    found = count([lifted], NOW + timedelta(days=5), (), counted_street().tz)
    assert (found.rates["three_days"], found.rates["redo"], found.rates["on_time"]) == (Rate(1, 1), Rate(1, 1), Rate(0, 0))
    with pytest.raises(msgspec.DecodeError):
        row_of(b"[]")


# ---- periods and units


def test_a_period_is_of_the_streets_days() -> None:
    tz = counted_street().tz
    november = Period(date(2026, 11, 1), date(2026, 12, 1))
    assert november.bounds(tz) == ("2026-10-31T16:00:00.000Z", "2026-11-30T16:00:00.000Z")
    assert (november.months(), Period(date(2026, 11, 30), date(2027, 1, 2)).months()) == (
        ["2026-11"],
        ["2026-11", "2026-12", "2027-01"],
    )
    assert november.before == Period(date(2026, 10, 1), date(2026, 11, 1))
    assert Period(date(2026, 11, 3), date(2026, 11, 10)).before == Period(date(2026, 10, 27), date(2026, 11, 3))
    to_date = month_to_date(date(2026, 11, 18))
    assert (to_date, to_date.before) == (
        Period(date(2026, 11, 1), date(2026, 11, 19)),
        Period(date(2026, 10, 14), date(2026, 11, 1)),
    )
    assert [day.isoformat() for day in november.parts()][:3] == ["2026-11-01", "2026-11-02", "2026-11-09"]
    assert len(Period(date(2026, 11, 1), date(2026, 11, 16)).parts()) == 15
    assert len(Period(date(2026, 1, 1), date(2027, 1, 1)).parts()) == 12


def test_the_parts_of_a_period_hold_each_case_once() -> None:
    walks = lives(40, 9)
    period = Period(date(2026, 11, 18), date(2026, 11, 22))
    found = count([row(walk) for walk in walks], NOW + timedelta(days=60), period.parts(), walks[0].street.tz)
    assert sum(line.received for _, line in found.course) == found.all.received == 40
    for day, line in found.course:
        assert line.received == sum(_day(walk) == day for walk in walks)


def _day(walk: Walk) -> date:
    return datetime.fromisoformat(walk.case.received_at).astimezone(walk.street.tz).date()


def test_a_unit_holds_what_came_in_within_it() -> None:
    street = counted_street()
    here = row(began(street))
    assert [
        unit
        for unit in ("street", "zone:z1", "zone:z2", "committee:c1", "community:m1", "place:AAAAAA", "place:", "dept:police", "")
        if inside(unit, here)
    ] == [
        "street",
        "zone:z1",
        "committee:c1",
        "community:m1",
        "place:AAAAAA",
    ]
    assert around("community:m1", street, {}) == ["community:m1", "committee:c1", "zone:z1", "street"]
    assert around("committee:nowhere", street, {}) == around("dept:police", street, {}) == []
    assert units_of(("property@community:m1", "department@dept:police", "supervisor@street")) == ["street", "community:m1"]


# ---- as streets publish theirs


def made(number: int, **changes: Any) -> Figures:
    came = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number)
    base = Figures(
        v=2, no=f"{number}", state="closed", channel="qr", received_at=stamped(came), highest=1, outcome="solved", handlings=1
    )
    handled = stamped(came + timedelta(hours=20))
    return msgspec.structs.replace(base, **{"handled_at": handled, "closed_at": handled, **changes})


def stamped(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_fifty_odd_cases_in_a_month_in_five_categories_95_percent_in_three_days() -> None:
    slow = stamped(datetime(2026, 11, 20, tzinfo=UTC))
    rows = [made(number, category=f"k{number % 5}", **({"handled_at": slow} if number % 20 == 0 else {})) for number in range(57)]
    found = count(rows, datetime(2026, 12, 9, tzinfo=UTC), (), counted_street().tz)
    assert (found.all.received, len(found.by["category"]), percent(found.rates["three_days"])) == (57, 5, "94.7%")
    assert percent(Rate(57, 60)) == "95.0%"


def test_47_orders_in_a_month_all_handled() -> None:
    found = count(
        [made(number, channel="hotline_12345") for number in range(47)],
        datetime(2026, 12, 9, tzinfo=UTC),
        (),
        counted_street().tz,
    )
    assert (found.by["channel"]["hotline_12345"].handled, percent(found.rates["handled"])) == (47, "100.0%")


def test_a_thousand_requests_by_rung_251_by_the_street_109_supervised() -> None:
    levels = [1] * 742 + [2] * 251 + [3] * 30
    rows = [
        made(number, highest=level, supervisions=int(number % 9 == 0 and number < 981)) for number, level in enumerate(levels)
    ]
    found = count(rows, datetime(2026, 12, 9, tzinfo=UTC), (), counted_street().tz)
    assert [found.by["rung"][level].handled for level in "12"] == [742, 251]
    assert found.sums.supervised == 109
    assert percent(Rate(found.by["rung"]["1"].received, found.all.received)) == "72.5%"


def test_hotline_calls_against_last_year() -> None:
    assert (changed(918, 1000), changed(1100, 1000), changed(5, 0), changed(None, 5), changed(7, 7)) == (
        "−8.2%",
        "+10.0%",
        "—",
        "—",
        "0.0%",
    )


def test_what_the_ledger_keeps_holds_nothing_of_the_reporter() -> None:
    walk = began(counted_street(), text="三号楼王阿姨家的灯", nickname="王阿姨")
    text = msgspec.json.encode(figures_of(walk.case, walk.street)).decode()
    assert "王阿姨" not in text
    assert "灯" not in text
    assert walk.case.phone_mac not in text.split('"')
