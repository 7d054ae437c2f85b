"""Sending what the outbox holds. `notify` is fed by the table's stream, the sweep is the net under it; both end in `deliver`.

What waits is found by recipient: each is handled at once and in order, and the failure of one holds up nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any

from chalicelib.models import behind, outbox
from chalicelib.usecases.context import Context
from chalicelib.usecases.delivering import MARGIN_S, deliver, digestible, forever

__all__ = ["deliver", "on_stream", "sweep"]

log = logging.getLogger("doorstep")


def on_stream(ctx: Context, event: Mapping[str, Any], seconds_left: Callable[[], float] = forever) -> dict[str, Any]:
    """Records of the outbox's stream; answers which of them have to come again: `{"batchItemFailures": […]}`.

    While the sweeps are behind, the sweep delivers what goes into digests: nobody looks at it with every batch.
    """
    first: dict[str, str] = {}
    at_once: set[str] = set()
    for record in event.get("Records", ()):
        data = record.get("dynamodb", {})
        image = data.get("NewImage", {})
        if _text(image, "state") == "pending" and int(image.get("tries", {}).get("N", 0)) == 0:
            first.setdefault(image["pk"]["S"], data.get("SequenceNumber", ""))
            if not digestible(_text(image, "to"), _text(image, "template")):
                at_once.add(image["pk"]["S"])
    failed: list[dict[str, str]] = []
    held = _held(ctx)
    for pk, number in first.items():
        try:
            if pk in at_once or not held():
                deliver(ctx, pk, seconds_left, held)
        except Exception as error:
            # Anything may fail in between; the stream brings the record again and the rows know how far they came.
            log.error("a recipient's messages failed: %s", type(error).__name__)
            failed.append({"itemIdentifier": number})
    return {"batchItemFailures": failed}


def _text(image: Mapping[str, Any], name: str) -> str:
    return str(image.get(name, {}).get("S", ""))


def _held(ctx: Context) -> Callable[[], bool]:
    """Whether the sweeps are behind; read when it is first asked for, and once."""
    return cache(partial(behind.holds, ctx.clock.civil()))


def sweep(
    ctx: Context, seconds_left: Callable[[], float] = forever, offices: Collection[str] = (), *, stepped: bool = True
) -> int:
    """One pass over what is due. Returns how many rows were looked at; what the time is too short for comes the next minute.

    Offices come first and become people, who are told in the same pass when all that is for them is together. `offices` were told
    something a moment ago, which the index may not show yet; `stepped` is False while the step timers have more to do.
    """
    if seconds_left() < MARGIN_S:
        return 0
    now = ctx.clock.civil()
    first = {**dict.fromkeys(offices, 0), **_due(range(outbox.OFFICE_SHARDS), now)}
    tried, onward = 0, dict[str, int]()
    for pk, rows in first.items():
        if seconds_left() < MARGIN_S:
            return tried
        tried += rows
        onward.update(dict.fromkeys(_delivered(ctx, pk, seconds_left), 0))
    waiting = {**onward, **_due(range(outbox.OFFICE_SHARDS, outbox.PENDING_SHARDS), now)}
    if stepped and waiting:
        _caught_up(first, now)
    held = _held(ctx)
    for pk, rows in waiting.items():
        if seconds_left() < MARGIN_S:
            break
        tried += rows
        _delivered(ctx, pk, seconds_left, held)
    return tried


def _due(shards: Iterable[int], now: datetime) -> dict[str, int]:
    """Recipients with something to look at, and how many rows."""
    found = dict[str, int]()
    for shard in shards:
        for pk in outbox.due(shard, now):
            found[pk] = found.get(pk, 0) + 1
    return found


def _caught_up(offices: Iterable[str], now: datetime) -> None:
    """If we were behind, that is over as soon as no office has anything left for its people."""
    try:
        row = behind.standing(now)
        if row is not None and not any(outbox.due_of(outbox.waiting(pk), now) for pk in offices):
            behind.over(row)
    except Exception as error:
        # It is over by itself before long.
        log.error("that we are not behind any more could not be said: %s", type(error).__name__)


def _delivered(ctx: Context, pk: str, seconds_left: Callable[[], float], held: Callable[[], bool] | None = None) -> list[str]:
    try:
        return deliver(ctx, pk, seconds_left, held)
    except Exception as error:
        # One recipient's trouble holds up nobody else; their rows still wait.
        log.error("a recipient's messages failed: %s", type(error).__name__)
        return []
