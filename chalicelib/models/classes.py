"""Class cases in the Cases table: `K#<street>` / `<id>`, one row each, all of a street read by one query.

A row holds the class case as JSON (`card`) and its version. Beside them `K#<street>` / `~RUN#…` says until when a day's looking
is done, and what reports said is read here for it, a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from pynamodb.exceptions import UpdateError

from chalicelib.casework.card import LEDGER_SHARDS, Card
from chalicelib.casework.case import Case
from chalicelib.casework.class_cases import ClassCase
from chalicelib.models import shapes
from chalicelib.models.base import code_of
from chalicelib.models.cases import CaseItem, key, unpack

MOST = 500
REFUSED = "ConditionalCheckFailedException"
# Sorts behind every id of the alphabet.
_RUN = "~RUN#"


class Stale(Exception):
    """Somebody else changed it in between, or it is gone."""


def _key(street: str) -> str:
    return f"K#{street}"


def _read(row: CaseItem) -> ClassCase:
    one = shapes.decode(row.card, ClassCase)
    return msgspec.structs.replace(one, version=int(row.version or 0))


def every(street: str) -> list[ClassCase]:
    """Proposed, open, done and dismissed ones, by id."""
    rows = CaseItem.query(_key(street), CaseItem.sk < _RUN, limit=MOST, consistent_read=True)
    return list(shapes.each(rows, _read))


def get(street: str, class_id: str) -> ClassCase | None:
    try:
        return _read(CaseItem.get(_key(street), class_id, consistent_read=True))
    except CaseItem.DoesNotExist:
        return None


def put(street: str, one: ClassCase) -> ClassCase:
    """Stores it over the version that it was read with (0: a new one). Raises `Stale`."""
    after = msgspec.structs.replace(one, version=one.version + 1)
    unchanged = CaseItem.version == one.version if one.version else CaseItem.pk.does_not_exist()
    content = shapes.encode(after)
    row = CaseItem(_key(street), one.id)
    try:
        row.update(actions=[CaseItem.card.set(content), CaseItem.version.set(after.version)], condition=unchanged)
    except UpdateError as error:
        if code_of(error) != REFUSED:
            raise
        # The SDK repeats a call whose reply was lost: then what stands there is ours.
        if get(street, one.id) != after:
            raise Stale from error
    return after


def forget(street: str, one: ClassCase) -> None:
    """A proposal that nobody decided on and that is none any more."""
    CaseItem(_key(street), one.id).delete(condition=CaseItem.version == one.version)


def claim(street: str, what: str, day: str, wall: int, until: int) -> bool:
    """Whether that day's looking is ours: whoever comes first has it until `until` (epoch seconds); who broke off, lets go."""
    row = CaseItem(_key(street), f"{_RUN}{what}")
    free = CaseItem.attempt.does_not_exist() | (CaseItem.attempt != day) | (CaseItem.failures < wall)
    try:
        row.update(actions=[CaseItem.attempt.set(day), CaseItem.failures.set(until)], condition=free)
    except UpdateError as error:
        if code_of(error) != REFUSED:
            raise
        return False
    return True


def finished(street: str, what: str, until: int) -> None:
    """The day is done: nobody looks again before `until`."""
    CaseItem(_key(street), f"{_RUN}{what}").update(actions=[CaseItem.failures.set(until)])


def came(months: Sequence[str], first: str, last: str) -> Iterator[Card]:
    """The cards of every case that came in between two instants; `months` are those that they lie in."""
    for month in months:
        for shard in range(LEDGER_SHARDS):
            found = CaseItem.ledger_index.query(
                f"M#{month}#{shard}", CaseItem.month_at.between(first, last), attributes_to_get=["card"]
            )
            yield from shapes.shown(found, Card)


def cards(numbers: Sequence[str]) -> dict[str, Card]:
    """The cards of these cases as they stand; what is gone is left out."""
    found = CaseItem.batch_get([(key(no), "CASE") for no in numbers], attributes_to_get=["card"]) if numbers else ()
    return {card.no: card for card in shapes.shown(found, Card)}


def texts(numbers: Sequence[str], most: int) -> Iterator[tuple[str, str]]:
    """(number, the beginning of what was reported)."""
    return ((case.no, case.text[:most]) for case in _cases(numbers))


def standing(numbers: Sequence[str]) -> dict[str, Case]:
    """These cases as they stand, without asking for each; what is gone is left out."""
    return {case.no: case for case in _cases(numbers)}


def _cases(numbers: Sequence[str]) -> Iterator[Case]:
    keys = [(key(no), "CASE") for no in numbers]
    found = CaseItem.batch_get(keys, attributes_to_get=["body"]) if keys else ()
    return (unpack(item.body).state for item in found if item.body)
