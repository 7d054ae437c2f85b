"""What calls of DynamoDB cost in request units, by AWS's own formulas, from what is sent and what comes back.

Reads: 4 kB each, half when they need not be consistent. Writes: 1 kB each, twice in a transaction; and for each index that has
the item what its projection weighs, twice when the item moves within it. An update counts as one kilobyte.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import wiring
from tests.world import World

KEYS = ("pk", "sk")


def size_of(item: dict[str, Any]) -> int:
    """As DynamoDB counts an item: names and values, texts in UTF-8."""
    return sum(len(name) + len(_bytes(next(iter(value.values())))) for name, value in item.items())


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


class Meter:
    """`read` and `write` units so far, and `calls` by operation."""

    def __init__(self, world: World) -> None:
        self.read = 0.0
        self.write = 0
        self.calls: Counter[str] = Counter()
        self._indexes = {name: list(_indexes(world, name)) for name in world.aws("dynamodb").list_tables()["TableNames"]}
        self._standing: dict[tuple[str, str, str], dict[str, Any]] = {}

    def sent(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        if model.name == "PutItem":
            self._put(params["TableName"], params["Item"], 1)
        elif model.name in {"UpdateItem", "DeleteItem"}:
            self.write += 1
        elif model.name == "TransactWriteItems":
            for one in params["TransactItems"]:
                if "Put" in one:
                    self._put(one["Put"]["TableName"], one["Put"]["Item"], 2)
                else:
                    self.write += 2
        self._consistent = bool(params.get("ConsistentRead"))

    def answered(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        if model.name not in {"GetItem", "Query"}:
            return
        items = parsed.get("Items", [parsed["Item"]] if "Item" in parsed else [])
        self.read += max(1, math.ceil(sum(map(size_of, items)) / 4096)) * (1.0 if self._consistent else 0.5)

    def _put(self, table: str, item: dict[str, Any], factor: int) -> None:
        self.write += factor * math.ceil(size_of(item) / 1024)
        for name, keys, included in self._indexes.get(table, ()):
            where = (name, str(item["pk"]), str(item["sk"]))
            shown = {one: item[one] for one in (*KEYS, *keys, *included) if one in item} if all(k in item for k in keys) else {}
            before = self._standing.get(where, {})
            if shown != before:
                moved = before and any(before.get(key) != shown.get(key) for key in keys)
                self.write += (1 if moved else 0) + (math.ceil(size_of(shown) / 1024) if shown else 0)
                self._standing[where] = shown


def _indexes(world: World, table: str) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """(name, its keys, what it projects besides)."""
    found = world.aws("dynamodb").describe_table(TableName=table)["Table"]
    for index in (*found.get("GlobalSecondaryIndexes", ()), *found.get("LocalSecondaryIndexes", ())):
        keys = tuple(key["AttributeName"] for key in index["KeySchema"] if key["AttributeName"] not in KEYS)
        yield index["IndexName"], keys, tuple(index["Projection"].get("NonKeyAttributes", ()))


@contextmanager
def metered(world: World) -> Iterator[Meter]:
    """Everything that the application asks of its tables within the block."""
    events = wiring.house().aws.client("dynamodb").meta.events
    meter = Meter(world)
    events.register("provide-client-params.dynamodb", meter.sent)
    events.register("after-call.dynamodb", meter.answered)
    try:
        yield meter
    finally:
        events.unregister("provide-client-params.dynamodb", meter.sent)
        events.unregister("after-call.dynamodb", meter.answered)
