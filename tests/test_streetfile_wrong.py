"""Wrong street files are refused with the key, the line and what would be right; one mistake gives one problem, not a cascade."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.streetfile.compile import load
from tests.wrong_identity import IDENTITY
from tests.wrong_ladder import LADDER
from tests.wrong_street import CHANGQIAO, CSV, TEXT, Wrong, refused
from tests.wrong_workings import WORKINGS

MISTAKES = IDENTITY + LADDER + WORKINGS


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: wrong.name)
def test_a_mistake_is_named_with_key_line_and_remedy(wrong: Wrong, tmp_path: Path) -> None:
    assert wrong.old in TEXT
    before, _, after = TEXT.partition(wrong.old)
    head, marked, tail = wrong.new.partition("@")
    text = before + head + tail + after
    if wrong.name == "holiday and working day":
        text = text.replace("holidays = []", "holidays = [2026-12-05]")
    problems = refused(tmp_path, text)
    assert len(problems) == 1, problems
    problem = problems[0]
    assert problem.key == wrong.key
    assert wrong.what in problem.what
    assert wrong.remedy in problem.remedy
    if marked:
        assert problem.line == (before + head).count("\n") + 1
    else:  # a missing key: the line of its table; a wrong order of things: the line of the key named
        assert 1 <= problem.line <= text.count("\n")
        name = problem.key.split(".")[-1]
        line = text.split("\n")[problem.line - 1]
        assert line.startswith(("[", "#", name, name.split("[")[0], "id =", "template ="))


def test_there_are_enough_mistakes() -> None:
    assert len(MISTAKES) >= 40


def test_a_missing_key_points_at_its_table(tmp_path: Path) -> None:
    problem = refused(tmp_path, TEXT.replace('phone = "021-0012 3456"\n', ""))[0]
    assert TEXT.split("\n")[problem.line - 1] == "[street]"
    assert problem.value == "(missing)"


def test_a_committee_without_community_is_refused(tmp_path: Path) -> None:
    text = TEXT + '\n[[committees]]\nid = "c99"\nzone = "z1"\nname = "示例新设居委会"\n'
    places = CSV + "ZZZZZZ,building,1号楼,Building 1,c99,,1\n"
    (problem,) = refused(tmp_path, text, places)
    assert problem.key == "committees[c99].communities"
    assert text.split("\n")[problem.line - 1] == "[[committees]]"
    assert "[[committees.communities]]" in problem.remedy


def test_a_committee_without_place_is_refused(tmp_path: Path) -> None:
    text = TEXT + '\n[[committees]]\nid = "c99"\nzone = "z1"\nname = "示例新设居委会"\n'
    text += '[[committees.communities]]\nid = "c99a"\nname = "示例新苑"\n'
    (problem,) = refused(tmp_path, text)
    assert problem.key == "committees[c99].id"
    assert text.split("\n")[problem.line - 1] == 'id = "c99"'
    assert "has no place in changqiao.csv" in problem.what


def test_a_class_that_enters_nowhere_is_refused(tmp_path: Path) -> None:
    everything_else = '{ channels = ["qr", "open311", "committee", "hotline_12345", "petition"] }'
    others = ", ".join(f'"{name}"' for name in ("consult", "simple", "facility", "urgent", "complex", "hard"))
    text = TEXT.replace(everything_else, f"{{ classes = [{others}] }}").replace(
        'enters = [{ channels = ["visit", "phone", "walk_in", "assisted", "patrol", "meeting", "register"] }]',
        f"enters = [{{ classes = [{others}] }}]",
    )
    text = text.replace(
        'channels = ["committee", "register", "visit", "patrol", "phone", "walk_in"], classes = ["group_rental"]',
        'classes = ["hard"]',
    )
    problems = refused(tmp_path, text)
    assert any(problem.key == "classes[group_rental].id" and "enters nowhere" in problem.what for problem in problems)


def test_all_mistakes_of_both_files_come_at_once(tmp_path: Path) -> None:
    text = (
        TEXT.replace("schema = 1", "schema = 3").replace('role = "verifier"', 'role = "x"').replace("[follow_up]", "[followup]")
    )
    problems = refused(tmp_path, text, CSV.replace(",building,", ",bilding,", 1))
    assert {problem.key for problem in problems} == {
        "schema",
        "rungs[verifier].role",
        "followup",
        "row 2, column kind",
    }


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, TEXT.encode("gb18030"))
    assert problem.line == 1
    assert "not UTF-8" in problem.what


def test_reports_cannot_enter_at_communities_when_places_stand_outside_the_walls(tmp_path: Path) -> None:
    text = TEXT.replace('role = "committee"\nscope = "committee"', 'role = "committee"\nscope = "community"')
    (problem,) = refused(tmp_path, text)
    assert problem.key == "rungs[committee].scope"
    assert "outside the walls" in problem.what


def test_nothing_at_all_is_refused_without_a_crash(tmp_path: Path) -> None:
    problems = refused(tmp_path, "", "")
    assert {"schema", "street", "zones", "committees", "rungs", "clocks", "sms"} <= {problem.key for problem in problems}


@pytest.mark.parametrize("table", ["street", "sms", "retention", "follow_up", "clocks", "calendar"])
def test_a_table_that_is_none_is_refused_without_a_crash(table: str, tmp_path: Path) -> None:
    start = TEXT.index(f"[{table}" if table != "clocks" else "[clocks.committee_accept]")
    problems = refused(tmp_path, f"{table} = 3\n" + TEXT[:start].replace(f"[{table}]", "") + "\n")
    assert any(problem.key == table and "not a table" in problem.what and problem.line == 1 for problem in problems)


def test_the_shipped_copy_would_load(tmp_path: Path) -> None:
    """Guards the cases above: without their one change the copied files are right."""
    shutil.copy(CHANGQIAO, tmp_path)
    shutil.copy(CHANGQIAO.with_suffix(".csv"), tmp_path)
    assert load(tmp_path / CHANGQIAO.name)[0].id == "changqiao"


# ---- What one table promises another: a way that leads nowhere may stand in several places at once -----------------------------


@pytest.mark.parametrize(
    ("old", "new", "keys", "what"),
    [
        (
            'long_run = ["supervisor"]\n',
            "",
            {"clocks.long_run.start", "clocks.long_run_review.start"},
            "never happens in this street",
        ),
        (
            'extend = ["dispatcher", "supervisor"]\n',
            "",
            {"clocks.committee_handle.extend", "clocks.whole_case.extend"},
            "nobody approves it",
        ),
        (
            '"department", ',
            "",
            {"departments[management].id"},
            "no rung dispatches to",
        ),
    ],
)
def test_a_promise_that_nobody_keeps_is_refused_wherever_it_stands(
    old: str, new: str, keys: set[str], what: str, tmp_path: Path
) -> None:
    assert old in TEXT
    text = TEXT.replace('dispatch = ["department", "contact"]', 'dispatch = ["department", "committee"]').replace(old, new)
    problems = refused(tmp_path, text)
    assert {problem.key for problem in problems} == keys
    assert all(what in problem.what for problem in problems)


@pytest.mark.parametrize(
    ("table", "what"),
    [("departments", "names departments, and there are none"), ("contacts", "names contacts, and there are none")],
)
def test_dispatching_to_whom_the_file_does_not_name_is_refused(table: str, what: str, tmp_path: Path) -> None:
    kept, dropped = [], False
    for line in TEXT.split("\n"):
        if line.startswith("["):
            dropped = line == f"[[{table}]]"
        if not dropped:
            kept.append(line)
    problems = refused(tmp_path, "\n".join(kept))
    assert {problem.key for problem in problems} == {"rungs[centre].dispatch", "rungs[zone].dispatch"}
    assert all(what in problem.what for problem in problems)
