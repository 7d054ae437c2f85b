"""Figures counted by hand from raw events, written from the vocabulary's formulas alone.

Nothing here is shared with what is tested: no folded state, no ledger rows, no rates of the application. A case is the list of
its events; clocks are followed through what the events themselves say about them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.casework.events import Event
from chalicelib.street import Street

TAKEN_UP = {"accepted", "assigned", "dispatched", "signed", "answered"}
PEOPLE_SAY = {"accepted", "answered", "asked", "prelim_given", "contacted"}
MOVES = {"passed_up", "allocated", "routed", "returned_down", "refused"}
OVER = {"handled_confirmed", "closed", "answered", "withdrawn", "merged", "invalidated"}
Share = tuple[int, int]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Life:
    """What the events of one case come to."""

    def __init__(self, events: Sequence[Event], street: Street, now: datetime) -> None:
        self.now = now
        first = events[0].data["case"]
        self.facts: dict[str, Any] = first
        self.category, self.channel = first.get("category", ""), first.get("channel", "qr")
        self.case_class, self.active = first.get("case_class", ""), first.get("active", False)
        self.place, self.committee, self.zone = first.get("place", ""), first.get("committee", ""), first.get("zone", "")
        self.came = at(events[0].at)
        self.rung = first.get("highest", 0)
        self.outcome = ""
        self.proposed = ""
        self.taken_up = self.invalid = self.over = self.visit_due = self.reached = False
        self.handled: datetime | None = None
        self.ended: datetime | None = None
        self.first_word: datetime | None = None
        self.times_handled = self.times_undone = self.dispatches = self.refusals = self.supervised = self.failed_visits = 0
        self.said = self.solved = ""
        self.waiting_for_visit = self.long_run = False
        self.long_run_until = ""
        self.runs: list[dict[str, Any]] = []
        for event in events:
            self._clocks(event)
            self._step(event)
        self.street = street

    def _clocks(self, event: Event) -> None:
        turn = event.data.get("clocks", {})
        for run in self.runs:
            if run["stopped"]:
                continue
            key = f"{run['id']}~{run['party']}" if run["party"] else run["id"]
            if key in turn.get("move", {}):
                run.update({name: value for name, value in turn["move"][key].items() if name == "due"})
            if key in turn.get("again", {}) and "due" in turn["again"][key]:
                run["due"] = turn["again"][key]["due"]
            if key in turn.get("stop", ()):
                run.update(stopped=event.at, paused=False)
                continue
            if key in turn.get("pause", ()) and not run["paused"]:
                run["paused"] = True
            elif run["paused"] and key in turn.get("resume", {}):
                run.update(paused=False, due=turn["resume"][key]["due"])
        for new in turn.get("start", ()):
            run = {"party": "", "rung": "", "started": event.at, "stopped": "", "paused": False, **new}
            run["paused"] = bool(run["paused"])
            self.runs.append(run)

    def _step(self, event: Event) -> None:
        kind, data, when = event.type, event.data, at(event.at)
        if kind in TAKEN_UP:
            self.taken_up = True
        if kind in PEOPLE_SAY and self.first_word is None:
            self.first_word = when
        if kind in MOVES and data.get("level"):
            self.rung = max(self.rung, data["level"])
        if kind in {"accepted", "reclassified", "answered"} and data.get("class"):
            self.case_class = data["class"]
        self.dispatches += kind in {"dispatched", "allocated"}
        self.refusals += kind == "refused"
        self.supervised += kind == "supervised"
        if kind == "long_run_started":
            self.long_run, self.long_run_until = True, data["until"]
        elif (
            kind in {"resumed", "answered_back", "handled_proposed", "closed", "merged", "withdrawn", "invalidated"}
            or kind in MOVES
        ):
            self.long_run = False
        if kind == "handled_proposed":
            self.proposed = data["outcome"]
        elif kind == "handled_confirmed":
            self.outcome, self.handled, self.times_handled = self.proposed, when, self.times_handled + 1
            self.reached, self.failed_visits = False, 0
            self.visit_due = self.waiting_for_visit = data["state"] == "visiting"
        elif kind == "observed" and data["held"]:
            self.visit_due = self.waiting_for_visit = data["state"] == "visiting"
        elif kind == "observed":
            self.handled, self.outcome = None, ""
        elif kind == "answered":
            self.handled = self.ended = when
            self.outcome, self.times_handled, self.over = data["outcome"], self.times_handled + 1, True
        elif kind in {"closed", "withdrawn", "merged"}:
            self.outcome, self.ended, self.over, self.waiting_for_visit = data["outcome"], when, True, False
            if self.outcome == "out_of_scope" and self.handled is None:
                self.handled, self.times_handled = when, self.times_handled + 1
        elif kind == "reopened":
            self.times_undone = min(self.times_undone + 1, self.times_handled)
            self.handled, self.ended, self.outcome, self.over, self.failed_visits = None, None, "", False, 0
            self.visit_due = self.waiting_for_visit = False
        elif kind == "invalidated":
            self.invalid, self.ended = True, when
        elif kind == "reinstated":
            self.invalid, self.ended = False, None
        elif kind == "rated":
            self.said = "satisfied" if data["rating"]["satisfied"] else "unsatisfied"
        elif kind == "visited":
            self.reached, self.waiting_for_visit = True, False
            self.said, self.solved = data["visit"]["said"], data["visit"].get("solved") or self.solved
        elif kind == "visit_failed":
            self.failed_visits += 1

    @property
    def valid(self) -> bool:
        return not (self.outcome == "duplicate" or self.invalid or (self.outcome == "withdrawn" and not self.taken_up))

    def deadline(self) -> datetime | None:
        if self.handled is None and (self.over or self.invalid):
            return None
        if self.long_run and self.long_run_until:
            return at(self.long_run_until)
        kinds: dict[str, list[datetime]] = {"case": [], "office": [], "mirror": []}
        for run in self.runs:
            clock = self.street.clocks[run["id"]]
            promise = "handled_confirmed" in clock.stop and set(clock.stop) <= OVER and clock.counts and not clock.until
            stopped = at(run["stopped"]) if run["stopped"] else None
            in_force = stopped == self.handled if self.handled else (stopped is None and not run["paused"])
            if promise and in_force and not run["party"]:
                kinds["office" if run["rung"] else "mirror" if clock.channels else "case"].append(at(run["due"]))
        return next((min(found) for found in kinds.values() if found), None)

    def word_due(self) -> datetime | None:
        found = [
            at(run["due"])
            for run in self.runs
            if at(run["started"]) == self.came
            and not run["party"]
            and {"accepted", "answered", "asked", "prelim_given"} <= set(self.street.clocks[run["id"]].stop)
        ]
        return min(found) if found else None

    def visit_by(self) -> datetime | None:
        if not self.waiting_for_visit:
            return None
        found = [
            at(run["due"])
            for run in self.runs
            if not run["stopped"] and not run["paused"] and not run["party"] and "visited" in self.street.clocks[run["id"]].stop
        ]
        return min(found) if found else None


def figures(cases: Sequence[Sequence[Event]], street: Street, now: datetime) -> dict[str, Any]:
    """Every figure of these cases, all of which came in within the period."""
    lives = [Life(events, street, now) for events in cases]
    v = [one for one in lives if one.valid]
    answered = [(one.first_word - one.came).total_seconds() for one in v if one.first_word]
    ended = [one for one in v if one.over and one.ended]
    return {
        "received": len(lives),
        "valid": len(v),
        "handled": sum(one.handled is not None for one in v),
        "three_days": _three_days(v, now),
        "on_time": _on_time(v, now),
        "response": _response(v, now),
        "resolution": (sum(one.solved == "yes" for one in v), sum(one.solved != "" for one in v)),
        "partly": sum(one.solved == "partly" for one in v),
        "office": (
            sum(one.outcome in {"solved", "mediated"} for one in ended),
            sum(one.outcome not in {"out_of_scope", "adopted", "not_adopted"} for one in ended),
        ),
        "satisfaction": (sum(one.said in {"satisfied", "basic"} for one in v), sum(one.said != "" for one in v)),
        "visits": _visits(v, now),
        "redo": (sum(one.times_undone > 0 for one in v), sum(one.times_handled > 0 for one in v)),
        "refusal": (sum(one.refusals for one in lives), sum(one.dispatches for one in lives)),
        "supervised": sum(one.supervised > 0 for one in v),
        "first": _spread(answered),
        "closing": _spread([(one.ended - one.came).total_seconds() for one in ended if one.ended]),
        "handled by category": Counter(one.category for one in v if one.handled),
        "handled by rung": Counter(str(one.rung) for one in v if one.handled),
        "category": Counter(one.category for one in lives),
        "channel": Counter(one.channel for one in lives),
        "case_class": Counter(one.case_class for one in lives),
        "rung": Counter(str(one.rung) for one in lives),
        "place": Counter(one.place for one in lives),
        "found": Counter("active" if one.active else "passive" for one in lives),
    }


def _three_days(v: Sequence[Life], now: datetime) -> Share:
    limit = timedelta(days=3)
    part = sum(one.handled is not None and one.handled - one.came <= limit for one in v)
    return part, sum(one.handled is not None or now - one.came >= limit for one in v)


def _on_time(v: Sequence[Life], now: datetime) -> Share:
    part = whole = 0
    for one in v:
        due = one.deadline()
        if due is None:
            continue
        if one.handled is not None:
            part, whole = part + (one.handled <= due), whole + 1
        elif now > due:
            whole += 1
    return part, whole


def _response(v: Sequence[Life], now: datetime) -> Share:
    part = whole = 0
    for one in v:
        due = one.word_due()
        if due is not None and (one.first_word or due < now):
            part, whole = part + (one.first_word is not None and one.first_word <= due), whole + 1
    return part, whole


def _visits(v: Sequence[Life], now: datetime) -> Share:
    part = whole = 0
    for one in v:
        by = one.visit_by()
        if one.reached or one.failed_visits or (one.visit_due and (by is None or by <= now)):
            part, whole = part + one.reached, whole + 1
    return part, whole


def _spread(lengths: Sequence[float]) -> tuple[float, float] | None:
    """Median, and the smallest length that nine of ten do not exceed."""
    if not lengths:
        return None
    ordered = sorted(lengths)
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return median, next(one for one in ordered if sum(other <= one for other in ordered) >= math.ceil(len(ordered) * 0.9 - 1e-9))
