"""Whatever goes wrong at whichever call: let run on, the system keeps every promise, and ends where it would have ended anyway.

Each scenario is run once without faults, which counts its calls, and then once for each call and kind of fault. `make test` takes
a sample of these runs, the same each time, `make soak` (DOORSTEP_SOAK) all of them; what was tried is kept in
`.local/faults.json` and shown in docs/faults.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from tests.fault_record import SOAK
from tests.fault_runs import holds_under_faults
from tests.fault_scenarios import SCENARIOS
from tests.fault_script import Scenario
from tests.faults import KINDS, Fault, Watch
from tests.town import Answer, Moment, Town, tried
from tests.town_built import open_town

# Runs for each scenario in `make test`; fewer where only the provider differs.
SAMPLE, SAMPLE_OF_WAYS = 6, 3


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(scope="module")
def empty(town: Town) -> Moment:
    return town.moment()


def test_each_kind_of_fault_does_what_it_says(town: Town, empty: Moment) -> None:
    town.back_to(empty)
    done = set()
    for kind in KINDS:
        key = {"pk": {"S": f"fault {kind}"}, "sk": {"S": "-"}}
        with town.aws.watched(Watch(Fault(1, kind))) as watch:
            answer = tried(partial(_put, town, key))
        assert watch.struck > 0
        assert answer.status == (0 if kind.startswith("kill") else 200 if kind == "lose_reply" else 500), kind
        done |= {kind for row in town.rows("StaffTable") if row["pk"] == key["pk"]}
    assert done == {"kill_after", "lose_reply", "lose_for_good"}


def _put(town: Town, key: dict[str, dict[str, str]]) -> Answer:
    town.aws.client("dynamodb").put_item(TableName=town.world.outputs["StaffTable"], Item=key)
    return Answer(200)


@pytest.mark.timeout(7200 if SOAK else 120)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_whatever_goes_wrong_at_whichever_call(town: Town, empty: Moment, scenario: Scenario) -> None:
    holds_under_faults(town, empty, scenario, SAMPLE_OF_WAYS if scenario.ways else SAMPLE)
