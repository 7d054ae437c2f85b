"""A street's tables with more cases than a test can hold: the index of timers for real, each case made when it is read.

It stands in for DynamoDB below botocore: what is signed and sent is the application's own, what comes back is answered here, in
pages of a megabyte, with the capacity that AWS would count for items of that size. Only what a sweep asks for is known.
"""

from __future__ import annotations

import base64
import io
import json
import math
import time
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from botocore.awsrequest import AWSResponse

from benchmarks import stub
from chalicelib.casework import numbers
from chalicelib.casework.card import TIMER_SHARDS
from chalicelib.casework.events import parse, stamp
from chalicelib.models import cases
from chalicelib.models.cases import Stored
from chalicelib.street import Street

PAGE_BYTES = 1 << 20
READ_BYTES = 4096
Json = dict[str, Any]


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def size_of(item: Mapping[str, Mapping[str, str]]) -> int:
    """As DynamoDB counts it: names and values, bytes as they are and not as base64."""
    found = 0
    for name, typed in item.items():
        for kind, value in typed.items():
            found += len(name) + (len(value) * 3 // 4 if kind == "B" else len(value.encode()))
    return found


@dataclass
class Held:
    """`stories` are cases as stored at their last step; number n tells story n % len(stories), under a number of its own.

    `due` of them are due at `now`, of `opened` altogether; the others an hour later and on.
    """

    stories: Sequence[Stored]
    street: Street
    now: datetime
    opened: int
    due: int
    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    # CPU seconds of answering, which are not the application's.
    own_s: float = 0.0

    def __post_init__(self) -> None:
        instants = [
            int(parse(cases.item_of(story, "x", self.street, None)[0].timer_at or "").timestamp()) for story in self.stories
        ]
        ahead = int(self.now.timestamp()) + 3600
        writes = dict.fromkeys(("TransactWriteItems", "PutItem", "UpdateItem"), self._write)
        self._operations: dict[str, Callable[[Json], Json]] = {"Query": self.query, "GetItem": self.get_item, **writes}
        # By shard: instants in order, and whose they are.
        self._at: list[array[int]] = []
        self._who: list[array[int]] = []
        by_shard: list[list[tuple[int, int]]] = [[] for _ in range(TIMER_SHARDS)]
        for number in range(self.opened):
            at = instants[number % len(instants)] if number < self.due else ahead + number % 86_400
            by_shard[number % TIMER_SHARDS].append((at, number))
        for entries in by_shard:
            entries.sort()
            self._at.append(array("q", [at for at, _ in entries]))
            self._who.append(array("q", [number for _, number in entries]))

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """For `before-send`: the answer, so that nothing is sent."""
        began = time.process_time()
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        self.calls[operation] += 1
        content = self._operations[operation](json.loads(request.body))
        raw = _Raw(json.dumps(content).encode())
        found = AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.0"}, raw)
        self.own_s += time.process_time() - began
        return found

    def query(self, asked: Json) -> Json:
        """Of the timers; every other index has nothing."""
        values = {name: value["S"] for name, value in asked["ExpressionAttributeValues"].items()}
        shard = next((value for value in values.values() if value.startswith("T#")), None)
        if asked.get("IndexName") != "timers" or shard is None:
            return self._page([], 0.5)
        until = next(value for value in values.values() if value != shard)
        place = int(shard.removeprefix("T#"))
        end = bisect_right(self._at[place], int(parse(until).timestamp()))
        begin = int(asked["ExclusiveStartKey"]["sk"]["S"].partition("@")[2]) if "ExclusiveStartKey" in asked else 0
        items: list[Json] = []
        weight, position = 0, begin
        while position < end and weight < PAGE_BYTES and len(items) < asked.get("Limit", self.opened):
            items.append(self._entry(place, position))
            weight += size_of(items[-1])
            position += 1
        # The sort key carries where the page ended; the application hands it back as it is.
        last = {**items[-1], "sk": {"S": f"CASE@{position}"}} if position < end else None
        return self._page(items, max(math.ceil(weight / READ_BYTES), 1) * 0.5, last)

    def _page(self, items: list[Json], units: float, last: Json | None = None) -> Json:
        self.read_units += units
        more = {"LastEvaluatedKey": last} if last else {}
        return {"Items": items, "Count": len(items), "ScannedCount": len(items), **_capacity(units), **more}

    def _entry(self, shard: int, position: int) -> Json:
        at = datetime.fromtimestamp(self._at[shard][position], self.now.tzinfo)
        no = _number(self._who[shard][position])
        return {"pk": {"S": f"C#{no}"}, "sk": {"S": "CASE"}, "timer": {"S": f"T#{shard}"}, "timer_at": {"S": stamp(at)}}

    def get_item(self, asked: Json) -> Json:
        key = asked["Key"]
        if key["pk"] == stub.SECRETS["pk"]:
            found: Json | None = dict(stub.SECRETS)
        else:
            found = self._case(key["pk"]["S"].removeprefix("C#")) if key["sk"]["S"] == "CASE" else None
        units = max(math.ceil(size_of(found or {}) / READ_BYTES), 1) * (1.0 if asked.get("ConsistentRead") else 0.5)
        self.read_units += units
        return {**({"Item": found} if found else {}), **_capacity(units)}

    def _case(self, no: str) -> Json:
        story = self.stories[_whose(no) % len(self.stories)]
        named = msgspec.structs.replace(story, case=msgspec.structs.replace(story.case, no=no))
        item, _ = cases.item_of(named, story.attempt, self.street, None)
        return {name: _plain(value) for name, value in item.serialize().items()}

    def _write(self, asked: Json) -> Json:
        """Not kept: within a pass nothing is read again that it wrote."""
        return {}


def _capacity(units: float) -> Json:
    return {"ConsumedCapacity": {"TableName": "Cases", "CapacityUnits": units}}


def _plain(typed: Mapping[str, Any]) -> Json:
    """As the wire has it."""
    return {kind: base64.b64encode(value).decode() if isinstance(value, bytes) else str(value) for kind, value in typed.items()}


def _number(number: int) -> str:
    return numbers.case_number(number)


def _whose(no: str) -> int:
    return numbers.decode(no.replace("-", "")[:-1])
