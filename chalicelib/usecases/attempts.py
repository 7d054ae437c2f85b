"""One attempt to send one message, under the recipient's lease.

The attempt is on record before the provider is called, and what came of it is recorded after. An attempt whose end is not known
is asked for by our reference and never made again blindly.
"""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.casework import people, sending_rules
from chalicelib.casework.clocks import feedback_due
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.messages import fill
from chalicelib.casework.notices import date_of
from chalicelib.casework.sending_rules import DIGEST, HAZARD, RECEIVED
from chalicelib.errors import ConfigError
from chalicelib.models import cases, outbox, recipient
from chalicelib.models.outbox import OutboxRow
from chalicelib.ports import Sms, SmsCapped, SmsRefused, SmsRetry, SmsStopped, SmsUnknown, VaultBusy
from chalicelib.usecases.context import Context
from chalicelib.usecases.recipients import end_of, phone_of

log = logging.getLogger("doorstep")

FIRST_QUESTION = timedelta(minutes=2)
NEXT_QUESTION = timedelta(minutes=30)
GIVE_UP = timedelta(hours=24)
BUSY = timedelta(minutes=1)
# The provider says so of a landline that it can't reach: nobody can receive it, and nobody has to look into it.
NOT_MOBILE = "not_mobile"
SETTLE_TRIES = 3
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True)
class Number:
    """A recipient's number and the key under which its messages are counted."""

    phone: str
    counted: bytes


def number_of(ctx: Context, row: OutboxRow) -> Number | None:
    phone = phone_of(ctx, row)
    return Number(phone, ctx.keys.mac("sms-count", phone)) if phone else None


def ask(ctx: Context, row: OutboxRow) -> None:
    """Finds out about an attempt whose end is not known: sent, to be sent again, or unknown still; after a day it is parked."""
    now = ctx.clock.civil()
    try:
        number = number_of(ctx, row)
    except VaultBusy:
        outbox.move(row, row.state, at=now + BUSY)
        return
    if number is None:
        outbox.move(row, "dropped", ttl=end_of(ctx), why="erased")
        return
    went = _asked(ctx, row, number.phone)
    if went:
        text = _text(ctx, row, outbox.message_of(row).params)
        _sent(ctx, row, "", people.mask_phone(number.phone), text)
    elif went is False:
        _again(row, now, "unsent", at_once=True)
    elif row.tried_at and now - parse(row.tried_at) >= GIVE_UP:
        outbox.move(row, "parked", why="unknown")
    else:
        outbox.move(row, "unknown", at=now + NEXT_QUESTION)


def _asked(ctx: Context, row: OutboxRow, phone: str) -> bool | None:
    try:
        return ctx.sms.sent(row.ref or "", phone, row.template, parse(row.tried_at))
    except Exception as error:
        log.warning("the provider could not be asked: %s", type(error).__name__)
        return None


def _text(ctx: Context, row: OutboxRow, params: tuple[str, ...]) -> str:
    """Raises `MessageError`, a `ValueError`, for what can never be sent like this."""
    approved = ctx.street.sms.templates.get(row.template)
    return fill(row.template, params, approved.sign if approved else ctx.street.sms.sign)


def _params(ctx: Context, row: OutboxRow, now: datetime) -> tuple[str, ...]:
    """A digest counts when it is sent; every other message says what was so when it was written, unless that has passed."""
    if row.template == DIGEST:
        return sending_rules.digest_params(now, ctx.street.tz, row.cases or (), row.late or ())
    params = outbox.message_of(row).params
    if row.template == RECEIVED and row.state == "held":
        # What waited for the morning must not promise a call for last night.
        stored = cases.get(row.case)
        due = feedback_due(stored.case, ctx.street, stamp(now)) if stored else None
        return (params[0], date_of(due, ctx.street)) if due else params
    return params


def _again(row: OutboxRow, now: datetime, why: str, *, at_once: bool = False) -> None:
    """Nothing was sent: later, or parked when it was tried often enough."""
    at = sending_rules.later(int(row.tries or 0), now)
    if at is None:
        outbox.move(row, "parked", why=why)
    else:
        outbox.move(row, "pending", at=now if at_once else at, why=row.why if row.why == "urgent" else why)


def failed(row: OutboxRow, now: datetime, why: str = "failed") -> None:
    """Something broke before the provider was called. Tried again and parked after five times, like a refusal for now.

    With `retry` as the reason the recipient's later messages wait for this one.
    """
    tries = int(row.tries or 0) + 1
    at = sending_rules.later(tries, now)
    outbox.move(row, "parked" if at is None else "pending", at=at, tries=tries, why=why)


def _place(ctx: Context, row: OutboxRow, number: Number, now: datetime) -> recipient.Place:
    kind, limit = sending_rules.kind_of(row.to), ctx.street.sms.per_number_per_day
    return recipient.Place(
        number=number.counted,
        day=sending_rules.day_of(now, ctx.street.tz),
        id=outbox.id_of(row),
        # The last one that staff may get is kept for a digest.
        limit=limit - 1 if kind == "staff" and row.template not in {DIGEST, HAZARD} else limit,
        receipt=kind == "reporter" and row.template == RECEIVED,
        digest=now if row.template == DIGEST else None,
    )


def busy(row: OutboxRow, now: datetime) -> None:
    """The key service could not open the number now. That is nobody's failure: no try is counted."""
    outbox.move(row, "pending", at=now + BUSY, why=row.why if row.why == "urgent" else "retry")


def attempt(ctx: Context, row: OutboxRow, number: Number) -> bool:
    """Sends one message if its number has room today. False when the recipient's other messages should not be tried now."""
    now = ctx.clock.civil()
    try:
        params = _params(ctx, row, now)
        text = _text(ctx, row, params)
    except ValueError:
        # `MessageError` is one: the same row would fail for ever, but only this one.
        outbox.move(row, "parked", why="text")
        return True
    room = recipient.reserve(_place(ctx, row, number, now), ctx.clock.wall())
    if room == recipient.RECEIPT:
        outbox.move(row, "capped", ttl=end_of(ctx), why="receipt")
        return True
    if room == recipient.FULL:
        hold(ctx, row, sending_rules.next_morning(now, ctx.street.tz, ctx.street.sms), "cap")
        return True
    ref = secrets.token_hex(8)
    if not outbox.record(row, ref, now, params):
        return True
    return _call(ctx, row, Sms(ref=ref, phone=number.phone, template=row.template, params=params), text)


def hold(ctx: Context, row: OutboxRow, until: datetime, why: str) -> None:
    outbox.move(row, "held", at=until, why=row.why if row.why == "urgent" else why)


def _call(ctx: Context, row: OutboxRow, message: Sms, text: str) -> bool:
    now = ctx.clock.civil()
    try:
        provider_id = ctx.sms.send(message)
    except SmsRefused as error:
        if str(error) == NOT_MOBILE:
            outbox.move(row, "dropped", ttl=end_of(ctx), why=NOT_MOBILE)
        else:
            outbox.move(row, "parked", why=f"refused {_code(error)}".rstrip())
        return True
    except SmsStopped as error:
        # Trying again changes nothing before somebody has mended it; `infra.messages` says what, and revives.
        log.error("message %s was not taken: %s", row.sk, error)
        outbox.move(row, "parked", why=str(error))
        return True
    except SmsCapped:
        _full(ctx, row, now)
        return True
    except (SmsRetry, ConfigError) as error:
        # A provider that can't be built has sent nothing either.
        log.warning("message %s was not taken: %s %s", row.sk, type(error).__name__, _code(error))
        _again(row, now, "retry")
        return False
    except Exception as error:
        # Whatever it is, the message may be on its way.
        if isinstance(error, SmsUnknown):
            log.warning("message %s may have been taken: %s", row.sk, _code(error))
        else:
            log.error("message %s ended without an answer: %s", row.sk, type(error).__name__)
        outbox.move(row, "unknown", at=now + FIRST_QUESTION)
        return True
    _sent(ctx, row, provider_id, people.mask_phone(message.phone), text)
    return True


def _code(error: Exception) -> str:
    """A provider's own code, for operators. Sentences are left out: nothing vouches for what stands in them."""
    said = str(error)
    return said if _CODE.fullmatch(said) else ""


def _full(ctx: Context, row: OutboxRow, now: datetime) -> None:
    """The provider counts more than we do (other senders share the number): tomorrow, but not for ever."""
    if sending_rules.later(int(row.tries or 0), now) is None:
        outbox.move(row, "parked", why="cap")
    else:
        hold(ctx, row, sending_rules.next_morning(now, ctx.street.tz, ctx.street.sms), "cap")


def _provider(ctx: Context, row: OutboxRow) -> str:
    """Who was asked to send it: the template's own provider, unless one was set for all (a rehearsal's `local`)."""
    own = ctx.street.sms.templates.get(row.template)
    return own.provider if own and ctx.sms_name == ctx.street.sms.provider else ctx.sms_name


def _sent(ctx: Context, row: OutboxRow, provider_id: str, mask: str, text: str) -> None:
    """It went out: that has to be on record, so this write is not given up at its first failure."""
    known: dict[str, Any] = {"provider": _provider(ctx, row), "mask": mask, "text": text}
    if provider_id:
        # An index's key can't be empty; a message found by our reference has no id of theirs here.
        known["provider_id"] = provider_id
    for tried in range(1, SETTLE_TRIES + 1):
        try:
            outbox.move(row, "sent", ttl=end_of(ctx), sent_at=stamp(ctx.clock.civil()), **known)
        except Exception:
            if tried == SETTLE_TRIES:
                raise
        else:
            return
