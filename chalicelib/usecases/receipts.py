"""Providers' receipts: whether a message reached its phone. They are put on the message and change nothing else.

A receipt comes to a secret address: its token is a MAC of the provider's name and of a number in the street file, so raising that
number makes new addresses, and those before stay good until it is raised again. A receipt names the message by the provider's own
id; the number that comes with it is not looked at.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.errors import Unknown
from chalicelib.models import outbox
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep")

PROVIDERS = ("aliyun", "tencent")
# A receipt may be quicker than our own write about the message, or than the index it is found by.
YOUNG = timedelta(minutes=10)


@dataclass(frozen=True)
class Receipt:
    """`id` is the provider's of the message, `code` the carrier's, `at` when it was reported (None if that can't be read)."""

    id: str
    delivered: bool
    code: str
    at: datetime | None


@dataclass
class Taken:
    """`again`: some were of messages that may be on record in a moment, so the provider should send them once more."""

    marked: int = 0
    repeated: int = 0
    unknown: int = 0
    again: bool = False


def token(ctx: Context, provider: str, number: int | None = None) -> str:
    """The secret part of the address, 160 bits in lower-case hex; of the street's present number unless another is named."""
    return ctx.keys.mac("sms-receipts", provider, str(number or ctx.street.sms.receipts)).hex()[:40]


def check(ctx: Context, provider: str, given: str) -> None:
    """Raises `Unknown` unless that is the present token or the one before, whatever is wrong with it."""
    now = ctx.street.sms.receipts
    good = [token(ctx, provider, number) for number in (now, now - 1) if number > 0]
    same = [hmac.compare_digest(one.encode(), given.encode()) for one in good]
    if provider not in PROVIDERS or not any(same):
        raise Unknown("page")


def take(ctx: Context, provider: str, receipts: Iterable[Receipt]) -> Taken:
    """Marks each message delivered or failed, once; the first receipt stands. Safe to repeat."""
    done, now = Taken(), ctx.clock.civil()
    for receipt in receipts:
        row = outbox.handed(provider, receipt.id)
        if row is None:
            # Of another sender on the same account, or too early.
            done.unknown += 1
            done.again = done.again or (receipt.at is not None and ctx.clock.wall() - receipt.at < YOUNG)
        elif outbox.report(row, "delivered" if receipt.delivered else "failed", receipt.code, now):
            done.marked += 1
        else:
            done.repeated += 1
    log.info("receipts of %s: %s marked, %s repeated, %s unknown", provider, done.marked, done.repeated, done.unknown)
    return done
