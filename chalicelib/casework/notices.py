"""From an event to the messages it causes: who is told, with which template, with which parameters.

Which event tells whom is the street's (`[[notices]]`); how a template's parameters are filled is here. A message is neutral: case
number, office, dates and categories only. Recipients are named, not resolved: `reporter`, `office:<role>@<unit>` or `staff:<id>`;
the sender looks up numbers and the duty roster when it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from chalicelib.casework.case import Case
from chalicelib.casework.clocks import feedback_due
from chalicelib.casework.events import Event, parse, stamp
from chalicelib.casework.messages import shorten
from chalicelib.street import Street

BLANK = "—"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the outbox before it has a key. `params` are ordered as the template numbers them."""

    case: str
    seq: int
    template: str
    to: str
    params: tuple[str, ...]
    at: str


def short_date(instant: str | None, street: Street) -> str:
    """`11月24日16:00`, within twelve characters; an empty instant is a dash."""
    if not instant:
        return BLANK
    local: datetime = parse(instant).astimezone(street.tz)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def office_name(case: Case, street: Street) -> str:
    rung = street.rung_by_id.get(case.rung)
    level, _, unit_id = case.unit.partition(":")
    if level == "committee" and unit_id in street.committee_by_id:
        return street.committee_by_id[unit_id].name.zh
    if level == "zone" and unit_id in street.zone_by_id:
        return street.zone_by_id[unit_id].name.zh
    return rung.name.zh if rung else street.name.zh


def case_deadline(case: Case, street: Street) -> str:
    """What a resident was promised: the end of the last running clock."""
    return short_date(max((run.due for run in case.clocks if run.stopped is None), default=None), street)


def _category(case: Case, street: Street) -> str:
    if case.case_class in street.class_by_id:
        return street.class_by_id[case.case_class].name.zh
    category = street.category_by_id.get(case.category)
    return category.name.zh if category else BLANK


def _clock_name(case: Case, street: Street) -> str:
    run = min((run for run in case.clocks if run.running), key=lambda run: run.due, default=None)
    return street.clocks[run.id].name.zh if run and run.id in street.clocks else BLANK


Fill = Callable[[Case, Event, Street], tuple[str, ...]]

FILLS: dict[str, Fill] = {
    "received": lambda case, event, street: (case.no, short_date(feedback_due(case, street), street)),
    "accepted": lambda case, event, street: (case.no, office_name(case, street), case_deadline(case, street)),
    "question": lambda case, event, street: (case.no, short_date(case.reply_by, street)),
    "handled": lambda case, event, street: (case.no, short_date(_rate_by(case, street), street)),
    "reopened": lambda case, event, street: (case.no, office_name(case, street), case_deadline(case, street)),
    "new": lambda case, event, street: (case.no, _category(case, street), short_date(case.deadline, street)),
    "near": lambda case, event, street: (case.no, _clock_name(case, street), short_date(case.deadline, street)),
    "late": lambda case, event, street: (case.no, _clock_name(case, street), office_name(case, street)),
    "dispatched": lambda case, event, street: (case.no, office_name(case, street), short_date(case.deadline, street)),
    "supervised": lambda case, event, street: (case.no, case_deadline(case, street)),
}


def _rate_by(case: Case, street: Street) -> str | None:
    if case.handled_at is None:
        return None
    return stamp(parse(case.handled_at) + timedelta(days=street.follow_up.rate_days))


def _recipient(to: str, case: Case, street: Street) -> str | None:
    if to == "reporter":
        return "reporter" if case.phone_mac else None
    if to == "assignee":
        return f"staff:{case.assignee.id}" if case.assignee else None
    if to == "office":
        rung = street.rung_by_id[case.rung]
        return f"office:{rung.role}@{case.unit}"
    return None


def messages(case: Case, event: Event, street: Street) -> list[Message]:
    """What the event tells, given the case after it. A reporter who left no phone is told on the page alone."""
    kinds = {event.type}
    if event.type in {"submitted", "passed_up", "allocated"}:
        kinds.add("entered")
    found: list[Message] = []
    for notice in street.notices:
        to = _recipient(notice.to, case, street) if notice.on in kinds else None
        if to is None or notice.template not in FILLS:
            continue
        params = tuple(shorten(param) for param in FILLS[notice.template](case, event, street))
        found.append(Message(case=case.no, seq=event.seq, template=notice.template, to=to, params=params, at=event.at))
    return found
