"""What calls the functions on AWS besides people, done here by threads: the outbox's stream, new photos, and the minute.

Each pump is a loop that wakes, works, and sleeps until its interval or `stop`; an error is logged and the loop goes on, as AWS
goes on invoking. Events have the shapes of AWS.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping
from threading import Event as Flag
from threading import Thread
from typing import Any

from chalice.local import LambdaContext

LOG = logging.getLogger("doorstep.serve")

Function = Callable[[dict[str, Any], Any], Any]
PHOTO_TRIES = 3
DEADLINE_MS = 50_000


def context(name: str) -> LambdaContext:
    return LambdaContext(name, memory_size=1024, max_runtime_ms=DEADLINE_MS)


class Pump:
    """`step` is called every `seconds`, at once after `wake()`, and never twice at a time."""

    def __init__(self, name: str, step: Callable[[], None], seconds: float) -> None:
        self.name = name
        self._step = step
        self._seconds = seconds
        self._wake = Flag()
        self._stopping = False
        self._thread = Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, seconds: float = 10.0) -> bool:
        """False when the step that was running did not end in time."""
        self._stopping = True
        self._wake.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while not self._stopping:
            try:
                self._step()
            except Exception:
                LOG.exception("%s: failed; trying again in %g s", self.name, self._seconds)
            self._wake.wait(self._seconds)
            self._wake.clear()


class StreamPump:
    """Reads the outbox's stream as Lambda's event source does and calls `notify` with what is new.

    It begins at the stream's present end: what was written before this process is found by the sweep. A batch that `notify`
    raises on is given to it again, twice; then the sweep has it.
    """

    TRIES = 3

    def __init__(self, streams: Any, arn: str, notify: Function) -> None:
        self._streams = streams
        self._arn = arn
        self._notify = notify
        self._iterators: dict[str, str | None] = {}
        self._known: set[str] = set()
        for shard in self._shards():
            self._open(shard, "LATEST")

    def _shards(self) -> list[str]:
        described = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]
        return [shard["ShardId"] for shard in described["Shards"]]

    def _open(self, shard: str, position: str) -> None:
        answer = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, ShardIteratorType=position)
        self._iterators[shard] = answer["ShardIterator"]
        self._known.add(shard)

    def step(self) -> None:
        for shard, iterator in list(self._iterators.items()):
            if iterator is None:
                del self._iterators[shard]
                continue
            answer = self._streams.get_records(ShardIterator=iterator, Limit=100)
            if answer["Records"]:
                self._hand_over(answer["Records"])
            self._iterators[shard] = answer.get("NextShardIterator")
        if not self._iterators:
            for shard in self._shards():
                if shard not in self._known:
                    self._open(shard, "TRIM_HORIZON")

    def _hand_over(self, records: list[dict[str, Any]]) -> None:
        event = {"Records": [stream_record(record, self._arn) for record in records]}
        for attempt in range(1, self.TRIES + 1):
            try:
                self._notify(event, context("notify"))
                return
            except Exception:
                LOG.exception("notify: failed on %d records (try %d of %d)", len(records), attempt, self.TRIES)


def stream_record(record: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """A record of GetRecords as Lambda hands it over: plain JSON, with bytes as base64 and times as numbers."""
    data = dict(record["dynamodb"])
    made = data.get("ApproximateCreationDateTime")
    if made is not None and not isinstance(made, int | float):
        data["ApproximateCreationDateTime"] = made.timestamp()
    for image in ("Keys", "NewImage", "OldImage"):
        if image in data:
            data[image] = plain(data[image])
    return {
        "eventID": record.get("eventID", ""),
        "eventName": record["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": record.get("awsRegion", ""),
        "dynamodb": data,
        "eventSourceARN": arn,
    }


def plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    return value


class PhotoPump:
    """Looks into `incoming/` and calls `photo` with EventBridge's event for each arrival, up to three times."""

    def __init__(self, s3: Any, bucket: str, region: str, photo: Function) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._region = region
        self._photo = photo
        self._tries: dict[tuple[str, str], int] = {}

    def step(self) -> None:
        present: dict[tuple[str, str], dict[str, Any]] = {}
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="incoming/")
        for page in pages:
            for entry in page.get("Contents", []):
                present[entry["Key"], entry["ETag"]] = entry
        # What is gone was taken care of; the same key may come again with another picture.
        self._tries = {arrival: tries for arrival, tries in self._tries.items() if arrival in present}
        for arrival, entry in present.items():
            tries = self._tries.get(arrival, 0)
            if tries >= PHOTO_TRIES:
                continue
            self._tries[arrival] = tries + 1
            try:
                self._photo(self._event(entry), context("photo"))
            except Exception:
                LOG.exception("photo: failed (try %d of %d)", tries + 1, PHOTO_TRIES)
            else:
                # Done, even when the function leaves the object for the bucket's lifecycle.
                self._tries[arrival] = PHOTO_TRIES

    def _event(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "version": "0",
            "id": entry["ETag"].strip('"'),
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": "000000000000",
            "time": entry["LastModified"].isoformat(),
            "region": self._region,
            "resources": [f"arn:aws:s3:::{self._bucket}"],
            "detail": {
                "version": "0",
                "bucket": {"name": self._bucket},
                "object": {"key": entry["Key"], "size": entry["Size"], "etag": entry["ETag"].strip('"')},
                "reason": "PutObject",
            },
        }


def schedule_event(now_iso: str, region: str) -> dict[str, Any]:
    """What an EventBridge rule sends every minute."""
    return {
        "version": "0",
        "id": "one-machine",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": now_iso,
        "region": region,
        "resources": [f"arn:aws:events:{region}:000000000000:rule/sweep"],
        "detail": {},
    }
