"""Sending what the outbox holds. Runs in `notify` (fed by the table's stream) and in the sweep that is the net under it.

Claim with a lease, record the attempt, call, mark. A time-out is `unknown` and is asked for by our own reference before anything
else; it is never sent again blindly. What fails five times is parked and shown.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.casework import people
from chalicelib.casework.events import stamp
from chalicelib.casework.messages import MessageError, fill
from chalicelib.models import cases, outbox, staff
from chalicelib.models.outbox import TRIES_BEFORE_PARKING, OutboxRow
from chalicelib.ports import Sms, SmsRefused, SmsRetry, SmsUnknown, VaultBusy, VaultClosed
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep")

SWEEP_LIMIT = 100


def on_stream(ctx: Context, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Records of the outbox's stream; answers which of them have to come again."""
    failed: list[dict[str, str]] = []
    for record in event.get("Records", ()):
        image = record.get("dynamodb", {}).get("NewImage", {})
        if image.get("state", {}).get("S") != "pending" or int(image.get("tries", {}).get("N", 0)) > 0:
            continue
        try:
            deliver(ctx, image["pk"]["S"], image["sk"]["S"])
        except Exception:
            # Anything may fail in between; the stream brings the record again and the row knows how far it came.
            failed.append({"itemIdentifier": record.get("dynamodb", {}).get("SequenceNumber", "")})
            if len(failed) == 1:
                break
    return {"batchItemFailures": failed}


def sweep(ctx: Context) -> int:
    """Everything that still waits, oldest first in each shard. Returns how many rows were tried."""
    tried = 0
    for shard in range(outbox.PENDING_SHARDS):
        for pk, sk in outbox.due_before(shard, ctx.clock.civil(), SWEEP_LIMIT):
            tried += 1
            try:
                deliver(ctx, pk, sk)
            except Exception as error:
                # One message that fails holds up no other; it is tried again, and parked after five.
                log.error("message %s failed: %s", sk, type(error).__name__)
    return tried


def deliver(ctx: Context, pk: str, sk: str) -> None:
    """Brings one message to its end, or as far as it goes now."""
    row = outbox.get(pk, sk)
    if row is None or row.state not in {"pending", "sending", "unknown"}:
        return
    if row.to.startswith("office:"):
        _to_people(ctx, row)
        return
    now = ctx.clock.civil()
    if row.state != "pending" and _went_out(ctx, row):
        return
    row.ref = secrets.token_hex(8)
    if not outbox.claim(row, row.ref, now):
        return
    if int(row.tries) > TRIES_BEFORE_PARKING:
        outbox.settle(row, "parked", now)
        return
    try:
        phone = _phone(ctx, row)
    except VaultBusy:
        _again(ctx, row)
        return
    if phone is None:
        outbox.settle(row, "dropped", now)
        return
    _send(ctx, row, phone)


def _again(ctx: Context, row: OutboxRow) -> None:
    """Nothing was sent: later, or parked when it was tried often enough."""
    outbox.settle(row, "parked" if int(row.tries) >= TRIES_BEFORE_PARKING else "pending", ctx.clock.civil())


def _send(ctx: Context, row: OutboxRow, phone: str) -> None:
    message = outbox.message_of(row)
    now = ctx.clock.civil()
    approved = ctx.street.sms.templates.get(row.template)
    try:
        text = fill(row.template, message.params, approved.sign if approved else ctx.street.sms.sign)
        provider_id = ctx.sms.send(Sms(ref=row.ref or "", phone=phone, template=row.template, params=message.params))
    except SmsUnknown:
        outbox.settle(row, "unknown", now)
    except (SmsRefused, MessageError):
        outbox.settle(row, "parked", now)
    except SmsRetry:
        _again(ctx, row)
    else:
        known = {"provider": ctx.sms_name, "provider_id": provider_id, "mask": people.mask_phone(phone), "text": text}
        outbox.settle(row, "sent", now, **known)


def _went_out(ctx: Context, row: OutboxRow) -> bool:
    """Asks the provider about an attempt whose end is not known. True when nothing more is to be done now.

    What the provider can't say either is parked: a person decides whether it is sent again.
    """
    if row.state == "sending" and row.lease and row.lease >= stamp(ctx.clock.civil()):
        return True
    phone = _phone(ctx, row)
    if phone is None:
        outbox.settle(row, "dropped", ctx.clock.civil())
        return True
    sent = ctx.sms.sent(row.ref or "", phone)
    if sent:
        outbox.settle(row, "sent", ctx.clock.civil(), provider=ctx.sms_name, mask=people.mask_phone(phone))
        return True
    if sent is None:
        outbox.settle(row, "parked", ctx.clock.civil())
        return True
    return row.state == "unknown" and not outbox.settle(row, "pending", ctx.clock.civil())


def _phone(ctx: Context, row: OutboxRow) -> str | None:
    """The number behind a row, from the record that holds it; None when there is none or it was erased."""
    if row.to == "reporter":
        stored = cases.get(row.case)
        record, envelope = f"case:{row.case}", stored.sealed if stored else None
    else:
        staff_id = row.to.removeprefix("staff:")
        person = staff.person(staff_id)
        record, envelope = f"staff:{staff_id}", person.sealed if person else None
    if not envelope:
        return None
    try:
        return ctx.vault.open(record, envelope).get("phone")
    except VaultClosed:
        return None


def _to_people(ctx: Context, row: OutboxRow) -> None:
    """A message to an office becomes one for each person who holds it. Nobody there: it is parked, so that it is seen."""
    holders: Iterable[staff.StaffItem] = staff.holders(row.to.removeprefix("office:"))
    message = outbox.message_of(row)
    people_rows = []
    for holder in holders:
        to = f"staff:{holder.staff_id}"
        people_rows.append(outbox.row_of(message, ctx.keys.mac("recipient", to), to))
    if people_rows:
        outbox.expand(row, people_rows)
    else:
        row.ref = secrets.token_hex(8)
        if outbox.claim(row, row.ref, ctx.clock.civil()):
            outbox.settle(row, "parked", ctx.clock.civil())
