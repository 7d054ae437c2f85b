"""The Registers table: a registration's item, its envelopes, the rows that find a person again, and the days' changes.

| pk | sk | what |
|---|---|---|
| `R#<no>` | `RECORD` | events and folded state (compressed), card, keys of the submission |
| `R#<no>` | `E#0001` | the envelope of the values typed in that version; without it they are gone |
| `P#<hash>` | `R#<no>#<key>`, `C#<no>` | where an ID number or a phone has been given, by keyed hash |
| `D#<committee>#<day>` | `<no>#new`, `<no>#changed` | what that day's digest tells of |
| `G#<committee>` | `<day>` | the day's digest: `closed`, then `done` |

A change and its row for the digest are one transaction, which also makes sure that the day has not been closed yet: a digest
counts everything of its day, and nothing is counted twice.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

from chalicelib.casework.events import Event
from chalicelib.casework.register import Register, apply
from chalicelib.casework.register_card import Row, flat_of, kept_until, keys_of, row_of
from chalicelib.models import cases
from chalicelib.models.base import code_of, transaction
from chalicelib.street import Street

TRIES = 5
DIGEST_ROW_DAYS = 120


class PendingIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "pending"
        projection = IncludeProjection(["card"])

    pending = UnicodeAttribute(hash_key=True)
    pending_at = UnicodeAttribute(range_key=True)


class LeaseIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "lease"
        projection = IncludeProjection(["card"])

    lease = UnicodeAttribute(hash_key=True)
    lease_to = UnicodeAttribute(range_key=True)


class FlatIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "flat"
        projection = IncludeProjection(["card"])

    flat = UnicodeAttribute(hash_key=True)
    flat_at = UnicodeAttribute(range_key=True)


class ChangesIndex(GlobalSecondaryIndex["RegisterItem"]):
    class Meta:
        index_name = "changes"
        projection = IncludeProjection(["card"])

    changes = UnicodeAttribute(hash_key=True)
    changed_at = UnicodeAttribute(range_key=True)


class RegisterItem(Model):
    """All rows of the table; each kind uses a few of the attributes."""

    class Meta:
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = BinaryAttribute(null=True, legacy_encoding=False)
    card = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    attempt = UnicodeAttribute(null=True)
    submission = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    sealed = BinaryAttribute(null=True, legacy_encoding=False)
    state = UnicodeAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    pending_at = UnicodeAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    lease_to = UnicodeAttribute(null=True)
    flat = UnicodeAttribute(null=True)
    flat_at = UnicodeAttribute(null=True)
    changes = UnicodeAttribute(null=True)
    changed_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    pending_index = PendingIndex()
    lease_index = LeaseIndex()
    flat_index = FlatIndex()
    changes_index = ChangesIndex()


class Body(msgspec.Struct, kw_only=True):
    v: int = 1
    events: list[Event]
    state: Register


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A registration as read."""

    register: Register
    events: tuple[Event, ...] = ()
    submission: str = ""
    fingerprint: str = ""
    attempt: str = ""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a registration. `sealed` is the envelope of what was typed anew in that `version`; `day` and `what`
    name the digest's row; `case` is a case that begins with it, `rows` are other rows of the same transaction. Erasing replaces
    the events as read (`history`) and envelopes (None deletes), and deletes the rows named in `lost`.
    """

    stored: Stored
    events: Sequence[Event]
    attempt: str
    sealed: bytes | None = None
    version: int = 0
    day: str = ""
    what: str = ""
    case: cases.Change | None = None
    rows: Iterable[Model] = ()
    history: tuple[Event, ...] | None = None
    envelopes: dict[int, bytes | None] = {}
    lost: frozenset[tuple[str, str]] = frozenset()


class Stale(Exception):
    """Somebody else wrote the registration in between; `standing` is what stands there now, None for nothing."""

    def __init__(self, standing: Stored | None) -> None:
        super().__init__()
        self.standing = standing


class DayClosed(Exception):
    """The day's digest has been closed in between: the change belongs to the next one."""


def key(no: str) -> str:
    return f"R#{no}"


def envelope_key(version: int) -> str:
    return f"E#{version:04d}"


def pack(body: Body) -> bytes:
    return zlib.compress(msgspec.json.encode(body), 6)


def read(row: RegisterItem) -> Stored:
    body = msgspec.json.decode(zlib.decompress(row.body), type=Body)
    return Stored(
        register=body.state,
        events=tuple(body.events),
        submission=row.submission or "",
        fingerprint=row.fingerprint or "",
        attempt=row.attempt or "",
    )


def get(no: str) -> Stored | None:
    """Read consistently."""
    found = item(key(no), "RECORD")
    return read(found) if found is not None else None


def item(pk: str, sk: str) -> RegisterItem | None:
    try:
        return RegisterItem.get(pk, sk, consistent_read=True)
    except RegisterItem.DoesNotExist:
        return None


def envelopes(no: str) -> dict[int, bytes]:
    """The sealed values that are left, by version."""
    rows = RegisterItem.query(key(no), RegisterItem.sk.startswith("E#"), consistent_read=True)
    return {int(row.sk.removeprefix("E#")): row.sealed for row in rows if row.sealed}


def write(change: Write, street: Street) -> Stored:
    """Appends the events and stores everything that goes with them, all or nothing.

    Raises `Stale` when the registration is no longer the one that was read, `DayClosed` when the digest's day is. A lost reply is
    found out by the attempt's id.
    """
    stored = change.stored
    register = stored.register
    for event in change.events:
        register = apply(register, event)
    kept = stored.events if change.history is None else change.history
    after = msgspec.structs.replace(stored, register=register, events=(*kept, *change.events), attempt=change.attempt)
    ttl = int(kept_until(register, street.retention.register_days).timestamp())
    before = stored.register.version
    condition = RegisterItem.version == before if before else RegisterItem.pk.does_not_exist()
    part = cases.written(change.case, change.attempt, street) if change.case else None
    try:
        with transaction() as together:
            together.save(_record(after, change.attempt, ttl), condition=condition)
            beside: list[Model] = [*_beside(change, register, ttl), *change.rows]
            if part:
                together.save(part.item, condition=part.condition)
                beside += part.extra
            for row in beside:
                together.save(row)
            for pk, sk in sorted(change.lost):
                together.delete(RegisterItem(pk, sk))
            for version, sealed in change.envelopes.items():
                _replace(together, register.no, version, sealed, ttl)
            for version in _living_envelopes(change, register):
                together.update(RegisterItem(key(register.no), envelope_key(version)), actions=[RegisterItem.ttl.set(ttl)])
            if change.day:
                closed = (f"G#{register.committee}", change.day)
                together.condition_check(RegisterItem, *closed, condition=RegisterItem.pk.does_not_exist())
    except Exception as error:
        # Any: whatever broke on the way back says nothing about what happened there.
        standing = get(register.no)
        if standing is not None and (
            standing.attempt == change.attempt or any(event.attempt == change.attempt for event in standing.events)
        ):
            return standing
        if not _overtaken(error):
            raise
        if change.day and item(f"G#{register.committee}", change.day) is not None:
            raise DayClosed from error
        raise Stale(standing) from error
    return after


def _record(after: Stored, attempt: str, ttl: int) -> RegisterItem:
    register = after.register
    keys = msgspec.structs.asdict(keys_of(register))
    return RegisterItem(
        key(register.no),
        "RECORD",
        body=pack(Body(events=list(after.events), state=register)),
        card=msgspec.json.encode(row_of(register)).decode(),
        version=register.version,
        attempt=attempt,
        submission=after.submission,
        fingerprint=after.fingerprint,
        ttl=ttl,
        **{name: value for name, value in keys.items() if value is not None},
    )


def people_rows(register: Register) -> set[tuple[str, str]]:
    """Where this registration's people are found by what they gave: (pk, sk)."""
    return {
        (f"P#{mac}", f"R#{register.no}#{person.key}")
        for person in register.people
        for mac in (person.id_mac, person.phone_mac)
        if mac
    }


def _beside(change: Write, register: Register, ttl: int) -> list[RegisterItem]:
    """The new envelope, the look-up rows of those who are in it, the digest's row."""
    rows = []
    if change.sealed is not None:
        rows.append(RegisterItem(key(register.no), envelope_key(change.version), sealed=change.sealed, ttl=ttl))
    if not change.envelopes:
        here = msgspec.structs.replace(register, people=tuple(person for person in register.people if not person.gone))
        rows += [RegisterItem(pk, sk, ttl=ttl) for pk, sk in sorted(people_rows(here))]
    if change.day:
        end = int(kept_until(register, 0).timestamp()) + DIGEST_ROW_DAYS * 86_400
        rows.append(RegisterItem(f"D#{register.committee}#{change.day}", f"{register.no}#{change.what}", ttl=end))
    return rows


def _living_envelopes(change: Write, register: Register) -> set[int]:
    """Older envelopes that are still needed: they live as long as the record does."""
    used = {version for person in register.people if not person.gone for version in person.sealed.values()}
    return used - set(change.envelopes) - ({change.version} if change.sealed is not None else set())


def _replace(together: Any, no: str, version: int, sealed: bytes | None, ttl: int) -> None:
    row = RegisterItem(key(no), envelope_key(version), sealed=sealed, ttl=ttl)
    if sealed is None:
        together.delete(row)
    else:
        together.save(row)


def _overtaken(error: Exception) -> bool:
    if isinstance(error, TransactWriteError):
        codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
        if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
            return True
    return code_of(error) in {"TransactionConflictException", "TransactionInProgressException"}


def _rows(found: Iterable[Any]) -> list[Row]:
    return [msgspec.json.decode(one.card, type=Row) for one in found if one.card]


def waiting(committee: str, limit: int) -> list[Row]:
    """What waits for the committee's verifier: booked visits by their half day, then the rest by when it came."""
    return _rows(RegisterItem.pending_index.query(f"Q#{committee}", limit=limit))


def count_waiting(committee: str) -> int:
    return RegisterItem.pending_index.count(f"Q#{committee}")


def leases(committee: str, first: str, last: str) -> list[Row]:
    """Leases that end on one of these days (ISO, both included)."""
    return _rows(RegisterItem.lease_index.query(f"E#{committee}", RegisterItem.lease_to.between(first, last)))


def at_flat(place: str, room: str) -> list[Row]:
    """All registrations of a flat, the oldest first."""
    return _rows(RegisterItem.flat_index.query(flat_of(place, room)))


def changed(committee: str, after: str, until: str) -> list[Row]:
    """Registrations whose last change lies after the one instant and not after the other."""
    found = RegisterItem.changes_index.query(f"B#{committee}", RegisterItem.changed_at.between(after or "0", until))
    return [row for row in _rows(found) if row.updated_at > after]


def found_by(mac: str) -> list[str]:
    """Where an ID number or a phone has been given: `R#<no>#<key>` and `C#<no>`."""
    return [row.sk for row in RegisterItem.query(f"P#{mac}", consistent_read=True)]
