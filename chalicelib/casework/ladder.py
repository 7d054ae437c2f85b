"""What may be done to a case: one row per action.

A table of transitions, not a chain of ifs: every state × action × role pair is asserted by a test. `decide` carries a row out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.casework import steps
from chalicelib.casework.access import Actor, relations
from chalicelib.casework.case import OUTCOMES, Case
from chalicelib.casework.steps import DONE, Made, Situation
from chalicelib.street import Street

STAFF_OUTCOMES = tuple(outcome for outcome in OUTCOMES if outcome != "withdrawn")
REVEAL_REASONS = ("contact", "visit", "other")

OFFICE = frozenset({"office"})
HANDLERS = frozenset({"office", "assignee"})
REPORTER = frozenset({"reporter"})
WORKING = frozenset({"accepted", "handling"})
ARRIVED = frozenset({"received", "reopened"})
ANYWHERE_OPEN = ARRIVED | WORKING | DONE | {"waiting"}


@dataclass(frozen=True)
class Field:
    """An input of an action. `kind`: text, line, choice, check, party, office, class."""

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
    gate: Callable[[Case, Street], str | None] = lambda case, street: None


def _text(name: str = "text", required: bool = True) -> Field:
    return Field(name, "text", required)


NOTE = _text("note", required=False)
OUTCOME = Field("outcome", "choice", options=STAFF_OUTCOMES)
LADDER: tuple[Step, ...] = (
    Step("accept", OFFICE, ARRIVED, steps.make_accept, (Field("class", "class", required=False), NOTE)),
    Step("answer", OFFICE, ARRIVED | WORKING, steps.make_answer, (_text(),), gate=steps.gate_answer),
    Step("assign", OFFICE, WORKING, steps.make_assign, (Field("to", "party"), NOTE)),
    Step("ask", HANDLERS, WORKING, steps.make_ask, (_text(),)),
    Step("reply", REPORTER, frozenset({"waiting"}), steps.make_reply, (_text(),), gate=steps.gate_additions),
    Step("add", REPORTER, ANYWHERE_OPEN, steps.make_add, (_text(),), gate=steps.gate_additions),
    Step("prelim", HANDLERS, WORKING, steps.make_prelim, (_text(),)),
    Step("propose", HANDLERS, WORKING, steps.make_propose, (OUTCOME, _text()), gate=steps.gate_propose),
    Step("confirm", OFFICE, WORKING, steps.make_confirm, (NOTE,), gate=steps.gate_confirm),
    Step("decline", OFFICE, WORKING, steps.make_decline, (_text("reason"),), gate=steps.gate_proposed),
    Step("close", OFFICE, ARRIVED | WORKING | DONE, steps.make_close, (OUTCOME, _text(required=False)), gate=steps.gate_close),
    Step("pass_up", OFFICE, ARRIVED | WORKING, steps.make_pass_up, (_text("reason"),), gate=steps.gate_pass_up),
    Step(
        "allocate",
        OFFICE,
        ARRIVED | WORKING,
        steps.make_allocate,
        (Field("to", "office"), _text("reason", required=False)),
        gate=steps.gate_allocate,
    ),
    Step("reopen", OFFICE, DONE | {"closed"}, steps.make_reopen, (_text("reason"),)),
    Step(
        "rate",
        REPORTER,
        DONE | {"closed"},
        steps.make_rate,
        (
            Field("satisfied", "choice", options=("yes", "no")),
            Field("score", "choice", required=False, options=("1", "2", "3", "4", "5")),
            _text("words", required=False),
            Field("publish", "check", required=False),
        ),
        gate=steps.gate_rate,
    ),
    Step("withdraw", REPORTER, ARRIVED | WORKING | {"waiting"}, steps.make_withdraw, (_text(required=False),)),
    Step("renew_link", OFFICE, ANYWHERE_OPEN | {"closed"}, steps.make_renew_link),
    Step(
        "reveal",
        HANDLERS,
        ANYWHERE_OPEN | {"closed"},
        steps.make_reveal,
        (Field("reason", "choice", options=REVEAL_REASONS), Field("note", "line", required=False)),
        gate=steps.gate_phone,
    ),
)
STEPS: Mapping[str, Step] = {step.action: step for step in LADDER}


def allowed(case: Case, actor: Actor, street: Street) -> list[Step]:
    """The rows open to this actor now, gates aside (a gate is shown with its reason), in the table's order."""
    mine = relations(actor, case, street)
    return [step for step in LADDER if step.who & mine and case.state in step.states]
