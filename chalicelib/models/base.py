"""PynamoDB's models and their tables, bound when the process learns the tables' names.

All models share one client: PynamoDB would build one for each, which costs every cold start tens of milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

if TYPE_CHECKING:
    from chalicelib.adapters.aws import Aws


class _Shared:
    connection: Connection | None = None


def bind(aws: Aws, tables: dict[type[Model], str]) -> None:
    """Gives every model its table's physical name and the process's one client. Called once by `wiring`, before any use."""
    client = aws.client("dynamodb")
    for model, table in tables.items():
        meta: Any = model.Meta
        meta.table_name = table
        meta.region = aws.region
        meta.host = aws.endpoint
        model._connection = None
        connection = model._get_connection().connection
        connection._client = client
    first = next(iter(tables))
    _Shared.connection = first._get_connection().connection
    for model, table in tables.items():
        _Shared.connection._tables.setdefault(table, model._get_connection().get_meta_table())


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
