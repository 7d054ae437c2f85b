"""AWS as the application sees it, watched and broken through botocore's events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ReadTimeoutError

from chalicelib import wiring

SERVICES = ("dynamodb", "kms", "s3")


@contextmanager
def hooked(event: str, hook: Callable[..., Any]) -> Iterator[None]:
    """Runs `hook` on that event of the application's own clients, before everybody else."""
    emitters = [wiring.house().aws.client(service).meta.events for service in SERVICES]
    for emitter in emitters:
        emitter.register_first(event, hook)
    try:
        yield
    finally:
        for emitter in emitters:
            emitter.unregister(event, hook)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every request that leaves for AWS, repeats of the SDK included, by the operation's name."""
    seen: list[str] = []

    def note(request: Any, event_name: str, **_: Any) -> None:
        seen.append(event_name.rsplit(".", 1)[-1])

    with hooked("before-send", note):
        yield seen


@contextmanager
def reply_lost(operation: str) -> Iterator[list[str]]:
    """The first such call is carried out, and then its reply is lost for good: the caller sees an exception."""
    lost: list[str] = []

    def lose(http_response: Any, **_: Any) -> None:
        if not lost and http_response.status_code == 200:
            lost.append(operation)
            raise ReadTimeoutError(endpoint_url="https://engine.example", error="lost by a test")

    with hooked(f"after-call.dynamodb.{operation}", lose):
        yield lost


@contextmanager
def reply_lost_and_repeated(operation: str) -> Iterator[list[str]]:
    """The first such call is carried out, its reply is lost on the wire, and the SDK sends it again by itself."""
    lost: list[str] = []

    def lose(request: Any, **_: Any) -> Any:
        if lost:
            return None
        lost.append(operation)
        _carry_out(request)
        raise ReadTimeoutError(endpoint_url=request.url, error="lost by a test")

    with hooked(f"before-send.dynamodb.{operation}", lose):
        yield lost


def _carry_out(request: Any) -> None:
    if wiring.house().settings.endpoint:
        answer = wiring.house().aws.client("dynamodb")._endpoint.http_session.send(request)
    else:
        from moto.core.models import botocore_stubber

        answer = botocore_stubber("before-send", request)
    if answer is None or answer.status_code != 200:
        raise AssertionError("the call whose reply is to be lost was not carried out")


@contextmanager
def refused(operation: str, error: Exception) -> Iterator[list[str]]:
    """Every such call fails before it leaves."""
    tried: list[str] = []

    def refuse(**_: Any) -> None:
        tried.append(operation)
        raise error

    with hooked(f"before-call.dynamodb.{operation}", refuse):
        yield tried
