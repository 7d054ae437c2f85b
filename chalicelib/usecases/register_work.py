"""The verifier's desk: what waits, one registration, the visit and what it found, corrections that keep the history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from chalicelib.casework import numbers, personal
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import SYSTEM, Actor
from chalicelib.casework.events import Event
from chalicelib.casework.register import RESULTS, Register
from chalicelib.casework.register_card import PARTS, Row
from chalicelib.casework.registering import REMARK_MAX, Typed, slot_of
from chalicelib.errors import Conflict, FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.models import registers
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_link import change
from chalicelib.usecases.register_submit import store, today

QUEUE_LIMIT = 200
# Steps of the desk: who may take them, and in which states.
STEPS = {
    "book": (rules.WORKERS, frozenset({"submitted", "booked", "wrong", "not_found"})),
    "visit": (rules.WORKERS, frozenset({"submitted", "booked", "wrong", "not_found"})),
    "correct": (rules.WORKERS, frozenset({"submitted", "booked", "wrong", "not_found", "verified"})),
}


@dataclass(frozen=True)
class Opened:
    """A registration with what its reader may do."""

    stored: registers.Stored
    steps: tuple[str, ...]
    may_reveal: bool
    may_erase: bool

    @property
    def register(self) -> Register:
        return self.stored.register


def queue(ctx: Context, actor: Actor) -> list[Row]:
    """What waits in the actor's committees: booked visits by their half day, then the rest by when it came."""
    found: list[Row] = []
    for committee in rules.committees_of(actor, rules.READERS, ctx.street):
        found += registers.waiting(committee, QUEUE_LIMIT)
    return sorted(found, key=lambda row: (row.slot == "", row.slot.partition("/")[0], _part(row.slot), row.created_at))


def _part(slot: str) -> int:
    part = slot.partition("/")[2]
    return PARTS.index(part) if part in PARTS else len(PARTS)


def find(ctx: Context, actor: Actor, typed: str, roles: Iterable[str] = rules.READERS) -> registers.Stored:
    """Raises `Unknown("register")` for a number that is not there or not in the actor's scope: the two look alike."""
    no = numbers.normalise_number(typed)
    stored = registers.get(no) if no else None
    if stored is None or not rules.holds(actor, roles, stored.register.committee, ctx.street):
        raise Unknown("register")
    return stored


def open_one(ctx: Context, actor: Actor, typed: str) -> Opened:
    stored = find(ctx, actor, typed)
    register = stored.register

    def may(roles: Iterable[str]) -> bool:
        return rules.holds(actor, roles, register.committee, ctx.street)

    steps = tuple(name for name, (roles, states) in STEPS.items() if register.state in states and may(roles))
    erased = register.state == "erased"
    return Opened(stored, steps, may(rules.REVEALERS) and not erased, may(rules.KEEPERS) and not erased)


def act(ctx: Context, actor: Actor, typed: str, step: str, data: Mapping[str, Any], attempt: str) -> registers.Stored:
    """One step. `data` holds `slot_day` and `slot_part` (book), `result` and `remark` (visit), or `form`, a `Typed`,
    with the version that it showed as `seen` (correct).

    Raises `Unknown("register")`, `Forbidden("not_yours")`, `NotAllowed` for the state or the fields, `Conflict("busy")` and
    `Conflict("register_stale")` as with a link.
    """
    if step not in STEPS:
        raise NotAllowed("unknown_action", params={"action": step})
    roles, states = STEPS[step]
    said = {name: asdict(value) if isinstance(value, Typed) else value for name, value in data.items()}
    bound = bind(actor, attempt, step, said)
    for _ in range(registers.TRIES):
        stored = find(ctx, actor, typed)
        if any(event.attempt == bound for event in stored.events):
            return stored
        if not rules.holds(actor, roles, stored.register.committee, ctx.street):
            raise Forbidden("not_yours")
        if stored.register.state not in states:
            raise NotAllowed("register_state")
        try:
            return _step(ctx, stored, actor, step, data, bound)
        except registers.Stale:
            continue
    raise Conflict("busy")


def bind(actor: Actor, attempt: str, step: str, said: Mapping[str, Any]) -> str:
    """The attempt's id, bound to who does what with which words: only the very same step is a repeat."""
    return hashlib.sha256(msgspec.json.encode((attempt, actor.id, step, said), order="sorted")).hexdigest()[:32]


def _step(
    ctx: Context, stored: registers.Stored, actor: Actor, step: str, data: Mapping[str, Any], attempt: str
) -> registers.Stored:
    register, now = stored.register, ctx.clock.civil()
    who = {"who": actor.name} if actor.name else {}
    if step == "correct":
        return change(ctx, stored, data["form"], "corrected", actor.id, attempt, who=actor.name, seen=data.get("seen"))
    if step == "book":
        slot, wrong = slot_of(str(data.get("slot_day", "")), str(data.get("slot_part", "")), today(ctx))
        if slot is None:
            raise NotAllowed("fields", fields=wrong)
        event = rules.event(register, "booked", {"slot": msgspec.structs.asdict(slot), **who}, actor.id, attempt, now)
        return store(ctx, stored, [event], None, "changed", attempt)
    result, remark = str(data.get("result", "")), " ".join(str(data.get("remark", "")).split())
    problems = [] if result in RESULTS else [FieldError("result", "choice" if result else "required")]
    if len(remark) > REMARK_MAX:
        problems.append(FieldError("remark", "too_long", {"max": REMARK_MAX}))
    elif result == "wrong" and not remark:
        problems.append(FieldError("remark", "required"))
    elif personal.is_in(remark):
        # It is read by whoever holds the link; a number that is wrong is corrected in its own field.
        problems.append(FieldError("remark", "personal"))
    if problems:
        raise NotAllowed("fields", fields=problems)
    event = rules.event(register, "verified", {"result": result, "remark": remark, **who}, actor.id, attempt, now)
    return registers.write(registers.Write(stored=stored, events=[event], attempt=attempt), ctx.street)


def end_leases(ctx: Context, committee: str) -> int:
    """Marks the registrations whose lease is over; the last day still counts. Returns how many."""
    day = today(ctx)
    ended = 0
    for row in registers.leases(committee, "0000-00-00", day.isoformat()):
        stored = registers.get(row.no)
        if stored is None or not rules.ended(stored.register, day) or stored.register.state in {"ended", "erased"}:
            continue
        attempt = f"ended-{row.no}-{stored.register.version}"
        event: Event = rules.event(stored.register, "ended", {}, SYSTEM, attempt, ctx.clock.civil())
        try:
            registers.write(registers.Write(stored=stored, events=[event], attempt=attempt), ctx.street)
        except registers.Stale:
            # Somebody changes it at this moment; the next day's run looks again.
            continue
        ended += 1
    return ended
