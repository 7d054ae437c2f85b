"""JSON that stands in a row beside its keys (`card`): whatever version it was written in, it is read in the newest.

The version stands in the JSON as `v`; without one it is the first. A kind whose shape has changed has its lifts in
`store.LIFTS`; all the others cost nothing but a look for `v`. What newer code wrote is left out of lists and said in the log,
and whoever asks for it by itself in order to change it gets `Newer`: this code would drop what it does not know.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from chalicelib.errors import Newer
from chalicelib.models.store import LIFTS, Versioned, encode, name_of, newest

__all__ = ["LIFTS", "decode", "each", "encode", "known", "name_of", "newest", "shown"]

log = logging.getLogger("doorstep")
T = TypeVar("T")


def decode(text: str, kind: type[T]) -> T:
    """What was stored. Raises `Newer` for what newer code wrote."""
    version, ours = _version(text), newest(kind)
    if version > ours:
        raise Newer(f"a row of {name_of(kind)}", version, ours)
    if version == ours:
        return msgspec.json.decode(text, type=kind)
    from chalicelib.casework.lifts import lifted

    old: dict[str, Any] = msgspec.json.decode(text)
    return msgspec.convert(lifted(old, LIFTS[name_of(kind)], version, ours), kind)


def _version(text: str) -> int:
    return msgspec.json.decode(text, type=Versioned).v if '"v":' in text else 1


def each(rows: Iterable[Any], read: Callable[[Any], T]) -> Iterator[T]:
    """What `read` makes of rows, without those that hold nothing and those that newer code wrote."""
    for row in rows:
        try:
            if row.card:
                yield read(row)
        except Newer as error:
            log.error("left out of a list: %s", error)


def shown(rows: Iterable[Any], kind: type[T]) -> Iterator[T]:
    """The same of what is derived from something else, and never written from what was read."""
    return (known(row.card, kind) for row in rows if row.card)


def known(text: str, kind: type[T]) -> T:
    """What is derived, in the newest version or, where newer code wrote it, as far as this code knows it."""
    newer = _version(text) > newest(kind)
    return msgspec.json.decode(text, type=kind) if newer else decode(text, kind)
