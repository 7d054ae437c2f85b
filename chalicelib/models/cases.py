"""The Cases table: a case's item, its archive rows and watch rows, and the conditional writes that keep them whole.

A case is one item: compressed JSON of events and folded state in `body`, index keys and a card beside it. Past `SPILL_BYTES` the
older half of the events moves to an archive row in the same transaction, so that nobody can jam a case at DynamoDB's 400 kB.

After any exception from a write the item is read again: if the attempt id is ours the write had succeeded and only its reply was
lost (design §4; the SDK repeats a call by itself).
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

import msgspec
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, QueryError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.casework.card import NO_DEADLINE, TIMER_SHARDS, Card, card_of, figures_of, keys_of
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event, parse, stamp
from chalicelib.casework.folds import apply
from chalicelib.models.base import code_of, transaction
from chalicelib.street import Place, Street

log = logging.getLogger("doorstep")

SPILL_BYTES = 200_000
TRIES = 5


class TimersIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "timers"
        projection = KeysOnlyProjection()

    timer = UnicodeAttribute(hash_key=True)
    timer_at = UnicodeAttribute(range_key=True)


class DeskIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "desk"
        projection = IncludeProjection(["card"])

    queue = UnicodeAttribute(hash_key=True)
    deadline = UnicodeAttribute(range_key=True)


class OpenIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "open"
        projection = IncludeProjection(["card"])

    open_zone = UnicodeAttribute(hash_key=True)
    open_deadline = UnicodeAttribute(range_key=True)


class LedgerIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "ledger"
        projection = IncludeProjection(["figures", "card"])

    month = UnicodeAttribute(hash_key=True)
    month_at = UnicodeAttribute(range_key=True)


class PlaceIndex(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "place"
        projection = IncludeProjection(["card"])

    place = UnicodeAttribute(hash_key=True)
    place_at = UnicodeAttribute(range_key=True)


class CaseItem(Model):
    """Also archive rows (`A#0001`) and watch rows (`W#<queue>`), which use a few of the attributes."""

    class Meta:
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = BinaryAttribute(null=True, legacy_encoding=False)
    card = UnicodeAttribute(null=True)
    figures = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    attempt = UnicodeAttribute(null=True)
    submission = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    sealed = BinaryAttribute(null=True, legacy_encoding=False)
    failures = NumberAttribute(null=True)
    timer = UnicodeAttribute(null=True)
    timer_at = UnicodeAttribute(null=True)
    queue = UnicodeAttribute(null=True)
    deadline = UnicodeAttribute(null=True)
    open_zone = UnicodeAttribute(null=True)
    open_deadline = UnicodeAttribute(null=True)
    month = UnicodeAttribute(null=True)
    month_at = UnicodeAttribute(null=True)
    place = UnicodeAttribute(null=True)
    place_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    timers_index = TimersIndex()
    desk_index = DeskIndex()
    open_index = OpenIndex()
    ledger_index = LedgerIndex()
    place_index = PlaceIndex()


class Body(msgspec.Struct, kw_only=True):
    """What `body` holds: the events not yet archived, the state folded from all of them, and how many archive rows there are."""

    v: int = 1
    archived: int = 0
    events: list[Event]
    state: Case


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A case as read: its state, the events at hand, and what is only kept (sealed phone, keys of the submission)."""

    case: Case
    events: tuple[Event, ...]
    archived: int = 0
    submission: str = ""
    fingerprint: str = ""
    sealed: bytes | None = None
    attempt: str = ""


class Stale(Exception):
    """Somebody else wrote the case in between; `standing` is what stands there now, None for nothing."""

    def __init__(self, standing: Stored | None) -> None:
        super().__init__()
        self.standing = standing


def pack(body: Body) -> bytes:
    return zlib.compress(msgspec.json.encode(body), 6)


def unpack(data: bytes) -> Body:
    return msgspec.json.decode(zlib.decompress(data), type=Body)


def key(no: str) -> str:
    return f"C#{no}"


def read(item: CaseItem) -> Stored:
    body = unpack(item.body)
    return Stored(
        case=body.state,
        events=tuple(body.events),
        archived=body.archived,
        submission=item.submission or "",
        fingerprint=item.fingerprint or "",
        sealed=item.sealed,
        attempt=item.attempt or "",
    )


def get(no: str) -> Stored | None:
    """A strongly consistent read of the case itself: the page after an action shows the item, not a lagging index."""
    try:
        return read(CaseItem.get(key(no), "CASE", consistent_read=True))
    except CaseItem.DoesNotExist:
        return None


def archived_events(no: str) -> list[Event]:
    """Events that spilled, oldest first."""
    rows = CaseItem.query(key(no), CaseItem.sk.startswith("A#"), consistent_read=True)
    return [event for row in rows for event in msgspec.json.decode(zlib.decompress(row.body), type=list[Event])]


def _end(case: Case, street: Street) -> int | None:
    """When the case goes, by the street's retention: counted from its last step once it has ended; an open one stays."""
    if case.open:
        return None
    return int(parse(case.updated_at).timestamp()) + street.retention.case_days * 86_400


def _item(stored: Stored, attempt: str, street: Street, place: Place | None) -> tuple[CaseItem, CaseItem | None]:
    """The item to write and, when the body has grown too large, the archive row that goes with it."""
    events, archived = list(stored.events), stored.archived
    body = pack(Body(events=events, state=stored.case, archived=archived))
    archive = None
    if len(body) > SPILL_BYTES and len(events) > 1:
        half = len(events) // 2
        archived += 1
        old = zlib.compress(msgspec.json.encode(events[:half]), 6)
        archive = CaseItem(key(stored.case.no), f"A#{archived:04d}", body=old)
        events = events[half:]
        body = pack(Body(events=events, state=stored.case, archived=archived))
    keys = keys_of(stored.case, street)
    item = CaseItem(
        key(stored.case.no),
        "CASE",
        body=body,
        card=msgspec.json.encode(card_of(stored.case, street, place)).decode(),
        figures=msgspec.json.encode(figures_of(stored.case)).decode(),
        version=stored.case.version,
        attempt=attempt,
        submission=stored.submission,
        fingerprint=stored.fingerprint,
        sealed=stored.sealed,
        ttl=_end(stored.case, street),
        **{name: value for name, value in msgspec.structs.asdict(keys).items() if value is not None},
    )
    return item, archive


def _watchers(case: Case, street: Street) -> set[str]:
    """Whose desks show the case beside its office's: who it is assigned to, lead and co-handlers, and who is to approve."""
    found = {f"staff:{case.assignee.id}"} if case.assignee and case.open else set()
    for partner in case.partners:
        if partner.party.grant and partner.released is None and (case.open or partner.owing):
            found.add(partner.party.id)
    if case.open:
        found |= {f"approve:{role}" for request in case.requests for role in street.approvals.roles(request.kind)}
    return {f"W#{watcher}" for watcher in found}


class Change(msgspec.Struct, frozen=True):
    """What is to become of one case: the case as read, the events to append, the messages that they cause, and where it is."""

    stored: Stored
    events: Sequence[Event]
    rows: Iterable[Model]
    place: Place | None


class Written(msgspec.Struct, frozen=True):
    """One case's part of a write."""

    after: Stored
    item: CaseItem
    condition: Condition
    extra: list[Model]
    gone: list[CaseItem]


def written(change: Change, attempt: str, street: Street) -> Written:
    """What is to be stored of one case, for a transaction that holds more than cases."""
    case = change.stored.case
    for event in change.events:
        case = apply(case, event)
    after = msgspec.structs.replace(change.stored, case=case, events=(*change.stored.events, *change.events), attempt=attempt)
    item, archive = _item(after, attempt, street, change.place)
    watching = _watchers(case, street)
    # A row of no deadline would have no key to stand by.
    deadline = item.deadline or NO_DEADLINE
    extra: list[Model] = [*change.rows, *([archive] if archive is not None else [])]
    extra += [CaseItem(watch, case.no, card=item.card, deadline=deadline) for watch in sorted(watching)]
    gone = [CaseItem(watch, case.no) for watch in sorted(_watchers(change.stored.case, street) - watching)]
    version = change.stored.case.version
    condition = CaseItem.version == version if version else CaseItem.pk.does_not_exist()
    return Written(after, item, condition, extra, gone)


class Counter(Protocol):
    """A counter that is raised with the write, or stops it (`models.limits.Guard`)."""

    @property
    def name(self) -> str: ...
    @property
    def row(self) -> Model: ...
    @property
    def actions(self) -> Sequence[Action]: ...
    @property
    def condition(self) -> Condition | None: ...


class Over(Exception):
    """The write was stopped by a counter that is full; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def write(
    stored: Stored,
    events: Sequence[Event],
    rows: Iterable[Model],
    attempt: str,
    street: Street,
    place: Place | None,
    counters: Sequence[Counter] = (),
) -> Stored:
    """Appends `events` to the case as read and stores it with the outbox `rows` and watch rows, all or nothing.

    Raises `Stale` when the case is no longer the one that was read. A lost reply is found out by the attempt id; what stands
    then is returned.
    """
    return write_all([Change(stored, events, rows, place)], attempt, street, counters)


def write_all(changes: Sequence[Change], attempt: str, street: Street, counters: Sequence[Counter] = ()) -> Stored:
    """The same for several cases at once, the actor's first; returns that one.

    Raises `Over` when one of `counters` stopped it and the case is not there: what exists outranks every limit.
    """
    parts = [written(change, attempt, street) for change in changes]
    first = parts[0]
    try:
        if len(parts) == 1 and not first.extra and not first.gone and not counters:
            first.item.save(condition=first.condition)
        else:
            with transaction() as together:
                for part in parts:
                    together.save(part.item, condition=part.condition)
                    for row in part.extra:
                        together.save(row)
                    for row in part.gone:
                        together.delete(row)
                for counter in counters:
                    together.update(counter.row, actions=list(counter.actions), condition=counter.condition)
    except Exception as error:
        # Any: whatever broke on the way back says nothing about what happened there.
        standing = get(first.after.case.no)
        if standing is not None and _landed(standing, attempt):
            return standing
        full = _full(error, counters)
        if full and standing is None:
            raise Over(full) from error
        if _overtaken(error):
            raise Stale(standing) from error
        raise
    return first.after


def _full(error: Exception, counters: Sequence[Counter]) -> str:
    """The counter whose condition stopped the write; DynamoDB gives its reasons in the order of the items, counters last."""
    if not isinstance(error, TransactWriteError) or not counters:
        return ""
    reasons = list(error.cancellation_reasons)[-len(counters) :]
    for counter, reason in zip(counters, reasons, strict=False):
        if reason is not None and reason.code == "ConditionalCheckFailed":
            return counter.name
    return ""


def _landed(standing: Stored, attempt: str) -> bool:
    """Whether the write that seemed to fail is there after all."""
    return standing.attempt == attempt or any(event.attempt == attempt for event in standing.events)


def _overtaken(error: Exception) -> bool:
    """Whether the write failed because of another write."""
    if isinstance(error, TransactWriteError):
        codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
        if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
            return True
    code = code_of(error)
    if isinstance(error, PutError) and code == "ConditionalCheckFailedException":
        return True
    return code in {"TransactionConflictException", "TransactionInProgressException"}


def due(shard: int, now: datetime) -> Iterator[str]:
    """Numbers of the cases of a shard on which something is due, by instant; pages are read as they are used."""
    for row in CaseItem.timers_index.query(f"T#{shard}", CaseItem.timer_at <= stamp(now)):
        yield row.pk.removeprefix("C#")


def next_instant() -> str | None:
    """The next instant at which anything is due on any case: one small read a shard."""
    firsts = [CaseItem.timers_index.query(f"T#{shard}", limit=1) for shard in range(TIMER_SHARDS)]
    return min((row.timer_at for rows in firsts for row in rows if row.timer_at), default=None)


def count_try(no: str, window: int, by: int, seconds: int) -> int:
    """Counts tries at a case's number in a window of wall time; returns how many there are now."""
    row = CaseItem(key(no), f"TRY#{window}")
    row.update(actions=[CaseItem.failures.add(by), CaseItem.ttl.set((window + 2) * seconds)])
    return int(row.failures or 0)


def _cards(rows: Iterable[Any]) -> list[Card]:
    return [msgspec.json.decode(row.card, type=Card) for row in rows if row.card]


def queue(office: str, limit: int) -> list[Card]:
    """`office` is `<role>@<unit>`: its open cases, nearest deadline first."""
    role, _, unit = office.partition("@")
    return _cards(CaseItem.desk_index.query(f"Q#{role}#{unit}", limit=limit))


def watched(watcher: str, limit: int) -> list[Card]:
    """Cases of `staff:<id>`, of a party's office (its grant), or that wait for a role's yes (`approve:<role>`)."""
    return _cards(CaseItem.query(f"W#{watcher}", limit=limit))


def open_in_zone(zone: str, limit: int) -> list[Card]:
    return _cards(CaseItem.open_index.query(f"Z#{zone}", limit=limit))


def at_place(place: str, limit: int) -> list[Card]:
    """Cases of a place, the latest first, closed ones too. None are found when the index does not answer: whoever asks only wants
    to point at them.
    """
    try:
        return _cards(CaseItem.place_index.query(f"P#{place}", scan_index_forward=False, limit=limit))
    except QueryError:
        log.warning("cases of a place could not be read")
        return []


def month(month_key: str, shard: int) -> list[Card]:
    return _cards(CaseItem.ledger_index.query(f"M#{month_key}#{shard}", scan_index_forward=False))
