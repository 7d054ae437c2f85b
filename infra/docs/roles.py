"""Who takes a step on a street: the roles behind the ladder's relations; nobody when the street has no use for the step."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chalicelib.casework.access import CONTACT
from chalicelib.casework.ladder import STEPS
from chalicelib.casework.steps_oversee import REQUESTS
from chalicelib.street import Rung, Street
from infra.docs.words import label, own, role

# Steps that only some rungs offer, and which.
OFFERS: dict[str, Callable[[Rung], bool]] = {
    "pass_up": lambda rung: bool(rung.pass_up),
    "allocate": lambda rung: bool(rung.allocate),
    "assign": lambda rung: bool(rung.assign),
    "dispatch": lambda rung: any(one != CONTACT for one in rung.dispatch),
    "refer": lambda rung: bool(rung.exits),
    "answer_back": lambda rung: bool(rung.exits),
    "triage": lambda rung: rung.triage,
    "agree_triage": lambda rung: rung.triage,
    "release": lambda rung: bool(rung.dispatch),
}


def _targets(street: Street) -> set[str]:
    return {target for rung in street.rungs for target in rung.allocate}


def _above(street: Street) -> set[str]:
    up = {rung.pass_up for rung in street.rungs} | {rung.late for rung in street.rungs}
    return {name for name in up if name}


def _useless(action: str, street: Street) -> bool:
    """Whether no case of this street can come to that step."""
    asks = street.approvals
    needs: dict[str, bool] = {
        "answer": any(one.answers for one in street.classes),
        "weigh": street.ideas is not None,
        "observe": any(one.observe for one in street.classes),
        "extend": bool(asks.extend) and any(clock.extend for clock in street.clocks.values()),
        "long_run": bool(asks.long_run),
        "resume": bool(asks.long_run),
        "invalid": bool(asks.invalid),
        "reinstate": bool(asks.invalid),
        "unreachable": bool(asks.unreachable),
        "sign": bool(_targets(street)) or any(OFFERS["dispatch"](rung) for rung in street.rungs),
        "refuse": bool(_targets(street)) or any(OFFERS["dispatch"](rung) for rung in street.rungs),
        "return_down": bool(_above(street)),
    }
    if action in OFFERS and not any(OFFERS[action](rung) for rung in street.rungs):
        return True
    return not needs.get(action, True)


def who(action: str, street: Street) -> list[str]:
    if _useless(action, street):
        return []
    found: list[str] = []
    for relation in sorted(STEPS[action].who):
        found += _roles(relation, action, street)
    return list(dict.fromkeys(found))


def _offices(rungs: Iterable[Rung]) -> list[str]:
    return [f"{label(rung.name)} ({role(rung.role)})" for rung in rungs]


def _roles(relation: str, action: str, street: Street) -> list[str]:
    rungs, dispatched = street.rungs, _every("dispatch", street)
    if relation == "office":
        offering = [rung for rung in rungs if action not in OFFERS or OFFERS[action](rung)]
        if action == "return_down":
            offering = [rung for rung in rungs if rung.id in _above(street)]
        return [own("relations", "office")] if len(offering) == len(rungs) else _offices(offering)
    if relation == "addressee":
        return _offices(rung for rung in rungs if rung.id in _targets(street)) + (
            [own("relations", "lead")] if dispatched else []
        )
    if relation == "assignee":
        return [own("relations", "assignee")] if _every("assign", street) else []
    if relation in {"lead", "co"}:
        return [own("relations", relation)] if dispatched else []
    if relation == "visitor":
        visitors = street.follow_up.visitors
        return [role(one) for one in visitors] or [own("relations", "office")]
    if relation == "micro_grid":
        return [role("micro_grid")] if street.follow_up.micro_grid else []
    if relation == "approver":
        kinds = ("invalid",) if action == "reinstate" else REQUESTS
        return [role(one) for one in dict.fromkeys(one for kind in kinds for one in street.approvals.roles(kind))]
    return [own("relations", relation)]


def _every(kind: str, street: Street) -> list[str]:
    return list(dict.fromkeys(one for rung in street.rungs for one in getattr(rung, kind) if one != CONTACT))
