"""Sending what the outbox holds. `notify` is fed by the table's stream, the sweep is the net under it; both end in `deliver`.

What waits is found by recipient: each is handled at once and in order, and the failure of one holds up nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.models import outbox
from chalicelib.usecases.context import Context
from chalicelib.usecases.delivering import MARGIN_S, deliver, forever

__all__ = ["deliver", "on_stream", "sweep"]

log = logging.getLogger("doorstep")


def on_stream(ctx: Context, event: Mapping[str, Any], seconds_left: Callable[[], float] = forever) -> dict[str, Any]:
    """Records of the outbox's stream; answers which of them have to come again: `{"batchItemFailures": […]}`."""
    first: dict[str, str] = {}
    for record in event.get("Records", ()):
        data = record.get("dynamodb", {})
        image = data.get("NewImage", {})
        if image.get("state", {}).get("S") == "pending" and int(image.get("tries", {}).get("N", 0)) == 0:
            first.setdefault(image["pk"]["S"], data.get("SequenceNumber", ""))
    failed: list[dict[str, str]] = []
    for pk, number in first.items():
        try:
            deliver(ctx, pk, seconds_left)
        except Exception as error:
            # Anything may fail in between; the stream brings the record again and the rows know how far they came.
            log.error("a recipient's messages failed: %s", type(error).__name__)
            failed.append({"itemIdentifier": number})
    return {"batchItemFailures": failed}


def sweep(ctx: Context, seconds_left: Callable[[], float] = forever) -> int:
    """One pass over what is due. Returns how many rows were looked at; what the time is too short for comes the next minute.

    Offices come first and become people, who are told in the same pass when all that is for them is together.
    """
    now, due = ctx.clock.civil(), dict[str, int]()
    for shard in range(outbox.PENDING_SHARDS):
        for pk in outbox.due(shard, now):
            due[pk] = due.get(pk, 0) + 1
    tried, waiting = 0, list(due)
    for pk in waiting:
        if seconds_left() < MARGIN_S:
            break
        tried += due[pk]
        for person in _delivered(ctx, pk, seconds_left):
            if person not in due:
                due[person] = 0
                waiting.append(person)
    return tried


def _delivered(ctx: Context, pk: str, seconds_left: Callable[[], float]) -> list[str]:
    try:
        return deliver(ctx, pk, seconds_left)
    except Exception as error:
        # One recipient's trouble holds up nobody else; their rows still wait.
        log.error("a recipient's messages failed: %s", type(error).__name__)
        return []
