"""The functions' policies, held while tests run: what a function asks of AWS without leave is written down, and fails the test.

The emulators allow everything. Here every call is compared with the statements of the function on whose behalf it is made: pages
and API by `tests.client.Visitor`, what may decrypt by the ports that would invoke it, event functions where a test calls them
through `app`. Calls that tests make themselves belong to no function and are not looked at. Looked at are the action, the table,
index, prefix or function it is for, the rows that a statement is held to, and the street in what is sealed or opened.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

import pytest

from chalicelib.street import Street
from infra.template.policies import statements

# Whose call it is: a function's logical name, or nobody's.
_acting: ContextVar[str] = ContextVar("acting", default="")
# Part of a transaction → the permission that it needs.
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
OBJECTS = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}
EVENTS = ("reveal", "notify", "photo", "sweep", "digest", "export", "tidy", "watch", "webhooks", "import_orders")
# What a message goes to: a phone number is no resource of AWS.
PHONE = "a phone number"


@dataclass(frozen=True)
class Asked:
    """A permission that a call needs, of a function: `resource` as in `Guard.allowed`; `held` is the row's key, or the street."""

    function: str
    action: str
    resource: str
    held: str = ""

    def __str__(self) -> str:
        return f"{self.function}: {self.action} on {self.resource}{f' row {self.held}' if self.held else ''}"


Policies = Callable[[str, Street, str], list[dict[str, Any]]]
Statement = tuple[set[str], set[str], list[list[str]]]


@contextmanager
def acting(function: str) -> Iterator[None]:
    token = _acting.set(function)
    try:
        yield
    finally:
        _acting.reset(token)


def on_behalf(function: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def run(*args: Any, **kwargs: Any) -> Any:
        with acting(function):
            return work(*args, **kwargs)

    return run


class Guard:
    """Compares calls with policies; `asked` is every permission that was needed, `wrong` what there was no leave for."""

    def __init__(self, street: Street, outputs: Mapping[str, str], policies: Policies = statements) -> None:
        self.wrong: list[str] = []
        self.asked: set[Asked] = set()
        self._street = street
        self._policies = policies
        self._names = {value: name for name, value in outputs.items()}
        self._statements = cache(self.allowed)

    def allowed(self, function: str) -> list[Statement]:
        """Per statement: actions, resources as patterns (`CasesTable`, `CasesTable/index/desk`, `PhotosBucket/ready/*`), and the
        keys of rows, or the street, that it is held to."""
        found = []
        for statement in self._policies(function, self._street, "aws"):
            named = {PHONE} if "NotResource" in statement else {plain(one) for one in _listed(statement["Resource"])}
            held = [_listed(values) for by in statement.get("Condition", {}).values() for values in by.values()]
            found.append((set(_listed(statement["Action"])), named, held))
        return found

    def sent(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.note(model.service_model.service_name, model.name, params)

    def note(self, service: str, operation: str, params: dict[str, Any]) -> None:
        function = _acting.get()
        if not function:
            return
        for action, resource, held in self._needs(service, operation, params):
            asked = Asked(function, action, resource, held)
            self.asked.add(asked)
            if not may(asked, self._statements(function)):
                self.wrong.append(str(asked))

    def _needs(self, service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """(permission, resource, what it is held to) of a call; several of a transaction."""
        if service == "dynamodb":
            yield from self._rows(operation, params)
        elif service == "s3" and operation != "CreateBucket":  # by which the presigner describes its POST; nothing is called
            bucket = self._names.get(params.get("Bucket", ""), "?")
            name = OBJECTS.get(operation, operation)
            yield f"s3:{name}", bucket if name == "ListBucket" else f"{bucket}/{params.get('Key', '')}", ""
        elif service == "kms":
            yield f"kms:{operation}", "VaultKey", str(params.get("EncryptionContext", {}).get("street", ""))
        elif service == "lambda":
            function = params.get("FunctionName", "")
            yield "lambda:InvokeFunction", self._names.get(function, function).removesuffix("Function"), ""
        elif service == "sns":
            yield "sns:Publish", PHONE if "PhoneNumber" in params else str(params.get("TopicArn", "")), ""

    def _rows(self, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        if operation in {"TransactWriteItems", "TransactGetItems"}:
            for one in params["TransactItems"]:
                ((part, inner),) = one.items()
                yield f"dynamodb:{PARTS.get(part, 'GetItem')}", self._table(inner), _row(inner)
        elif operation == "BatchGetItem":
            for table in params["RequestItems"]:
                yield "dynamodb:BatchGetItem", self._names.get(table, table), ""
        else:
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            yield f"dynamodb:{operation}", self._table(params) + index, _row(params)

    def _table(self, params: dict[str, Any]) -> str:
        table = str(params["TableName"])
        return self._names.get(table, table)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def plain(resource: Any) -> str:
    """A resource of the template without its syntax."""
    if isinstance(resource, dict) and "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        return str(resource["Fn::Sub"]).replace("${", "").replace(".Arn}", "")
    return str(resource)


def _row(params: dict[str, Any]) -> str:
    key: dict[str, Any] = params.get("Key") or params.get("Item") or {}
    value: Any = key.get("pk", "")
    return str(next(iter(value.values())) if isinstance(value, dict) else value)


def may(asked: Asked, allowed: Iterable[Statement]) -> bool:
    """Whether one of the statements allows it."""
    return any(
        asked.action in actions
        and any(fnmatch.fnmatchcase(asked.resource, one) for one in resources)
        and all(asked.held in values for values in held)
        for actions, resources, held in allowed
    )


def _listen_to_forms(s3: Any, guard: Guard) -> None:
    """A form for an upload is signed without a call; who sends it does so with the signer's permission."""
    sign = getattr(s3.generate_presigned_post, "signs", s3.generate_presigned_post)

    def signed(Bucket: str, Key: str, *args: Any, **kwargs: Any) -> Any:
        if Key != "origin":  # of which the bucket's address alone is read
            guard.note("s3", "PutObject", {"Bucket": Bucket, "Key": Key})
        return sign(Bucket, Key, *args, **kwargs)

    signed.signs = sign  # type: ignore[attr-defined]  # so that the same client is not listened to twice
    s3.generate_presigned_post = signed


@contextmanager
def guarded(street: Street, outputs: Mapping[str, str], policies: Policies = statements) -> Iterator[Guard]:
    """Holds the policies over everything that the application of this street asks within the block."""
    import app
    from chalicelib import wiring
    from chalicelib.adapters.aws import Aws
    from chalicelib.usecases import reveal

    guard, patch = Guard(street, outputs, policies), pytest.MonkeyPatch()
    patch.setattr(reveal, "handle", on_behalf("Reveal", reveal.handle))
    patch.setattr(wiring.House, "export_here", on_behalf("Export", wiring.House.export_here))
    patch.setattr(wiring.House, "import_here", on_behalf("Orders", wiring.House.import_here))
    for name in EVENTS:
        patch.setattr(app, name, on_behalf(name.removeprefix("import_").title(), getattr(app, name)))
    make = Aws.client

    def client(self: Any, service: str) -> Any:
        made = make(self, service)
        # Under one name, so that a client that is handed out again is not listened to twice.
        made.meta.events.register(f"provide-client-params.{service}", guard.sent, unique_id=f"least {id(guard)}")
        if service == "s3":
            _listen_to_forms(made, guard)
        return made

    patch.setattr(Aws, "client", client)
    try:
        yield guard
    finally:
        patch.undo()
    if guard.wrong:
        raise AssertionError("calls that no policy allows: " + "; ".join(sorted(set(guard.wrong))))
