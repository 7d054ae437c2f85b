"""The guard over the functions' policies sees what has no leave, and leaves alone what has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import wiring
from tests.least import Guard, acting
from tests.world import World

KEY = {"pk": {"S": "C#X"}, "sk": {"S": "CASE"}}


@pytest.fixture
def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, dict[str, Any]], list[str]]:
    """What is wrong with one call of DynamoDB or S3 on a function's behalf; nothing is sent."""
    guard = Guard(world.street, world.outputs)
    dynamo, s3 = wiring.house().aws.client("dynamodb"), wiring.house().aws.client("s3")

    def ask(function: str, operation: str, params: dict[str, Any]) -> list[str]:
        guard.wrong.clear()
        client = s3 if "Bucket" in params else dynamo
        with acting(function):
            guard.sent(params, client.meta.service_model.operation_model(operation))
        return list(guard.wrong)

    return ask


def test_what_has_no_leave_is_found(world: World, asked: Callable[..., list[str]]) -> None:
    cases, outbox, photos = (world.outputs[name] for name in ("CasesTable", "OutboxTable", "PhotosBucket"))
    put = {"Put": {"TableName": cases, "Item": KEY}}
    for function, operation, params in (
        ("Watch", "PutItem", {"TableName": cases, "Item": KEY}),
        ("Notify", "Query", {"TableName": cases, "IndexName": "timers"}),
        ("Digest", "TransactWriteItems", {"TransactItems": [put]}),
        ("APIHandler", "Scan", {"TableName": cases}),
        ("APIHandler", "DeleteItem", {"TableName": outbox, "Key": KEY}),
        ("APIHandler", "GetItem", {"TableName": "a table of somebody else", "Key": KEY}),
        ("APIHandler", "GetObject", {"Bucket": photos, "Key": "full/c01/x.zip"}),
        ("Photo", "PutObject", {"Bucket": photos, "Key": "lists/x.csv"}),
        ("APIHandler", "GetItem", {"TableName": world.outputs["KeysTable"], "Key": {"pk": {"S": "SMS"}, "sk": {"S": "x"}}}),
    ):
        assert asked(function, operation, params), (function, operation)


def test_what_has_leave_is_not(world: World, asked: Callable[..., list[str]]) -> None:
    cases, photos = world.outputs["CasesTable"], world.outputs["PhotosBucket"]
    for function, operation, params in (
        ("APIHandler", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": cases, "Item": KEY}}]}),
        ("APIHandler", "Query", {"TableName": cases, "IndexName": "desk"}),
        ("Sweep", "Query", {"TableName": cases, "IndexName": "timers"}),
        ("Photo", "PutObject", {"Bucket": photos, "Key": "ready/x/01/full.jpg"}),
        ("", "Scan", {"TableName": cases}),
    ):
        assert asked(function, operation, params) == [], (function, operation)
