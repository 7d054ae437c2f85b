"""Outbox rows for the messages that events cause, to be written with them."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.casework.case import Case, apply
from chalicelib.casework.events import Event
from chalicelib.casework.notices import Told, messages
from chalicelib.models.outbox import OutboxRow, row_of
from chalicelib.usecases.context import Context


def recipient_mac(ctx: Context, to: str, case: Case) -> bytes:
    """The reporter is keyed by their phone, so that caps hold across cases; offices and staff by their name."""
    return ctx.keys.mac("recipient", case.phone_mac if to == "reporter" else to)


def rows_for(ctx: Context, case: Case, events: Sequence[Event]) -> list[OutboxRow]:
    """`case` is the case before the events."""
    rows = []
    for event in events:
        case = apply(case, event)
        for message in messages(Told(case, event, ctx.street, ctx.place_of(case))):
            rows.append(row_of(message, recipient_mac(ctx, message.to, case)))
    return rows
