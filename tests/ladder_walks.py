"""Cases on their way over the small street of `ladder_street`: one step, one moment after another, as plain values."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case
from chalicelib.casework.decide import Command, counterpart, decide, submit
from chalicelib.casework.events import Event, parse
from chalicelib.casework.folds import apply
from chalicelib.casework.tick import tick
from chalicelib.street import Street
from tests.ladder_street import (
    APPROVER,
    CENTRE,
    COMMITTEE,
    NOW,
    POLICE,
    WORKER_PARTY,
    ladder_street,
)

MINUTE = timedelta(minutes=1)
# Another case at the same door, by the same person: what merging and linking take.
OTHER = Case(
    no="7K3M-PQ9X-A",
    version=1,
    state="accepted",
    place="AAAAAA",
    committee="c1",
    zone="z1",
    rung="committee",
    unit="committee:c1",
    phone_mac="ab",
    received_at="2026-11-17T02:00:00.000Z",
    updated_at="2026-11-17T02:00:00.000Z",
)
POLICE_LEADS = {"lead": "department@dept:police", "co": ["department@dept:traffic", "contact:power"], "demands": "挪车,恢复通道"}
# One complete set of inputs for every action, so that only state, role, scope and the street's gates decide.
INPUTS: dict[str, dict[str, Any]] = {
    "accept": {},
    "sign": {},
    "refuse": {"reason": "not_ours", "basis": "不属派出所职责清单"},
    "answer": {"text": "带身份证到窗口办"},
    "weigh": {"verdict": "adopted", "text": "下月起周六也开门"},
    "reclassify": {"class": "simple", "reason": "一次能办好"},
    "merge": {"other": OTHER},
    "link": {"other": OTHER},
    "assign": {"to": WORKER_PARTY},
    "dispatch": POLICE_LEADS,
    "allocate": {"to": "zone@zone:z1", "reason": ""},
    "pass_up": {"reason": "线路归外单位"},
    "return_down": {"reason": "居委可以办"},
    "refer": {"exit": "district", "text": "需区级协调"},
    "answer_back": {"text": "区级平台已答复"},
    "report_in": {},
    "release": {"party": "department@dept:traffic", "reason": "不再需要"},
    "contact": {"way": "phone", "reached": "yes"},
    "ask": {"text": "是几号楼"},
    "note": {"text": "下午再去一次"},
    "meet": {"text": "周五现场会"},
    "clear": {"text": "通道已清"},
    "prelim": {"text": "已联系电工"},
    "propose": {"outcome": "solved", "text": "换了灯泡"},
    "confirm": {},
    "decline": {"reason": "还有一盏不亮"},
    "observe": {"held": "yes", "text": ""},
    "visit": {"way": "phone", "reached": "yes", "said": "satisfied", "solved": "yes"},
    "unreachable": {},
    "close": {"outcome": "solved", "text": ""},
    "reopen": {"reason": "又坏了"},
    "extend": {"reason": "materials", "days": "5", "text": "等配件"},
    "long_run": {"text": "加装电梯,分期推进", "until": "2027-03-01"},
    "resume": {},
    "invalid": {"reason": "查无此事"},
    "approve": {},
    "reject": {"reason": "理由不足"},
    "reinstate": {"reason": "确有此事"},
    "urge": {},
    "triage": {"generality": "yes", "urgency": "no", "legality": "yes", "public_interest": "yes", "text": "涉及多家单位"},
    "agree_triage": {},
    "supervise": {"reason": "反复出现"},
    "inspect": {"kind": "inspection", "text": "现场看过"},
    "feed_back": {"text": "本周完成"},
    "end_supervision": {"result": "已解决"},
    "reply": {"text": "三号楼"},
    "add": {"text": "今天又不亮"},
    "rate": {"satisfied": "yes", "score": "5"},
    "withdraw": {},
    "publish": {"sentence": "楼道灯换好了"},
    "unpublish": {},
    "renew_link": {},
    "reveal": {"reason": "contact"},
}
UNITS = {"committee": "committee:c1", "street": "street", "zone": "zone:z1"}


def began(
    street: Street | None = None,
    *,
    rung: str = "committee",
    channel: str = "qr",
    now: datetime = NOW,
    no: str = "K7M3-9QXA-C",
    **facts: Any,
) -> Walk:
    """A case as it enters that rung."""
    street = street or ladder_street()
    found = street.rung_by_id[rung]
    known: dict[str, Any] = {
        "place": "AAAAAA",
        "community": "m1",
        "committee": "c1",
        "zone": "z1",
        "text": "楼道灯不亮。两个星期了",
        "phone_mask": "138****0000",
        "phone_mac": "ab",
        "photo_ref": "REF",
        **facts,
    }
    start = Case(no=no, rung=rung, unit=UNITS[found.scope], highest=found.level, channel=channel, **known)
    return Walk(street, no, submit(start, "attempt-0", now, street), now)


class Walk:
    """A case on its way: `walk.do(actor, action)`, one minute after the last step unless told otherwise."""

    def __init__(self, street: Street, no: str, events: list[Event], now: datetime) -> None:
        self.street = street
        self.now = now
        self.events: list[Event] = []
        self.case = Case(no=no)
        self._take(events)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self.events.append(event)
            self.case = apply(self.case, event)

    def keep(self, events: list[Event]) -> None:
        """What was made beside the ladder."""
        self._take(events)

    def do(self, actor: Actor, action: str, data: dict[str, Any] | None = None, *, after: timedelta = MINUTE) -> Walk:
        """Raises what `decide` raises; time has passed then all the same."""
        self.now += after
        command = Command(action, f"attempt-{len(self.events)}", INPUTS[action] if data is None else data)
        self._take(decide(self.case, command, actor, self.now, self.street))
        return self

    def with_other(self, actor: Actor, action: str, other: Walk) -> Walk:
        """Merges into the other case, or links with it: both have changed then."""
        before = self.case
        self.do(actor, action, {"other": other.case})
        command = Command(action, self.events[-1].attempt)
        other.now = self.now
        other._take(counterpart(command, before, other.case, actor, self.now, self.street))
        return self

    def until(self, instant: datetime) -> Walk:
        """Time goes by, stopping at each instant at which something is due, as the sweeps do."""
        while self.case.next_due is not None and parse(self.case.next_due) <= instant:
            self.now = max(self.now, parse(self.case.next_due))
            self.sweep()
        self.now = max(self.now, instant)
        return self

    def later(self, **parts: float) -> Walk:
        return self.until(self.now + timedelta(**parts))

    def sweep(self) -> list[Event]:
        made = tick(self.case, self.now, self.street, f"sweep-{len(self.events)}")
        self._take(made)
        return made

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def bytes(self) -> bytes:
        return msgspec.json.encode(self.case)


Way = list[tuple[Actor, str]]
HANDLE: Way = [(COMMITTEE, "accept"), (COMMITTEE, "propose"), (COMMITTEE, "confirm")]
# The shortest way to each state from the committee's desk.
WAYS: dict[str, Way] = {
    "received": [],
    "accepted": [(COMMITTEE, "accept")],
    "handling": [(COMMITTEE, "accept"), (COMMITTEE, "assign")],
    "waiting": [(COMMITTEE, "accept"), (COMMITTEE, "ask")],
    "dispatched": [(COMMITTEE, "dispatch")],
    "signed": [(COMMITTEE, "dispatch"), (POLICE, "sign")],
    "returned": [(COMMITTEE, "dispatch"), (POLICE, "refuse")],
    "long_run": [(COMMITTEE, "accept"), (COMMITTEE, "long_run"), (APPROVER, "approve")],
    "invalid": [(COMMITTEE, "accept"), (COMMITTEE, "invalid"), (APPROVER, "approve")],
    "handled": HANDLE,
    "closed": [*HANDLE, (COMMITTEE, "close")],
    "reopened": [*HANDLE, (COMMITTEE, "reopen")],
}


def in_state(state: str, street: Street | None = None) -> Walk:
    """A case of the committee's rung that has come to `state` by the shortest way."""
    if state == "visiting":
        return along(began(street or ladder_street(visit=True)), HANDLE)
    if state == "observing":
        return along(began(street).do(COMMITTEE, "accept", {"class": "parking"}), HANDLE[1:])
    if state == "referred":
        return began(street, rung="centre").do(CENTRE, "refer")
    return along(began(street), WAYS[state])


def along(walk: Walk, way: Way) -> Walk:
    for actor, action in way:
        walk.do(actor, action)
    return walk


def dispatched(street: Street | None = None, **facts: Any) -> Walk:
    """At the centre, led by the police, with the traffic police and the power company beside them."""
    return began(street, rung="centre", **facts).do(CENTRE, "dispatch")


def allocated(street: Street | None = None, **facts: Any) -> Walk:
    """From the centre to the zone, which is to sign."""
    return began(street, rung="centre", **facts).do(CENTRE, "allocate")
