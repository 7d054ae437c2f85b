"""What cases and registrations have in common: an item of events and folded state, written under a condition, found again.

An item's `body` is compressed JSON. Past `SPILL_BYTES` the older half of the events it holds moves to an archive row
(`A#0001`) in the same transaction, so that nobody can jam a record at DynamoDB's 400 kB.

After any exception from a write the record is read again: if the attempt's id is ours the write had succeeded and only its reply
was lost (design §4; the SDK repeats a call by itself).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.casework.events import VERSION, Event
from chalicelib.errors import Newer
from chalicelib.models.base import code_of

SPILL_BYTES = 200_000
TRIES = 5
ARCHIVE = "A#"
# Of a record's archive rows so many, the latest, are touched in its transaction: DynamoDB takes a hundred items and 4 MB in one.
TOGETHER = 10

S = TypeVar("S")
K = TypeVar("K", bound="Kept")


class Body(msgspec.Struct, Generic[S], kw_only=True):
    """What `body` holds: the events not yet archived, the state folded from all of them, and how many archive rows there are."""

    v: int = VERSION
    archived: int = 0
    events: list[Event]
    state: S


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A record as read, without its state: the events, and the keys of what made it. `v` is past `VERSION` only where newer code
    wrote it, and it is then read as far as it can be and not written.
    """

    v: int = VERSION
    events: tuple[Event, ...] = ()
    submission: str = ""
    fingerprint: str = ""
    attempt: str = ""

    def has(self, attempt: str) -> bool:
        """Whether the write of this attempt is in it, its latest or an earlier one."""
        return self.attempt == attempt or any(event.attempt == attempt for event in self.events)


class Packed(msgspec.Struct, frozen=True):
    """A record's body as it is stored, and the events that moved to archive row number `archived` with it, if any did."""

    body: bytes
    archived: int
    spilled: tuple[Event, ...] = ()


class Counter(Protocol):
    """A counter that is raised with a write, or stops it (`models.limits.Guard`)."""

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


class Beaten(Exception, Generic[K]):
    """Another write was first. `standing` is what stands there now, None for nothing."""

    def __init__(self, standing: K | None) -> None:
        super().__init__()
        self.standing = standing


def pack(value: Any) -> bytes:
    return zlib.compress(msgspec.json.encode(value), 6)


def unpack(data: bytes, kind: type[S]) -> S:
    return msgspec.json.decode(zlib.decompress(data), type=kind)


class Versioned(msgspec.Struct):
    """Of stored JSON its version alone. Without one it is the first."""

    v: int = 1


_NEWEST = b'{"v":%d,' % VERSION


class _Earlier(msgspec.Struct):
    archived: int
    events: list[dict[str, Any]]
    state: dict[str, Any]


def read_body(data: bytes, kind: type[Body[S]], folded: Callable[[str, int, list[Event]], S]) -> Body[S]:
    """A stored body in the newest version. `folded` makes the state of number, archive rows and events of an older one."""
    text = zlib.decompress(data)
    # As this code writes it, the version comes first: nothing more is asked of what is newest.
    v = VERSION if text.startswith(_NEWEST) else msgspec.json.decode(text, type=Versioned).v
    if v < VERSION:
        from chalicelib.casework import lifts

        old = msgspec.json.decode(text, type=_Earlier)
        events = lifts.events(old.events)
        return kind(archived=old.archived, events=events, state=folded(str(old.state["no"]), old.archived, events))
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        if v == VERSION:
            raise
        raise Newer("a record", v, VERSION) from error


def read_events(data: bytes) -> list[Event]:
    """The events of an archive row, in the newest version."""
    events = unpack(data, list[Event])
    if all(event.v >= VERSION for event in events):
        return events
    from chalicelib.casework import lifts

    return lifts.events(unpack(data, list[dict[str, Any]]))


def writable(what: str, record: Kept) -> None:
    """Raises `Newer` for what newer code wrote: this one would drop what it does not know."""
    found = max((record.v, *(event.v for event in record.events)))
    if found > VERSION:
        raise Newer(what, found, VERSION)


# JSON beside the keys, by its kind's name (`faq.Entry`): version n → what makes version n + 1 of it. Read by `models.shapes`.
LIFTS: dict[str, Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {}


def name_of(kind: type) -> str:
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


def newest(kind: type) -> int:
    return 1 + len(LIFTS.get(name_of(kind), ())) if LIFTS else 1


def encode(value: Any) -> str:
    """The text of a row's `card`, in the newest version of its kind."""
    version = newest(type(value))
    if version == 1:
        return msgspec.json.encode(value).decode()
    return msgspec.json.encode({"v": version, **msgspec.to_builtins(value)}).decode()


def archive_key(number: int) -> str:
    return f"{ARCHIVE}{number:04d}"


def spill(state: Any, events: Sequence[Event], archived: int) -> Packed:
    """The body of these events, the ones at hand; when it has grown too large, without their older half."""
    body = pack(Body(events=list(events), state=state, archived=archived))
    if len(body) <= SPILL_BYTES or len(events) < 2:
        return Packed(body, archived)
    half = len(events) // 2
    return Packed(pack(Body(events=list(events[half:]), state=state, archived=archived + 1)), archived + 1, tuple(events[:half]))


class Ends(msgspec.Struct, frozen=True):
    """Archive rows that end when their record does: at `ttl`, or not while that is None."""

    rows: tuple[Any, ...] = ()
    ttl: int | None = None

    def together(self, transaction: Any) -> None:
        """The latest of them, in the record's own transaction."""
        for row in self.rows[-TOGETHER:]:
            transaction.update(row, actions=self._actions(row))

    def rest(self) -> None:
        """The others, once that is through."""
        for row in self.rows[:-TOGETHER]:
            row.update(actions=self._actions(row))

    def _actions(self, row: Any) -> list[Action]:
        return [type(row).ttl.remove() if self.ttl is None else type(row).ttl.set(self.ttl)]


def once(write: Callable[[], None], read: Callable[[], K | None], attempt: str, counters: Sequence[Counter] = ()) -> K | None:
    """Writes. None when that went through; what stands there when only the reply was lost.

    Raises `Over` when one of `counters` stopped it and nothing stands there (what exists outranks every limit), `Beaten` when
    another write did, and otherwise what the write raised.
    """
    try:
        write()
    except Exception as error:
        # Any: whatever broke on the way back says nothing about what happened there.
        standing = read()
        if standing is not None and standing.has(attempt):
            return standing
        full = _full(error, counters)
        if full and standing is None:
            raise Over(full) from error
        if _overtaken(error):
            raise Beaten(standing) from error
        raise
    return None


def count(together: Any, counters: Sequence[Counter]) -> None:
    """Raises the counters in a transaction, as the last of its updates."""
    for counter in counters:
        together.update(counter.row, actions=list(counter.actions), condition=counter.condition)


def _full(error: Exception, counters: Sequence[Counter]) -> str:
    """The counter whose condition stopped the write; DynamoDB gives its reasons in the order of the items, counters last."""
    if not isinstance(error, TransactWriteError) or not counters:
        return ""
    reasons = list(error.cancellation_reasons)[-len(counters) :]
    for counter, reason in zip(counters, reasons, strict=False):
        if reason is not None and reason.code == "ConditionalCheckFailed":
            return counter.name
    return ""


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
