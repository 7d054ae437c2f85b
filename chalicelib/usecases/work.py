"""Staff at the desk: my queue, one case, and what is done to it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.casework import access, ladder, numbers
from chalicelib.casework.access import OVERSEERS, Actor, split_grant
from chalicelib.casework.card import NO_DEADLINE, Card
from chalicelib.casework.case import Case, Party
from chalicelib.casework.decide import Command
from chalicelib.casework.events import Event
from chalicelib.casework.ladder import Step
from chalicelib.casework.steps_oversee import REQUESTS
from chalicelib.errors import Unknown
from chalicelib.models import cases, staff
from chalicelib.street import Rung
from chalicelib.usecases.acting import commit, repeats
from chalicelib.usecases.context import Context

# How many rows of one queue are read for a page; the nearest deadlines come first.
QUEUE_LIMIT = 200


@dataclass(frozen=True)
class Opened:
    """A case with everything its page shows."""

    stored: cases.Stored
    events: tuple[Event, ...]
    steps: Sequence[tuple[Step, str | None]]

    @property
    def case(self) -> Case:
        return self.stored.case


def offices(ctx: Context, actor: Actor) -> list[str]:
    """The grants of the actor that are an office of the ladder and so have a queue of their own."""
    worked = {(rung.role, rung.scope) for rung in ctx.street.rungs}
    return [grant for grant in actor.grants if (split_grant(grant)[0], split_grant(grant)[1].partition(":")[0]) in worked]


def assigns(ctx: Context, actor: Actor) -> bool:
    """Whether one of the actor's offices gives cases to people of its own."""
    mine = {split_grant(grant)[0] for grant in offices(ctx, actor)}
    return any(rung.role in mine and rung.assign for rung in ctx.street.rungs)


def my_queue(ctx: Context, actor: Actor) -> list[Card]:
    """What waits for me: my offices' cases and those assigned to me, nearest deadline first, each once."""
    found = [cases.queue(office, QUEUE_LIMIT) for office in offices(ctx, actor)]
    dispatched_to = {role for rung in ctx.street.rungs for role in rung.dispatch}
    found.append(cases.watched(f"staff:{actor.staff_id}", QUEUE_LIMIT))
    found += [cases.watched(grant, QUEUE_LIMIT) for grant in actor.grants if split_grant(grant)[0] in dispatched_to]
    return _merged([*found, to_approve(ctx, actor)])


def approves(ctx: Context, actor: Actor) -> set[str]:
    """The actor's roles whose yes the street asks for."""
    asked = {role for kind in REQUESTS for role in ctx.street.approvals.roles(kind)}
    return {role for role, _ in map(split_grant, actor.grants)} & asked


def to_approve(ctx: Context, actor: Actor) -> list[Card]:
    """What waits for a second person's yes, in the actor's units."""
    found = []
    for role in sorted(approves(ctx, actor)):
        units = {unit for held, unit in map(split_grant, actor.grants) if held == role}
        cards = cases.watched(f"approve:{role}", QUEUE_LIMIT)
        found.append([card for card in cards if any(inside(unit, card) for unit in units)])
    return _merged(found)


def in_scope(ctx: Context, actor: Actor) -> list[Card]:
    """Every open case of the actor's units, for those who oversee them."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in OVERSEERS}
    zones = [zone.id for zone in ctx.street.zones if _reaches(ctx, units, zone.id)]
    cards = _merged([cases.open_in_zone(zone, QUEUE_LIMIT) for zone in zones])
    return [card for card in cards if any(inside(unit, card) for unit in units)]


def _reaches(ctx: Context, units: Iterable[str], zone: str) -> bool:
    committees = {f"committee:{committee.id}" for committee in ctx.street.committees if committee.zone == zone}
    return any(unit in {"street", f"zone:{zone}"} or unit in committees for unit in units)


def inside(unit: str, card: Card) -> bool:
    """Whether the card's case lies in the unit."""
    return unit in {"street", f"zone:{card.zone}", f"committee:{card.committee}"}


def _merged(lists: Iterable[Iterable[Card]]) -> list[Card]:
    by_number = {card.no: card for cards in lists for card in cards}
    return sorted(
        by_number.values(), key=lambda card: ("urgent" not in card.marks, card.deadline or NO_DEADLINE, card.received_at)
    )


def open_case(ctx: Context, actor: Actor, no: str) -> Opened:
    """Raises `Unknown("case")` for a number that is not there or not in the actor's scope: the two look alike."""
    stored = _readable(ctx, actor, no)
    events = (*(cases.archived_events(no) if stored.archived else ()), *stored.events)
    return Opened(stored=stored, events=events, steps=ladder.allowed(stored.case, actor, ctx.street, ctx.clock.civil()))


def _readable(ctx: Context, actor: Actor, no: str) -> cases.Stored:
    stored = cases.get(no)
    if stored is None or not access.may_read(actor, stored.case, ctx.street):
        raise Unknown("case")
    return stored


def act(
    ctx: Context, actor: Actor, no: str, action: str, data: Mapping[str, Any], attempt: str, seen: int | None
) -> cases.Stored:
    """One step of the ladder. Raises what `ladder.decide` raises, `Conflict("someone_else")` and `Unknown("case")`.

    By the step itself a case may leave the actor's scope: the same step sent again is answered all the same.
    """
    fields = dict(data)
    if isinstance(fields.get("to"), str) and "~" in fields["to"]:
        fields["to"] = _party(ctx, no, fields["to"])
    command = Command(action, attempt, fields)
    stored = cases.get(no)
    if stored is None or not (access.may_read(actor, stored.case, ctx.street) or repeats(stored, command, actor)):
        raise Unknown("case")
    return commit(ctx, stored, command, actor, seen)


def offices_below(ctx: Context, case: Case) -> list[tuple[Rung, str]]:
    """Where this case may be allocated to."""
    return access.targets(ctx.street.rung_by_id[case.rung], case, ctx.street)


def parties(ctx: Context, case: Case) -> list[tuple[str, Party]]:
    """Who a case may be assigned to, with the value that a form carries for each.

    The value is authenticated, so that assigning needs no second look at the roster: the whole step stays three calls.
    """
    found: dict[str, Party] = {}
    for role in ctx.street.rung_by_id[case.rung].assign:
        for unit in access.units_around(case):
            grant = f"{role}@{unit}"
            for row in staff.holders(grant):
                if row.staff_id and row.staff_id not in found:
                    found[row.staff_id] = Party(id=row.staff_id, name=row.name or "", grant=grant)
    return [(_value(ctx, case.no, party), party) for party in found.values()]


def _value(ctx: Context, no: str, party: Party) -> str:
    mac = ctx.keys.mac("party", no, party.id, party.grant, party.name).hex()[:32]
    return "~".join((party.id, party.grant, mac, party.name))


def _party(ctx: Context, no: str, value: str) -> Party | None:
    """The party behind a form's value, or None when it was not made by `parties` for this case."""
    staff_id, grant, _, name = (*value.split("~", 3), "", "", "", "")[:4]
    party = Party(id=staff_id, name=name, grant=grant)
    return party if hmac.compare_digest(value.encode(), _value(ctx, no, party).encode()) else None


def number(typed: str) -> str | None:
    """A case number from an address or a search box in its one written form."""
    return numbers.normalise_number(typed)
