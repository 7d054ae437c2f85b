"""Early warnings in the Cases table: `KW#<street>` / `<series>`, one row a series, with what people said to it."""

from __future__ import annotations

import msgspec
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from chalicelib.models import shapes
from chalicelib.models.base import code_of
from chalicelib.models.cases import CaseItem

MOST = 300
REFUSED = "ConditionalCheckFailedException"


class Stale(Exception):
    """Somebody else was there in between."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`state` is new, seen (somebody looks after it) or dismissed; `first` and `last` are the days on which it was and is so.
    `at_count` is what it counted when somebody said something, `who` and `text` are who said what.
    """

    series: str
    count: int
    usual: float
    first: str
    last: str
    state: str = "new"
    at_count: int = 0
    who: str = ""
    text: str = ""
    at: str = ""
    version: int = 0


def _key(street: str) -> str:
    return f"KW#{street}"


def _read(row: CaseItem) -> Kept:
    return msgspec.structs.replace(shapes.decode(row.card, Kept), version=int(row.version or 0))


def every(street: str) -> list[Kept]:
    return list(shapes.each(CaseItem.query(_key(street), limit=MOST, consistent_read=True), _read))


def get(street: str, series: str) -> Kept | None:
    try:
        return _read(CaseItem.get(_key(street), series, consistent_read=True))
    except CaseItem.DoesNotExist:
        return None


def put(street: str, one: Kept, end: int) -> None:
    """Stores it over the version that it was read with (0: a new one), until `end` (epoch seconds). Raises `Stale`."""
    row = CaseItem(_key(street), one.series)
    unchanged = CaseItem.version == one.version if one.version else CaseItem.pk.does_not_exist()
    after = msgspec.structs.replace(one, version=one.version + 1)
    content = shapes.encode(after)
    actions: list[Action] = [CaseItem.card.set(content), CaseItem.version.set(after.version), CaseItem.ttl.set(end)]
    try:
        row.update(actions=actions, condition=unchanged)
    except UpdateError as error:
        if code_of(error) != REFUSED:
            raise
        # The SDK repeats a call whose reply was lost, and people press twice: then what stands there is ours.
        standing = get(street, one.series)
        if standing is None or msgspec.structs.replace(standing, at=after.at) != after:
            raise Stale from error
