"""From an event to the messages it causes: who is told, with which template, with which parameters.

Which event tells whom is the street's (`[[notices]]`); how a template's parameters are filled is here. A message is neutral: case
number, office, dates and categories only. Recipients are named, not resolved: `reporter`, `staff:<id>`, `office:<role>@<unit>`,
`nearest:<role>@<unit>,<unit>,…` (the first unit where somebody holds the role), `contact:<id>`; the sender looks up numbers
and the duty roster when it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from chalicelib.casework.access import unit_name, units_around
from chalicelib.casework.card import place_name
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.clocks import MOVING, feedback_due
from chalicelib.casework.events import Event, parse, stamp
from chalicelib.casework.figures import of_handling
from chalicelib.casework.messages import shorten
from chalicelib.street import Notice, Place, Street

BLANK = "—"
CLASS_DONE = "class_done"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the outbox before it has a key. `params` are ordered as the template numbers them."""

    case: str
    seq: int
    template: str
    to: str
    params: tuple[str, ...]
    at: str
    phone_mac: str = ""


@dataclass(frozen=True)
class Told:
    """What a message may speak of: the case after the event, the event, the street, and where it is."""

    case: Case
    event: Event
    street: Street
    place: Place | None

    def date(self, instant: str | None) -> str:
        """`11月24日16:00`, within twelve characters; no instant is a dash."""
        return date_of(instant, self.street) if instant else BLANK

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
        """What a resident was promised: the date of a long run, or the last end of the street's own clocks of handling; else of
        the one that is mirrored for another system, else of anything that somebody can miss.
        """
        if self.case.long_run_until:
            return self.date(self.case.long_run_until)
        live = [run for run in self.case.clocks if run.stopped is None and not run.party]
        live = [run for run in live if run.id not in self.street.clocks or self.street.clocks[run.id].counts]
        handling = [run for run in live if run.id in self.street.clocks and of_handling(self.street.clocks[run.id])]
        own = [run for run in handling if not self.street.clocks[run.id].channels]
        return self.date(max((run.due for run in own or handling or live), default=None))

    @property
    def category(self) -> str:
        if self.case.case_class in self.street.class_by_id:
            return self.street.class_by_id[self.case.case_class].name.zh
        category = self.street.category_by_id.get(self.case.category)
        return category.name.zh if category else BLANK

    @property
    def clock(self) -> str:
        """The clock that the event is about; else the one that ends next."""
        clock = self.street.clocks.get(str(self.event.data.get("clock", "")) or (self._next.id if self._next else ""))
        return clock.name.zh if clock else BLANK

    @property
    def _next(self) -> ClockRun | None:
        """The run that ends next; where all stand still (what is asked for while the reporter is) the first of those."""
        live = [run for run in self.case.clocks if run.stopped is None]
        return min([run for run in live if run.running] or live, key=lambda run: run.due, default=None)

    @property
    def until(self) -> str:
        return self.date(self.event.data.get("until") or (self._next.due if self._next else None))

    @property
    def leading(self) -> str:
        return self.case.lead.party.name if self.case.lead else self.office

    @property
    def report_by(self) -> str:
        """By when a called party reports: the end of the parties' clock, else the case's next deadline."""
        ends = [run.due for run in self.case.clocks if run.party and run.running and run.started == self.event.at]
        return self.date(min(ends, default=self.case.deadline))

    @property
    def answer_by(self) -> str:
        """By when the supervisors want to hear: the clock that this event started."""
        ends = [run.due for run in self.case.clocks if run.running and run.started == self.event.at]
        return self.date(min(ends, default=None)) if ends else self.promised

    @property
    def why_longer(self) -> str:
        listed = {option.id: option.name.zh for option in self.street.reasons.extension}
        if self.event.data.get("reason") in listed:
            return listed[self.event.data["reason"]]
        dated = next(
            (clock.name.zh for clock in self.street.clocks.values() if clock.until and clock.start == self.event.type), ""
        )
        return dated or BLANK

    @property
    def rate_by(self) -> str:
        done = self.event.at if self.event.type == CLASS_DONE else self.case.handled_at
        if done is None:
            return BLANK
        return self.date(stamp(parse(done) + timedelta(days=self.street.follow_up.rate_days)))

    @property
    def where(self) -> str:
        return self.case.elsewhere or (place_name(self.street, self.place) if self.place else BLANK)


def date_of(instant: str, street: Street) -> str:
    local: datetime = parse(instant).astimezone(street.tz)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def office_name(rung_id: str, unit: str, street: Street) -> str:
    rung = street.rung_by_id.get(rung_id)
    return rung.name.zh if rung and unit == "street" else unit_name(unit, street)


FILLS: dict[str, Callable[[Told], tuple[str, ...]]] = {
    "received": lambda told: (told.case.no, told.date(feedback_due(told.case, told.street))),
    "accepted": lambda told: (told.case.no, told.office, told.promised),
    "question": lambda told: (told.case.no, told.date(told.case.reply_by)),
    "extended": lambda told: (told.case.no, told.why_longer, told.promised),
    "handled": lambda told: (told.case.no, told.rate_by),
    "reopened": lambda told: (told.case.no, told.office, told.promised),
    "new": lambda told: (told.case.no, told.category, told.date(told.case.deadline)),
    "near": lambda told: (told.case.no, told.clock, told.until),
    "late": lambda told: (told.case.no, told.clock, told.follower),
    "dispatched": lambda told: (told.case.no, told.leading, told.report_by),
    "supervised": lambda told: (told.case.no, told.answer_by),
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
    if to == "partners":
        return _partners(told)
    if to == "visitors" and told.event.type == "urged" and case.state != "visiting":
        # Nothing of theirs is due.
        return []
    if to == "visitors":
        return [_nearest(role, case) for role in street.follow_up.visitors] or [f"office:{rung.role}@{case.unit}"]
    if to == "approvers":
        asked = told.event.data.get("request", {}).get("kind")
        return [_nearest(role, case) for role in street.approvals.roles(asked)] if asked else []
    if to == "contacts":
        return [f"contact:{contact.id}" for contact in street.contacts if set(contact.units) & set(units_around(case))]
    return [_nearest(to.removeprefix("role:"), case)]


def _partners(told: Told) -> list[str]:
    """The party that the event is about; else all that it calls. Urging goes to the lead and to who owes a report. A party
    without an account is a contact.
    """
    party = told.event.data.get("party")
    ids = [party] if party else [called["id"] for called in told.event.data.get("to") or () if isinstance(called, dict)]
    if told.event.type == "urged":
        ids = [one.party.id for one in told.case.partners if one.lead or one.owing]
    return [found if found.startswith("contact:") else f"office:{found}" if "@" in found else f"staff:{found}" for found in ids]


def _nearest(role: str, case: Case) -> str:
    return f"nearest:{role}@{','.join(units_around(case))}"


def occasions(told: Told) -> frozenset[str]:
    """The names under which a street may ask for a message: the event's type, and what it amounts to."""
    event, case = told.event, told.case
    found = {"due" if event.type == "reminded" and event.data.get("date") else event.type}
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
        if notice.template not in FILLS or not (notice.on in occasion or _like_handled(notice, told)):
            continue
        params = tuple(shorten(param) for param in FILLS[notice.template](told))
        for to in _recipients(notice.to, told):
            found.setdefault(
                (to, notice.template),
                Message(case=told.case.no, seq=told.event.seq, template=notice.template, to=to, params=params, at=told.event.at),
            )
        # A question is put to the one whose page has the form to answer it.
        if notice.to == "reporter" and told.event.type != "asked":
            for message in _followers(told, notice.template):
                found.setdefault((message.case, notice.template), message)
    found.update({(message.case, message.template): message for message in _joined(told)})
    return list(found.values())


def _joined(told: Told) -> list[Message]:
    """Whose case is merged into one that is handled already is told of it as the others were."""
    if told.event.type != "absorbed" or told.case.handled_at is None:
        return []
    on = [notice for notice in told.street.notices if notice.on == "handled_confirmed" and notice.to == "reporter"]
    late = (message for notice in on if notice.template in FILLS for message in _followers(told, notice.template))
    return [message for message in late if message.case == told.event.data["no"]]


def _like_handled(notice: Notice, told: Told) -> bool:
    """When the class of matters is done, reporters are told as the street tells them of a case that is."""
    return told.event.type == CLASS_DONE and notice.on == "handled_confirmed" and notice.to == "reporter"


# Messages about a case to the reporters of those merged into it are numbered apart from the merged cases' own.
FOLLOWED = 50_000


def _followers(told: Told, template: str) -> list[Message]:
    """Reporters whose case was merged into this one are answered too, each under their own number."""
    messages = []
    for follower in told.case.followers:
        if not follower.phone_mac or follower.phone_mac == told.case.phone_mac:
            continue
        theirs = replace(told, case=msgspec.structs.replace(told.case, no=follower.no))
        params = tuple(shorten(param) for param in FILLS[template](theirs))
        message = Message(
            case=follower.no, seq=FOLLOWED + told.event.seq, template=template, to="reporter", params=params, at=told.event.at
        )
        messages.append(msgspec.structs.replace(message, phone_mac=follower.phone_mac))
    return messages
