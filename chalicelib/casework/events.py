"""What has happened to a case, in the past tense, append-only.

The stored shape is fixed (design §11): `{"v":2,"seq":7,"type":"assigned","at":"…Z","due":null,"by":"staff:S7K2","attempt":"…",
"data":{}}`. `at` is UTC with milliseconds; `due` is the nominal instant of a step that a clock caused; `by` is `reporter`,
`staff:<id>` or `system`. Everything that folding needs is inside the event (clock instants too), so that a changed street
file never changes the past. `v` is the version in which it was written; older ones are lifted on read (`casework.lifts`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

# Of the stored body of a case or a registration, and of everything in it. Raising it needs a lift: see docs/upgrading.md.
VERSION = 2

# Replies of a person that end every clock of first feedback (首次反馈).
FIRST_REPLIES = frozenset({"accepted", "answered", "asked", "prelim_given"})
# Events that count as the first answer by a person.
PERSON_REPLIES = FIRST_REPLIES | {"contacted"}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    v: int = VERSION
    seq: int
    type: str
    at: str
    due: str | None = None
    by: str
    attempt: str
    data: dict[str, Any] = {}

    @property
    def instant(self) -> datetime:
        return parse(self.at)


def stamp(instant: datetime) -> str:
    """UTC with milliseconds and Z, the stored form of every instant. Refuses naive datetimes."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime reached the ledger; hand in an aware one")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text)
