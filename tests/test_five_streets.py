"""The five streets: one code, five files. Each enters, sorts, follows up and leads out as it says; none has code of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from chalicelib.street import Place, Street
from infra.streetfile import vocabulary as words
from infra.streetfile.compile import load
from infra.streetfile.workings import default_reasons

ROOT = Path(__file__).parent.parent
STREETS = ROOT / "infra" / "streets"
FIVE = ("changqiao", "huajing", "tianping", "yuejincun", "zhujing-jinlai")
# A street by any of these has code of its own.
NAMES = (*FIVE, "zhujing", "jinlai", "长桥", "华泾", "朱泾", "金来", "天平", "跃进村")
CODE = {".py", ".html", ".css", ".js", ".json", ".toml", ".sh"}


@cache
def street_of(name: str) -> tuple[Street, list[Place]]:
    return load(STREETS / f"{name}.toml")


def test_the_five_ship() -> None:
    assert tuple(sorted(path.stem for path in STREETS.glob("*.toml"))) == FIVE


def test_no_street_is_named_in_code() -> None:
    rooms = [ROOT / "chalicelib", ROOT / "infra", ROOT / "benchmarks"]
    files = [ROOT / "app.py", ROOT / "Makefile", ROOT / "pyproject.toml"]
    files += [file for room in rooms for file in room.rglob("*") if file.suffix in CODE and STREETS not in file.parents]
    assert len(files) > 100
    found = [(file.name, name) for file in files for name in NAMES if name in file.read_text("utf-8").lower()]
    assert found == []


@pytest.mark.parametrize(
    ("name", "brand", "city", "committees"),
    [
        ("changqiao", "民情二维码", "上海市", 33),
        ("huajing", "码上就来", "上海市", 24),
        ("zhujing-jinlai", "民意直通·小事快办", "上海市", 1),
        ("tianping", "民情快办", "上海市", 20),
        ("yuejincun", "跃情码上办", "重庆市", 8),
    ],
)
def test_each_has_its_brand_and_its_tree_with_codes_at_every_community(name: str, brand: str, city: str, committees: int) -> None:
    street, places = street_of(name)
    assert (street.brand.zh, street.city.zh, len(street.committees)) == (brand, city, committees)
    for community in street.communities:
        assert sum(place.community == community.id for place in places) >= 2
    assert any(not place.community for place in places)
    assert {place.committee for place in places} == set(street.committee_by_id)


ENTRIES = [
    # a scan has no class yet; a class sends it on where the rung sorts (分流)
    ("changqiao", "qr", "", "centre"),
    ("changqiao", "visit", "", "committee"),
    ("changqiao", "hotline_12345", "", "centre"),
    ("changqiao", "register", "group_rental", "verifier"),
    *(("huajing", channel, "", "station") for channel in words.CHANNELS),
    ("huajing", "qr", "consult", "station"),
    ("huajing", "qr", "facility", "facility"),
    ("huajing", "phone", "complex", "zone"),
    ("huajing", "qr", "hard", "tracked"),
    ("zhujing-jinlai", "qr", "", "committee"),
    ("zhujing-jinlai", "phone", "", "committee"),
    ("zhujing-jinlai", "hotline_12345", "", "grid"),
    ("tianping", "qr", "", "station"),
    ("tianping", "walk_in", "simple", "station"),
    ("tianping", "phone", "urgent", "urgent"),
    ("tianping", "qr", "hard", "zone"),
    ("yuejincun", "qr", "", "station"),
    ("yuejincun", "qr", "complex", "station"),  # going up is a person's decision
    ("yuejincun", "petition", "", "centre"),
]


@pytest.mark.parametrize(("name", "channel", "case_class", "rung"), ENTRIES)
def test_reports_enter_where_the_street_says(name: str, channel: str, case_class: str, rung: str) -> None:
    assert street_of(name)[0].entry_rung(channel, case_class).id == rung


OFFICES = {
    "changqiao": {
        "committee": ("committee", "committee", "centre", "centre"),
        "centre": ("dispatcher", "street", None, None),
        "zone": ("zone_head", "zone", "centre", None),
        "verifier": ("verifier", "committee", "centre", None),
    },
    "huajing": {
        "station": ("dispatcher", "zone", "zone", None),
        "facility": ("grid_worker", "zone", "zone", None),
        "zone": ("zone_head", "zone", "tracked", None),
        "tracked": ("dispatcher", "street", None, None),
    },
    "zhujing-jinlai": {
        "committee": ("committee", "committee", "grid", "grid"),
        "grid": ("dispatcher", "zone", None, None),
    },
    "tianping": {
        "station": ("station_head", "zone", "zone", None),
        "urgent": ("grid_worker", "zone", "zone", None),
        "zone": ("zone_head", "zone", None, None),
    },
    "yuejincun": {
        "station": ("station_head", "committee", "centre", None),
        "centre": ("dispatcher", "street", None, None),
    },
}


@pytest.mark.parametrize("name", FIVE)
def test_who_works_each_rung_and_where_it_passes_up_and_is_passed_over(name: str) -> None:
    rungs = street_of(name)[0].rungs
    assert {rung.id: (rung.role, rung.scope, rung.pass_up, rung.late) for rung in rungs} == OFFICES[name]


@pytest.mark.parametrize(
    ("name", "preliminary", "visit", "visitors", "micro_grid"),
    [
        ("changqiao", False, False, (), True),
        ("huajing", True, True, ("dispatcher",), False),
        ("zhujing-jinlai", False, True, ("committee",), False),
        ("tianping", False, True, ("station_head",), False),
        ("yuejincun", False, True, ("station_head",), False),
    ],
)
def test_which_follow_ups_are_gates_and_who_makes_them(
    name: str, preliminary: bool, visit: bool, visitors: tuple[str, ...], micro_grid: bool
) -> None:
    terms = street_of(name)[0].follow_up
    assert (terms.preliminary, terms.visit, terms.visitors, terms.micro_grid) == (preliminary, visit, visitors, micro_grid)


@pytest.mark.parametrize(
    ("name", "documents"),
    [
        ("changqiao", {"centre": ["district"]}),
        ("huajing", {"zone": ["survey", "district"], "tracked": ["district"]}),
        ("zhujing-jinlai", {"grid": ["district"]}),
        ("tianping", {}),
        ("yuejincun", {"centre": ["suggestion", "visit_day", "district"]}),
    ],
)
def test_the_ways_out_of_the_ladder_and_what_is_written_for_them(name: str, documents: dict[str, list[str]]) -> None:
    street = street_of(name)[0]
    found = {rung.id: [street.exit_by_id[way].document for way in rung.exits] for rung in street.rungs if rung.exits}
    assert found == documents


def test_only_where_the_street_says_lateness_passes_a_rung_over() -> None:
    passing = {name: {clock.id for clock in street_of(name)[0].clocks.values() if "escalate" in clock.action} for name in FIVE}
    assert passing == {
        "changqiao": {"committee_accept", "committee_handle"},
        "zhujing-jinlai": {"committee_accept", "committee_handle"},
        "huajing": set(),
        "tianping": set(),
        "yuejincun": set(),
    }


@pytest.mark.parametrize("name", FIVE)
def test_only_a_persons_reply_stops_a_feedback_clock(name: str) -> None:
    from chalicelib.casework.events import FIRST_REPLIES, PERSON_REPLIES

    clocks = [clock for clock in street_of(name)[0].clocks.values() if set(clock.stop) >= FIRST_REPLIES and clock.channels]
    assert all(set(clock.stop) == PERSON_REPLIES for clock in clocks)
    assert len(clocks) == (1 if name in {"changqiao", "huajing", "yuejincun"} else 0)


@pytest.mark.parametrize("name", FIVE)
def test_every_rung_can_be_told_and_every_step_up_is_approved_by_somebody(name: str) -> None:
    street = street_of(name)[0]
    assert all(street.approvals.roles(kind) for kind in words.APPROVALS)
    assert street.reasons == default_reasons()
    told = {(notice.on, notice.to, notice.template) for notice in street.notices}
    assert {
        ("submitted", "reporter", "received"),
        ("entered", "office", "new"),
        ("dispatched", "partners", "dispatched"),
        ("extended", "reporter", "extended"),
        ("long_run_started", "reporter", "extended"),
        ("supervised", "office", "supervised"),
        ("urged", "office", "near"),
        ("urged", "partners", "near"),
        ("urged", "visitors", "near"),
        ("due", "tell", "near"),
        ("hazard", "contacts", "hazard"),
        ("lapsed", "lead", "late"),
        ("lapsed", "tell", "late"),
    } <= told


def test_a_street_may_word_its_own_reasons(tmp_path: Path) -> None:
    text = (STREETS / "changqiao.toml").read_text("utf-8")
    own = '[reasons]\nrefusal = [{ id = "ours_not", name = { zh = "非我职责", en = "Not ours" } }]\n\n[approvals]\n'
    (tmp_path / "changqiao.toml").write_text(text.replace("[approvals]\n", own), "utf-8")
    (tmp_path / "changqiao.csv").write_text((STREETS / "changqiao.csv").read_text("utf-8"), "utf-8")
    reasons = load(tmp_path / "changqiao.toml")[0].reasons
    assert [option.name.zh for option in reasons.refusal] == ["非我职责"]
    assert reasons.extension == default_reasons().extension
