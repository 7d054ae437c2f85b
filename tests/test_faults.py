"""Whatever goes wrong at whichever call: let run on, the system keeps every promise, and ends where it would have ended anyway.

Each scenario is run once without faults, which counts its calls, and then once for each call and kind of fault. `make test` takes
a sample of these runs, another one each day, `make soak` (DOORSTEP_SOAK) all of them; what was tried is kept in
`.local/faults.json` and shown in docs/faults.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fault_record import SOAK
from tests.fault_runs import holds_under_faults
from tests.fault_scenarios import SCENARIOS
from tests.fault_script import Scenario
from tests.town import Moment, Town
from tests.town_built import open_town

# Runs for each scenario in `make test`; fewer where only the provider differs.
SAMPLE, SAMPLE_OF_WAYS = 8, 4


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(scope="module")
def empty(town: Town) -> Moment:
    return town.moment()


@pytest.mark.timeout(7200 if SOAK else 120)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_whatever_goes_wrong_at_whichever_call(town: Town, empty: Moment, scenario: Scenario) -> None:
    holds_under_faults(town, empty, scenario, SAMPLE_OF_WAYS if scenario.ways else SAMPLE)
