"""Cold start of the built package, measured beside the same code as it comes from the wheels."""

from __future__ import annotations

import statistics
import sys

import pytest

from benchmarks import coldstart
from tests import packages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

REACH = 0.5
# A data key for the phone, one write of case and messages, and the secrets once per process.
CALLS = ["GetItem", "GenerateDataKey", "TransactWriteItems"]


@pytest.fixture(scope="module")
def compared() -> coldstart.Compared:
    return coldstart.compare(packages.package("aws-cn"))


def test_the_built_package_starts_in_half_the_time_of_its_sources(
    compared: coldstart.Compared, capsys: pytest.CaptureFixture[str]
) -> None:
    row = compared.row(REACH)
    runs = " ".join(
        f"{one.total_ms:.0f}/{other.total_ms:.0f}" for one, other in zip(compared.built, compared.source, strict=True)
    )
    split = statistics.median(run.import_ms for run in compared.built)
    with capsys.disabled():
        sys.stdout.write(
            f"\ncold start: import + first submission, CPU, median of {len(compared.built)}: {row.value:.0f} ms built "
            f"(import {split:.0f} ms), {row.against:.0f} ms from source, ratio {row.ratio:.3f} (at most {REACH})\n"
        )
    assert row.met, runs


def test_both_did_the_same_work(compared: coldstart.Compared) -> None:
    assert {run.status for run in (*compared.built, *compared.source)} == {303}
    assert len({run.location for run in (*compared.built, *compared.source)}) == 1
    for run in (*compared.built, *compared.source):
        assert list(run.calls) == CALLS
