"""Cold start of the built package, measured beside the same code as it comes from the wheels."""

from __future__ import annotations

import statistics
import sys

import pytest

from benchmarks import coldstart
from benchmarks.contenders import BUILT, SOURCE
from tests import packages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

REACH = 0.5
RUNS = 5
# A data key for the phone, one write of case and messages, and the secrets once per process.
CALLS = ("GetItem", "GenerateDataKey", "TransactWriteItems")


@pytest.fixture(scope="module")
def compared() -> coldstart.Compared:
    return coldstart.compare(packages.package("aws-cn"), RUNS, warm=0, only=(BUILT, SOURCE))


def test_the_built_package_starts_in_half_the_time_of_its_sources(
    compared: coldstart.Compared, capsys: pytest.CaptureFixture[str]
) -> None:
    built, source = compared.cold[BUILT], compared.cold[SOURCE]
    runs = " ".join(f"{one.total_ms:.0f}/{other.total_ms:.0f}" for one, other in zip(built, source, strict=True))
    split = statistics.median(run.import_ms for run in built)
    ratio = compared.cold_ms(BUILT) / compared.cold_ms(SOURCE)
    with capsys.disabled():
        sys.stdout.write(
            f"\ncold start: import + first submission, CPU, median of {RUNS}: {compared.cold_ms(BUILT):.0f} ms built "
            f"(import {split:.0f} ms), {compared.cold_ms(SOURCE):.0f} ms from source, ratio {ratio:.3f} (at most {REACH})\n"
        )
    assert ratio <= REACH, runs


def test_both_did_the_same_work(compared: coldstart.Compared) -> None:
    runs = (*compared.cold[BUILT], *compared.cold[SOURCE])
    assert {run.status for run in runs} == {303}
    assert len({run.location for run in runs}) == 1
    for run in runs:
        assert run.operations == CALLS
