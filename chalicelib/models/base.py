"""PynamoDB's models and their tables, bound when the process learns the tables' names.

All models share one client: PynamoDB would build one for each, which costs every cold start tens of milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from pynamodb.connection import Connection, TableConnection
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

if TYPE_CHECKING:
    from chalicelib.adapters.aws import Aws


class _Shared:
    aws: Aws | None = None
    tables: Mapping[str, str] = {}
    connection: Connection | None = None
    lock = Lock()


class Row(Model):
    """A model of one of the street's tables: `Meta.store` is its short name, such as `cases`. It gets the table's physical name
    and the process's one client when it is first used, so that a process loads the models that it needs.
    """

    _bound: ClassVar[Connection | None] = None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._bound is not _Shared.connection or _Shared.connection is None:
            _bind(cls)
        return super()._get_connection()


def bind(aws: Aws, tables: Mapping[str, str]) -> None:
    """`tables` maps short names to physical ones. Called once by `wiring`, before any use; again, it starts over."""
    _Shared.aws, _Shared.tables = aws, tables
    _Shared.connection = Connection(region=aws.region, host=aws.endpoint)
    client: Any = aws.client("dynamodb")
    _Shared.connection._client = client


def _bind(model: type[Row]) -> None:
    """Once, whichever threads are the first to need it: `_bound` is what others look at, and is set last."""
    shared, aws = _Shared.connection, _Shared.aws
    meta: Any = model.Meta
    if shared is None or aws is None or meta.store not in _Shared.tables:
        raise RuntimeError(f"no table is bound for {meta.store!r}; wiring.bind() runs before the first use")
    with _Shared.lock:
        if model._bound is not shared:
            meta.table_name, meta.region, meta.host = _Shared.tables[meta.store], aws.region, aws.endpoint
            model._connection = None
            own = super(Row, model)._get_connection()
            own.connection._client = shared._client
            shared._tables.setdefault(meta.table_name, own.get_meta_table())
            model._bound = shared


def code_of(error: Exception) -> str | None:
    """AWS's code of what went wrong, such as `ConditionalCheckFailedException`; None when AWS did not say anything.

    PynamoDB's own `cause_response_code` breaks on a time-out, whose cause has a response that is None.
    """
    answer = getattr(error.cause, "response", None) if isinstance(error, PynamoDBException) else None
    return answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None


def transaction(token: str | None = None) -> TransactWrite:
    """One all-or-nothing write over any of the bound tables."""
    if _Shared.connection is None:
        raise RuntimeError("models are not bound; wiring.bind() runs before the first use")
    return TransactWrite(connection=_Shared.connection, client_request_token=token)
