"""A street with two rungs, two zones and three committees: the smallest on which a case can climb, be allocated and be
answered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case, Party
from chalicelib.casework.decide import Command, decide, submit
from chalicelib.casework.events import Event
from chalicelib.casework.folds import apply
from chalicelib.street import (
    CaseClass,
    Category,
    Clock,
    Committee,
    Community,
    Duration,
    Entry,
    FollowUp,
    Label,
    Notice,
    Rung,
    Street,
    Zone,
)
from tests.small_street import small_street

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai

RUNGS = (
    Rung(
        id="committee",
        level=1,
        name=Label("居委会", "Committee"),
        role="committee",
        scope="committee",
        enters=(Entry(channels=("visit", "phone")),),
        clocks=("accept", "handle"),
        pass_up="centre",
        late="centre",
        assign=("grid_worker", "property"),
    ),
    Rung(
        id="centre",
        level=2,
        name=Label("城运中心", "Centre"),
        role="dispatcher",
        scope="street",
        enters=(Entry(),),
        clocks=("contact",),
        allocate=("committee", "zone"),
        assign=("grid_worker",),
    ),
    Rung(
        id="zone",
        level=3,
        name=Label("片区", "Zone"),
        role="zone_head",
        scope="zone",
        clocks=("zone_accept",),
        assign=("grid_worker",),
    ),
)


def _clock(clock_id: str, start: str, stop: tuple[str, ...], late: Duration, **more: Any) -> Clock:
    return Clock(id=clock_id, name=Label(clock_id), start=start, stop=stop, late=late, **more)


HANDLED = ("handled_confirmed", "closed", "answered", "withdrawn")
CLOCKS = {
    clock.id: clock
    for clock in (
        _clock("accept", "entered", ("accepted", "answered"), Duration(1, "wd"), warn=Duration(1, "h"), action=("escalate",)),
        _clock("handle", "entered", HANDLED, Duration(3, "d"), warn=Duration(1, "wd"), pause=("waiting",), action=("escalate",)),
        _clock("contact", "entered", ("accepted", "allocated", "asked"), Duration(1, "wd"), action=("remind", "flag")),
        _clock("zone_accept", "entered", ("accepted",), Duration(1, "wd"), action=("flag",)),
        _clock("whole", "submitted", HANDLED, Duration(7, "d"), warn=Duration(1, "wd"), action=("flag",)),
        _clock("mirror", "submitted", HANDLED, Duration(15, "wd"), channels=("hotline_12345",)),
        _clock("clear", "submitted", HANDLED, Duration(4, "h"), action=("flag",)),
    )
}


def ladder_street(*, preliminary: bool = False, visit: bool = False) -> Street:
    return msgspec.structs.replace(
        small_street(),
        categories=(Category("facility", Label("社区硬件设施", "Hardware")),),
        zones=(Zone("z1", Label("一片区")), Zone("z2", Label("二片区"))),
        committees=tuple(Committee(f"c{n}", f"z{1 + n // 3}", Label(f"示例{n}居委")) for n in (1, 2, 3)),
        communities=tuple(Community(f"m{n}", f"c{n}", Label(f"示例{n}小区")) for n in (1, 2, 3)),
        rungs=RUNGS,
        classes=(
            CaseClass(id="consult", name=Label("咨询"), answers=True),
            CaseClass(id="simple", name=Label("当场办")),
            CaseClass(id="urgent", name=Label("急事"), hazard=True, clocks=("clear",)),
        ),
        clocks=CLOCKS,
        notices=(
            Notice(on="submitted", to="reporter", template="received"),
            Notice(on="entered", to="office", template="new"),
            Notice(on="handled_confirmed", to="reporter", template="handled"),
        ),
        follow_up=FollowUp(preliminary=preliminary, visit=visit),
    )


COMMITTEE = Actor("staff:C1", "居委工作人员", ("committee@committee:c1",))
OTHER_COMMITTEE = Actor("staff:C3", "另一居委", ("committee@committee:c3",))
CENTRE = Actor("staff:D1", "调度员", ("dispatcher@street",))
ZONE = Actor("staff:Z1", "片区长", ("zone_head@zone:z1",))
WORKER = Actor("staff:W1", "网格员", ("grid_worker@committee:c1",))
PROPERTY = Actor("staff:P1", "物业", ("property@community:m1",))
RESIDENT = Actor("reporter")
WORKER_PARTY = Party(id="W1", name="网格员", grant="grid_worker@committee:c1")

# One complete set of inputs for every action, so that only state, role and scope decide.
INPUTS: dict[str, dict[str, Any]] = {
    "accept": {},
    "answer": {"text": "带身份证到窗口办"},
    "assign": {"to": WORKER_PARTY},
    "ask": {"text": "是几号楼"},
    "reply": {"text": "三号楼"},
    "add": {"text": "今天又不亮"},
    "prelim": {"text": "已联系电工"},
    "propose": {"outcome": "solved", "text": "换了灯泡"},
    "confirm": {},
    "decline": {"reason": "还有一盏不亮"},
    "close": {"outcome": "solved", "text": ""},
    "pass_up": {"reason": "线路归外单位"},
    "allocate": {"to": "zone@zone:z1", "reason": ""},
    "reopen": {"reason": "又坏了"},
    "rate": {"satisfied": "yes", "score": "5"},
    "withdraw": {},
    "renew_link": {},
    "reveal": {"reason": "contact"},
}


class Walk:
    """A case on its way: `walk.do(actor, action)`, one minute after the last step unless told otherwise."""

    def __init__(
        self, street: Street | None = None, *, rung: str = "committee", channel: str = "qr", now: datetime = NOW
    ) -> None:
        self.street = street or ladder_street()
        self.now = now
        found = self.street.rung_by_id[rung]
        unit = {"committee": "committee:c1", "street": "street", "zone": "zone:z1"}[found.scope]
        start = Case(
            no="K7M3-9QXA-C",
            place="AAAAAA",
            community="m1",
            committee="c1",
            zone="z1",
            rung=rung,
            unit=unit,
            highest=found.level,
            text="楼道灯不亮。两个星期了",
            channel=channel,
            phone_mask="138****0000",
            phone_mac="ab",
            photo_ref="REF",
        )
        self.events: list[Event] = submit(start, "attempt-0", now, self.street)
        self.case = Case(no=start.no)
        for event in self.events:
            self.case = apply(self.case, event)

    def do(
        self, actor: Actor, action: str, data: dict[str, Any] | None = None, *, after: timedelta = timedelta(minutes=1)
    ) -> Walk:
        self.now += after
        command = Command(action, f"attempt-{len(self.events)}", INPUTS[action] if data is None else data)
        for event in decide(self.case, command, actor, self.now, self.street):
            self.events.append(event)
            self.case = apply(self.case, event)
        return self

    def named(self, actor: Actor, grant: str) -> Actor:
        return replace(actor, grants=(*actor.grants, grant))


def in_state(state: str, street: Street | None = None) -> Walk:
    """A case of the committee's rung that has come to `state` by the shortest way."""
    walk = Walk(street)
    ways: dict[str, list[tuple[Actor, str]]] = {
        "received": [],
        "accepted": [(COMMITTEE, "accept")],
        "handling": [(COMMITTEE, "accept"), (COMMITTEE, "assign")],
        "waiting": [(COMMITTEE, "accept"), (COMMITTEE, "ask")],
        "handled": [(COMMITTEE, "accept"), (COMMITTEE, "propose"), (COMMITTEE, "confirm")],
        "closed": [(COMMITTEE, "accept"), (COMMITTEE, "propose"), (COMMITTEE, "confirm"), (COMMITTEE, "close")],
        "reopened": [(COMMITTEE, "accept"), (COMMITTEE, "propose"), (COMMITTEE, "confirm"), (COMMITTEE, "reopen")],
    }
    if state == "visiting":
        visiting = Walk(street or ladder_street(visit=True))
        return visiting.do(COMMITTEE, "accept").do(COMMITTEE, "propose").do(COMMITTEE, "confirm")
    for actor, action in ways[state]:
        walk.do(actor, action)
    return walk
