"""Several streets in one run: what they share is made once, and each is the same bytes as if it were built alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from infra.errors import InfraError
from infra.package.build import Built, Places, build, shared
from infra.streetfile.problems import StreetFileError


@dataclass(frozen=True)
class One:
    """A street of a run: what was built or, in words, why nothing was. The time in seconds, without what is shared."""

    street: str
    seconds: float
    built: Built | None
    wrong: str = ""

    def line(self, width: int) -> str:
        name = self.street.ljust(width)
        if self.built is None:
            return f"{name}  nothing was built"
        package, template = self.built.zip.stat().st_size / 1e6, self.built.template.stat().st_size / 1e3
        return (
            f"{name}  {self.built.partition:<6}  {self.built.places:>5} places  package {package:.2f} MB  "
            f"template {template:.0f} kB  {self.seconds:.2f} s  sha256 {self.built.sha256[:16]}…"
        )


@dataclass
class Run:
    """All of them in order. `shared_s` is the time that went into what they share, `seconds` that of everything."""

    streets: list[One] = field(default_factory=list)
    shared_s: float = 0.0
    seconds: float = 0.0

    @property
    def built(self) -> list[Built]:
        return [one.built for one in self.streets if one.built]

    @property
    def failed(self) -> list[One]:
        return [one for one in self.streets if one.built is None]

    def total(self) -> str:
        size = sum(built.zip.stat().st_size + built.template.stat().st_size for built in self.built)
        own = sorted(one.seconds for one in self.streets if one.built)
        each = f", each street {own[0]:.2f} to {own[-1]:.2f} s" if own else ""
        return (
            f"{len(self.built)} of {len(self.streets)} streets built in {self.seconds:.1f} s: {self.shared_s:.1f} s for what "
            f"they share{each}; {size / 1e6:.1f} MB"
        )


def package_many(
    streets: Sequence[str], say: Callable[[str], None], partition: str | None = None, where: Places | None = None
) -> Run:
    """Builds one after the other, says a line of each, and goes on after one that can't be built."""
    run, started = Run(), time.monotonic()
    width = max(map(len, streets), default=0)
    with shared(say, where) as common:
        for street in streets:
            begun, before = time.monotonic(), common.seconds
            built, wrong = None, ""
            try:
                built = build(street, _quiet, partition, where, common)
            except (InfraError, StreetFileError) as error:
                wrong = str(error)
            one = One(street, time.monotonic() - begun - (common.seconds - before), built, wrong)
            run.streets.append(one)
            say(one.line(width))
        run.shared_s, run.seconds = common.seconds, time.monotonic() - started
    return run


def _quiet(_: str) -> None:
    """A line of each street is enough."""
