"""Many cases for tests of the sweep, written as items with the mapping that the application itself uses: five thousand reports by
form would take an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import msgspec

from chalicelib.casework import numbers
from chalicelib.casework.access import Actor, unit_of
from chalicelib.casework.card import TIMER_SHARDS
from chalicelib.casework.case import Case
from chalicelib.casework.decide import Command, decide, submit
from chalicelib.casework.events import Event
from chalicelib.casework.folds import apply
from chalicelib.casework.tick import tick
from chalicelib.models import cases
from chalicelib.models.cases import CaseItem, Stored
from tests.strict_sms import StrictSms
from tests.world import World

# What one invocation has on AWS.
BUDGET_S = 50.0
MINUTE = timedelta(minutes=1)
DISPATCHER = "+8613800001000"


@dataclass(frozen=True)
class Story:
    """How a case came to where it stands: its rung, when it was reported, whether it was accepted, until when it was swept."""

    rung: str
    reported: datetime
    accepted: bool = True
    swept_to: datetime | None = None


class Many:
    """Writes cases of a few stories under numbers of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.place = world.places[0]
        self._written = 0

    @cache  # noqa: B019 - one writer a test
    def _events(self, story: Story) -> tuple[Case, tuple[Event, ...]]:
        street = self.world.street
        committee = street.committee_by_id[self.place.committee]
        rung = street.rung_by_id[story.rung]
        facts = Case(
            no="-",
            place=self.place.id,
            community=self.place.community,
            committee=committee.id,
            zone=committee.zone,
            rung=rung.id,
            highest=rung.level,
            text="楼道灯不亮",
            channel="visit" if story.rung == "committee" else "qr",
        )
        facts = msgspec.structs.replace(facts, unit=unit_of(rung.scope, facts))
        events = submit(facts, "report", story.reported, street)
        case = _fold(events)
        if story.accepted:
            clerk = Actor("staff:C1", "居委", (f"{rung.role}@{case.unit}",))
            events += decide(case, Command("accept", "accept"), clerk, story.reported + MINUTE, street)
            case = _fold(events)
        if story.swept_to:
            events += tick(case, story.swept_to, street, "before")
        return _fold(events), tuple(events)

    def write(self, stories: Sequence[Story]) -> list[str]:
        written = []
        with CaseItem.batch_write() as batch:
            for story in stories:
                case, events = self._events(story)
                self._written += 1
                # Spread over the shards as keyed hashes are.
                no = numbers.case_number(self._written * 0x9E3779B97F % 2**40)
                named = Stored(case=msgspec.structs.replace(case, no=no), events=events)
                item, _ = cases.item_of(named, events[-1].attempt, self.world.street, self.place)
                batch.save(item)
                written.append(no)
        return written


def _fold(events: Sequence[Event]) -> Case:
    case = Case(no="-")
    for event in events:
        case = apply(case, event)
    return case


def steps_of(numbers_: Sequence[str]) -> dict[str, list[str]]:
    """What was made of each case since, by events; read once for all."""
    wanted = set(numbers_)
    found: dict[str, list[str]] = {}
    for item in CaseItem.scan(CaseItem.sk == "CASE", consistent_read=True):
        stored = cases.read(item)
        if stored.case.no in wanted:
            assert cases.unpack(item.body).state.version == len(stored.events)
            found[stored.case.no] = [
                f"{event.type} {event.data.get('clock', '')}" for event in stored.events if event.by == "system"
            ]
    return found


def due_now(now: datetime) -> Iterator[str]:
    for shard in range(TIMER_SHARDS):
        yield from cases.due(shard, now)


def told(world: World) -> StrictSms:
    """A provider that counts; the street's people have numbers."""
    from chalicelib import wiring

    provider = StrictSms()
    wiring.use(clock=world.clock, sms=provider)
    wiring.context()
    for number, (role, unit) in enumerate((("dispatcher", "street"), ("supervisor", "street"), ("committee", "committee:c01"))):
        hire(world, role, unit, f"138 0000 10{number:02d}")
    return provider


def hire(world: World, role: str, unit: str, phone: str) -> None:
    from chalicelib.usecases import signin

    signin.create_staff(world.context, username=f"{role}.{phone[-2:]}", name=role, grants=(f"{role}@{unit}",), phone=phone)
