"""The function by itself: a submission through the deployed package, AWS played on loopback, and what that means on Lambda."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import coldstart
from benchmarks.contenders import BUILT
from benchmarks.sweep import CALL_S
from infra.package.build import build
from infra.template.api import REQUESTS_AT_ONCE, REQUESTS_PER_S

RUNS, WARM = 5, 60
# Megabytes that are looked at beside the function's own.
SIZES = (256, 512, 1024, 1769)
# Of memory, with which Lambda gives a function one processor; less gives it as much less.
VCPU_MB = 1769
# What an account begins with in a region, all streets of it together.
CONCURRENT = 1000
# A warm submission asks for a data key and writes a transaction, and looks at the place's latest cases.
CALLS = 3


@dataclass(frozen=True)
class Alone:
    """CPU milliseconds of a submission in a process that has had some, and of the first of a process with its import."""

    warm_ms: float
    cold_ms: float
    memory_mb: int
    gateway_rate: int = REQUESTS_PER_S
    gateway_burst: int = REQUESTS_AT_ONCE

    def lasts(self, memory_mb: int) -> float:
        """Seconds of a submission on Lambda, by its share of a processor and an assumed time for each call."""
        return self.warm_ms / 1000 * max(VCPU_MB / memory_mb, 1.0) + CALLS * CALL_S

    @property
    def warm_s(self) -> float:
        return self.lasts(self.memory_mb)

    @property
    def rate(self) -> float:
        """Submissions a second of an account's first concurrency, were it all one street's."""
        return CONCURRENT / self.warm_s


def measured(street: str, say: Callable[[str], None]) -> Alone:
    """Builds the street's package and runs it."""
    built = build(street, say)
    compared = coldstart.compare(built, RUNS, WARM, (BUILT,), say)
    template = json.loads(built.template.read_text("utf-8"))
    memory = template["Resources"]["APIHandler"]["Properties"]["MemorySize"]
    return Alone(compared.warm_ms(BUILT), compared.cold_ms(BUILT), memory)
