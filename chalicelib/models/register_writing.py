"""Writing a registration: its item, what is sealed of it, the rows that find its people, and its day's row for the digest.

A change and its row for the digest are one transaction, which also makes sure that the day has not been closed yet: a digest
counts everything of its day, and nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec
from pynamodb.models import Model

from chalicelib.casework.events import Event
from chalicelib.casework.register import Register, apply
from chalicelib.casework.register_card import as_changed, kept_until, keys_of, row_of
from chalicelib.models import case_writing, store
from chalicelib.models.base import transaction
from chalicelib.models.register_rows import RegisterItem, Stored, envelope_key, get, item, key
from chalicelib.street import Street

DIGEST_ROW_DAYS = 120
# How many of an erased person's look-up rows go in the transaction itself; whoever filled in thirty forms of twenty has more.
LOST_TOGETHER = 25


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a registration. `sealed` is the envelope of what was typed anew in that `version`; `day` and `what`
    name the digest's row; `case` is a case that begins with it, `rows` are other rows of the same transaction. Erasing replaces
    the events as read (`history`) and envelopes (None deletes), and deletes the rows named in `lost`. `counters` may stop it.
    """

    stored: Stored
    events: Sequence[Event]
    attempt: str
    sealed: bytes | None = None
    version: int = 0
    day: str = ""
    what: str = ""
    case: case_writing.Change | None = None
    rows: Iterable[Model] = ()
    history: tuple[Event, ...] | None = None
    envelopes: dict[int, bytes | None] = {}
    lost: frozenset[tuple[str, str]] = frozenset()
    counters: Sequence[store.Counter] = ()


class Stale(store.Beaten[Stored]):
    """Somebody else wrote the registration in between."""


class DayClosed(Exception):
    """The day's digest has been closed in between: the change belongs to the next one."""


def write(change: Write, street: Street) -> Stored:
    """Appends the events and stores everything that goes with them, all or nothing.

    Raises `Stale` when the registration is no longer the one that was read, `DayClosed` when the digest's day is, `Over` when a
    counter is full and there is no such registration yet. A lost reply is found out by the attempt's id. Whatever has grown too
    long for one transaction is erased before it: done twice is done once.
    """
    stored = change.stored
    register = stored.register
    store.writable(f"registration {register.no}", stored)
    for event in change.events:
        register = apply(register, event)
    kept = stored.events if change.history is None else change.history
    events = (*kept, *change.events)
    packed = store.spill(register, events[sum(stored.spilled) :], len(stored.spilled))
    spilled = (*stored.spilled, *([len(packed.spilled)] if packed.spilled else []))
    after = msgspec.structs.replace(stored, register=register, events=events, spilled=spilled, attempt=change.attempt)
    last = as_changed(register, events)
    ttl = int(kept_until(last, street.retention.register_days).timestamp())
    before = stored.register.version
    condition = RegisterItem.version == before if before else RegisterItem.pk.does_not_exist()
    part = case_writing.written(change.case, change.attempt, street) if change.case else None
    anew, ends = _archives(change, packed, ttl)
    lost = [RegisterItem(pk, sk) for pk, sk in sorted(change.lost)]

    def send() -> None:
        with transaction() as together:
            together.save(_record(after, last, packed.body, ttl), condition=condition)
            beside: list[Model] = [*_beside(change, register, ttl), *anew[-store.TOGETHER :], *change.rows]
            if part:
                together.save(part.item, condition=part.condition)
                beside += part.extra
            for row in beside:
                together.save(row)
            for row in lost[:LOST_TOGETHER]:
                together.delete(row)
            for version, sealed in change.envelopes.items():
                _replace(together, register.no, version, sealed, ttl)
            for version in _living_envelopes(change, register):
                together.update(RegisterItem(key(register.no), envelope_key(version)), actions=[RegisterItem.ttl.set(ttl)])
            if change.day:
                closed = (f"G#{register.committee}", change.day)
                together.condition_check(RegisterItem, *closed, condition=RegisterItem.pk.does_not_exist())
            ends.together(together)
            store.count(together, change.counters)

    for row in lost[LOST_TOGETHER:]:
        row.delete()
    for row in anew[: -store.TOGETHER]:
        row.save()
    try:
        standing = store.once(send, lambda: get(register.no), change.attempt, change.counters)
    except store.Beaten as beaten:
        if change.day and item(f"G#{register.committee}", change.day) is not None:
            raise DayClosed from beaten
        raise Stale(beaten.standing) from beaten
    ends.rest()
    return standing or after


def _archives(change: Write, packed: store.Packed, ttl: int) -> tuple[list[RegisterItem], store.Ends]:
    """Archive rows to write (what spills now, and after erasing all the others anew), and those that only get their new end."""
    stored = change.stored
    numbered: dict[int, Sequence[Event]] = {}
    if change.history is not None:
        left = iter(change.history)
        numbered = {number: list(islice(left, size)) for number, size in enumerate(stored.spilled, start=1)}
    if packed.spilled:
        numbered[packed.archived] = packed.spilled
    pk = key(stored.register.no)
    anew = [RegisterItem(pk, store.archive_key(number), body=store.pack(part), ttl=ttl) for number, part in numbered.items()]
    others = [number for number in range(1, len(stored.spilled) + 1) if number not in numbered]
    return anew, store.Ends(tuple(RegisterItem(pk, store.archive_key(number)) for number in others), ttl)


def _record(after: Stored, last: Register, body: bytes, ttl: int) -> RegisterItem:
    """`last` is the registration as of its last change."""
    register = after.register
    keys = msgspec.structs.asdict(keys_of(last))
    return RegisterItem(
        key(register.no),
        "RECORD",
        body=body,
        card=store.encode(row_of(last)),
        version=register.version,
        attempt=after.attempt,
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
