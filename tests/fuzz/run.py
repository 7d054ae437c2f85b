"""One run of the fuzzing: which surface gets how much, the street put back in between, and what came of it as a table."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.corpus import Corpus, gather
from tests.fuzz.files import Files
from tests.fuzz.mutate import Mutator
from tests.fuzz.oracle import Got, Oracle
from tests.fuzz.street import Street, open_street
from tests.fuzz.surfaces import Surfaces
from tests.fuzz.wire import wire

# How much of a hundred each surface gets, the described API apart: more where a case costs little.
SHARE = {
    "forms": 12,
    "desk forms": 12,
    "pages": 4,
    "addresses": 6,
    "codes": 9,
    "tokens": 9,
    "API bodies": 10,
    "signed orders": 4,
    "SMS receipts": 6,
    "GeoReport queries": 3,
    "GeoReport posts": 2,
    "headers": 5,
    "events": 2,
    "HTTP bytes": 1,
    "order lists": 4,
    "rosters": 3,
    "places lists": 3,
    "street files": 2,
    "photos": 3,
}
# The street is put back after so many changes; a few refused sessions mean that somebody was signed out.
CHANGES, SIGNED_OUT = 60, 8
# A run goes through everything so often, if it is long enough for it.
ROUNDS, LEAST = 20, 1000


@dataclass(frozen=True)
class Plan:
    """`described` cases of schemathesis and `bytes` of the others; `new` ones each time, or those of a seed. `minutes` end it."""

    described: int
    bytes: int
    seed: int
    new: bool = False
    whole: bool = False
    only: tuple[str, ...] = ()
    minutes: float = 0


@dataclass
class Report:
    plan: Plan
    oracle: Oracle
    corpus: Corpus
    seconds: float

    @property
    def lines(self) -> list[str]:
        oracle = self.oracle
        rows = [f"seed {self.plan.seed}; began from {self.corpus}"]
        for surface, count in oracle.counts.items():
            wrong = sum(1 for name, _ in oracle.findings if name == surface)
            said = " ".join(f"{status}:{times}" for status, times in sorted(oracle.statuses.get(surface, {}).items()))
            rows.append(f"  {surface:<18} {count:>7} cases  {wrong:>3} findings  {said}".rstrip())
        described = oracle.counts["described API"]
        total = sum(oracle.counts.values())
        rows.append(f"described API {described} cases, byte by byte {total - described} cases, {len(oracle.findings)} findings")
        rows.append(f"in {self.seconds:.0f} s")
        for (surface, what), sent in oracle.findings.items():
            rows += [f"FOUND {surface}: {what} ({oracle.repeats[surface, what]} times)", f"      {sent}"]
        return rows


class _Turns:
    """Puts the street back when enough was changed."""

    def __init__(self, street: Street) -> None:
        self.street, self.changes, self.refused = street, 0, 0

    def after(self, got: Got | None) -> None:
        self.changes += got is not None and got.status in {200, 201, 303}
        self.refused += got is not None and got.status == 401
        if self.changes >= CHANGES * 3 or self.refused >= SIGNED_OUT:
            self.back()

    def changed(self, got: Got | None) -> None:
        """A post that was taken counts three times a page that was read."""
        self.changes += 2 if got is not None and got.status in {201, 303} else 0
        self.after(got)

    def back(self) -> None:
        self.changes = self.refused = 0
        self.street.back()


class _Run:
    """The parts of a run, in rounds: each round does a part of everything, so that one that is ended early has seen all of it."""

    def __init__(self, plan: Plan, street: Street, folder: Path, corpus: Corpus, say: Callable[[str], Any]) -> None:
        mutator = Mutator(random.Random(plan.seed))  # noqa: S311 - chance that can be repeated
        self.plan, self.turns, self.mutator = plan, _Turns(street), mutator
        self.surfaces, self.oracle = Surfaces(street, corpus, mutator), Oracle(street.world.app.app, say)
        self.others = Files(street, mutator, self.oracle, folder).named
        self.end = time.monotonic() + plan.minutes * 60 if plan.minutes else float("inf")

    def round(self, number: int, rounds: int) -> None:
        described = self.plan.described // rounds
        if described and (not self.plan.only or "described API" in self.plan.only):
            from tests.fuzz.described import Described

            seed = self.plan.seed + 1000 * number
            Described(self.surfaces, self.oracle, self.turns.changed).run(described, seed, new=self.plan.new)
            self.turns.back()
        for name, share in SHARE.items():
            if self.plan.only and name not in self.plan.only:
                continue
            whole = self.plan.bytes if self.plan.only else self.plan.bytes * share // 100
            self._surface(name, whole * (number + 1) // rounds - whole * number // rounds)
            if time.monotonic() > self.end:
                return

    def _surface(self, name: str, count: int) -> None:
        for _ in range(count):
            if name in self.surfaces.named:
                self.turns.changed(self.oracle.send(name, self.surfaces.named[name]()))
            else:
                self.others[name]()
        if count:
            self.turns.back()


def run(plan: Plan, folder: Path, say: Callable[[str], Any] = lambda _: None) -> Report:
    """Everything, or the surfaces that are named."""
    began = time.monotonic()
    with open_street(folder, whole=plan.whole) as street:
        say("the street is open")
        corpus = gather(street, plan.whole)
        say(f"begins from {corpus}")
        it = _Run(plan, street, folder, corpus, say)
        # What is there by now stays; looking through it for garbage again and again takes longer than the cases.
        gc.collect()
        gc.freeze()
        rounds = min(ROUNDS, max(plan.described, plan.bytes) // LEAST or 1)
        with it.oracle.listening(), wire(street, it.mutator, it.oracle) as bytes_of_http:
            it.others["HTTP bytes"] = bytes_of_http.one
            for number in range(rounds):
                if time.monotonic() > it.end:
                    break
                it.round(number, rounds)
                say(f"{number + 1} of {rounds}: {it.oracle.counts.total()} cases, {len(it.oracle.findings)} findings")
        gc.unfreeze()
        return Report(plan, it.oracle, corpus, time.monotonic() - began)
