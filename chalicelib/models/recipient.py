"""What belongs to a recipient and not to a message: who is sending to them now, and how much their number got today.

Rows of the outbox table: `TO#<hmac>`/`LEASE`, gone when nobody sends, and `N#<hmac of the number>`/`<local day>`. The count is
kept by the number, because one person's staff row and their own reports may share it; it holds which messages were
counted, so that counting one twice changes nothing.
"""

from __future__ import annotations

import base64
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action

from chalicelib.casework.events import parse, stamp
from chalicelib.models import outbox
from chalicelib.models.outbox import LEASE, OutboxRow

log = logging.getLogger("doorstep")

SK = "LEASE"
A_DAY = 86_400
OK, FULL, RECEIPT = "ok", "full", "receipt"


@dataclass
class Lease:
    """The right to act for one recipient, until `until`."""

    pk: str
    owner: str
    until: datetime
    ttl: int

    def still(self, now: datetime) -> bool:
        """Whether it is still ours; it is prolonged in its second half."""
        if now + LEASE / 2 < self.until:
            return True
        self.until = now + LEASE
        return _write(self, OutboxRow.owner == self.owner)

    def release(self) -> None:
        """Never raises: a lease that can't be given back ends by itself."""
        try:
            OutboxRow(self.pk, SK).delete(condition=OutboxRow.owner == self.owner)
        except Exception as error:
            if not outbox.refused(error):
                log.warning("a lease was left to end by itself: %s", type(error).__name__)


def take(pk: str, now: datetime, wall: datetime) -> Lease | None:
    """The lease, or None while somebody else has it."""
    lease = Lease(pk, secrets.token_hex(8), now + LEASE, int(wall.timestamp()) + A_DAY)
    free = OutboxRow.pk.does_not_exist() | (OutboxRow.lease < stamp(now))
    return lease if _write(lease, free) else None


def _write(lease: Lease, condition: Condition) -> bool:
    row = OutboxRow(lease.pk, SK)
    actions: list[Action] = [
        OutboxRow.owner.set(lease.owner),
        OutboxRow.lease.set(stamp(lease.until)),
        OutboxRow.ttl.set(lease.ttl),
    ]
    try:
        row.update(actions=actions, condition=condition)
    except Exception as error:
        standing = outbox.get(lease.pk, SK)
        if standing is not None and (standing.owner, standing.lease) == (lease.owner, stamp(lease.until)):
            return True
        if outbox.refused(error):
            return False
        raise
    return True


@dataclass(frozen=True)
class Today:
    """What a number got on a local day: ids of the messages, and when its last digest went."""

    taken: frozenset[str]
    digested: datetime | None


def _count_key(number: bytes) -> str:
    return "N#" + base64.b32encode(number[:20]).decode()


def today(number: bytes, day: str) -> Today:
    row = outbox.get(_count_key(number), day)
    if row is None:
        return Today(frozenset(), None)
    return Today(frozenset(row.taken or ()), parse(row.digested_at) if row.digested_at else None)


@dataclass(frozen=True)
class Place:
    """One of a number's places on a day, for the message `id`. `receipt`: the day has only one; `digest`: when one went."""

    number: bytes
    day: str
    id: str
    limit: int
    receipt: bool = False
    digest: datetime | None = None


def reserve(place: Place, wall: datetime) -> str:
    """`ok`, also for a message that has its place already; `full`; or `receipt` when another receipt went out that day."""
    row = OutboxRow(_count_key(place.number), place.day)
    actions: list[Action] = [
        OutboxRow.taken.add({place.id}),
        OutboxRow.ttl.set(int((wall + timedelta(days=3)).timestamp())),
    ]
    room = OutboxRow.taken.does_not_exist() | OutboxRow.taken.contains(place.id) | (size(OutboxRow.taken) < place.limit)
    if place.receipt:
        actions.append(OutboxRow.receipt.set(place.id))
        room = room & (OutboxRow.receipt.does_not_exist() | (OutboxRow.receipt == place.id))
    if place.digest is not None:
        actions.append(OutboxRow.digested_at.set(stamp(place.digest)))
    try:
        row.update(actions=actions, condition=room)
    except Exception as error:
        standing = outbox.get(row.pk, row.sk)
        taken = standing.taken or set() if standing is not None else set()
        receipt = standing.receipt if standing is not None else None
        if place.receipt and receipt not in {None, place.id}:
            return RECEIPT
        if place.id in taken and (not place.receipt or receipt == place.id):
            return OK
        if outbox.refused(error):
            return FULL
        raise
    return OK
