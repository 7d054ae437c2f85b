"""From an event to the messages it causes: who is told, with which template, with which parameters.

Which event tells whom is the street's (`[[notices]]`); how a template's parameters are filled is here. A message is neutral: case
number, office, dates and categories only. Recipients are named, not resolved: `reporter`, `staff:<id>`, `office:<role>@<unit>`,
`nearest:<role>@<unit>,<unit>,…` (the first unit where somebody holds the role), `contact:<id>`; the sender looks up numbers
and the duty roster when it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from chalicelib.casework.access import units_around
from chalicelib.casework.card import place_name
from chalicelib.casework.case import Case
from chalicelib.casework.clocks import MOVING, feedback_due
from chalicelib.casework.events import Event, parse, stamp
from chalicelib.casework.messages import shorten
from chalicelib.street import Place, Street

BLANK = "—"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the outbox before it has a key. `params` are ordered as the template numbers them."""

    case: str
    seq: int
    template: str
    to: str
    params: tuple[str, ...]
    at: str


@dataclass(frozen=True)
class Told:
    """What a message may speak of: the case after the event, the event, the street, and where it is."""

    case: Case
    event: Event
    street: Street
    place: Place | None

    def date(self, instant: str | None) -> str:
        """`11月24日16:00`, within twelve characters; no instant is a dash."""
        if not instant:
            return BLANK
        local: datetime = parse(instant).astimezone(self.street.tz)
        return f"{local.month}月{local.day}日{local:%H:%M}"

    @property
    def office(self) -> str:
        return office_name(self.case.rung, self.case.unit, self.street)

    @property
    def follower(self) -> str:
        """Who has it from now on: the office that it goes up to, or the one that has it still."""
        data = self.event.data
        return office_name(data.get("to_rung", self.case.rung), data.get("to_unit", self.case.unit), self.street)

    @property
    def promised(self) -> str:
        """What a resident was promised: the end of the last running clock."""
        return self.date(max((run.due for run in self.case.clocks if run.stopped is None), default=None))

    @property
    def category(self) -> str:
        if self.case.case_class in self.street.class_by_id:
            return self.street.class_by_id[self.case.case_class].name.zh
        category = self.street.category_by_id.get(self.case.category)
        return category.name.zh if category else BLANK

    @property
    def clock(self) -> str:
        clock = self.street.clocks.get(str(self.event.data.get("clock", "")))
        return clock.name.zh if clock else BLANK

    @property
    def rate_by(self) -> str:
        if self.case.handled_at is None:
            return BLANK
        return self.date(stamp(parse(self.case.handled_at) + timedelta(days=self.street.follow_up.rate_days)))

    @property
    def where(self) -> str:
        return self.case.elsewhere or (place_name(self.street, self.place) if self.place else BLANK)


def office_name(rung_id: str, unit: str, street: Street) -> str:
    rung = street.rung_by_id.get(rung_id)
    level, _, unit_id = unit.partition(":")
    if level == "committee" and unit_id in street.committee_by_id:
        return street.committee_by_id[unit_id].name.zh
    if level == "zone" and unit_id in street.zone_by_id:
        return street.zone_by_id[unit_id].name.zh
    return rung.name.zh if rung else street.name.zh


FILLS: dict[str, Callable[[Told], tuple[str, ...]]] = {
    "received": lambda told: (told.case.no, told.date(feedback_due(told.case, told.street))),
    "accepted": lambda told: (told.case.no, told.office, told.promised),
    "question": lambda told: (told.case.no, told.date(told.case.reply_by)),
    "handled": lambda told: (told.case.no, told.rate_by),
    "reopened": lambda told: (told.case.no, told.office, told.promised),
    "new": lambda told: (told.case.no, told.category, told.date(told.case.deadline)),
    "near": lambda told: (told.case.no, told.clock, told.date(told.event.data.get("until"))),
    "late": lambda told: (told.case.no, told.clock, told.follower),
    "dispatched": lambda told: (told.case.no, told.office, told.date(told.case.deadline)),
    "supervised": lambda told: (told.case.no, told.promised),
    "hazard": lambda told: (told.case.no, told.where, told.category),
}


def _recipients(to: str, told: Told) -> list[str]:
    """The recipients that a notice's `to` means now; none when there is nobody behind it."""
    case, street = told.case, told.street
    rung = street.rung_by_id[case.rung]
    if to == "reporter":
        return ["reporter"] if case.phone_mac else []
    if to == "assignee":
        return [f"staff:{case.assignee.id}"] if case.assignee else []
    if to == "office":
        return [f"office:{rung.role}@{case.unit}"]
    if to == "lead":
        return [_nearest(role, case) for role in rung.lead]
    if to == "tell":
        clock = street.clocks.get(str(told.event.data.get("clock", "")))
        return [_nearest(role, case) for role in (clock.tell if clock else ())]
    if to == "contacts":
        return [f"contact:{contact.id}" for contact in street.contacts if set(contact.units) & set(units_around(case))]
    return [_nearest(to.removeprefix("role:"), case)]


def _nearest(role: str, case: Case) -> str:
    return f"nearest:{role}@{','.join(units_around(case))}"


def occasions(told: Told) -> frozenset[str]:
    """The names under which a street may ask for a message: the event's type, and what it amounts to."""
    event, case = told.event, told.case
    found = {event.type}
    if event.type in MOVING | {"submitted"}:
        found.add("entered")
    if event.type == "lapsed" and event.data.get("flag"):
        found.add("flagged")
    case_class = told.street.class_by_id.get(case.case_class)
    named_now = event.type == "submitted" or bool(event.data.get("class"))
    if case_class is not None and case_class.hazard and named_now:
        found.add("hazard")
    return frozenset(found)


def messages(told: Told) -> list[Message]:
    """What the event tells. A reporter who left no phone is told on the page alone; nobody is told the same thing twice."""
    found: dict[tuple[str, str], Message] = {}
    occasion = occasions(told)
    for notice in told.street.notices:
        if notice.on not in occasion or notice.template not in FILLS:
            continue
        params = tuple(shorten(param) for param in FILLS[notice.template](told))
        for to in _recipients(notice.to, told):
            found.setdefault(
                (to, notice.template),
                Message(case=told.case.no, seq=told.event.seq, template=notice.template, to=to, params=params, at=told.event.at),
            )
    return list(found.values())
