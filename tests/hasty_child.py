"""The engine whose schedules run by a clock that tests can put forward: an hour's schedule is due as soon as somebody says so.

`ahead` in the engine's own folder holds by how many seconds. Everything else in the engine keeps the machine's time.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from infra import engine_child
from infra.engine import Engine

AHEAD = "ahead"
LOOK_S = 0.3


class HastyEngine(Engine):
    child = "tests.hasty_child"

    def put_forward(self, seconds: float) -> None:
        """Schedules see a time this much later than the machine's."""
        coming = self.folder / f"{AHEAD}.coming"
        coming.write_text(str(seconds), "ascii")
        coming.replace(self.folder / AHEAD)


def main() -> None:
    from ministack.services import eventbridge

    ahead = Path(os.environ["TMPDIR"]) / AHEAD

    def now() -> float:
        try:
            return time.time() + float(ahead.read_text("ascii"))
        except FileNotFoundError:
            return time.time()

    eventbridge._now_ts = now
    eventbridge._SCHEDULER_TICK_INTERVAL = LOOK_S
    engine_child.main()


if __name__ == "__main__":
    main()
