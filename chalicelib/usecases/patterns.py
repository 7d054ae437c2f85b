"""What the hourly run looks at across cases: members of class cases that have to be told, and once a day what reports have in
common and what rises. One part that breaks stops none of the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

from chalicelib.usecases import classes, clusters, warning
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep")

PARTS: tuple[tuple[str, Callable[[Context, Callable[[], float]], Any]], ...] = (
    ("told", classes.tell_rest),
    ("warned", warning.daily),
    ("proposed", clusters.daily),
)


def look(ctx: Context, seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Part → what it did; None where it was not the time for it, or it broke (then the log says so)."""
    done: dict[str, Any] = {}
    for name, part in PARTS:
        try:
            made = part(ctx, seconds_left)
        except Exception:
            log.exception("patterns: %s could not be looked at now", name)
            made = None
        done[name] = asdict(made) if is_dataclass(made) and not isinstance(made, type) else made
    return done
