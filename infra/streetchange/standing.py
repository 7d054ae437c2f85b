"""What is under way in a street, as far as a changed file could cut it off. Indexes find it; bodies of open cases are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.casework.card import TIMER_SHARDS
from chalicelib.casework.case import Case
from chalicelib.models import cases, classes, hooks
from chalicelib.models.cases import CaseItem
from chalicelib.models.registers import RegisterItem
from chalicelib.models.staff import StaffItem
from chalicelib.street import Street

# Farther than any clock runs: everything that is timed.
FAR = datetime(9999, 1, 1, tzinfo=UTC) - timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """`cases` are open or timed ones; `grants`, `registers` and `events` count: people by grant, registrations by committee, and
    events for other systems that wait or are parked by subscriber.
    """

    cases: tuple[Case, ...] = ()
    grants: Mapping[str, int] = field(default_factory=dict)
    registers: Mapping[str, int] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)


def standing(street: Street) -> Standing:
    """`street` is the one that runs."""
    return Standing(tuple(_cases(street)), _grants(), _registers(street), _events(street))


def _cases(street: Street) -> list[Case]:
    numbers = {
        row.pk.removeprefix("C#")
        for zone in ["", *(zone.id for zone in street.zones)]
        for row in CaseItem.open_index.query(f"Z#{zone}", attributes_to_get=["pk"])
    }
    for shard in range(TIMER_SHARDS):
        numbers.update(cases.due(shard, FAR))
    found = classes.standing(sorted(numbers))
    return [found[no] for no in sorted(found)]


def _grants() -> dict[str, int]:
    rows = StaffItem.scan(StaffItem.pk.startswith("G#"), attributes_to_get=["pk"], consistent_read=True)
    return dict(Counter(row.pk.removeprefix("G#") for row in rows))


def _registers(street: Street) -> dict[str, int]:
    """By the index of changes, in which every registration stands until it is erased."""
    found = {one.id: RegisterItem.changes_index.count(f"B#{one.id}") for one in street.committees}
    return {committee: count for committee, count in found.items() if count}


def _events(street: Street) -> dict[str, int]:
    found = {one.id: hooks.waiting(one.id) + hooks.count_parked(one.id) for one in street.webhooks}
    return {hook: count for hook, count in found.items() if count}
