"""Writing cases: one or several at once, with their messages, watch rows, archive rows and counters, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from chalicelib.casework.card import NO_DEADLINE, card_of, keys_of
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event, parse
from chalicelib.casework.figures import figures_of
from chalicelib.casework.folds import apply
from chalicelib.models import store
from chalicelib.models.base import transaction
from chalicelib.models.case_rows import CaseItem, Stored, get, key
from chalicelib.street import Place, Street


class Stale(store.Beaten[Stored]):
    """Somebody else wrote the case in between."""


def _end(case: Case, street: Street) -> int | None:
    """When the case goes, by the street's retention: counted from its last step once it has ended; an open one stays."""
    if case.open:
        return None
    return int(parse(case.updated_at).timestamp()) + street.retention.case_days * 86_400


def item_of(stored: Stored, attempt: str, street: Street, place: Place | None) -> tuple[CaseItem, CaseItem | None]:
    """The item to write and, when the body has grown too large, the archive row that goes with it and ends with it."""
    case, end = stored.case, _end(stored.case, street)
    packed = store.spill(case, stored.events, stored.archived)
    archive = None
    if packed.spilled:
        archive = CaseItem(key(case.no), store.archive_key(packed.archived), body=store.pack(packed.spilled), ttl=end)
    keys = keys_of(case, street)
    item = CaseItem(
        key(case.no),
        "CASE",
        body=packed.body,
        card=store.encode(card_of(case, street, place)),
        figures=msgspec.json.encode(figures_of(case, street)).decode(),
        version=case.version,
        attempt=attempt,
        submission=stored.submission,
        fingerprint=stored.fingerprint,
        sealed=stored.sealed,
        ttl=end,
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
    ends: store.Ends


def _archives(stored: Stored, before: int | None, end: int | None, rows: Sequence[Model]) -> store.Ends:
    """The rows that spilled earlier, when the case's end has moved; those that are written anew have it already."""
    if not stored.archived or before == end:
        return store.Ends()
    anew = {row.sk for row in rows if isinstance(row, CaseItem)}
    keys = (store.archive_key(number) for number in range(1, stored.archived + 1))
    return store.Ends(tuple(CaseItem(key(stored.case.no), sk) for sk in keys if sk not in anew), end)


def written(change: Change, attempt: str, street: Street) -> Written:
    """What is to be stored of one case, for a transaction that holds more than cases. Raises `errors.Newer`."""
    case = change.stored.case
    store.writable(f"case {case.no}", change.stored)
    for event in change.events:
        case = apply(case, event)
    after = msgspec.structs.replace(change.stored, case=case, events=(*change.stored.events, *change.events), attempt=attempt)
    item, archive = item_of(after, attempt, street, change.place)
    watching = _watchers(case, street)
    # A row of no deadline would have no key to stand by.
    deadline = item.deadline or NO_DEADLINE
    extra: list[Model] = list(change.rows)
    for row in extra:
        if isinstance(row, CaseItem) and row.sk.startswith(store.ARCHIVE):
            row.ttl = item.ttl
    ends = _archives(change.stored, _end(change.stored.case, street), _end(case, street), extra)
    extra += [archive] if archive is not None else []
    extra += [CaseItem(watch, case.no, card=item.card, deadline=deadline) for watch in sorted(watching)]
    gone = [CaseItem(watch, case.no) for watch in sorted(_watchers(change.stored.case, street) - watching)]
    version = change.stored.case.version
    condition = CaseItem.version == version if version else CaseItem.pk.does_not_exist()
    return Written(after, item, condition, extra, gone, ends)


def write(
    stored: Stored,
    events: Sequence[Event],
    rows: Iterable[Model],
    attempt: str,
    street: Street,
    place: Place | None,
    counters: Sequence[store.Counter] = (),
) -> Stored:
    """Appends `events` to the case as read and stores it with the outbox `rows` and watch rows, all or nothing.

    Raises `Stale` when the case is no longer the one that was read. A lost reply is found out by the attempt id; what stands
    then is returned.
    """
    return write_all([Change(stored, events, rows, place)], attempt, street, counters)


def write_all(changes: Sequence[Change], attempt: str, street: Street, counters: Sequence[store.Counter] = ()) -> Stored:
    """The same for several cases at once, the actor's first; returns that one.

    Raises `Over` when one of `counters` stopped it and the case is not there: what exists outranks every limit.
    """
    parts = [written(change, attempt, street) for change in changes]
    first = parts[0]
    try:
        standing = store.once(lambda: _send(parts, counters), lambda: get(first.after.case.no), attempt, counters)
    except store.Beaten as beaten:
        raise Stale(beaten.standing) from beaten
    for part in parts:
        part.ends.rest()
    return standing or first.after


def _send(parts: Sequence[Written], counters: Sequence[store.Counter]) -> None:
    first = parts[0]
    if len(parts) == 1 and not first.extra and not first.gone and not first.ends.rows and not counters:
        first.item.save(condition=first.condition)
        return
    with transaction() as together:
        for part in parts:
            together.save(part.item, condition=part.condition)
            for row in part.extra:
                together.save(row)
            for row in part.gone:
                together.delete(row)
            part.ends.together(together)
        store.count(together, counters)
