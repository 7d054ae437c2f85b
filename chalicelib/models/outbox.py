"""The outbox: messages to send, keyed by recipient, written in the same transaction as the case that causes them.

A row's life: `pending`, or `held` until an instant → `sending`, with the attempt recorded before the call → `sent`; or `unknown`
after a time-out until the provider can say; or `parked` for a person to look at. A message to an office ends as `expanded` into
one for each person, one of many as `digested`, one with nobody behind it as `dropped`, one receipt too many as `capped`.
Whatever has not ended stands in the sparse index `pending` at the instant when it is to be looked at again, and, whole, in the
sparse local index `waiting` of its recipient: that one never lags, and a look at it costs nothing for what has ended.

The lease and the day's count of a recipient are rows of this table too (`models.recipient`).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zlib import crc32

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex

from chalicelib.casework.events import stamp
from chalicelib.casework.notices import Message
from chalicelib.models.base import Row, code_of

# Offices come first in the index, so that after an outage a person's messages are together before any of them is sent.
OFFICE_SHARDS = 2
PENDING_SHARDS = 6
# Notes of what was parked, so that counting needs no look at every message.
PARKED = "PARKED"
# How long an attempt may be under way before it is asked for; longer than any call takes.
LEASE = timedelta(minutes=2)
WAITING = frozenset({"pending", "held", "sending", "unknown"})
ENDED = frozenset({"sent", "expanded", "digested", "dropped", "capped"})


class PendingIndex(GlobalSecondaryIndex["OutboxRow"]):
    class Meta:
        index_name = "pending"
        projection = KeysOnlyProjection()

    pending = UnicodeAttribute(hash_key=True)
    pending_at = UnicodeAttribute(range_key=True)


class WaitingIndex(LocalSecondaryIndex["OutboxRow"]):
    class Meta:
        index_name = "waiting"
        projection = AllProjection()

    pk = UnicodeAttribute(hash_key=True)
    pending = UnicodeAttribute(range_key=True)


class HandedIndex(GlobalSecondaryIndex["OutboxRow"]):
    """What a provider took, by its own id: receipts name nothing else. Sparse until the message has gone out."""

    class Meta:
        index_name = "handed"
        projection = KeysOnlyProjection()

    provider_id = UnicodeAttribute(hash_key=True)
    sent_at = UnicodeAttribute(range_key=True)


class OutboxRow(Row):
    """`to` names the recipient (`reporter`, `office:…`, `staff:…`); `mask` and `text` are what was sent, without the number.

    `why` says what a row waits or was parked for; `digest` names the digest that a message went into; `cases` and `late` are what
    a digest speaks of. `report` (delivered, failed), `report_code` and `reported_at` are the carrier's. `owner`, `taken`,
    `receipt` and `digested_at` belong to leases and counts; `models.behind` has a row too.
    """

    class Meta:
        store: ClassVar[str] = "outbox"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    case = UnicodeAttribute(null=True)
    template = UnicodeAttribute(null=True)
    params = UnicodeAttribute(null=True)
    to = UnicodeAttribute(null=True)
    at = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    tries = NumberAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    ref = UnicodeAttribute(null=True)
    tried_at = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    provider = UnicodeAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    mask = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    sent_at = UnicodeAttribute(null=True)
    report = UnicodeAttribute(null=True)
    report_code = UnicodeAttribute(null=True)
    reported_at = UnicodeAttribute(null=True)
    digest = UnicodeAttribute(null=True)
    cases = UnicodeSetAttribute(null=True)
    late = UnicodeSetAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    pending_at = UnicodeAttribute(null=True)
    owner = UnicodeAttribute(null=True)
    taken = UnicodeSetAttribute(null=True)
    receipt = UnicodeAttribute(null=True)
    digested_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    pending_index = PendingIndex()
    waiting_index = WaitingIndex()
    handed_index = HandedIndex()


def recipient_key(mac: bytes) -> str:
    """`TO#` + 160 bits of the recipient's keyed hash."""
    return "TO#" + base64.b32encode(mac[:20]).decode()


def shard_of(pk: str, to: str) -> str:
    """Where a recipient's waiting messages stand in the index."""
    number = crc32(pk.encode())
    office = to.startswith(("office:", "nearest:"))
    return f"O#{number % OFFICE_SHARDS if office else OFFICE_SHARDS + number % (PENDING_SHARDS - OFFICE_SHARDS)}"


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
        pending=shard_of(pk, to or message.to),
        pending_at=message.at,
    )


def message_of(row: OutboxRow) -> Message:
    """Raises `ValueError` for a row that holds no message."""
    case, seq, _ = row.sk.split("#", 2)
    params = tuple(msgspec.json.decode(row.params, type=list[str]))
    return Message(case=case, seq=int(seq), template=row.template, to=row.to, params=params, at=row.at)


def id_of(row: OutboxRow) -> str:
    """A short name of a row that says nothing about whom it is for."""
    return hashlib.sha256(f"{row.pk}|{row.sk}".encode()).hexdigest()[:12]


def get(pk: str, sk: str) -> OutboxRow | None:
    try:
        return OutboxRow.get(pk, sk, consistent_read=True)
    except OutboxRow.DoesNotExist:
        return None


def waiting(pk: str) -> list[OutboxRow]:
    """All of a recipient's messages that have not ended, read consistently, in no order."""
    return list(OutboxRow.waiting_index.query(pk, consistent_read=True))


def due_of(rows: Iterable[OutboxRow], now: datetime) -> list[OutboxRow]:
    return [row for row in rows if row.pending_at <= stamp(now)]


def due(shard: int, now: datetime) -> Iterator[str]:
    """Recipients with messages to look at, one for each message, oldest first; pages are read as they are used."""
    for row in OutboxRow.pending_index.query(f"O#{shard}", OutboxRow.pending_at <= stamp(now)):
        yield row.pk


def every() -> Iterator[OutboxRow]:
    """All messages, whatever became of them: a scan, for operators and for one machine."""
    yield from OutboxRow.scan(filter_condition=OutboxRow.template.exists())


def stuck() -> list[OutboxRow]:
    """Parked and unknown messages, oldest first."""
    found = OutboxRow.scan(filter_condition=OutboxRow.state.is_in("parked", "unknown"))
    return sorted(found, key=lambda row: (row.at or "", row.sk))


def refused(error: Exception) -> bool:
    """Whether a write failed by its condition, and not by the way."""
    return code_of(error) == "ConditionalCheckFailedException"


def record(row: OutboxRow, ref: str, now: datetime, params: Sequence[str]) -> bool:
    """Puts the attempt on record before the call. False when the row is no longer one that waits to be sent."""
    until = stamp(now + LEASE)
    actions: list[Action] = [
        OutboxRow.state.set("sending"),
        OutboxRow.ref.set(ref),
        OutboxRow.tried_at.set(stamp(now)),
        OutboxRow.lease.set(until),
        OutboxRow.pending_at.set(until),
        OutboxRow.params.set(msgspec.json.encode(params).decode()),
        OutboxRow.tries.add(1),
    ]
    return _change(row, actions, OutboxRow.state.is_in("pending", "held"), "sending", ref)


def move(row: OutboxRow, state: str, *, at: datetime | None = None, ttl: int | None = None, **known: Any) -> bool:
    """Takes a row from the state it was read in to another: `at` is when to look again, `ttl` when an ended row goes.

    False when somebody else has moved it since.
    """
    actions: list[Action] = [OutboxRow.state.set(state), OutboxRow.lease.remove()]
    actions += [getattr(OutboxRow, name).set(value) for name, value in known.items()]
    if at is not None:
        actions += [OutboxRow.pending.set(shard_of(row.pk, row.to)), OutboxRow.pending_at.set(stamp(at))]
    else:
        actions += [OutboxRow.pending.remove(), OutboxRow.pending_at.remove()]
    if ttl is not None:
        actions.append(OutboxRow.ttl.set(ttl))
    if state == "parked":
        # Before the change: one that is noted and not parked is found out by whoever counts.
        OutboxRow(PARKED, f"{row.pk}|{row.sk}", at=row.at, ttl=ttl).save()
    same = (OutboxRow.ref == row.ref) if row.ref else OutboxRow.ref.does_not_exist()
    return _change(row, actions, (OutboxRow.state == row.state) & same, state, row.ref)


def count_parked() -> int:
    """How many messages are parked; notes of such that no longer are, are thrown away."""
    count = 0
    for note in OutboxRow.query(PARKED, consistent_read=True):
        row = get(*note.sk.split("|", 1))
        if row is not None and row.state == "parked":
            count += 1
        else:
            note.delete()
    return count


def oldest() -> str | None:
    """Since when the longest waiting message has been due: one small read a shard."""
    firsts = [OutboxRow.pending_index.query(f"O#{shard}", limit=1) for shard in range(PENDING_SHARDS)]
    return min((row.pending_at for rows in firsts for row in rows if row.pending_at), default=None)


def _change(row: OutboxRow, actions: Sequence[Action], condition: Condition, state: str, ref: str | None) -> bool:
    """One conditional write. After any failure the row is read again: if it is as we wanted it, only the reply was lost."""
    try:
        row.update(actions=list(actions), condition=condition)
    except Exception as error:
        standing = get(row.pk, row.sk)
        if standing is not None and (standing.state, standing.ref) == (state, ref):
            row.attribute_values.update(standing.attribute_values)
            return True
        if refused(error):
            return False
        raise
    return True


def revive(row: OutboxRow, now: datetime) -> bool:
    """A parked message waits again, with all its tries before it. False when it is not parked any more."""
    if row.state != "parked":
        return False
    return move(row, "pending", at=now, tries=0, why="revived")


def handed(provider: str, provider_id: str) -> OutboxRow | None:
    """The message that a provider knows by that id."""
    for found in OutboxRow.handed_index.query(provider_id, limit=1):
        row = get(found.pk, found.sk)
        if row is not None and row.provider == provider:
            return row
    return None


def report(row: OutboxRow, report: str, code: str, now: datetime) -> bool:
    """Puts a receipt on the message: the first one stands. False when there was one already."""
    try:
        row.update(
            actions=[OutboxRow.report.set(report), OutboxRow.report_code.set(code), OutboxRow.reported_at.set(stamp(now))],
            condition=OutboxRow.report.does_not_exist() & (OutboxRow.state == "sent"),
        )
    except Exception as error:
        if refused(error):
            return False
        raise
    return True


def undelivered() -> list[OutboxRow]:
    """Messages that the carrier did not deliver, oldest first: a scan, for operators."""
    return sorted(OutboxRow.scan(filter_condition=OutboxRow.report == "failed"), key=lambda row: (row.at or "", row.sk))


def new_digest(pk: str, to: str, now: datetime) -> OutboxRow:
    return OutboxRow(
        pk,
        f"DIGEST#{secrets.randbelow(10**9):09d}#digest",
        case="",
        template="digest",
        to=to,
        at=stamp(now),
        state="pending",
        tries=0,
        pending=shard_of(pk, to),
        pending_at=stamp(now),
    )
