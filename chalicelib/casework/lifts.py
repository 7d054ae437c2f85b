"""Lifts: how what an earlier version of the code stored becomes what this one reads. Pure, and imported only when one is met.

`events.VERSION` is the version of a case's or a registration's whole body, and of each of its events. A body of an earlier one is
read so: every event is lifted, step by step, and the state is folded from the events anew; what folding makes of them has changed
with the version too. The next write stores all of it in the newest version. `docs/upgrading.md` says how to add a lift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.casework.events import VERSION, Event

# A JSON object of one version → the same of the next. It may change what it is given.
Lift = Callable[[dict[str, Any]], dict[str, Any]]

_REGISTERED = frozenset({"registered", "edited", "corrected"})


def _second(event: dict[str, Any]) -> dict[str, Any]:
    """Since version 2 a registration keeps no contact apart from its people: who is erased there is erased altogether. What cases
    count of themselves (handlings, what the reporter said) and their place on the list came with it, by folding.
    """
    if event["type"] in _REGISTERED:
        for name in ("contact_mac", "contact_mask"):
            event["data"]["register"].pop(name, None)
    return event


# What makes an event of version n + 1 of one of version n; `same` where only the fold has changed.
EVENTS: dict[int, Lift] = {1: _second}


def same(stored: dict[str, Any]) -> dict[str, Any]:
    return stored


def lifted(stored: dict[str, Any], lifts: Mapping[int, Lift], version: int, newest: int) -> dict[str, Any]:
    """What was stored in `version`, in the newest. Raises `KeyError` where a lift is missing."""
    for step in range(version, newest):
        stored = lifts[step](stored)
    return stored


def events(stored: Iterable[dict[str, Any]]) -> list[Event]:
    """Events as plain JSON, each of its own version, in the newest."""
    return [msgspec.convert(_event(one), Event) for one in stored]


def _event(stored: dict[str, Any]) -> dict[str, Any]:
    """One of a version to come stays as it is."""
    version = stored.get("v", 1)
    return {**lifted(stored, EVENTS, version, VERSION), "v": max(version, VERSION)}


def whole(no: str, found: Sequence[Event]) -> Sequence[Event]:
    """The events, when they are all there are. Raises `ValueError` where one is missing: nothing is folded from a part."""
    if [event.seq for event in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{no}: events {[event.seq for event in found]} are not all from 1 on; restore its archive rows first")
    return found
