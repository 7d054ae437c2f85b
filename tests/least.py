"""The functions' policies, held while tests run: what a function asks of AWS without leave is written down, and fails the test.

The emulators allow everything. Here every call is compared with the statements of the function on whose behalf it is made: pages
and API by `tests.client.Visitor`, what may decrypt by the ports that would invoke it, event functions where a test calls them
through `app`. Calls that tests make themselves belong to no function and are not looked at.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
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
Asked = tuple[str, str]


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
    """Compares calls with policies; `wrong` is what had no leave."""

    def __init__(self, street: Street, outputs: Mapping[str, str]) -> None:
        self.wrong: list[str] = []
        self._street = street
        self._names = {value: name for name, value in outputs.items()}
        self._allowed = cache(self._read)

    def _read(self, function: str) -> list[tuple[set[str], set[str], dict[str, list[str]]]]:
        """Per statement: actions, resources as patterns (`CasesTable`, `CasesTable/index/desk`, `PhotosBucket/ready/*`), and the
        keys of rows that it is held to."""
        found = []
        for statement in statements(function, self._street, "aws"):
            actions, resources = statement["Action"], statement.get("Resource", [])
            keys = statement.get("Condition", {}).get("ForAllValues:StringEquals", {})
            found.append((set(_listed(actions)), {_plain(one) for one in _listed(resources)}, keys))
        return found

    def sent(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        function = _acting.get()
        if not function:
            return
        for action, resource, row in self._asked(model.service_model.service_name, model.name, params):
            if not any(
                action in actions and any(fnmatch.fnmatchcase(resource, one) for one in resources) and _held(keys, row)
                for actions, resources, keys in self._allowed(function)
            ):
                self.wrong.append(f"{function}: {action} on {resource}{f' row {row}' if row else ''}")

    def _asked(self, service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """(permission, resource, key of the row) of a call; several of a transaction."""
        if service == "dynamodb":
            yield from self._rows(operation, params)
        elif service == "s3" and operation != "CreateBucket":  # by which the presigner describes its POST; nothing is called
            bucket = self._names.get(params.get("Bucket", ""), "?")
            name = OBJECTS.get(operation, operation)
            yield f"s3:{name}", bucket if name == "ListBucket" else f"{bucket}/{params.get('Key', '')}", ""
        elif service == "kms":
            yield f"kms:{operation}", "VaultKey", ""

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


def _plain(resource: Any) -> str:
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


def _held(keys: dict[str, list[str]], row: str) -> bool:
    return all(row in rows for rows in keys.values())


@contextmanager
def guarded(street: Street, outputs: Mapping[str, str]) -> Iterator[Guard]:
    """Holds the policies over everything that the application of this street asks within the block."""
    import app
    from chalicelib import wiring
    from chalicelib.adapters.aws import Aws
    from chalicelib.usecases import reveal

    guard, patch = Guard(street, outputs), pytest.MonkeyPatch()
    patch.setattr(reveal, "handle", on_behalf("Reveal", reveal.handle))
    patch.setattr(wiring.House, "export_here", on_behalf("Export", wiring.House.export_here))
    patch.setattr(wiring.House, "import_here", on_behalf("Orders", wiring.House.import_here))
    for name in EVENTS:
        patch.setattr(app, name, on_behalf(name.removeprefix("import_").title(), getattr(app, name)))
    make = Aws.client

    def client(self: Any, service: str) -> Any:
        made = make(self, service)
        # Under one name, so that a client that is handed out again is not listened to twice.
        made.meta.events.register(f"provide-client-params.{service}", guard.sent, unique_id="least")
        return made

    patch.setattr(Aws, "client", client)
    try:
        yield guard
    finally:
        patch.undo()
    if guard.wrong:
        raise AssertionError("calls that no policy allows: " + "; ".join(sorted(set(guard.wrong))))
