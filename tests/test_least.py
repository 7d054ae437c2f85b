"""The guard over the functions' policies sees what has no leave, and leaves alone what has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chalice.local import LambdaContext

from chalicelib import wiring
from chalicelib.street import Street
from infra.template import policies
from infra.template.data import TABLES, data_template
from infra.template.functions import SIZES
from tests import least
from tests.least import EVENTS, Guard, acting, guarded
from tests.small_street import small_street
from tests.world import World

KEY = {"pk": {"S": "C#X"}, "sk": {"S": "CASE"}}


@pytest.fixture
def asked(world: World) -> Callable[[str, str, dict[str, Any]], list[str]]:
    """What is wrong with one call on a function's behalf; nothing is sent."""
    guard = Guard(world.street, {**world.outputs, "RevealFunction": "reveal-1", "SweepFunction": "sweep-1"})
    services = {"Bucket": "s3", "EncryptionContext": "kms", "FunctionName": "lambda", "PhoneNumber": "sns", "TopicArn": "sns"}

    def ask(function: str, operation: str, params: dict[str, Any]) -> list[str]:
        guard.wrong.clear()
        with acting(function):
            guard.note(next((services[name] for name in params if name in services), "dynamodb"), operation, params)
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
        ("APIHandler", "Decrypt", {"EncryptionContext": {"street": world.street.id}}),
        ("Reveal", "Decrypt", {"EncryptionContext": {"street": "another"}}),
        ("APIHandler", "Invoke", {"FunctionName": "sweep-1"}),
        ("Notify", "Publish", {"PhoneNumber": "+8613900001234"}),
    ):
        assert asked(function, operation, params), (function, operation)


def test_what_has_leave_is_not(world: World, asked: Callable[..., list[str]]) -> None:
    cases, photos = world.outputs["CasesTable"], world.outputs["PhotosBucket"]
    for function, operation, params in (
        ("APIHandler", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": cases, "Item": KEY}}]}),
        ("APIHandler", "Query", {"TableName": cases, "IndexName": "desk"}),
        ("Sweep", "Query", {"TableName": cases, "IndexName": "timers"}),
        ("Photo", "PutObject", {"Bucket": photos, "Key": "ready/x/01/full.jpg"}),
        ("APIHandler", "GenerateDataKey", {"EncryptionContext": {"street": world.street.id}}),
        ("Reveal", "Decrypt", {"EncryptionContext": {"street": world.street.id, "record": "x"}}),
        ("APIHandler", "Invoke", {"FunctionName": "reveal-1"}),
        ("", "Scan", {"TableName": cases}),
    ):
        assert asked(function, operation, params) == [], (function, operation)


def test_a_form_for_an_upload_needs_leave_to_put_there(world: World) -> None:
    missing = pytest.raises(AssertionError, match=r"APIHandler: s3:PutObject on PhotosBucket/incoming/")
    with missing, watched(world, without="s3:PutObject"):
        wanted = {"code": world.code(), "key": "a" * 32, "slot": 1}
        assert world.client().post_json("/api/v1/photos", wanted).status == 200


def test_an_action_taken_from_a_policy_fails_the_test_that_needs_it(world: World) -> None:
    with watched(world):
        world.app.sweep({}, LambdaContext("sweep", 512, 58_000))
    missing = pytest.raises(AssertionError, match=r"Sweep: dynamodb:Query on CasesTable/index/timers")
    with missing, watched(world, without="dynamodb:Query"):
        world.app.sweep({}, LambdaContext("sweep", 512, 58_000))


@contextmanager
def watched(world: World, without: str = "") -> Iterator[Guard]:
    """A guard of one's own, on new clients; every policy as it is, but for that action."""

    def fewer(function: str, street: Street, partition: str) -> list[dict[str, Any]]:
        found = policies.statements(function, street, partition)
        return [{**one, "Action": [each for each in listed(one["Action"]) if each != without]} for one in found]

    wiring.use(clock=world.clock)
    with guarded(world.street, world.outputs, fewer) as guard:
        yield guard
    wiring.use(clock=world.clock)


def listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def test_every_function_that_the_template_has_is_looked_at() -> None:
    import app

    declared: list[Any] = list(app.app.pure_lambda_functions)
    handlers = {one.name.title(): one.handler_string for one in declared}
    assert set(SIZES) == {"APIHandler", *handlers}
    assert set(handlers.values()) == {f"app.{name}" for name in EVENTS}


def test_policies_name_tables_indexes_and_prefixes_that_there_are() -> None:
    """And every index but the spare ones is somebody's to read."""
    prefixes = {rule["Prefix"] for rule in kept_in_photos() if "Prefix" in rule}
    there = {*TABLES, "PhotosBucket", "VaultKey", "OutboxTable/stream", *SIZES, "*"}
    there |= {f"{table}/index/{index.name}" for table, made in TABLES.items() for index in made.indexes}
    there |= {f"{table}/index/{index.name}" for table, made in TABLES.items() for index in made.local}
    there |= {f"PhotosBucket/{prefix}*" for prefix in prefixes}
    named = {
        plain(resource)
        for function in SIZES
        for statement in policies.statements(function, small_street(), "aws")
        for resource in listed(statement["Resource"])
    }
    assert named - there == set()
    assert {name for name in there - named if "/index/" in name and "spare" not in name} == set()
    assert {name for name in there - named if name.startswith("PhotosBucket/")} == set()


def kept_in_photos() -> list[dict[str, Any]]:
    bucket = data_template(small_street(), "aws")["Resources"]["PhotosBucket"]
    return list(bucket["Properties"]["LifecycleConfiguration"]["Rules"])


def plain(resource: Any) -> str:
    if isinstance(resource, dict) and resource.get("Fn::GetAtt") == ["OutboxTable", "StreamArn"]:
        return "OutboxTable/stream"
    return least.plain(resource)
