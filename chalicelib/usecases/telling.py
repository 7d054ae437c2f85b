"""Outbox rows for what events cause, to be written with them: messages to people, and events for other systems."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.models import Model

from chalicelib.casework import hooks as hook_rules
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.casework.folds import apply
from chalicelib.casework.notices import Told, messages
from chalicelib.models import hooks
from chalicelib.models.outbox import row_of
from chalicelib.usecases.context import Context


def _mac(ctx: Context, to: str, phone_mac: str) -> bytes:
    """The reporter is keyed by their phone, so that caps hold across cases; offices and staff by their name."""
    return ctx.keys.mac("recipient", phone_mac if to == "reporter" else to)


def rows_for(ctx: Context, case: Case, events: Sequence[Event]) -> list[Model]:
    """`case` is the case before the events."""
    rows: list[Model] = []
    for event in events:
        case = apply(case, event)
        for message in messages(Told(case, event, ctx.street, ctx.place_of(case))):
            rows.append(row_of(message, _mac(ctx, message.to, message.phone_mac or case.phone_mac)))
        if ctx.street.webhooks:
            days = ctx.street.retention.message_days
            rows += [hooks.row_of(hooked, days) for hooked in hook_rules.told(case, event, ctx.street)]
    return rows
