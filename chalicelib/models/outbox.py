"""The outbox: messages to send, keyed by recipient, written in the same transaction as the case that causes them.

A row's life: `pending` (in the sparse index) → `sending` under a lease, with the attempt recorded before the call → `sent`, or
`unknown` after a time-out, or back to `pending`, or `parked` after five tries, or `dropped` when nobody is behind it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar
from zlib import crc32

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.casework.events import stamp
from chalicelib.casework.notices import Message
from chalicelib.models.base import transaction

PENDING_SHARDS = 4
TRIES_BEFORE_PARKING = 5
LEASE = timedelta(minutes=2)


class PendingIndex(GlobalSecondaryIndex["OutboxRow"]):
    class Meta:
        index_name = "pending"
        projection = KeysOnlyProjection()

    pending = UnicodeAttribute(hash_key=True)
    pending_at = UnicodeAttribute(range_key=True)


class OutboxRow(Model):
    """`to` names the recipient (`reporter`, `office:…`, `staff:…`); `mask` and `text` are what was sent, without the number."""

    class Meta:
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    case = UnicodeAttribute()
    template = UnicodeAttribute()
    params = UnicodeAttribute()
    to = UnicodeAttribute()
    at = UnicodeAttribute()
    state = UnicodeAttribute()
    tries = NumberAttribute(default=0)
    lease = UnicodeAttribute(null=True)
    ref = UnicodeAttribute(null=True)
    provider = UnicodeAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    mask = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    sent_at = UnicodeAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    pending_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    pending_index = PendingIndex()


def recipient_key(mac: bytes) -> str:
    """`TO#` + 160 bits of the recipient's keyed hash."""
    return "TO#" + base64.b32encode(mac[:20]).decode()


def row_of(message: Message, recipient_mac: bytes, to: str | None = None) -> OutboxRow:
    pk = recipient_key(recipient_mac)
    return OutboxRow(
        pk,
        f"{message.case}#{message.seq:05d}#{message.template}",
        case=message.case,
        template=message.template,
        params=msgspec.json.encode(message.params).decode(),
        to=to or message.to,
        at=message.at,
        state="pending",
        tries=0,
        pending=f"O#{crc32(pk.encode()) % PENDING_SHARDS}",
        pending_at=message.at,
    )


def message_of(row: OutboxRow) -> Message:
    case, seq, _ = row.sk.split("#", 2)
    params = tuple(msgspec.json.decode(row.params, type=list[str]))
    return Message(case=case, seq=int(seq), template=row.template, to=row.to, params=params, at=row.at)


def get(pk: str, sk: str) -> OutboxRow | None:
    try:
        return OutboxRow.get(pk, sk, consistent_read=True)
    except OutboxRow.DoesNotExist:
        return None


def claim(row: OutboxRow, ref: str, now: datetime) -> bool:
    """Takes the row under a lease and records the attempt before any call. False when somebody else has it or it is done."""
    free = (OutboxRow.state == "pending") | ((OutboxRow.state == "sending") & (OutboxRow.lease < stamp(now)))
    # The SDK repeats a call whose reply was lost, and then finds our own claim.
    ours = (OutboxRow.state == "sending") & (OutboxRow.ref == ref)
    try:
        row.update(
            actions=[
                OutboxRow.state.set("sending"),
                OutboxRow.lease.set(stamp(now + LEASE)),
                OutboxRow.ref.set(ref),
                OutboxRow.tries.add(1),
            ],
            condition=free | ours,
        )
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def settle(row: OutboxRow, state: str, now: datetime, **known: str) -> bool:
    """Ends an attempt: `sent`, `dropped`, `unknown`, `parked`, or `pending` again. Only the claim that holds `row.ref` may, and
    only once; False when another one has it by now.
    """
    actions: list[Action] = [OutboxRow.state.set(state), OutboxRow.lease.remove()]
    actions += [getattr(OutboxRow, name).set(value) for name, value in known.items()]
    if state in {"sent", "dropped", "parked"}:
        actions += [OutboxRow.pending.remove(), OutboxRow.pending_at.remove()]
    if state == "sent":
        actions.append(OutboxRow.sent_at.set(stamp(now)))
    try:
        row.update(actions=actions, condition=(OutboxRow.ref == row.ref) & OutboxRow.state.is_in("sending", "unknown", state))
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def expand(row: OutboxRow, rows: Iterable[OutboxRow]) -> None:
    """Replaces a message to an office by one for each person on duty; a repeat finds the same keys and does nothing.

    Who has this message already, because another office of theirs was told too, is not told twice.
    """
    people = list(rows)
    try:
        _expand(row, people)
    except TransactWriteError:
        standing = get(row.pk, row.sk)
        if standing is None or standing.state != "pending":
            return
        fresh = [person for person in people if get(person.pk, person.sk) is None]
        if len(fresh) == len(people):
            raise
        _expand(row, fresh)


def _expand(row: OutboxRow, people: Iterable[OutboxRow]) -> None:
    with transaction() as write_all:
        for person in people:
            write_all.save(person, condition=OutboxRow.pk.does_not_exist())
        write_all.update(
            row,
            actions=[OutboxRow.state.set("dropped"), OutboxRow.pending.remove(), OutboxRow.pending_at.remove()],
            condition=OutboxRow.state == "pending",
        )


def due_before(shard: int, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Keys of messages that still wait; the net under the stream."""
    rows = OutboxRow.pending_index.query(f"O#{shard}", OutboxRow.pending_at <= stamp(now), limit=limit)
    return [(row.pk, row.sk) for row in rows]
