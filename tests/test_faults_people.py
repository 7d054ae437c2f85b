"""Whatever goes wrong while people register, offer help, are looked at and are erased: nothing is lost, nothing is done twice,
and of whoever was erased nothing is left.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fault_record import SOAK
from tests.fault_registers import SCENARIOS
from tests.fault_runs import holds_under_faults
from tests.fault_script import Scenario
from tests.fault_town import open_whole_town
from tests.town import Moment, Town

SAMPLE = 2


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_whole_town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(scope="module")
def empty(town: Town) -> Moment:
    return town.moment()


@pytest.mark.timeout(7200 if SOAK else 120)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_whatever_goes_wrong_with_what_people_gave(town: Town, empty: Moment, scenario: Scenario) -> None:
    holds_under_faults(town, empty, scenario, SAMPLE)
