"""AWS going wrong at one chosen call.

A client calls; the request leaves, is carried out, and the answer comes back. A process can die before the request leaves or
after it was carried out; the answer can be lost once (the SDK repeats the call by itself) or for good; AWS can throttle it or
never get it. Calls are numbered as they are made, so a new call is covered by itself; the SDK's own repeats belong to their
call. Every client that the application builds is watched, whatever the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from chalicelib.adapters.aws import Aws

KINDS = ("kill_before", "kill_after", "lose_reply", "lose_for_good", "throttle", "time_out")


class Killed(BaseException):
    """The process is gone: nothing that catches exceptions may go on after this one."""


@dataclass(frozen=True)
class Fault:
    """What happens to which call, counted from 1."""

    call: int
    kind: str


@dataclass
class Watch:
    """`calls` are the operations so far. `between` runs once, just before the call `at` leaves: another process's turn."""

    fault: Fault | None = None
    calls: list[str] = field(default_factory=list)
    struck: int = 0
    dead: bool = False
    at: int = 0
    between: Callable[[], None] | None = None


class FaultyAws(Aws):
    """The application's clients on moto, with the fault of the watch in force."""

    def __init__(self, region: str, endpoint: str | None = None) -> None:
        super().__init__(region, endpoint)
        self.watch: Watch | None = None

    def _build(self, service: str) -> Any:
        client = super()._build(service)
        client.meta.events.register_first("before-call", self._calling)
        client.meta.events.register_first("before-send", self._sending)
        client.meta.events.register_last("before-send", self._sent)
        return client

    @contextmanager
    def watched(self, watch: Watch) -> Iterator[Watch]:
        """Counts, and lets the watch's fault happen. One at a time, but for what runs `between`."""
        before, self.watch = self.watch, watch
        try:
            yield watch
        finally:
            self.watch = before

    def _calling(self, event_name: str, **_: Any) -> None:
        watch = self.watch
        if watch is None:
            return
        if watch.dead:
            raise Killed
        watch.calls.append(event_name.split(".", 1)[1])
        if watch.between is not None and len(watch.calls) == watch.at:
            between, watch.between = watch.between, None
            with self.watched(Watch()):
                between()

    def _sending(self, request: Any, event_name: str, **_: Any) -> Any:
        watch = self.watch
        if watch is None or watch.fault is None or len(watch.calls) != watch.fault.call:
            return None
        watch.struck += 1
        return self._strike(watch, watch.fault.kind, request, event_name.split(".")[1])

    def _sent(self, **_: Any) -> None:
        _moto().enabled = True

    def _strike(self, watch: Watch, kind: str, request: Any, service: str) -> Any:
        if kind == "kill_before":
            watch.dead = True
            raise Killed
        if kind == "kill_after":
            _carry_out(request)
            watch.dead = True
            raise Killed
        if kind == "lose_reply":
            if watch.struck > 1:
                return None
            _carry_out(request)
            raise ReadTimeoutError(endpoint_url=request.url, error="lost by a test")
        if kind == "lose_for_good":
            _carry_out(request)
            raise ConnectionClosedError(endpoint_url=request.url)
        if kind == "throttle":
            # botocore asks everybody who listens, whoever has answered already: moto must not carry it out.
            _moto().enabled = False
            return _throttled(request, service)
        raise ReadTimeoutError(endpoint_url=request.url, error="never arrived")


def _moto() -> Any:
    from moto.core.models import botocore_stubber

    return botocore_stubber


def _carry_out(request: Any) -> None:
    if _moto()("before-send", request) is None:
        raise AssertionError("the call whose reply is to be lost was not carried out")


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _throttled(request: Any, service: str) -> AWSResponse:
    """The service's own way of saying that it is too much; nothing was done."""
    if service == "s3":
        body = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        return AWSResponse(request.url, 503, {"Content-Type": "application/xml"}, _Raw(body))
    code = "ProvisionedThroughputExceededException" if service == "dynamodb" else "ThrottlingException"
    said = json.dumps({"__type": f"com.amazonaws#{code}", "message": "Rate exceeded"}).encode()
    return AWSResponse(request.url, 400, {"Content-Type": "application/x-amz-json-1.0"}, _Raw(said))


@contextmanager
def impatient() -> Iterator[None]:
    """The SDK repeats at once instead of waiting: its pauses decide nothing here and would take minutes."""
    from botocore.retries.standard import ExponentialBackoff

    patient = ExponentialBackoff.delay_amount
    ExponentialBackoff.delay_amount = lambda self, context: 0
    try:
        yield
    finally:
        ExponentialBackoff.delay_amount = patient
