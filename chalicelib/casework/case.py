"""A case as folded from its events.

`fold(events)` gives the state that is stored beside them; a test does it again from the stored bytes in another process.
States, actions and outcomes are those of the street's vocabulary: received 待受理, accepted 已受理, handling 办理中,
waiting 待补充, handled 已办理, visiting 待回访, closed 已办结, reopened 重新办理.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from chalicelib.casework.events import PERSON_REPLIES, Event

OPEN_STATES = frozenset({"received", "accepted", "handling", "waiting", "handled", "visiting", "reopened"})
OUTCOMES = ("solved", "mediated", "explained", "duplicate", "withdrawn", "out_of_scope")


class ClockRun(msgspec.Struct, frozen=True, kw_only=True):
    """One running or ended clock. Instants are stored text (UTC, ms). `warn` goes when the reminder is out, `lapsed` comes when
    its end was acted on; it runs on after that until something stops it.
    """

    id: str
    rung: str
    started: str
    due: str
    warn: str | None = None
    stopped: str | None = None
    paused: str | None = None
    lapsed: str | None = None

    @property
    def running(self) -> bool:
        return self.stopped is None and self.paused is None


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    satisfied: bool
    score: int | None = None
    words: str = ""
    publish: bool = False
    at: str = ""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who a case is assigned to: a member of staff, or an office by grant (`property@community:c0101`)."""

    id: str
    name: str
    grant: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`rung` and `unit` say which office has it: the rung's id, and the unit that works it (`committee:c07`, `zone:z2`,
    `street`).
    """

    no: str
    version: int = 0
    state: str = "received"
    kind: str = "issue"
    channel: str = "qr"
    active: bool = False
    reporter: str = "resident"
    place: str = ""
    community: str = ""
    committee: str = ""
    zone: str = ""
    elsewhere: str = ""
    rung: str = ""
    unit: str = ""
    highest: int = 0
    case_class: str = ""
    category: str = ""
    text: str = ""
    nickname: str = ""
    phone_mask: str = ""
    phone_mac: str = ""
    last4_mac: str = ""
    photo_ref: str = ""
    photos: int = 0
    lang: str = "zh-CN"
    received_at: str = ""
    updated_at: str = ""
    first_reply_at: str | None = None
    accepted_at: str | None = None
    prelim_at: str | None = None
    handled_at: str | None = None
    closed_at: str | None = None
    accepted_by: str = ""
    assignee: Party | None = None
    proposed: str | None = None
    outcome: str | None = None
    result: str = ""
    question: str = ""
    reply_by: str | None = None
    before_waiting: str = ""
    additions: int = 0
    reopened: int = 0
    rating: Rating | None = None
    generation: int = 0
    lateness: int = 0
    supervised: bool = False
    clocks: tuple[ClockRun, ...] = ()

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def title(self) -> str:
        """The first clause of what the resident wrote, at most 30 characters, for lists and headings."""
        first = self.text.strip().splitlines()[0] if self.text.strip() else ""
        for mark in "。!！?？;；":
            first = first.split(mark)[0]
        return first if len(first) <= 30 else first[:29] + "…"

    def clock(self, clock_id: str) -> ClockRun | None:
        """The latest run of that clock."""
        return next((run for run in reversed(self.clocks) if run.id == clock_id), None)

    @property
    def deadline(self) -> str | None:
        """The next instant at which a running clock is over: what the desk sorts by."""
        return min((run.due for run in self.clocks if run.running), default=None)

    @property
    def next_due(self) -> str | None:
        """The next instant at which anything has to be done for a running clock, its reminder included: what sweeps look for."""
        ahead = [(run.warn, None if run.lapsed else run.due) for run in self.clocks if run.running]
        return min((instant for pair in ahead for instant in pair if instant), default=None)


def _submitted(case: Case, event: Event) -> dict[str, Any]:
    return {**event.data["case"], "received_at": event.at}


def _accepted(case: Case, event: Event) -> dict[str, Any]:
    change: dict[str, Any] = {"state": "accepted", "accepted_by": event.by, "accepted_at": case.accepted_at or event.at}
    if event.data.get("class"):
        change["case_class"] = event.data["class"]
    return change


def _assigned(case: Case, event: Event) -> dict[str, Any]:
    return {"state": "handling", "assignee": Party(**event.data["to"]), "accepted_at": case.accepted_at or event.at}


def _asked(case: Case, event: Event) -> dict[str, Any]:
    return {
        "state": "waiting",
        "before_waiting": case.state,
        "question": event.data["text"],
        "reply_by": event.data.get("reply_by"),
    }


def _replied(case: Case, event: Event) -> dict[str, Any]:
    return {
        "state": case.before_waiting or "handling",
        "before_waiting": "",
        "question": "",
        "reply_by": None,
        "additions": case.additions + 1,
    }


def _added(case: Case, event: Event) -> dict[str, Any]:
    return {"additions": case.additions + 1}


def _moved(case: Case, event: Event) -> dict[str, Any]:
    return {
        "state": "received",
        "rung": event.data["rung"],
        "unit": event.data["unit"],
        "highest": max(case.highest, event.data["level"]),
        "assignee": None,
        "accepted_by": "",
        "proposed": None,
        "question": "",
        "reply_by": None,
        "before_waiting": "",
    }


def _prelim_given(case: Case, event: Event) -> dict[str, Any]:
    return {"prelim_at": event.at}


def _proposed(case: Case, event: Event) -> dict[str, Any]:
    return {"state": "handling", "proposed": event.data["outcome"], "result": event.data["text"]}


def _confirmed(case: Case, event: Event) -> dict[str, Any]:
    return {
        "state": event.data["state"],
        "outcome": case.proposed,
        "proposed": None,
        "handled_at": event.at,
    }


def _declined(case: Case, event: Event) -> dict[str, Any]:
    return {"proposed": None, "result": ""}


def _answered(case: Case, event: Event) -> dict[str, Any]:
    return {
        "state": "closed",
        "case_class": event.data["class"],
        "accepted_at": case.accepted_at or event.at,
        "outcome": event.data["outcome"],
        "result": event.data["text"],
        "handled_at": event.at,
        "closed_at": event.at,
        "proposed": None,
    }


def _closed(case: Case, event: Event) -> dict[str, Any]:
    change: dict[str, Any] = {
        "state": "closed",
        "outcome": event.data["outcome"],
        "closed_at": event.at,
        "proposed": None,
        "question": "",
        "reply_by": None,
    }
    if event.data.get("text"):
        change["result"] = event.data["text"]
    return change


def _reopened(case: Case, event: Event) -> dict[str, Any]:
    return {
        "state": "reopened",
        "reopened": case.reopened + 1,
        "handled_at": None,
        "closed_at": None,
        "outcome": None,
        "proposed": None,
        "prelim_at": None,
        "assignee": None,
    }


def _rated(case: Case, event: Event) -> dict[str, Any]:
    return {"rating": Rating(**event.data["rating"], at=event.at)}


def _revealed(case: Case, event: Event) -> dict[str, Any]:
    return {}


def _reminded(case: Case, event: Event) -> dict[str, Any]:
    return {}


def _lapsed(case: Case, event: Event) -> dict[str, Any]:
    return {"lateness": case.lateness + 1, "supervised": case.supervised or bool(event.data.get("flag"))}


def _link_renewed(case: Case, event: Event) -> dict[str, Any]:
    return {"generation": case.generation + 1}


# One row per type of event; an unknown type is an error, never silence.
FOLDS: dict[str, Callable[[Case, Event], dict[str, Any]]] = {
    "submitted": _submitted,
    "accepted": _accepted,
    "assigned": _assigned,
    "asked": _asked,
    "replied": _replied,
    "added": _added,
    "passed_up": _moved,
    "allocated": _moved,
    "reminded": _reminded,
    "lapsed": _lapsed,
    "prelim_given": _prelim_given,
    "handled_proposed": _proposed,
    "handled_confirmed": _confirmed,
    "handled_declined": _declined,
    "answered": _answered,
    "closed": _closed,
    "withdrawn": _closed,
    "reopened": _reopened,
    "rated": _rated,
    "revealed": _revealed,
    "link_renewed": _link_renewed,
}


def _turn_clocks(clocks: tuple[ClockRun, ...], event: Event) -> tuple[ClockRun, ...]:
    """Applies the clock part of an event: `{"stop": [ids], "pause": [ids], "resume": {id: {due, warn}}, "start": [runs],
    "warned": [ids], "lapsed": [ids]}`.

    The instants were computed when the event was decided; folding only writes them down.
    """
    turn = event.data.get("clocks")
    if not turn:
        return clocks
    stop, pause, resume = turn.get("stop", ()), turn.get("pause", ()), turn.get("resume", {})
    warned, lapsed = turn.get("warned", ()), turn.get("lapsed", ())
    changed = []
    for run in clocks:
        if run.running and run.id in warned:
            run = msgspec.structs.replace(run, warn=None)
        if run.running and run.id in lapsed:
            run = msgspec.structs.replace(run, warn=None, lapsed=event.at)
        if run.stopped is None and run.id in stop:
            run = msgspec.structs.replace(run, stopped=event.at, paused=None)
        elif run.running and run.id in pause:
            run = msgspec.structs.replace(run, paused=event.at)
        elif run.stopped is None and run.paused and run.id in resume:
            run = msgspec.structs.replace(run, paused=None, due=resume[run.id]["due"], warn=resume[run.id].get("warn"))
        changed.append(run)
    changed += [ClockRun(started=event.at, **started) for started in turn.get("start", ())]
    return tuple(changed)


def apply(case: Case, event: Event) -> Case:
    """The case after the event. Raises KeyError for a type that has no fold."""
    change = FOLDS[event.type](case, event)
    if event.type in PERSON_REPLIES and case.first_reply_at is None:
        change["first_reply_at"] = event.at
    return msgspec.structs.replace(
        case,
        **change,
        version=event.seq,
        updated_at=event.at,
        clocks=_turn_clocks(case.clocks, event),
    )


def fold(no: str, events: Iterable[Event]) -> Case:
    """All events of a case, in order, from nothing."""
    case = Case(no=no)
    for event in events:
        case = apply(case, event)
    return case
