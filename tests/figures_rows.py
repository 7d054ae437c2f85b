"""Rows of a ledger as a busy month leaves them, and DynamoDB's answers that hold them: pages of 1 MB, without a network."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.casework.card import Card
from chalicelib.casework.events import stamp
from chalicelib.casework.figures import Figures

PAGE = 1_000_000
CHANNELS = ("qr", "qr", "qr", "hotline_12345", "walk_in", "patrol")
CARD = Card(
    no="K7M3-9QXA-C",
    title="楼" * 30,
    place="示例一小区三号楼",
    committee="c12",
    zone="z1",
    case_class="simple",
    category="hardware",
    state="closed",
    rung="committee",
)
CATEGORIES = ("hardware", "property", "greenery", "services", "surroundings")


def month_of_rows(count: int, seed: int = 7) -> list[Figures]:
    """Cases of November 2026, most of them through to the end."""
    dice, begin = random.Random(seed), datetime(2026, 10, 31, 16, tzinfo=UTC)  # noqa: S311 - a seeded sample, no secret
    found = []
    for number in range(count):
        came = begin + timedelta(seconds=dice.randrange(30 * 86_400))
        handled = came + timedelta(hours=dice.expovariate(1 / 30)) if dice.random() < 0.95 else None
        at = stamp(handled) if handled else None
        found.append(
            Figures(
                v=2,
                no=f"K7M3-{number:04d}-C",
                state="closed" if at else "handling",
                channel=dice.choice(CHANNELS),
                category=dice.choice(CATEGORIES),
                case_class=dice.choice(("simple", "complex", "")),
                community=f"m{number % 90}",
                committee=f"c{number % 30}",
                zone=f"z{number % 5}",
                place=f"P{number % 2000:05d}",
                highest=dice.choice((1, 1, 2, 3)),
                received_at=stamp(came),
                first_reply_at=stamp(came + timedelta(minutes=dice.randrange(1, 900))),
                reply_due=stamp(came + timedelta(minutes=480)),
                accepted_at=stamp(came + timedelta(minutes=30)),
                handled_at=at,
                closed_at=at,
                due=stamp(came + timedelta(days=3)),
                outcome="solved" if at else None,
                handlings=int(at is not None),
                dispatches=1,
                said=dice.choice(("satisfied", "basic", "unsatisfied", "")),
                visit="reached" if at else "",
            )
        )
    return found


def pages(rows: Sequence[Figures]) -> list[bytes]:
    """What DynamoDB sends for them, cut where the index's rows, with their cards and keys, make a megabyte."""
    beside = len(msgspec.json.encode(CARD)) + 120
    found: list[bytes] = []
    items: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        text = msgspec.json.encode(row)
        items.append({"figures": {"S": text.decode()}})
        size += len(text) + beside
        if size > PAGE:
            found.append(_body(items, more=True))
            items, size = [], 0
    return [*found, _body(items, more=False)]


def _body(items: list[dict[str, Any]], *, more: bool) -> bytes:
    last = {"LastEvaluatedKey": {"pk": {"S": "C#K7M3-9QXA-C"}, "sk": {"S": "CASE"}}} if more else {}
    return json.dumps({"Items": items, "Count": len(items), "ScannedCount": len(items), **last}).encode()


@contextmanager
def answering(client: Any, answers: Sequence[bytes]) -> Iterator[Callable[[], int]]:
    """The client's queries get these, one after the other, instead of going out; yields how many were asked."""
    from botocore.awsrequest import AWSResponse

    asked: list[str] = []

    def answer(request: Any, **_: Any) -> Any:
        asked.append(request.url)
        headers = {"content-type": "application/x-amz-json-1.0"}
        response = AWSResponse(request.url, 200, headers, None)
        response._content = answers[len(asked) - 1]
        return response

    client.meta.events.register_first("before-send.dynamodb.Query", answer)
    try:
        yield lambda: len(asked)
    finally:
        client.meta.events.unregister("before-send.dynamodb.Query", answer)
