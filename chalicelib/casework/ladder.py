"""What may be done to a case: one row per action.

A table of transitions, not a chain of ifs: every state × action × role pair is asserted by a test, and `docs/` shows it. `decide`
carries a row out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework import gates, steps, steps_dispatch, steps_follow, steps_oversee
from chalicelib.casework.access import Actor, relations
from chalicelib.casework.case import (
    ARRIVED,
    DONE,
    ENDED_STATES,
    IN_HAND,
    OPEN_STATES,
    OUTCOMES,
    UNFINISHED,
    VERDICTS,
    WORKING,
    Case,
)
from chalicelib.casework.gates import ASKED_IN, Gate
from chalicelib.casework.situation import Made, Situation
from chalicelib.street import Street

STAFF_OUTCOMES = tuple(outcome for outcome in OUTCOMES if outcome not in {"withdrawn", "unreachable", *VERDICTS})
REVEAL_REASONS = ("contact", "visit", "other")

OFFICE = frozenset({"office"})
HANDLERS = frozenset({"office", "assignee", "lead"})
EVERYBODY_AT_WORK = HANDLERS | {"co"}
ADDRESSEE = frozenset({"addressee"})
REPORTER = frozenset({"reporter"})
SUPERVISOR = frozenset({"supervisor"})
CALLERS = frozenset({"visitor", "micro_grid"})
EVER = OPEN_STATES | ENDED_STATES


@dataclass(frozen=True)
class Field:
    """An input of an action. `kind`: text, line, choice, check, date, days, party, partner, partners, office, class, reason (of
    the street's list named in `options`), exit, owing, request, case.
    """

    name: str
    kind: str
    required: bool = True
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One row: who may do it, in which states, with which inputs, and what it makes."""

    action: str
    who: frozenset[str]
    states: frozenset[str]
    makes: Callable[[Situation], Made]
    fields: tuple[Field, ...] = ()
    gate: Gate = gates.is_open


def _text(name: str = "text", required: bool = True) -> Field:
    return Field(name, "text", required)


def _choice(name: str, options: tuple[str, ...], required: bool = True) -> Field:
    return Field(name, "choice", required, options)


def _in(*states: str) -> frozenset[str]:
    return frozenset(states)


YES_NO = ("yes", "no")
NOTE = _text("note", required=False)
REASON = _text("reason")
TEXT = _text()
OUTCOME = _choice("outcome", STAFF_OUTCOMES)
WAY = _choice("way", steps_follow.WAYS)

_TAKING_IN = (
    Step("accept", OFFICE, ARRIVED, steps.accept, (Field("class", "class", required=False), NOTE)),
    Step("sign", ADDRESSEE, _in("dispatched"), steps_dispatch.sign, (NOTE,)),
    Step(
        "refuse",
        ADDRESSEE,
        _in("dispatched"),
        steps_dispatch.refuse,
        (Field("reason", "reason", options=("refusal",)), _text("basis")),
        gates.refuse,
    ),
    Step("answer", OFFICE, IN_HAND, steps.answer, (TEXT,), gates.answer),
    Step("weigh", OFFICE, IN_HAND, steps.weigh, (_choice("verdict", VERDICTS), TEXT), gates.weigh),
    Step("reclassify", OFFICE, IN_HAND, steps.reclassify, (Field("class", "class"), REASON)),
    Step("merge", OFFICE, IN_HAND, steps_dispatch.merge, (Field("other", "case"),)),
    Step("link", OFFICE, UNFINISHED, steps_dispatch.link, (Field("other", "case"),)),
)
_SENDING = (
    Step("assign", OFFICE, WORKING, steps.assign, (Field("to", "party"), NOTE), gates.assign),
    Step(
        "dispatch",
        OFFICE,
        IN_HAND,
        steps_dispatch.dispatch,
        (
            Field("lead", "partner"),
            Field("co", "partners", required=False),
            _text("demands"),
            Field("until", "date", required=False),
        ),
        gates.dispatch,
    ),
    Step("allocate", OFFICE, IN_HAND, steps.allocate, (Field("to", "office"), _text("reason", required=False)), gates.allocate),
    Step("pass_up", OFFICE, IN_HAND, steps.pass_up, (REASON,), gates.pass_up),
    Step("return_down", OFFICE, IN_HAND, steps.return_down, (REASON,), gates.return_down),
    Step("refer", OFFICE, IN_HAND, steps_oversee.refer, (Field("exit", "exit"), TEXT), gates.refer),
    Step("answer_back", OFFICE, _in("referred"), steps_oversee.answer_back, (TEXT,)),
    Step(
        "report_in",
        EVERYBODY_AT_WORK,
        OPEN_STATES | {"closed"},
        steps_dispatch.report_in,
        (Field("party", "owing", required=False), NOTE),
        gates.report_in,
    ),
    Step("release", OFFICE, EVER, steps_dispatch.release, (Field("party", "owing"), REASON), gates.release),
)
_HANDLING = (
    Step(
        "contact",
        HANDLERS | {"micro_grid"},
        UNFINISHED,
        steps_follow.contact,
        (WAY, _choice("reached", YES_NO), NOTE),
        gates.contact,
    ),
    Step("ask", HANDLERS, WORKING, steps.ask, (TEXT,)),
    Step("note", EVERYBODY_AT_WORK, OPEN_STATES, steps.add_note, (TEXT,)),
    Step("meet", OFFICE, UNFINISHED, steps_dispatch.meet, (TEXT,)),
    Step("clear", HANDLERS, IN_HAND | {"dispatched"}, steps_dispatch.clear, (TEXT,), gates.clear),
    Step("prelim", HANDLERS, WORKING, steps.prelim, (TEXT,)),
    Step("propose", HANDLERS, WORKING | {"long_run"}, steps.propose, (OUTCOME, TEXT), gates.propose),
    Step("confirm", OFFICE, WORKING, steps_follow.confirm, (NOTE,), gates.confirm),
    Step("decline", OFFICE, WORKING, steps.decline, (REASON,), gates.proposed),
)
_FOLLOWING_UP = (
    Step(
        "observe", OFFICE, _in("observing"), steps_follow.observe, (_choice("held", YES_NO), _text(required=False)), gates.observe
    ),
    Step(
        "visit",
        CALLERS,
        DONE | {"closed", "reopened"},
        steps_follow.visit,
        (
            WAY,
            _choice("reached", YES_NO),
            _choice("said", steps_follow.SAID, required=False),
            _choice("solved", steps_follow.SOLVED, required=False),
            Field("cause", "reason", required=False, options=("cause",)),
            _text(required=False),
        ),
        gates.visit,
    ),
    Step("unreachable", CALLERS, ASKED_IN["unreachable"], steps_oversee.unreachable, (_text(required=False),), gates.unreachable),
    Step("close", OFFICE, IN_HAND | DONE, steps.close, (OUTCOME, _text(required=False)), gates.close),
    Step("reopen", OFFICE, DONE | {"observing", "closed"}, steps.reopen, (REASON,)),
)
_ASKING = (
    Step(
        "extend",
        HANDLERS,
        ASKED_IN["extend"],
        steps_oversee.extend,
        (Field("reason", "reason", options=("extension",)), Field("days", "days"), TEXT),
        gates.extend,
    ),
    Step("long_run", HANDLERS, ASKED_IN["long_run"], steps_oversee.long_run, (TEXT, Field("until", "date")), gates.long_run),
    Step("resume", HANDLERS, _in("long_run", "waiting"), steps_oversee.resume, (NOTE,)),
    Step("invalid", OFFICE, ASKED_IN["invalid"], steps_oversee.invalid, (REASON,), gates.invalid),
    Step(
        "approve",
        _in("approver"),
        OPEN_STATES,
        steps_oversee.approve,
        (Field("request", "request", required=False),),
        gates.approve,
    ),
    Step(
        "reject",
        _in("approver"),
        OPEN_STATES,
        steps_oversee.reject,
        (Field("request", "request", required=False), REASON),
        gates.reject,
    ),
    Step("reinstate", _in("approver"), _in("invalid"), steps_oversee.reinstate, (REASON,)),
)
_OVERSEEING = (
    Step(
        "urge",
        SUPERVISOR | OFFICE | {"origin"},
        OPEN_STATES | {"closed"},
        steps_oversee.urge,
        (_text(required=False),),
        gates.urge,
    ),
    Step(
        "triage",
        SUPERVISOR | OFFICE,
        IN_HAND,
        steps_oversee.triage,
        (*(_choice(question, YES_NO) for question in steps_oversee.QUESTIONS), TEXT),
        gates.triage,
    ),
    Step("agree_triage", SUPERVISOR | OFFICE, IN_HAND, steps_oversee.agree_triage, (), gates.agree_triage),
    Step("supervise", SUPERVISOR, OPEN_STATES, steps_oversee.supervise, (REASON,), gates.supervise),
    Step(
        "inspect",
        SUPERVISOR | {"deputy"},
        OPEN_STATES | {"closed"},
        steps_oversee.inspect,
        (_choice("kind", steps_oversee.INSPECTIONS), TEXT),
    ),
    Step("feed_back", HANDLERS, OPEN_STATES, steps_oversee.feed_back, (TEXT,), gates.supervised),
    Step("end_supervision", SUPERVISOR, EVER, steps_oversee.end_supervision, (_text("result"),), gates.supervised),
)
_REPORTERS = (
    Step("reply", REPORTER, _in("waiting"), steps.reply, (TEXT,), gates.additions),
    Step("add", REPORTER, OPEN_STATES, steps.add, (TEXT,), gates.additions),
    Step(
        "rate",
        REPORTER,
        DONE | {"observing", "closed"},
        steps.rate,
        (
            _choice("satisfied", YES_NO),
            _choice("score", ("1", "2", "3", "4", "5"), required=False),
            _text("words", required=False),
            Field("publish", "check", required=False),
        ),
        gates.rate,
    ),
    Step("withdraw", REPORTER, UNFINISHED, steps.withdraw, (_text(required=False),), gates.withdraw),
)
_RECORDS = (
    Step("publish", OFFICE, DONE | {"closed"}, steps_follow.publish, (_text("sentence"),)),
    Step("unpublish", OFFICE | SUPERVISOR, DONE | {"closed"}, steps_follow.unpublish, (), gates.published),
    Step("renew_link", OFFICE, OPEN_STATES | {"closed"}, steps.renew_link),
    Step(
        "reveal",
        HANDLERS | CALLERS,
        OPEN_STATES | {"closed"},
        steps.reveal,
        (_choice("reason", REVEAL_REASONS), Field("note", "line", required=False)),
        gates.phone,
    ),
)
LADDER: tuple[Step, ...] = (
    *_TAKING_IN,
    *_SENDING,
    *_HANDLING,
    *_FOLLOWING_UP,
    *_ASKING,
    *_OVERSEEING,
    *_REPORTERS,
    *_RECORDS,
)
STEPS: Mapping[str, Step] = {step.action: step for step in LADDER}


def allowed(case: Case, actor: Actor, street: Street, now: datetime) -> list[tuple[Step, str | None]]:
    """The rows open to this actor now, each with the reason that holds it back or None, in the table's order."""
    mine = relations(actor, case, street)
    situation = Situation(case, {}, actor, now, street)
    return [(step, step.gate(situation)) for step in LADDER if step.who & mine and case.state in step.states]
