"""Street files: the shipped one loads and compiles to the same bytes; durations, lines and holidays are read as written."""

from __future__ import annotations

import shutil
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.casework.notices import FILLS
from chalicelib.casework.numbers import is_text
from chalicelib.street import Duration, read_places, read_street
from infra.streetfile import vocabulary as words
from infra.streetfile.__main__ import main
from infra.streetfile.compile import load, write
from infra.streetfile.contrast import white_on
from infra.streetfile.holidays import published
from infra.streetfile.locate import KeyPath, Lines
from infra.streetfile.problems import StreetFileError
from infra.streetfile.reader import parse_duration

STREETS = Path(__file__).parent.parent / "infra" / "streets"
CHANGQIAO = STREETS / "changqiao.toml"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

SHIPPED = sorted(STREETS.glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_street_loads_and_round_trips(path: Path, tmp_path: Path) -> None:
    street, places = load(path)
    street_json, places_json = write(path, tmp_path)
    assert read_street(street_json) == street
    assert list(read_street(street_json).clocks) == list(street.clocks)
    assert list(read_places(places_json).values()) == places


def test_compiling_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write(CHANGQIAO, tmp_path / "a")]
    second = [path.read_bytes() for path in write(CHANGQIAO, tmp_path / "b")]
    assert first == second


def test_changqiao_has_its_33_committees_each_with_places_in_and_outside_the_walls() -> None:
    street, places = load(CHANGQIAO)
    assert len(street.committees) == 33
    assert len(street.zones) == 5
    communities = Counter(community.committee for community in street.communities)
    assert all(2 <= communities[committee.id] <= 4 for committee in street.committees)
    hung = Counter(place.committee for place in places)
    assert all(hung[committee.id] >= 4 for committee in street.committees)
    outside = Counter(place.committee for place in places if not place.community)
    assert set(outside) == set(street.committee_by_id)
    assert {place.kind for place in places} == set(words.PLACE_KINDS)
    assert all(is_text(place.id, 6) for place in places)
    assert [kind.id for kind in street.kinds] == list(words.KINDS)
    assert street.brand.zh == "民情二维码"
    assert [category.name.zh for category in street.categories] == [
        "社区硬件设施",
        "物业管理",
        "绿化养护",
        "民生服务",
        "周边配套",
    ]
    assert set(street.sms.templates) == set(words.TEMPLATES)


@pytest.mark.parametrize(
    ("channel", "case_class", "rung"),
    [
        ("qr", "", "centre"),
        ("qr", "facility", "centre"),
        ("visit", "", "committee"),
        ("phone", "simple", "committee"),
        ("committee", "", "centre"),
        ("hotline_12345", "", "centre"),
        ("register", "group_rental", "verifier"),
        ("committee", "group_rental", "verifier"),
    ],
)
def test_changqiao_reports_enter_where_the_street_says(channel: str, case_class: str, rung: str) -> None:
    street, _ = load(CHANGQIAO)
    assert street.entry_rung(channel, case_class).id == rung


def test_changqiao_clocks_line_by_line() -> None:
    clocks = load(CHANGQIAO)[0].clocks
    assert {name: (str(clock.late), clock.basis) for name, clock in clocks.items()} == {
        "committee_accept": ("1wd", "assumed"),
        "committee_handle": ("3d", "assumed"),
        "contact": ("1wd", "assumed"),
        "centre_dispatch": ("30m", "assumed"),
        "zone_accept": ("1wd", "assumed"),
        "whole_case": ("7d", "stated"),
        "mirror_12345": ("15wd", "stated"),
        "petition_accept": ("15d", "assumed"),
        "petition_finish": ("60d", "assumed"),
        "redo": ("3wd", "assumed"),
        "rental_verify": ("1d", "stated"),
        "rental_correct": ("2d", "stated"),
        "report_in": ("1wd", "assumed"),
        "long_run": ("0m", "assumed"),  # until the date of its plan
        "long_run_review": ("30d", "assumed"),
        "supervision_feedback": ("3wd", "assumed"),
        "micro_visit": ("1wd", "assumed"),
        "recurrence_7": ("7d", "assumed"),
        "recurrence_30": ("30d", "assumed"),
    }
    assert clocks["mirror_12345"].channels == ("hotline_12345",)
    assert clocks["committee_handle"].action == ("escalate",)


MINUTES = {"m": 1, "h": 60, "d": 1440, "wd": 1440}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_reminders_follow_the_common_defaults(path: Path) -> None:
    """Half time up to an hour, an hour before up to a day, otherwise a working day before; dates to remember have none."""
    for clock in load(path)[0].clocks.values():
        minutes = clock.late.amount * MINUTES[clock.late.unit]
        if not clock.counts:
            assert clock.warn is None, clock.id
        elif clock.until or minutes > 1440:
            assert str(clock.warn) == "1wd", clock.id
        elif minutes <= 60:
            assert clock.warn == Duration(minutes // 2, "m"), clock.id
        else:
            assert str(clock.warn) == "1h", clock.id


def test_notices_name_only_templates_that_can_be_filled() -> None:
    street, _ = load(CHANGQIAO)
    assert {notice.template for notice in street.notices} <= set(FILLS)
    assert set(FILLS) <= set(words.TEMPLATES)


def test_the_calendar_is_the_published_one_with_the_streets_days_over_it(tmp_path: Path) -> None:
    assert {"2026-10-01", "2026-10-07"} <= load(CHANGQIAO)[0].calendar.holidays
    assert "2026-10-10" in load(CHANGQIAO)[0].calendar.workdays
    text = CHANGQIAO.read_text("utf-8")
    text = text.replace("holidays = []", 'holidays = [2027-02-08, "2026-10-10"]').replace(
        "workdays = []", 'workdays = ["2027-02-13"]\nknown_to = 2027-12-31'
    )
    own = copy(tmp_path, text)
    calendar = load(own)[0].calendar
    assert {"2027-02-08", "2026-10-10"} <= calendar.holidays
    assert "2026-10-10" not in calendar.workdays
    assert "2027-02-13" in calendar.workdays
    assert calendar.known_to == "2027-12-31"
    assert published().known_to >= "2026-12-31"


def copy(tmp_path: Path, text: str) -> Path:
    target = tmp_path / CHANGQIAO.name
    target.write_text(text, "utf-8")
    shutil.copy(CHANGQIAO.with_suffix(".csv"), tmp_path)
    return target


def test_files_from_windows_editors_are_taken(tmp_path: Path) -> None:
    for path in (CHANGQIAO, CHANGQIAO.with_suffix(".csv")):
        text = path.read_text("utf-8").replace("\n", "\r\n")
        (tmp_path / path.name).write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    assert load(tmp_path / CHANGQIAO.name) == load(CHANGQIAO)


def test_the_command_says_ok_with_counts_and_warns_of_the_calendars_end(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([str(CHANGQIAO), "--out", str(tmp_path)], NOW) == 0
    said = capsys.readouterr().out
    assert "ok: 长桥街道, 5 zones, 33 committees" in said
    assert (tmp_path / "street.json").exists() and (tmp_path / "places.json").exists()
    assert ("warning" in said) == (load(CHANGQIAO)[0].calendar.known_to < "2027-01-21")


def test_the_command_lists_every_problem_and_exits_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = CHANGQIAO.read_text("utf-8").replace("schema = 1", "schema = 2").replace('role = "dispatcher"', 'role = "dispatchr"')
    own = copy(tmp_path, text)
    assert main([str(own)], NOW) == 2
    said = capsys.readouterr().err
    assert "schema = 2" in said
    assert 'did you mean "dispatcher"?' in said
    assert "refused, 2 to mend" in said
    assert main([str(tmp_path / "absent.toml")], NOW) == 2


@given(st.integers(min_value=1, max_value=9999), st.sampled_from(words.UNITS))
def test_a_duration_reads_as_it_is_written(amount: int, unit: str) -> None:
    assert parse_duration(f"{amount}{unit}") == Duration(amount, unit)
    assert str(parse_duration(f"{amount}{unit}")) == f"{amount}{unit}"


@given(st.text(max_size=12))
def test_no_other_text_is_a_duration(text: str) -> None:
    found = parse_duration(text)
    assert found is None or (str(found) == text and found.amount > 0 and found.unit in words.UNITS)


@pytest.mark.parametrize(
    "text", ["", "0m", "5", "m", "5 m", "05m", "-5m", "5M", "5wds", "1.5h", "99999d", "5m ", "５m", "5s", "3w"]
)
def test_durations_that_are_none(text: str) -> None:
    assert parse_duration(text) is None


SAMPLE = '''schema = 1 # a = "comment"
[a]
x.y = 3
"quoted key" = 'one'
long = """
[not.a.table]
key = 1
"""

[[list]]
id = "first"
[[list.below]]
id = "deep"
[list.side]
k = [ 1,
  2, # two, [ three
  { p = "]", q = [
    4 ] },
]
[[list]]
id = "second"
[[list.below]]
v = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("schema",), 1),
        (("a",), 2),
        (("a", "x", "y"), 3),
        (("a", "quoted key"), 4),
        (("a", "long"), 5),
        (("a", "absent"), 2),
        (("list",), 10),
        (("list", 0), 10),
        (("list", 0, "id"), 11),
        (("list", 0, "below", 0, "id"), 13),
        (("list", 0, "side", "k"), 15),
        (("list", 0, "side", "k", 1), 16),
        (("list", 0, "side", "k", 2, "p"), 17),
        (("list", 0, "side", "k", 2, "q", 0), 18),
        (("list", 1, "id"), 21),
        (("list", 1, "below", 0, "v"), 23),
        (("absent",), 1),
    ],
)
def test_keys_are_found_on_their_lines(path: KeyPath, line: int) -> None:
    assert tomllib.loads(SAMPLE)
    assert Lines(SAMPLE).of(path) == line


def test_contrast_is_wcag() -> None:
    assert white_on("#000000") == pytest.approx(21)
    assert white_on("#FFFFFF") == pytest.approx(1)
    assert white_on("#183E7C") == pytest.approx(10.4, abs=0.05)
    assert white_on("#767676") == pytest.approx(4.54, abs=0.01)


def test_problems_are_listed_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = CHANGQIAO.read_text("utf-8").replace('late = "7d"', 'late = "7x"', 1).replace("rate_days = 30", "rate_days = 0")
    own = copy(tmp_path, text.replace('domain = "changqiao.example"', 'domain = "https://changqiao.example"'))
    with pytest.raises(StreetFileError) as raised:
        load(own)
    lines = [problem.line for problem in raised.value.problems]
    assert len(lines) == 3
    assert lines == sorted(lines)
