"""Secrets that we share with other systems, in the Keys table beside the root: `SHARED` / `<name>`.

A secret is made by an operator's command and shown once; it signs what a subscriber gets, or what a source of orders sends us.
Exchanged, the new and the old one hold side by side until the old one is retired.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.faults import NO_ANSWER, code_of
from chalicelib.errors import ConfigError

SECRET_BYTES = 32
REREAD_S = 60
_CHANGED = "ConditionalCheckFailedException"


class SharedSecrets:
    """Implements `ports.Secrets`. `dynamodb` is a botocore client, `ticks` counts seconds of this process."""

    def __init__(self, dynamodb: Any, table: str, ticks: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._ticks = ticks
        self._held: dict[str, tuple[float, tuple[str, ...]]] = {}

    def valid(self, name: str) -> tuple[str, ...]:
        """Read again every minute, so that an exchange reaches running functions by itself."""
        held = self._held.get(name)
        if held is not None and self._ticks() - held[0] < REREAD_S:
            return held[1]
        try:
            found = self._read(name)
        except (ClientError, *NO_ANSWER):
            # Without an answer what was held serves on.
            if held is None:
                raise
            found = held[1]
        self._held[name] = (self._ticks(), found)
        return found

    def make(self, name: str) -> str:
        """A secret where there is none. Raises `ConfigError` when there is one: it is never shown again."""
        made = secrets.token_hex(SECRET_BYTES)
        self._write(name, made, "", "attribute_not_exists(pk)", f"{name} has a secret; `rotate` exchanges it")
        return made

    def rotate(self, name: str) -> str:
        """A new one; the present one goes on holding until it is retired. Raises `ConfigError` while an exchange is under way."""
        standing = self._read(name)
        if len(standing) != 1:
            remedy = "retire the old one first" if standing else "make it first"
            raise ConfigError(f"{name} has {len(standing)} secrets; {remedy}")
        made = secrets.token_hex(SECRET_BYTES)
        self._write(name, made, standing[0], "newest = :was", f"{name} was changed meanwhile; look again", was=standing[0])
        return made

    def retire(self, name: str) -> None:
        """Only the newest holds. Raises `ConfigError` when there is no other."""
        standing = self._read(name)
        if len(standing) != 2:
            raise ConfigError(f"{name} has no old secret")
        self._write(name, standing[0], "", "newest = :was", f"{name} was changed meanwhile; look again", was=standing[0])

    def _read(self, name: str) -> tuple[str, ...]:
        item = self._dynamodb.get_item(TableName=self._table, Key=_key(name), ConsistentRead=True).get("Item", {})
        return tuple(item[part]["S"] for part in ("newest", "older") if part in item)

    def _write(self, name: str, newest: str, older: str, condition: str, taken: str, was: str = "") -> None:
        item = {**_key(name), "newest": {"S": newest}, **({"older": {"S": older}} if older else {})}
        values = {"ExpressionAttributeValues": {":was": {"S": was}}} if was else {}
        try:
            self._dynamodb.put_item(TableName=self._table, Item=item, ConditionExpression=condition, **values)
        except ClientError as error:
            # Our own write, if its reply was lost and the SDK repeated it.
            if code_of(error) != _CHANGED:
                raise
            if self._read(name)[:1] != (newest,):
                raise ConfigError(taken) from None
        self._held.pop(name, None)


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": "SHARED"}, "sk": {"S": name}}
