"""Moving civil time forward on one machine, through every instant at which something is due.

On AWS time passes and a minute's sweep follows the other. Here it is moved by days at once, and what would have happened in
between has to happen at its own instant: the mover goes from one due instant to the next, lets the sweep do its work there, and
only then goes on. Civil time stands still meanwhile, so that a step's time is the instant that caused it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any, Protocol

from chalicelib.casework.card import TIMER_SHARDS
from chalicelib.casework.events import parse, stamp
from chalicelib.models.cases import CaseItem
from chalicelib.models.outbox import PENDING_SHARDS, OutboxRow

LOG = logging.getLogger("doorstep.serve")

# At one instant: as long as each round brings something on, and never more often than this.
ROUNDS = 100
# Rows of an index that are read at once to see what comes; where there are as many, each shard is asked for its first instead.
FEW = 200


class Movable(Protocol):
    """A clock that can be put forward and held."""

    def civil(self) -> datetime: ...

    def advance_to(self, instant: datetime) -> datetime: ...

    def hold(self) -> AbstractContextManager[None]: ...


class Interrupted(Exception):
    """The machine is being stopped; time stands where the mover had come to."""


@dataclass(frozen=True)
class Moved:
    """Civil time now, and how many instants were worked on."""

    now: datetime
    steps: int


@dataclass(frozen=True)
class Ahead:
    """`due` names what should have been done by now, `next` is the first instant after now at which anything is due."""

    due: frozenset[tuple[str, str]]
    next: datetime | None


class Mover:
    """One per machine. `turn` is held while it moves; whoever else sweeps or delivers takes it too, so that nobody does at the
    same time. `sweep` is one invocation of the sweep.
    """

    def __init__(self, clock: Movable, sweep: Callable[[], object]) -> None:
        self.turn = RLock()
        self._clock = clock
        self._sweep = sweep
        self._stopping = False

    def stop(self) -> None:
        self._stopping = True

    def move(self, target_of: Callable[[datetime], datetime]) -> Moved:
        """Moves to what `target_of` makes of civil time once it is our turn; what it raises is passed on and nothing moves.

        Raises `Interrupted` after `stop`.
        """
        with self.turn:
            target = target_of(self._clock.civil())
            with self._clock.hold():
                return self._through(target)

    def _through(self, target: datetime) -> Moved:
        ahead = look(self._clock.civil())
        steps = int(bool(ahead.due))
        ahead = self._settle(ahead)
        while ahead.next is not None and ahead.next <= target:
            if self._stopping:
                raise Interrupted
            self._clock.advance_to(ahead.next)
            # Something is due there: that was just read, and is not read again before the sweep has been.
            ahead = self._settle(Ahead(frozenset({("", stamp(ahead.next))}), None))
            steps += 1
        return Moved(self._clock.advance_to(target), steps)

    def _settle(self, ahead: Ahead) -> Ahead:
        """Sweeps until nothing is due at this instant, or until what is left does not move: it waits for the next sweep."""
        before: frozenset[tuple[str, str]] = frozenset()
        for _ in range(ROUNDS):
            if not ahead.due or ahead.due == before or self._stopping:
                break
            before = ahead.due
            try:
                self._sweep()
            except Exception:
                LOG.exception("sweep: failed; time goes on without it")
            ahead = look(self._clock.civil())
        return ahead


def _shards() -> Iterator[tuple[Any, str, Any]]:
    """Index, hash key and range key of everything that is ever due: step timers, and messages that wait."""
    for number in range(TIMER_SHARDS):
        yield CaseItem.timers_index, f"T#{number}", CaseItem.timer_at
    for number in range(PENDING_SHARDS):
        yield OutboxRow.pending_index, f"O#{number}", OutboxRow.pending_at


def look(now: datetime) -> Ahead:
    """What is due and what comes next. Two reads where one machine has as little as it mostly has."""
    found = _all_rows()
    if found is None:
        return _by_shards(now)
    due = frozenset((f"{row.pk}/{row.sk}", _instant(row)) for row in found if _instant(row) <= stamp(now))
    following = [_instant(row) for row in found if _instant(row) > stamp(now)]
    return Ahead(due, parse(min(following)) if following else None)


def _all_rows() -> list[Any] | None:
    """Everything that has an instant; None when it is too much to be read each time."""
    rows: list[Any] = []
    for index in (CaseItem.timers_index, OutboxRow.pending_index):
        found = list(index.scan(limit=FEW, page_size=FEW))
        if len(found) == FEW:
            return None
        rows += found
    return rows


def _by_shards(now: datetime) -> Ahead:
    """One small read a shard, and one more where something is due: what hangs there must not hide what comes after it."""
    due: set[tuple[str, str]] = set()
    following: list[str] = []
    for index, shard, at in _shards():
        first = next(iter(index.query(shard, limit=1)), None)
        if first is not None and _instant(first) <= stamp(now):
            due |= {(f"{row.pk}/{row.sk}", _instant(row)) for row in index.query(shard, at <= stamp(now))}
            first = next(iter(index.query(shard, at > stamp(now), limit=1)), None)
        if first is not None:
            following.append(_instant(first))
    return Ahead(frozenset(due), parse(min(following)) if following else None)


def _instant(row: Any) -> str:
    found: str = row.timer_at if isinstance(row, CaseItem) else row.pending_at
    return found


def upcoming(limit: int) -> list[tuple[datetime, str]]:
    """The next instants at which a case is due, with its number; the earliest first, what hangs included."""
    rows = [row for number in range(TIMER_SHARDS) for row in CaseItem.timers_index.query(f"T#{number}", limit=limit)]
    return sorted((parse(row.timer_at or ""), row.pk.removeprefix("C#")) for row in rows)[:limit]


def waiting() -> int:
    """How many messages wait to be sent."""
    return sum(OutboxRow.pending_index.count(f"O#{number}") for number in range(PENDING_SHARDS))
