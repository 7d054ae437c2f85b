"""A case of one of the shipped streets as a value: what people do with it, and what time does. No storage, no pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.casework.access import Actor, unit_of
from chalicelib.casework.case import Case, Party
from chalicelib.casework.decide import Command, decide, submit
from chalicelib.casework.events import Event, parse
from chalicelib.casework.folds import apply
from chalicelib.casework.notices import Told, messages
from chalicelib.casework.tick import tick
from chalicelib.street import Place, Street
from infra.streetfile.compile import load

STREETS = Path(__file__).parent.parent / "infra" / "streets"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)

Seen = list[tuple[str, str, str]]


@cache
def shipped(name: str) -> tuple[Street, tuple[Place, ...]]:
    street, places = load(STREETS / f"{name}.toml")
    return street, tuple(places)


def at(text: str) -> datetime:
    """`11-18 10:00` of 2026 on the street's own clock; another year may lead."""
    return datetime.fromisoformat(text if text.count("-") == 2 else f"2026-{text}").replace(tzinfo=SHANGHAI)


WEDNESDAY = at("11-18 10:00")

# Inputs of actions; what stands behind `=` goes into the first one named here.
INPUTS: dict[str, dict[str, Any]] = {
    "accept": {"class": ""},
    "reclassify": {"class": "", "reason": "看过现场"},
    "allocate": {"to": ""},
    "answer": {"text": "到窗口办"},
    "ask": {"text": "是几号楼"},
    "add": {"text": "今天又不亮"},
    "reply": {"text": "三号楼"},
    "contact": {"way": "phone", "reached": "yes"},
    "prelim": {"text": "已联系电工"},
    "propose": {"outcome": "solved", "text": "换了灯泡"},
    "pass_up": {"reason": "线路归外单位"},
    "assign": {"to": Party(id="W1", name="网格员", grant="grid_worker@committee:c01")},
    "reopen": {"reason": "又坏了"},
    "reveal": {"reason": "contact"},
    "close": {"outcome": "solved", "text": "回访满意"},
    "visit": {"way": "phone", "reached": "yes", "said": "satisfied"},
    "refuse": {"reason": "not_ours", "basis": "职责分工第三条"},
    "dispatch": {"lead": "", "demands": "到现场处置"},
    "release": {"party": "", "reason": "不需到场"},
    "clear": {"text": "险情已除"},
    "meet": {"text": "例会议定"},
    "observe": {"held": "yes"},
    "long_run": {"until": "", "text": "分两期施工"},
    "extend": {"days": "", "reason": "materials", "text": "配件已订"},
    "refer": {"exit": "", "text": "本级无法解决"},
    "answer_back": {"text": "上级已答复"},
    "supervise": {"reason": "两次超时"},
    "feed_back": {"text": "本周完工"},
    "triage": dict.fromkeys(("generality", "urgency", "legality", "public_interest"), "yes") | {"text": "研判"},
}
REPORTER = frozenset({"add", "reply", "rate", "withdraw"})
SUPERVISORS = frozenset({"supervise", "agree_triage", "inspect", "urge", "end_supervision"})


class Road:
    """`do("accept=simple", "dispatch=police,traffic", "report_in=police")`: the office acts where nobody else has to."""

    def __init__(self, name: str, start: datetime = WEDNESDAY, channel: str = "qr", case_class: str = "") -> None:
        self.street, places = shipped(name)
        self.place = next(place for place in places if place.community)
        committee = self.street.committee_by_id[self.place.committee]
        lying = Case(no="", community=self.place.community, committee=committee.id, zone=committee.zone)
        rung = self.street.entry_rung(channel, case_class)
        self.facts = Case(
            no="K7M3-9QXA-C",
            place=self.place.id,
            community=self.place.community,
            committee=committee.id,
            zone=committee.zone,
            rung=rung.id,
            unit=unit_of(rung.scope, lying),
            highest=rung.level,
            text="楼道灯不亮",
            channel=channel,
            case_class=case_class,
            phone_mask="138****0000",
            phone_mac="ab",
        )
        self.now = start
        self.case = Case(no=self.facts.no)
        self.events: list[Event] = []
        self._take(submit(self.facts, "attempt-0", start, self.street))

    def _take(self, made: list[Event]) -> None:
        for event in made:
            self.case = apply(self.case, event)
            self.events.append(event)

    def do(self, *steps: str) -> Road:
        """Each at the same instant."""
        for step in steps:
            action, _, value = step.partition("=")
            command = Command(action, f"attempt-{len(self.events)}", self._inputs(action, value))
            self._take(decide(self.case, command, self._actor(action, value), self.now, self.street))
        return self

    def _inputs(self, action: str, value: str) -> dict[str, Any]:
        found = dict(INPUTS.get(action, {}))
        if action == "dispatch":
            lead, *helping = (f"department@dept:{one}" for one in value.split(","))
            return {**found, "lead": lead, "co": helping}
        if action == "report_in":
            return {}
        if value:
            found[next(iter(found))] = value
        return found

    def _actor(self, action: str, value: str) -> Actor:
        if action in REPORTER:
            return Actor("reporter")
        if action in SUPERVISORS:
            return Actor("staff:S1", "督办人员", ("supervisor@street",))
        if action in {"approve", "reject"}:
            kinds = [request.kind for request in self.case.requests]
            roles = {role for kind in kinds for role in self.street.approvals.roles(kind)}
            return Actor("staff:A1", "审批人", tuple(f"{role}@street" for role in sorted(roles)))
        if action in {"sign", "refuse"} and self.case.lead is not None:
            return Actor("staff:P1", "承办部门", (self.case.lead.party.grant,))
        if action == "report_in" and value:
            return Actor("staff:P1", "承办部门", (f"department@dept:{value}",))
        if action == "visit" and self.street.follow_up.visitors:
            return Actor("staff:V1", "回访人", tuple(f"{role}@{self.case.unit}" for role in self.street.follow_up.visitors))
        return Actor("staff:O1", "经办人", (self.office.removeprefix("office:"),))

    @property
    def office(self) -> str:
        return f"office:{self.street.rung_by_id[self.case.rung].role}@{self.case.unit}"

    def nearest(self, *roles: str) -> set[str]:
        units = f"community:{self.case.community},committee:{self.case.committee},zone:{self.case.zone},street"
        return {f"nearest:{role}@{units}" for role in roles}

    def until(self, instant: datetime) -> Seen:
        """What time makes of it by then, as (event, clock, rung of the case afterwards)."""
        assert instant >= self.now
        self.now = instant
        seen: Seen = []
        for event in tick(self.case, instant, self.street, f"sweep-{len(self.events)}"):
            self._take([event])
            seen.append((event.type, str(event.data.get("clock", "")), self.case.rung))
        return seen

    def said(self, event: Event) -> set[tuple[str, str]]:
        """Template and recipient of everything that this event tells."""
        case = Case(no=self.case.no)
        for one in self.events:
            case = apply(case, one)
            if one.seq == event.seq:
                return {(message.template, message.to) for message in messages(Told(case, one, self.street, self.place))}
        raise LookupError(event.seq)

    def latest(self, kind: str, clock: str = "") -> Event:
        return next(
            event for event in reversed(self.events) if event.type == kind and clock in {"", str(event.data.get("clock", ""))}
        )

    def told(self, kind: str) -> set[tuple[str, str]]:
        return self.said(self.latest(kind))

    def due(self, clock: str) -> datetime:
        run = self.case.clock(clock)
        assert run is not None
        assert run.running, clock
        return parse(run.due)


def of(clock: str, seen: Seen) -> Seen:
    return [entry for entry in seen if entry[1] == clock]
