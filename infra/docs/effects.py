"""What an action makes and where it leads, and so which clocks of a street it turns.

The steps themselves decide that on a case; here it is said for all cases at once. A test walks the ladder and compares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.casework.case import DONE, ENDED_STATES
from chalicelib.casework.clocks import ENDING, ENTERING, MOVING
from chalicelib.casework.gates import ASKED_IN
from chalicelib.casework.ladder import STEPS
from chalicelib.street import Clock, Street


@dataclass(frozen=True)
class Effect:
    """`events` in order, those that come only sometimes with them. `leads`: from some of its states (None: from each) to others,
    always or sometimes; from the rest the case stays as it is.
    """

    events: tuple[str, ...]
    leads: tuple[tuple[frozenset[str] | None, tuple[str, ...]], ...] = ()

    @property
    def moves(self) -> bool:
        """To another office: a refused allocation goes back to where it came from."""
        return bool(set(self.events) & (MOVING | {"refused"}))

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(state for _, targets in self.leads for state in targets))


def _to(events: str | tuple[str, ...], *targets: str, sources: frozenset[str] | None = None) -> Effect:
    return Effect((events,) if isinstance(events, str) else events, ((sources, targets),) if targets else ())


AFTER = ("handled", "visiting")
# What granting a request makes, by its kind.
GRANTED: dict[str, Effect] = {
    "extend": _to("extended"),
    "long_run": _to("long_run_started", "long_run", sources=ASKED_IN["long_run"]),
    "invalid": _to("invalidated", "invalid", sources=ASKED_IN["invalid"]),
    "unreachable": _to("closed", "closed", sources=ASKED_IN["unreachable"]),
}
EFFECTS: dict[str, Effect] = {
    "accept": _to(("accepted", "routed"), "accepted", "received"),
    "sign": _to("signed", "signed"),
    "refuse": _to("refused", "returned"),
    "answer": _to("answered", "closed"),
    "weigh": _to("answered", "closed"),
    "reclassify": _to(("reclassified", "routed"), "received"),
    "merge": _to("merged", "closed"),
    "link": _to("linked"),
    "assign": _to("assigned", "handling"),
    "dispatch": _to("dispatched", "dispatched"),
    "allocate": _to("allocated", "dispatched"),
    "pass_up": _to("passed_up", "received"),
    "return_down": _to("returned_down", "received"),
    "refer": _to("referred", "referred"),
    "answer_back": _to("answered_back", "handling"),
    "report_in": _to("reported_in", "handling", sources=frozenset({"dispatched", "accepted", "signed"})),
    "release": _to("released", "returned", sources=frozenset({"dispatched", "signed"})),
    "contact": _to(("contacted", "contact_failed")),
    "ask": _to("asked", "waiting"),
    "note": _to("noted"),
    "meet": _to("met"),
    "clear": _to("cleared"),
    "prelim": _to("prelim_given"),
    "propose": _to("handled_proposed", "handling"),
    "confirm": _to("handled_confirmed", "observing", *AFTER),
    "decline": _to("handled_declined"),
    "observe": _to(("observed", "reopened"), *AFTER, "reopened"),
    "visit": Effect(
        ("visited", "visit_failed", "reopened"), ((frozenset({"visiting"}), ("handled",)), (DONE | {"closed"}, ("reopened",)))
    ),
    "unreachable": _to("requested"),
    "close": _to("closed", "closed"),
    "reopen": _to("reopened", "reopened"),
    "extend": _to("requested"),
    "long_run": _to("requested"),
    "resume": Effect(
        ("resumed",), ((frozenset({"long_run"}), ("handling",)), (frozenset({"waiting"}), ("accepted", "signed", "handling")))
    ),
    "invalid": _to("requested"),
    "approve": Effect(
        tuple(effect.events[0] for effect in GRANTED.values()),
        tuple(lead for effect in GRANTED.values() for lead in effect.leads),
    ),
    "reject": _to("rejected"),
    "reinstate": _to("reinstated", "received"),
    "urge": _to("urged"),
    "triage": _to("triaged"),
    "agree_triage": _to("triage_agreed"),
    "supervise": _to("supervised"),
    "inspect": _to("inspected"),
    "feed_back": _to("fed_back"),
    "end_supervision": _to("supervision_ended"),
    "reply": _to("replied", "accepted", "signed", "handling"),
    "add": _to("added"),
    "rate": _to(("rated", "reopened"), "reopened"),
    "withdraw": _to("withdrawn", "closed"),
    "publish": _to("published"),
    "unpublish": _to("unpublished"),
    "renew_link": _to("link_renewed"),
    "reveal": _to("revealed"),
}
# What an action makes in addition only sometimes, so that the case may also stay.
MAYBE = frozenset({"reclassify", "report_in", "release", "visit", "rate", "approve"})


def ways(action: str, effect: Effect | None = None) -> list[tuple[str, str]]:
    """Every (state before, state after) that the action may lead through, but for staying; `effect`: that part of it."""
    found = []
    for sources, targets in (effect or EFFECTS[action]).leads:
        for source in STEPS[action].states & (sources or STEPS[action].states):
            found += [(source, target) for target in targets if target != source]
    return sorted(set(found))


def on(action: str, street: Street) -> Effect:
    """The effect without what this street never does by itself: sorting on, reopening."""
    effect = EFFECTS[action]
    never = set() if any(rung.sorts for rung in street.rungs) else {"routed"}
    if action in {"visit", "rate"} and not street.follow_up.reopen_once:
        never.add("reopened")
    return Effect(tuple(event for event in effect.events if event not in never), effect.leads)


def owned(clock: Clock, street: Street) -> bool:
    """Whether it belongs to a rung, and so begins and ends with the case's stay there."""
    return any(clock.id in rung.clocks for rung in street.rungs)


def enters(effect: Effect) -> bool:
    return effect.moves or bool(set(effect.events) & ENTERING)


def starts(clock: Clock, effect: Effect) -> bool:
    return enters(effect) if clock.start == "entered" else clock.start in effect.events


def ends_all(effect: Effect) -> bool:
    """Even those of parties who owe a report."""
    return bool(set(effect.events) & {"merged", "invalidated"})


def stops(clock: Clock, effect: Effect, street: Street) -> bool:
    """By the step itself, by the end of the case, or because the rung that owns it is left."""
    events = set(effect.events)
    if events & set(clock.stop) or ends_all(effect):
        return True
    if clock.start == "long_run_started" and events & {"handled_proposed", "resumed"}:
        return True
    if clock.party:
        # A lead that refuses owes nothing.
        return "refused" in events
    return bool(events & ENDING) or (owned(clock, street) and effect.moves)


def pauses(clock: Clock, through: Iterable[tuple[str, str]]) -> bool:
    """`through`: the ways (before, after) of a step."""
    return any(before not in clock.pause and after in clock.pause for before, after in through)


def resumes(clock: Clock, through: Iterable[tuple[str, str]]) -> bool:
    """From a state in which it stands still to one in which it runs, unless the case ends there."""
    return any(before in clock.pause and after not in clock.pause and after not in ENDED_STATES for before, after in through)


def occasions(effect: Effect) -> frozenset[str]:
    """Under which names a street may ask for a message then."""
    events = set(effect.events)
    if events & MOVING:
        events.add("entered")
    if events & {"accepted", "reclassified"}:
        events.add("hazard")
    return frozenset(events)
