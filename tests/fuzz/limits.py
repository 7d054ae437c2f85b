"""What AWS refuses and the emulator takes: keys that are too long or empty, numbers and items that are too large.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html gives the figures. A call that breaks one fails
here as it would there, so that the application is seen to answer it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

HASH_MAX, RANGE_MAX, ITEM_MAX, S3_KEY_MAX, DIGITS_MAX = 2048, 1024, 400 * 1024, 1024, 38
_PLACEHOLDER = re.compile(r":\w+")
Row = Mapping[str, Mapping[str, Any]]


class Refused(Exception):
    """What the service would have said."""


def hold(patch: pytest.MonkeyPatch) -> None:
    from botocore.client import BaseClient

    call = BaseClient._make_api_call

    def checked(self: Any, operation: str, params: Any) -> Any:
        for wrong in _wrong(self.meta.service_model.service_name, params):
            raise Refused(f"{operation}: {wrong}")
        return call(self, operation, params)

    patch.setattr(BaseClient, "_make_api_call", checked)


def _wrong(service: str, params: Mapping[str, Any]) -> Iterator[str]:
    if service == "s3" and len(str(params.get("Key", "")).encode("utf-8", "replace")) > S3_KEY_MAX:
        yield "an object's key is too long"
    if service == "dynamodb":
        yield from _part(params)
        for part in params.get("TransactItems", ()):
            for one in part.values():
                yield from _part(one)
        for table in params.get("RequestItems", {}).values():
            for key in table.get("Keys", ()) if isinstance(table, Mapping) else ():
                yield from _key(key)


def _part(params: Mapping[str, Any]) -> Iterator[str]:
    yield from _key(params.get("Key", {}))
    item = params.get("Item", {})
    yield from _key({name: item[name] for name in ("pk", "sk") if name in item})
    if sum(_size(value) + len(name) for name, value in item.items()) > ITEM_MAX:
        yield "an item is too large"
    values: Row = params.get("ExpressionAttributeValues", {}) or {}
    asked = _PLACEHOLDER.findall(params.get("KeyConditionExpression", "") or "")
    for number, name in enumerate(asked):
        yield from _bounded(values.get(name, {}), RANGE_MAX if number else HASH_MAX)
    for value in (*values.values(), *item.values()):
        digits = str(value.get("N", "")).lstrip("-").split("e")[0].replace(".", "").strip("0")
        if len(digits) > DIGITS_MAX:
            yield "a number has too many digits"


def _key(key: Row) -> Iterator[str]:
    yield from _bounded(key.get("pk", {}), HASH_MAX)
    yield from _bounded(key.get("sk", {}), RANGE_MAX)


def _bounded(value: Mapping[str, Any], most: int) -> Iterator[str]:
    if "S" in value and not 1 <= len(value["S"].encode("utf-8", "replace")) <= most:
        yield "a key is empty" if not value["S"] else "a key is too long"


def _size(value: Mapping[str, Any]) -> int:
    """Roughly, which is near enough to the end."""
    return sum(len(one) if isinstance(one, str | bytes) else len(str(one)) for one in value.values())
