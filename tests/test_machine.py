"""Any order of anything, and every promise after each step. Short and always the same here; long and new in `make soak`.

The seed is printed when a life breaks and kept with what was lived; DOORSTEP_SEED lives the same lives again. Each life that
broke is written to `.local/lives/` at once, with its steps, so that nothing is lost when a run is broken off.
"""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests import fault_record
from tests.fault_record import SOAK
from tests.machine import Life
from tests.town_built import open_town

# (lives, steps in each): `make soak` says "2000x50".
SEED = int(os.environ.get("DOORSTEP_SEED") or (time.time() if SOAK else 1))
LIVES, STEPS = (int(part) for part in (SOAK if "x" in SOAK else "30x15").split("x"))


class Told:
    """Writes down lives that broke; the shortest one of a run is the one to read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broke: list[Path] = []

    def __call__(self, story: list[str], error: BaseException) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{SEED}-{len(self.broke) + 1:04d}-{len(story):03d}-steps.txt"
        again = f"DOORSTEP_SOAK={LIVES}x{STEPS} DOORSTEP_SEED={SEED} .venv/bin/python -m pytest --timeout 0 tests/test_machine.py"
        path.write_text("\n".join([again, "", *story, "", *traceback.format_exception(error)]), "utf-8")
        self.broke.append(path)


def lives_of(machine: type[RuleBasedStateMachine], lives: int, steps: int) -> None:
    run_state_machine_as_test(
        seed(SEED)(machine),
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            # Nothing is remembered from one run to the next: a seed says it all.
            database=None,
            # Fifteen steps can be read as they are; making them fewer may take longer than a test may.
            phases=(Phase.generate, Phase.shrink) if SOAK else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.mark.timeout(0 if SOAK else 120)
def test_a_street_keeps_its_promises_whatever_happens_in_whatever_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    told, began = Told(fault_record.LIVES), time.monotonic()
    with open_town(tmp_path_factory.mktemp("life")) as town:
        Life.town, Life.start, Life.told = town, town.moment(), told
        try:
            lives_of(Life, LIVES, STEPS)
        except Exception:
            fault_record.keep_lives(LIVES, STEPS, SEED, 1, time.monotonic() - began)
            shortest = min(told.broke, key=lambda path: path.stat().st_size, default=None)
            pytest.fail(
                f"DOORSTEP_SEED={SEED}\n{shortest.read_text('utf-8') if shortest else traceback.format_exc()}", pytrace=False
            )
    if SOAK:
        fault_record.keep_lives(LIVES, STEPS, SEED, 0, time.monotonic() - began)


class Clock(RuleBasedStateMachine):
    """A life of nothing, whose third hour breaks it."""

    told = Told(Path())

    @initialize()
    def begin(self) -> None:
        self.story: list[str] = []

    @rule()
    def strike(self) -> None:
        self.story.append("strike")
        if len(self.story) == 3:
            raise AssertionError("struck three")

    def teardown(self) -> None:
        Life.teardown(self)  # type: ignore[arg-type]  # what it needs of a life is here


def test_a_life_that_breaks_is_written_down_with_its_seed_and_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(tmp_path / "lives")
    monkeypatch.setattr(Life, "told", told, raising=False)
    monkeypatch.setattr(Clock, "_rest", lambda self: None, raising=False)
    with pytest.raises(AssertionError, match="struck three"):
        lives_of(Clock, 5, 5)
    written = told.broke[0].read_text("utf-8")
    assert f"DOORSTEP_SEED={SEED}" in written
    assert written.count("\nstrike") == 3
    assert "AssertionError: struck three" in written
