"""Progress of a start, one line a step with the time it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from infra.say import say


@dataclass
class Step:
    """`note` is added to the line when the step is done."""

    note: str = ""


@contextmanager
def step(name: str) -> Iterator[Step]:
    started = time.perf_counter()
    made = Step()
    yield made
    spent = time.perf_counter() - started
    say(f"  {name:<12} {spent:5.1f} s  {made.note}".rstrip())
