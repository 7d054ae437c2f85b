"""What a tired clerk most likely wants next: one step as the filled button, up to three beside it. The rest stays folded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.street import Street

NEAR = 3
# By state, the likeliest first. The first that is open becomes the filled button.
USUAL: dict[str, tuple[str, ...]] = {
    "received": ("weigh", "accept", "answer", "allocate", "dispatch", "pass_up"),
    "returned": ("allocate", "dispatch", "accept", "pass_up"),
    "reopened": ("weigh", "accept", "dispatch", "allocate", "answer", "visit"),
    "accepted": ("weigh", "assign", "dispatch", "allocate", "propose", "ask", "prelim"),
    "dispatched": ("sign", "refuse", "note"),
    "signed": ("report_in", "assign", "propose", "ask"),
    "handling": ("propose", "prelim", "ask", "pass_up"),
    "referred": ("answer_back",),
    "observing": ("observe",),
    "handled": ("close", "reopen"),
    "visiting": ("visit",),
}
# Beside the others where nothing is pressing.
ASIDE: dict[str, tuple[str, ...]] = {
    "waiting": ("resume", "note", "extend"),
    "long_run": ("resume", "propose", "note"),
    "closed": ("reopen",),
    "invalid": ("reinstate",),
}
# For whoever looks after a case that is somebody else's.
WATCHING = ("urge", "inspect", "supervise", "end_supervision")


def arrange(
    case: Case, events: Sequence[Event], street: Street, mine: Collection[str], offered: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """(the obvious next step or "", those beside it) of the steps that are open to somebody who is `mine` to the case."""
    usual = [*_pressing(case, events, street, mine), *USUAL.get(case.state, ())]
    steps = [step for step in dict.fromkeys(usual) if step in offered]
    primary = steps[0] if steps else ""
    aside = [
        *steps[1:],
        *ASIDE.get(case.state, ()),
        *(WATCHING if "supervisor" in mine else ("urge",) if "origin" in mine else ()),
    ]
    near = [step for step in dict.fromkeys(aside) if step in offered and step != primary]
    return primary, tuple(near[:NEAR])


def _pressing(case: Case, events: Sequence[Event], street: Street, mine: Collection[str]) -> list[str]:
    """What comes before the usual step of the state."""
    found: list[str] = []
    if "approver" in mine and case.requests:
        found += ["approve", "reject"]
    if case.proposed:
        found += ["confirm", "decline"]
    if "co" in mine or ("lead" in mine and case.state not in {"dispatched", "signed"}):
        found.append("report_in")
    if _to_triage(case, street):
        found += ["agree_triage"] if case.triage else ["triage"]
    elif case.triage is not None and not case.partners and case.state in {"accepted", "returned"}:
        # What the triage was for.
        found.append("dispatch")
    if _owes_feedback(case, events) and case.state not in {"received", "returned", "reopened", "dispatched"}:
        found.append("feed_back")
    if case.state == "handled" and case.visit is not None and case.visit.said == "unsatisfied":
        found.append("reopen")
    if case.state == "handled" and case.visit is None and "visitor" in mine and street.follow_up.visit:
        found.append("visit")
    if "micro_grid" in mine and case.contacted_at is None:
        found.append("contact")
    if case.state == "handling" and street.follow_up.preliminary and case.prelim_at is None:
        found.append("prelim")
    return found


def _to_triage(case: Case, street: Street) -> bool:
    rung = street.rung_by_id.get(case.rung)
    return rung is not None and rung.triage and case.state != "received" and (case.triage is None or not case.triage.agreed)


def _owes_feedback(case: Case, events: Sequence[Event]) -> bool:
    """On the supervision list, and not a word to the supervisors since."""
    last = next((event.type for event in reversed(events) if event.type in {"supervised", "fed_back"}), "")
    return case.supervised and last != "fed_back"
