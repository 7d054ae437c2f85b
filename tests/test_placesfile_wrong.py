"""A wrong places CSV is refused with row, column and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wrong_street import CSV, TEXT, refused

ROW = 'K7M39Q,building,8号楼,"Building 8",c01,c01a,8'


@pytest.mark.parametrize(
    ("row", "column", "value", "what", "remedy"),
    [
        (ROW.replace("K7M39Q", "K7M39"), "id", '"K7M39"', "not a place id", "six characters"),
        (ROW.replace("K7M39Q", "K7M3OI"), "id", '"K7M3OI"', "not a place id", "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"),
        (ROW.replace("K7M39Q", "k7m39q"), "id", '"k7m39q"', "not a place id", "six characters"),
        (ROW.replace("building", "tower"), "kind", '"tower"', "no kind of place", "street_segment"),
        (ROW.replace("building", "buildng"), "kind", '"buildng"', "no kind of place", 'did you mean "building"?'),
        (ROW.replace("8号楼", ""), "name", "(missing)", "is empty", "what people call"),
        (ROW.replace("8号楼", "长" * 31), "name", f'"{"长" * 31}"', "31 characters", "at most 30"),
        (ROW.replace("8号楼", "8\ufffd楼"), "name", '"8\ufffd楼"', "wrong encoding", "CSV UTF-8"),
        (ROW.replace("c01,", "c77,"), "committee", '"c77"', "no committee", "c01"),
        (ROW.replace("c01a", "c01z"), "community", '"c01z"', "no community", 'did you mean "c01'),
        (ROW.replace("c01a", "c02a"), "community", '"c02a"', "belongs to committee c02", 'committee = "c02"'),
        (ROW + ",extra", "8", '"extra"', "one column too many", "quotes around"),
    ],
)  # fmt: skip
def test_a_wrong_place_is_named_by_row_and_column(
    row: str, column: str, value: str, what: str, remedy: str, tmp_path: Path
) -> None:
    lines = CSV.splitlines()
    lines.insert(5, row)
    (problem,) = refused(tmp_path, TEXT, "\n".join(lines) + "\n")
    assert problem.file.endswith("changqiao.csv")
    assert problem.line == 6
    assert problem.key == f"row 6, column {column}"
    assert problem.value == value
    assert what in problem.what
    assert remedy in problem.remedy


def test_places_that_stand_twice_are_refused(tmp_path: Path) -> None:
    lines = CSV.splitlines()
    again = lines[1].split(",")
    by_id, by_name = refused(tmp_path, TEXT, "\n".join([*lines, lines[1]]) + "\n")
    assert (by_id.key, by_name.key) == (f"row {len(lines) + 1}, column id", f"row {len(lines) + 1}, column name")
    assert "the id of row 2 too" in by_id.what and again[0] in by_id.value
    assert "the name of row 2 too" in by_name.what


@pytest.mark.parametrize(
    ("places", "key", "what"),
    [
        (CSV.replace("id,kind", "id,sort", 1), "row 1, column sort", "not a known column"),
        (CSV.replace("id,kind,", "id,", 1), "row 1, column kind", "is required but missing"),
        (CSV.replace("kind,name", "kind,kind", 1), "row 1, column kind", "stands twice"),
        ("", "row 1, column id", "is required but missing"),
        (CSV.encode("gb18030"), "row 2, column ?", "is not UTF-8"),
        (CSV + 'K7M39Q,building,"8号楼,Building 8,c01,c01a,8', f"row {CSV.count(chr(10)) + 1}, column ?", "is not CSV"),
        (None, "file", "can't be read"),
    ],
)  # fmt: skip
def test_a_wrong_places_file_is_refused(places: str | bytes | None, key: str, what: str, tmp_path: Path) -> None:
    problems = refused(tmp_path, TEXT, places)
    assert any(problem.key == key and what in problem.what for problem in problems), problems
