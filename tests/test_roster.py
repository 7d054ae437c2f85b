"""The duty roster: who of an office is told, by weekday and hour of the street; and the operator's file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.casework.sending_rules import Span, on_duty
from chalicelib.models import staff
from infra.roster import main, weekdays
from tests import steps
from tests.strict_sms import StrictSms
from tests.world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
GRANT = "dispatcher@street"
HEAD = "grant,weekdays,from,to,username\n"


def at(day: int, clock: str) -> datetime:
    """A day of November 2026 in Shanghai: the 16th is a Monday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "clock", "on"),
    [
        (16, "17:59", False),
        (16, "18:00", True),
        (16, "23:59", True),
        (17, "00:00", True),
        (17, "07:59", True),
        (17, "08:00", False),
        (17, "18:00", False),
        (15, "23:00", False),
        (16, "07:00", False),
    ],
)
def test_a_duty_over_midnight_belongs_to_the_day_on_which_it_begins(day: int, clock: str, on: bool) -> None:
    assert on_duty([Span(1, "18:00", "08:00", "A")], at(day, clock), SHANGHAI) == ({"A"} if on else set())


def test_sundays_night_ends_on_monday_morning() -> None:
    night = [Span(7, "22:00", "06:00", "A")]
    assert on_duty(night, at(16, "05:59"), SHANGHAI) == {"A"}
    assert on_duty(night, at(16, "06:00"), SHANGHAI) == set()


@pytest.mark.parametrize(("clock", "on"), [("07:59", False), ("08:00", True), ("17:59", True), ("18:00", False)])
def test_a_duty_within_a_day_ends_before_its_last_minute(clock: str, on: bool) -> None:
    assert bool(on_duty([Span(3, "08:00", "18:00", "A")], at(18, clock), SHANGHAI)) is on


@given(minute=st.integers(0, 7 * 1440 - 1), begin=st.integers(0, 1439), length=st.integers(1, 1440), day=st.integers(1, 7))
def test_a_duty_covers_exactly_its_minutes_of_the_week(minute: int, begin: int, length: int, day: int) -> None:
    end = (begin + length) % 1440
    span = Span(day, f"{begin // 60:02d}:{begin % 60:02d}", f"{end // 60:02d}:{end % 60:02d}", "A")
    now = at(16 + minute // 1440, f"{minute % 1440 // 60:02d}:{minute % 60:02d}")
    first = (day - 1) * 1440 + begin
    assert bool(on_duty([span], now, SHANGHAI)) == ((minute - first) % (7 * 1440) < length)


def office(world: World) -> StrictSms:
    """A dispatcher for the day and one for the night, and a third who does field work."""
    sms = StrictSms()
    wiring.use(clock=world.clock, sms=sms)
    for name in ("day", "night", "field"):
        world.hire("dispatcher", "street", username=name)
    return sms


def names(sms: StrictSms) -> list[str]:
    """Who was told: `hire` numbers the phones from one up."""
    return sorted(("day", "night", "field")[int(message.phone[-1]) - 1] for message in sms.out)


def import_file(tmp_path: Path, text: str) -> int:
    file = tmp_path / "roster.csv"
    file.write_text(text, "utf-8")
    return main(["import", str(file)])


def test_who_is_on_duty_is_told_and_nobody_else(world: World, tmp_path: Path) -> None:
    sms = office(world)
    assert import_file(tmp_path, HEAD + f"{GRANT},1-7,08:00,20:00,day\n{GRANT},1-7,20:00,08:00,night\n") == 0
    steps.reported(world, phone="")
    world.deliver()
    assert names(sms) == ["day"]
    world.clock.advance(hours=14)
    steps.reported(world, phone="")
    world.deliver()
    assert names(sms) == ["day", "night"], "it is midnight, and a new case goes to whoever is on duty at once"


def test_with_nobody_on_duty_everybody_is_told(world: World, tmp_path: Path) -> None:
    sms = office(world)
    import_file(tmp_path, HEAD + f"{GRANT},6-7,08:00,20:00,day\n")
    steps.reported(world, phone="")
    world.deliver()
    assert names(sms) == ["day", "field", "night"]


def test_who_no_longer_holds_the_office_is_not_told_by_an_old_roster(world: World, tmp_path: Path) -> None:
    sms = office(world)
    import_file(tmp_path, HEAD + f"{GRANT},1-7,08:00,20:00,day\n{GRANT},1-7,08:00,20:00,field\n")
    gone = staff.by_username("day")
    assert gone is not None
    staff.StaffItem(f"G#{GRANT}", gone.pk).delete()
    steps.reported(world, phone="")
    world.deliver()
    assert names(sms) == ["field"]


def test_an_import_replaces_the_grants_it_names_and_lists_as_a_file(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office(world)
    world.hire("zone_head", "zone:z1", username="head")
    first = HEAD + f'{GRANT},"6,7",18:00,08:00,night\nzone_head@zone:z1,1,09:00,17:00,HEAD\n'
    assert import_file(tmp_path, "\ufeff" + first) == 0
    assert import_file(tmp_path, HEAD + f"{GRANT},1-2,08:00,20:00,day\n") == 0
    capsys.readouterr()
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert listed == HEAD + f"{GRANT},1,08:00,20:00,day\n{GRANT},2,08:00,20:00,day\nzone_head@zone:z1,1,09:00,17:00,head\n"
    assert import_file(tmp_path, listed) == 0
    assert main(["clear", GRANT]) == 0
    capsys.readouterr()
    assert main(["list", GRANT]) == 0
    assert capsys.readouterr().out == HEAD


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("grant,days,from,to,username\n", "row 1 is 'grant,days,from,to,username'; write grant,weekdays,from,to,username"),
        (HEAD, "row 2: there is none"),
        (HEAD + f"{GRANT},0-5,08:00,20:00,day\n", "row 2, weekdays: '0-5'"),
        (HEAD + f"{GRANT},,08:00,20:00,day\n", "row 2, weekdays: ''"),
        (HEAD + f"{GRANT},6,7,08:00,20:00,day\n", "row 2: it has not 5 columns"),
        (HEAD + f"{GRANT},1,8:00,20:00,day\n", "row 2, from: '8:00'"),
        (HEAD + f"{GRANT},1,08:00,24:00,day\n", "row 2, to: '24:00'"),
        (HEAD + f"{GRANT},1,08:00,20:00,day\n{GRANT},1,08:00,20:00,noone\n", "row 3, username: there is nobody called 'noone'"),
        (HEAD + "zone_head@zone:z1,1,08:00,20:00,day\n", "row 2, username: 'day' does not hold zone_head@zone:z1"),
        (HEAD + "zone_head@zone:z9,1,08:00,20:00,day\n", "row 2, grant: 'zone_head@zone:z9': no such unit"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_and_nothing_is_replaced(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    office(world)
    import_file(tmp_path, HEAD + f"{GRANT},1-7,00:00,00:00,night\n")
    before = staff.rosters()
    assert import_file(tmp_path, text) == 2
    assert said in capsys.readouterr().err
    assert staff.rosters() == before


@pytest.mark.parametrize(
    ("text", "days"),
    [("1-5", [1, 2, 3, 4, 5]), ("6,7", [6, 7]), ("5-1", [1, 5, 6, 7]), ("1、3 5", [1, 3, 5]), ("7", [7]), ("8", []), ("1-", [])],
)
def test_weekdays_are_written_as_people_write_them(text: str, days: list[int]) -> None:
    assert weekdays(text) == days
