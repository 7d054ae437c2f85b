"""External numbers: the row that finds the case which an order became, and the desk's look-up."""

from __future__ import annotations

import re
from datetime import timedelta

from pynamodb.models import Model

from chalicelib.casework.orders import SOURCES
from chalicelib.models import orders
from chalicelib.usecases.context import Context

# 12345 numbers its orders in ASCII; petitions are numbered as papers are: 沪信访〔2026〕12号.
EXTERNAL = re.compile(r"[0-9A-Za-z\u4e00-\u9fff\-_/.()（）\[\]〔〕【】]{1,40}")


def ttl(ctx: Context) -> int:
    """As long as a case is kept at most."""
    return int((ctx.clock.civil() + timedelta(days=2 * ctx.street.retention.case_days)).timestamp())


def typed_in(ctx: Context, channel: str, external: str, no: str) -> list[Model]:
    """The look-up row of an order that staff take in by hand."""
    return [orders.row_of(channel, external, no, content="", changes=0, ttl=ttl(ctx))] if external and channel in SOURCES else []


def numbered(typed: str) -> list[str]:
    """Numbers of the cases that came under this external number, for the desk's search."""
    wanted = typed.strip()
    if not EXTERNAL.fullmatch(wanted):
        return []
    rows = (orders.get(source, wanted) for source in SOURCES)
    return [row.case for row in rows if row is not None]
