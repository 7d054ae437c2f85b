"""A sample of `make fuzz`, the same in every run: nothing that is sent ends in a 5xx or an unexpected exception.

`DOORSTEP_SOAK` makes it whole: 10,000 cases of the described API, 100,000 of everything else, new ones each time.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.fuzz.run import SHARE, Plan, run

SOAK = bool(os.environ.get("DOORSTEP_SOAK"))
SEED = random.SystemRandom().randrange(10**6) if SOAK else 4
PLAN = Plan(10_000, 100_000, SEED, new=True, whole=True) if SOAK else Plan(42, 450, SEED)


@pytest.mark.timeout(0 if SOAK else 400)
def test_whatever_is_sent_is_answered_and_nothing_unexpected_is_logged(atomic_moto: None, tmp_path: Path) -> None:
    report = run(PLAN, tmp_path)
    assert report.oracle.findings == {}, "\n".join(report.lines)
    assert set(report.oracle.counts) == {"described API", *SHARE}, "a surface was left out"
    taken = sum(times for seen in report.oracle.statuses.values() for status, times in seen.items() if status in {200, 201, 303})
    assert taken > sum(report.oracle.counts.values()) / 10, "next to nothing got past the door"
