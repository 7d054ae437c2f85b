"""What the ledger keeps of a case, so that figures of any period need no case item.

The row is a small JSON text beside the case, projected by the index that lists cases by month. Rows of version 1 lack what later
figures ask for and are lifted when they are read (`row_of`); a case that is written again is written in the newest version.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import FIRST_REPLIES
from chalicelib.street import Clock, Street

VERSION = 2
# What a clock of handling stops at, and nothing that comes before: accepting or dispatching does not end it.
HANDLING_ENDS = frozenset({"handled_confirmed", "closed", "answered", "withdrawn", "merged", "invalidated"})


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Instants are stored text (UTC, ms), "" or None for none. All defaults are empty: msgspec leaves out a default only where
    it is the very same object, which equal words need not be.

    `reply_due` is until when a person was promised to answer, `due` the approved deadline that the handling goes or went by
    (`deadline_of`). `handlings` counts how often it was called handled, `redone` how often that was undone. `said` and `solved`
    are the reporter's latest word (satisfied, basic, unsatisfied; yes, partly, no). `visit` is how the return visit stands
    ("" not due, `due`, `tried`, `reached`) and `visit_by` until when it has time yet. `published` is the sentence for the
    street's page, written by staff without anything personal.
    """

    v: int = 1
    no: str
    state: str
    channel: str
    active: bool = False
    reporter: str = ""
    category: str = ""
    case_class: str = ""
    community: str = ""
    committee: str = ""
    zone: str = ""
    place: str = ""
    highest: int = 0
    received_at: str
    first_reply_at: str | None = None
    reply_due: str | None = None
    accepted_at: str | None = None
    handled_at: str | None = None
    closed_at: str | None = None
    due: str | None = None
    outcome: str | None = None
    handlings: int = 0
    redone: int = 0
    reopened: int = 0
    dispatches: int = 0
    refusals: int = 0
    supervisions: int = 0
    said: str = ""
    solved: str = ""
    visit: str = ""
    visit_by: str | None = None
    published: str = ""
    published_at: str = ""
    satisfied: bool | None = None
    score: int | None = None


_decode = msgspec.json.Decoder(Figures).decode


def row_of(text: str | bytes) -> Figures:
    """A stored row in the newest shape. Raises `msgspec.DecodeError` for anything else."""
    row = _decode(text)
    return row if row.v >= VERSION else _lifted(row)


def _lifted(row: Figures) -> Figures:
    """From version 1: what it says about handling and the rating carries over; what it never knew stays unknown."""
    handled = row.handled_at is not None or (row.outcome == "out_of_scope" and row.closed_at is not None)
    said = row.said or {True: "satisfied", False: "unsatisfied", None: ""}[row.satisfied]
    return msgspec.structs.replace(
        row,
        v=VERSION,
        handled_at=row.handled_at or (row.closed_at if handled else None),
        handlings=row.reopened + handled,
        redone=row.reopened,
        said=said,
    )


def figures_of(case: Case, street: Street) -> Figures:
    """The row of a case as it stands."""
    handled = handled_at(case)
    return Figures(
        v=VERSION,
        no=case.no,
        state=case.state,
        channel=case.channel,
        active=case.active,
        reporter=case.reporter,
        category=case.category,
        case_class=case.case_class,
        community=case.community,
        committee=case.committee,
        zone=case.zone,
        place=case.place,
        highest=case.highest,
        received_at=case.received_at,
        first_reply_at=case.first_reply_at,
        reply_due=_reply_due(case, street),
        accepted_at=case.accepted_at,
        handled_at=handled,
        closed_at=case.closed_at,
        due=deadline_of(case, handled, street),
        outcome=case.outcome,
        handlings=case.handlings,
        redone=case.redone,
        reopened=case.reopened,
        dispatches=case.dispatches,
        refusals=case.refusals,
        supervisions=case.supervisions,
        said=case.said,
        solved=case.said_solved,
        visit=_visit(case),
        visit_by=_visit_by(case, street),
        published=case.published,
        published_at=case.published_at,
        score=case.rating.score if case.rating else None,
    )


def handled_at(case: Case) -> str | None:
    """When staff said that it was done, if that still stands. Closed at once as out of scope is such a saying, too; what the
    reporter took back or was merged is not.
    """
    if case.handled_at is None and case.state == "closed" and case.outcome == "out_of_scope":
        return case.closed_at
    return case.handled_at


def _runs(case: Case, street: Street) -> Iterable[tuple[ClockRun, Clock]]:
    """The runs of whole cases and offices, not those that each party has for itself."""
    return [(run, street.clocks[run.id]) for run in case.clocks if not run.party and run.id in street.clocks]


def _reply_due(case: Case, street: Street) -> str | None:
    """The earliest end among the clocks of first feedback (any reply of a person stops them) that began when it came in."""
    runs = [(run, clock) for run, clock in _runs(case, street) if run.started == case.received_at]
    return min((run.due for run, clock in runs if set(clock.stop) >= FIRST_REPLIES), default=None)


def deadline_of(case: Case, handled: str | None, street: Street) -> str | None:
    """The approved deadline: of the clocks that only handling ends, those in force when it was handled, or in force now.

    A promise for the whole case or its class goes before that of the office, and the street's own before the one that is
    mirrored for another system; the earliest of these. While all stand still there is none, but for a long run's own date.
    """
    if handled is None and not case.open:
        return None
    if case.state == "long_run" and case.long_run_until:
        return case.long_run_until
    found: dict[int, list[str]] = {}
    for run, clock in _runs(case, street):
        in_force = run.stopped == handled if handled else run.running
        if in_force and of_handling(clock):
            found.setdefault(1 if run.rung else 2 if clock.channels else 0, []).append(run.due)
    return min(found[min(found)]) if found else None


def of_handling(clock: Clock) -> bool:
    """Whether it is the promise of an end: a date that somebody set, or one to look again, is not."""
    ends = set(clock.stop)
    return clock.counts and not clock.until and "handled_confirmed" in ends and ends <= HANDLING_ENDS


def _visit(case: Case) -> str:
    if case.visit is not None:
        return "reached"
    if case.visit_attempts:
        return "tried"
    # What was opened again before anybody called is visited when it has been handled again.
    return "due" if case.visit_due and case.handled_at is not None else ""


def _visit_by(case: Case, street: Street) -> str | None:
    """Until when nobody can say that the visit should have been."""
    if case.state != "visiting":
        return None
    return min((run.due for run, clock in _runs(case, street) if run.running and "visited" in clock.stop), default=None)
