"""AWS for unit tests: moto in process behind a lock, and clients whose next answer is decided by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "cn-north-1"
_LOCK = threading.RLock()


def client(service: str, config: Config | None = None) -> Any:
    """A fresh botocore client with credentials that work nowhere."""
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "example-secret", "example-token")
    return session.create_client(service, region_name=REGION, config=config)


@contextmanager
def local_aws() -> Iterator[None]:
    """moto, with DynamoDB and S3 made atomic.

    Without the lock two writers can both win one conditional put, and parallel puts of one object close each other's buffers.
    """
    from moto import mock_aws
    from moto.dynamodb.responses import DynamoHandler
    from moto.s3.responses import S3Response

    with _serialised(DynamoHandler, "call_action"), _serialised(S3Response, "key_response"), mock_aws():
        yield


@contextmanager
def _serialised(owner: Any, name: str) -> Iterator[None]:
    original: Callable[..., Any] = getattr(owner, name)

    def one_at_a_time(*args: Any, **kwargs: Any) -> Any:
        with _LOCK:
            return original(*args, **kwargs)

    setattr(owner, name, one_at_a_time)
    try:
        yield
    finally:
        setattr(owner, name, original)


def refusal(code: str, status: int = 400, operation: str = "Operation") -> ClientError:
    """The error that botocore raises for a service's answer."""
    answer = {"Error": {"Code": code, "Message": "said by a test"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


def before_call(target: Any, operation: str, action: Callable[[], None]) -> None:
    """Runs `action` before each `operation` of the client reaches the wire; raising there is a call that never left."""

    def hook(**_: Any) -> None:
        action()

    service = target.meta.service_model.service_id.hyphenize()
    target.meta.events.register_first(f"before-call.{service}.{operation}", hook)


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act
