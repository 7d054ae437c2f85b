"""Whatever goes wrong in the rooms around the cases: class cases and their outcome, lists and webhooks of other systems, what is
published, checked and received, and a street's way into a file and back.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.usecases import orders_import
from tests import fault_outside, fault_rooms
from tests.fault_record import SOAK
from tests.fault_runs import holds_under_faults
from tests.fault_script import Scenario
from tests.fault_town import open_whole_town
from tests.town import Moment, Town

# Where the machinery's hours follow each run, one is enough.
SAMPLE, SAMPLE_OF_HOURS = 2, 1
SCENARIOS = (*fault_rooms.SCENARIOS, *fault_outside.SCENARIOS)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_whole_town(tmp_path_factory.mktemp("town")) as made, pytest.MonkeyPatch.context() as patch:
        # A list of seven rows is taken in in four parts.
        patch.setattr(orders_import, "PART", 2)
        yield made


@pytest.fixture(scope="module")
def empty(town: Town) -> Moment:
    return town.moment()


@pytest.mark.timeout(7200 if SOAK else 120)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_whatever_goes_wrong_around_the_cases(town: Town, empty: Moment, scenario: Scenario) -> None:
    hours = scenario.after is fault_rooms.next_hours
    holds_under_faults(town, empty, scenario, SAMPLE_OF_HOURS if hours else SAMPLE)
