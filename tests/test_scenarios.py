"""The five streets, scenario by scenario, over HTTP with the moved clock; and that nothing the ladder promises is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.streetfile.compile import load
from tests import canaries
from tests.scenario_book import Book, Scenario, books
from tests.scenario_stage import Stage
from tests.world import open_world

STREETS = Path(__file__).parent.parent / "infra" / "streets"
BOOKS = books()
# mission.md's rows that a ladder shows, and each rung of the five streets.
ROWS = {*(f"B{n}" for n in range(1, 8)), *(f"D{n}" for n in range(1, 6)), *(f"E{n}" for n in range(1, 4))}
STORIES = {f"story {n}" for n in range(1, 7)}
AT_LEAST = 30
# What the reporters of the scenarios leave; the staff's follow from the order in which they are hired.
PHONES = ("021-0012 7788", "021-0012 7799", "021-0012 7701")


def all_scenarios() -> list[tuple[Book, Scenario]]:
    return [(book, scenario) for book in BOOKS for scenario in book.scenarios]


TOLD = [pytest.param(*pair, id=f"{pair[0].street}: {pair[1].title}") for pair in all_scenarios()]


@pytest.mark.parametrize(("book", "scenario"), TOLD)
def test_scenario(
    book: Book,
    scenario: Scenario,
    tmp_path: Path,
    moto: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Comes out as written, and leaves no phone readable behind: not in a table, an object, a message or a log line."""
    with open_world(moto, tmp_path, street_file=STREETS / f"{book.street}.toml") as world:
        stage = Stage(world, book.people)
        stage.hire_all()
        stage.perform(scenario)
        phones = [*PHONES, *(f"021-0012 {3000 + number}" for number in range(len(book.people)))]
        said = capfd.readouterr()
        assert canaries.leaks(world, phones, caplog.text + said.out + said.err) == []


def test_there_are_thirty_scenarios_and_each_street_has_its_own() -> None:
    assert len(all_scenarios()) >= AT_LEAST
    assert {book.street for book in BOOKS} == {path.stem for path in STREETS.glob("*.toml")}


def test_every_row_every_story_and_every_rung_is_covered() -> None:
    covered = {cover for _, scenario in all_scenarios() for cover in scenario.covers}
    rungs = {f"{path.stem} {rung.id}" for path in STREETS.glob("*.toml") for rung in load(path)[0].rungs}
    assert (ROWS | STORIES | rungs) - covered == set()
    assert covered - (ROWS | STORIES | rungs) == set()
