"""A street with every kind of rung, two zones and three committees: small enough to reckon with by hand, and on it a case can
climb, be allocated, dispatched, approved, visited and supervised.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.casework.access import Actor
from chalicelib.casework.case import Party
from chalicelib.street import (
    Again,
    Approvals,
    CaseClass,
    Category,
    Clock,
    Committee,
    Community,
    Contact,
    Department,
    Duration,
    Entry,
    Exit,
    FollowUp,
    Label,
    Notice,
    Option,
    Reasons,
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
        dispatch=("department", "contact"),
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
        dispatch=("department", "property", "contact"),
        exits=("visit_day", "district"),
    ),
    Rung(
        id="zone",
        level=3,
        name=Label("片区", "Zone"),
        role="zone_head",
        scope="zone",
        enters=(Entry(classes=("complex",)),),
        clocks=("zone_accept",),
        assign=("grid_worker",),
    ),
)


def _clock(clock_id: str, start: str, stop: tuple[str, ...], late: Duration, **more: Any) -> Clock:
    return Clock(id=clock_id, name=Label(clock_id), start=start, stop=stop, late=late, **more)


HANDLED = ("handled_confirmed", "closed", "answered", "withdrawn")
AWAY = ("long_run", "referred")
CLOCKS = {
    clock.id: clock
    for clock in (
        _clock("accept", "entered", ("accepted", "answered"), Duration(1, "wd"), warn=Duration(1, "h"), action=("escalate",)),
        _clock(
            "handle", "entered", HANDLED, Duration(3, "d"), warn=Duration(1, "wd"), pause=("waiting", *AWAY), action=("escalate",)
        ),
        _clock("contact", "entered", ("accepted", "allocated", "asked"), Duration(1, "wd"), action=("remind", "flag")),
        _clock("zone_accept", "entered", ("accepted",), Duration(1, "wd"), action=("flag",)),
        _clock(
            "whole", "submitted", HANDLED, Duration(7, "d"), warn=Duration(1, "wd"), action=("flag",), pause=AWAY, extend=True
        ),
        _clock("mirror", "submitted", HANDLED, Duration(15, "wd"), channels=("hotline_12345",)),
        _clock("clear", "submitted", (*HANDLED, "cleared"), Duration(4, "h"), action=("flag",)),
        # 报到: a hazard within half an hour, everything else within a working day, each party for itself.
        _clock(
            "report",
            "dispatched",
            ("reported_in", "released"),
            Duration(1, "wd"),
            late_for={"urgent": Duration(30, "m")},
            action=("flag",),
            party=True,
        ),
        _clock("demanded", "dispatched", HANDLED, Duration(1, "wd"), action=("flag",), until=True),
        _clock("next_date", "long_run_started", ("resumed",), Duration(1, "wd"), action=("flag",), until=True),
        _clock(
            "review",
            "long_run_started",
            ("resumed",),
            Duration(30, "d"),
            action=("remind",),
            again=Again(Duration(30, "d"), 11),
            counts=False,
        ),
        _clock("watch", "handled_confirmed", ("observed", "reopened"), Duration(1, "d"), action=("remind",), until=True),
        _clock("redo", "reopened", ("handled_confirmed", "closed"), Duration(3, "wd"), action=("flag",)),
        _clock("look_again", "closed", ("reopened",), Duration(7, "d"), action=("remind",), counts=False),
    )
}
REASONS = Reasons(
    refusal=(Option("not_ours", Label("不属职责范围")), Option("not_enough", Label("信息不全"))),
    extension=(Option("materials", Label("等待材料")),),
    cause=(Option("not_done", Label("没有做好")), Option("no_answer", Label("没有答复"))),
)
APPROVALS = Approvals(
    extend=("street_admin",), long_run=("street_admin",), invalid=("street_admin",), unreachable=("street_admin",)
)


def ladder_street(
    *, preliminary: bool = False, visit: bool = False, visitors: tuple[str, ...] = (), micro_grid: bool = False, **changes: Any
) -> Street:
    street = msgspec.structs.replace(
        small_street(),
        categories=(Category("facility", Label("社区硬件设施", "Hardware")),),
        zones=(Zone("z1", Label("一片区")), Zone("z2", Label("二片区"))),
        committees=tuple(Committee(f"c{n}", f"z{1 + n // 3}", Label(f"示例{n}居委")) for n in (1, 2, 3)),
        communities=tuple(Community(f"m{n}", f"c{n}", Label(f"示例{n}小区")) for n in (1, 2, 3)),
        departments=(
            Department(id="traffic", name=Label("交警中队")),
            Department(id="police", name=Label("派出所"), zones=("z1",)),
            Department(id="greenery", name=Label("绿化市容")),
        ),
        contacts=(Contact(id="power", name=Label("供电抢修"), phone="021-0012 9501"),),
        exits=(Exit(id="visit_day", name=Label("主任走访日"), document="visit_day"), DISTRICT),
        rungs=RUNGS,
        classes=(
            CaseClass(id="consult", name=Label("咨询"), answers=True),
            CaseClass(id="simple", name=Label("当场办")),
            CaseClass(id="urgent", name=Label("急事"), hazard=True, clocks=("clear",)),
            CaseClass(id="parking", name=Label("停车"), observe=Duration(1, "d")),
            CaseClass(id="complex", name=Label("协同快办")),
            CaseClass(id="idea", name=Label("金点子"), idea=True),
        ),
        clocks=CLOCKS,
        notices=(
            Notice(on="submitted", to="reporter", template="received"),
            Notice(on="entered", to="office", template="new"),
            Notice(on="handled_confirmed", to="reporter", template="handled"),
        ),
        follow_up=FollowUp(preliminary=preliminary, visit=visit, visitors=visitors, micro_grid=micro_grid),
        reasons=REASONS,
        approvals=APPROVALS,
    )
    return msgspec.structs.replace(street, **changes)


DISTRICT = Exit(id="district", name=Label("区级平台"), document="district")


def with_rung(street: Street, rung_id: str, **changes: Any) -> Street:
    """The street with one rung changed."""
    rungs = tuple(msgspec.structs.replace(rung, **changes) if rung.id == rung_id else rung for rung in street.rungs)
    return msgspec.structs.replace(street, rungs=rungs)


def with_clock(street: Street, clock_id: str, **changes: Any) -> Street:
    """The street with one clock changed."""
    return msgspec.structs.replace(
        street, clocks={**street.clocks, clock_id: msgspec.structs.replace(street.clocks[clock_id], **changes)}
    )


COMMITTEE = Actor("staff:C1", "居委工作人员", ("committee@committee:c1",))
COLLEAGUE = Actor("staff:C2", "居委同事", ("committee@committee:c1",))
OTHER_COMMITTEE = Actor("staff:C3", "另一居委", ("committee@committee:c3",))
CENTRE = Actor("staff:D1", "调度员", ("dispatcher@street",))
ZONE = Actor("staff:Z1", "片区长", ("zone_head@zone:z1",))
WORKER = Actor("staff:W1", "网格员", ("grid_worker@committee:c1",))
PROPERTY = Actor("staff:P1", "物业", ("property@community:m1",))
POLICE = Actor("staff:Y1", "派出所", ("department@dept:police",))
TRAFFIC = Actor("staff:Y2", "交警中队", ("department@dept:traffic",))
GREENERY = Actor("staff:Y3", "绿化市容", ("department@dept:greenery",))
VISITOR = Actor("staff:H1", "回访员", ("station_head@zone:z1",))
MICRO_GRID = Actor("staff:M1", "微网格长", ("micro_grid@community:m1",))
SUPERVISOR = Actor("staff:S1", "督办人员", ("supervisor@street",))
DEPUTY = Actor("staff:R1", "人大代表", ("deputy@committee:c1",))
APPROVER = Actor("staff:A1", "审批人", ("street_admin@street",))
RESIDENT = Actor("reporter")
WORKER_PARTY = Party(id="W1", name="网格员", grant="grid_worker@committee:c1")
