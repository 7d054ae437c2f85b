"""What is printed beside a single case: my desks handed over, and the list for the directors' visiting day."""

from __future__ import annotations

from chalicelib.casework import access
from chalicelib.casework.access import Actor
from chalicelib.casework.card import Card
from chalicelib.casework.case import Case
from chalicelib.models import cases
from chalicelib.usecases import work
from chalicelib.usecases.context import Context

# A visiting day takes no more; each is read for its list.
LIST_MAX = 20


def handover(ctx: Context, actor: Actor) -> list[Card]:
    """交接单: everything open on the actor's desks, nearest deadline first."""
    return work.my_queue(ctx, actor)


def listed_with(ctx: Context, actor: Actor, case: Case, way: str) -> list[cases.Stored]:
    """The other cases in the actor's scope that wait for an answer from the same way out, the oldest first."""
    others = [card.no for card in work.in_scope(ctx, actor) if card.state == "referred" and card.no != case.no]
    found = [stored for no in others[:LIST_MAX] if (stored := cases.get(no)) is not None]
    same = [one for one in found if one.case.exit == way and access.may_read(actor, one.case, ctx.street)]
    return sorted(same, key=lambda one: one.case.received_at)
