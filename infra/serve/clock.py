"""The two clocks of one machine: civil time, which can be moved forward, and wall time, which can't.

Civil time is wall time plus an offset. It never goes back: not when the machine's own clock is corrected, not over a restart,
because the latest instant is written beside the offset and is a floor from then on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

# How much of civil time may be handed out before the floor is written again.
WRITE_EVERY = timedelta(seconds=10)


class MovableClock:
    """Implements `chalicelib.ports.Clock`. Raises ValueError for a file that it did not write."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._offset = timedelta()
        self._floor = datetime.min.replace(tzinfo=UTC)
        self._held = False
        if file.exists():
            try:
                kept = json.loads(file.read_text("utf-8"))
                self._offset = timedelta(seconds=float(kept["offset_seconds"]))
                self._floor = datetime.fromisoformat(kept["latest"]).astimezone(UTC)
            except (ValueError, LookupError, TypeError, OverflowError) as error:
                # A machine that lost its power can leave it empty.
                raise ValueError(f"{file} holds no time of this server") from error
        self._written = self._floor

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def civil(self) -> datetime:
        with self._lock:
            self._go_on()
            if self._floor - self._written > WRITE_EVERY:
                self._write()
            return self._floor

    def _go_on(self) -> None:
        if not self._held:
            self._floor = max(self._floor, self.wall() + self._offset)

    @property
    def offset(self) -> timedelta:
        return self._offset

    def advance_to(self, instant: datetime) -> datetime:
        """Moves civil time forward to `instant` (aware); one in the past changes nothing. Returns civil time."""
        if instant.tzinfo is None:
            raise ValueError("a naive datetime can't move the clock; hand in an aware one")
        with self._lock:
            self._go_on()
            if instant > self._floor:
                self._offset = instant - self.wall()
                self._floor = instant
            self._write()
            return self._floor

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Civil time stands still in the block, except where `advance_to` puts it, and goes on from there afterwards."""
        with self._lock:
            self._go_on()
            self._held = True
        try:
            yield
        finally:
            with self._lock:
                self._held = False
                self._offset = self._floor - self.wall()
                self._write()

    def save(self) -> None:
        self.civil()
        with self._lock:
            self._write()

    def _write(self) -> None:
        self._written = self._floor
        kept = {"offset_seconds": self._offset.total_seconds(), "latest": self._floor.isoformat()}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(kept), "utf-8")
        draft.replace(self._file)
