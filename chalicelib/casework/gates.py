"""Why an action that the table allows is held back here and now: a gate returns the reason, or None.

Reasons that begin with `gate_` are promises of the street which a page shows beside the closed door; the others mean that the
action makes no sense now, and pages leave it out. Gates of the street (双回访) stand here too.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.casework.access import CONTACT, holds, is_office, partner_of, partners_for, split_grant
from chalicelib.casework.case import DONE, IN_HAND, UNFINISHED, WORKING, Request
from chalicelib.casework.events import parse
from chalicelib.casework.situation import Situation

Gate = Callable[[Situation], str | None]
ADDITIONS_MAX = 50
# In which states something may be asked for that takes a second person, and in which it may be granted.
ASKED_IN = {
    "extend": WORKING | {"dispatched", "waiting"},
    "long_run": WORKING | {"waiting"},
    "invalid": IN_HAND | {"waiting"},
    "unreachable": DONE,
}


def is_open(s: Situation) -> str | None:
    return None


def answer(s: Situation) -> str | None:
    if not any(case_class.answers for case_class in s.street.classes):
        return "no_consult_class"
    return None if s.case_class is None or s.case_class.answers else "answer_consult_only"


def withdraw(s: Situation) -> str | None:
    """Whose cases were merged into this one still wait: only the same person's repeats are taken back with it."""
    others = (one for one in s.case.followers if one.external or one.phone_mac != s.case.phone_mac)
    return "others_wait" if any(others) else None


def weigh(s: Situation) -> str | None:
    return None if s.case_class is not None and s.case_class.idea else "not_an_idea"


def pass_up(s: Situation) -> str | None:
    return None if s.rung.pass_up else "no_rung_above"


def return_down(s: Situation) -> str | None:
    return None if s.case.came_by == "passed_up" else "nothing_below"


def allocate(s: Situation) -> str | None:
    return None if s.rung.allocate else "no_allocation"


def assign(s: Situation) -> str | None:
    return None if s.rung.assign else "no_workers"


def dispatch(s: Situation) -> str | None:
    if all(not party.grant for party in partners_for(s.rung, s.case, s.street)):
        return "no_dispatch"
    if s.rung.triage and (s.case.triage is None or not s.case.triage.agreed):
        return "gate_triage"
    return None


def refuse(s: Situation) -> str | None:
    if s.case.designated:
        return "designated"
    return "refusal_too_late" if s.is_over(s.case.dispatched_at, s.street.terms.refuse) else None


def report_in(s: Situation) -> str | None:
    """A lead or co-handler reports once; the office reports for parties without an account, or that it has arrived itself."""
    if partner_of(s.actor, s.case, owing=True) is not None:
        return None
    if partner_of(s.actor, s.case) is not None and not is_office(s.actor, s.case, s.street):
        return "reported_already"
    if any(one.party.id.startswith(f"{CONTACT}:") for one in s.case.owing):
        return None
    return None if s.case.state in {"signed", "accepted"} else "nothing_to_report"


def release(s: Situation) -> str | None:
    return None if s.case.owing else "nobody_owes"


def clear(s: Situation) -> str | None:
    if s.case.cleared_at is not None:
        return "cleared_already"
    return None


def propose(s: Situation) -> str | None:
    return "already_proposed" if s.case.proposed else None


def proposed(s: Situation) -> str | None:
    return None if s.case.proposed else "nothing_proposed"


def confirm(s: Situation) -> str | None:
    if s.street.follow_up.preliminary and s.case.prelim_at is None and s.case.proposed:
        return "gate_preliminary"
    return proposed(s)


def close(s: Situation) -> str | None:
    return "gate_visit" if s.case.state == "visiting" else None


def observe(s: Situation) -> str | None:
    until = s.case.observe_until
    return "gate_observation" if until is not None and s.now < parse(until) else None


def additions(s: Situation) -> str | None:
    return "too_many_additions" if s.case.additions >= ADDITIONS_MAX else None


def rate(s: Situation) -> str | None:
    rated_at = s.case.rating.at if s.case.rating else ""
    return "already_rated" if s.case.handled_at and rated_at >= s.case.handled_at else None


def phone(s: Situation) -> str | None:
    return None if s.case.phone_mask else "no_phone"


def contact(s: Situation) -> str | None:
    return "contacted_already" if s.case.contacted_at else None


def visit(s: Situation) -> str | None:
    """After an unsatisfied reporter another person calls than who handled it. One who rated it so is asked why while it stands
    reopened.
    """
    if s.case.visit is not None:
        return "visited_already"
    return "gate_another_person" if s.case.reopened and s.case.handled_by == s.actor.id else None


def unreachable(s: Situation) -> str | None:
    if s.case.visit is not None:
        return "visited_already"
    if s.case.visit_attempts < s.street.follow_up.attempts:
        return "gate_attempts"
    return _asked_once(s, "unreachable")


def extend(s: Situation) -> str | None:
    """Once, and before it is too late."""
    live = [run for run in s.case.clocks if run.stopped is None and run.id in s.street.clocks and s.street.clocks[run.id].extend]
    if not live:
        return "nothing_to_extend"
    if s.case.extended:
        return "extended_already"
    if any(run.lapsed or (run.running and parse(run.due) <= s.now) for run in live):
        return "gate_expired"
    return _asked_once(s, "extend")


def long_run(s: Situation) -> str | None:
    return _asked_once(s, "long_run")


def invalid(s: Situation) -> str | None:
    """Danger is always handled, whoever reports it."""
    return "gate_hazard" if s.hazard else _asked_once(s, "invalid")


def _asked_once(s: Situation, kind: str) -> str | None:
    if not s.street.approvals.roles(kind):
        return "nobody_approves"
    return "asked_already" if s.case.request(kind) else None


def stands(s: Situation, asked: Request) -> bool:
    """Whether what was asked for may still be granted: the case may have gone on, or turned out to be dangerous, or the plan's
    date has passed.
    """
    over = asked.kind == "long_run" and asked.until is not None and parse(asked.until) <= s.now
    return s.case.state in ASKED_IN[asked.kind] and not over and not (asked.kind == "invalid" and s.hazard)


def approve(s: Situation) -> str | None:
    return None if any(one.by != s.actor.id and stands(s, one) for one in s.case.requests) else "nothing_requested"


def reject(s: Situation) -> str | None:
    return None if any(one.by != s.actor.id for one in s.case.requests) else "nothing_requested"


def refer(s: Situation) -> str | None:
    return None if s.rung.exits else "no_exit"


def triage(s: Situation) -> str | None:
    if not s.rung.triage:
        return "no_triage"
    return "triaged_already" if s.case.triage and s.case.triage.agreed else None


def agree_triage(s: Situation) -> str | None:
    """Jointly: whoever answered, the other side agrees."""
    found = s.case.triage
    if found is None or found.agreed:
        return "nothing_to_agree"
    return None if found.by != s.actor.id and side_of(s) != found.side else "gate_other_side"


def side_of(s: Situation) -> str:
    """On which side of the joint triage the actor sits: the supervisors, or the office that has the case."""
    roles = {split_grant(grant)[0] for grant in s.actor.grants}
    return "supervisor" if "supervisor" in roles and s.rung.role not in roles else "office"


def published(s: Situation) -> str | None:
    return None if s.case.published else "not_published"


def urge(s: Situation) -> str | None:
    """The office urges those it has called, nobody itself. What is done waits for a visit or its end, of which supervisors may
    warn; what is closed only for those who still owe a report.
    """
    done = s.case.state not in UNFINISHED
    if s.case.owing:
        return None
    if s.case.state == "closed" or (done and not holds(s.actor, {"supervisor"}, s.case)):
        return "nobody_to_urge"
    return None if s.case.lead is not None or not is_office(s.actor, s.case, s.street) else "nobody_to_urge"


def supervise(s: Situation) -> str | None:
    """A flag is seen, nobody has asked for an answer yet: a flagged case can be put on the list."""
    return "supervised_already" if s.case.listed else None


def supervised(s: Situation) -> str | None:
    return None if s.case.supervised else "not_supervised"
