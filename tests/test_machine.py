"""Any order of anything, and every promise after each step. Short and always the same here; long and new in `make soak`."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine import Life
from tests.town_built import open_town

SOAK = os.environ.get("DOORSTEP_SOAK", "")
# (lives, steps in each): `make soak` says "2000x50".
LIVES, STEPS = (int(part) for part in (SOAK or "30x15").split("x"))


@pytest.mark.timeout(0 if SOAK else 120)
def test_a_street_keeps_its_promises_whatever_happens_in_whatever_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_town(tmp_path_factory.mktemp("life")) as town:
        Life.town, Life.start = town, town.moment()
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=LIVES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=not SOAK,
                # Fifteen steps can be read as they are; making them fewer may take longer than a test may.
                phases=(Phase.reuse, Phase.generate, Phase.shrink) if SOAK else (Phase.generate,),
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
