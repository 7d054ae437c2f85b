"""The desk: my queue, one case, and each step of the ladder as a form."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import access
from chalicelib.casework.card import Card
from chalicelib.casework.case import Case
from chalicelib.casework.events import stamp
from chalicelib.casework.ladder import Field, Step
from chalicelib.casework.steps import DIRECT_OUTCOMES, DONE
from chalicelib.errors import Conflict, DoorstepError, Malformed, NotAllowed, Unknown
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import STAFF, html, photo_views, route
from chalicelib.usecases import work
from chalicelib.usecases.work import Opened
from chalicelib.web import pages
from chalicelib.web.i18n import t
from chalicelib.web.views import ActionView, FieldSpec, Viewer

desk = Blueprint(__name__)

FILTERS = ("all", "late", "near", "urgent", "unassigned", "scope")
STAFF_GRANT_MINUTES = 30
# What a tired clerk most likely wants next, by state: the one filled button.
PRIMARY = {
    "received": "accept",
    "reopened": "accept",
    "accepted": "assign",
    "handling": "propose",
    "handled": "close",
    "visiting": "close",
}


def viewer(it: Asked) -> Viewer:
    actor = it.staff.actor
    return Viewer(
        id=actor.staff_id, name=actor.name, grants=actor.grants, csrf=it.staff.csrf, sees_reporter=access.sees_reporter(actor)
    )


@route(desk, "/desk", roles=STAFF)
def queue(it: Asked) -> Response:
    ctx = wiring.context()
    chosen = it.query.get("show", "all")
    chosen = chosen if chosen in FILTERS else "all"
    now = stamp(ctx.clock.civil())
    mine = work.my_queue(ctx, it.staff.actor)
    cards = work.in_scope(ctx, it.staff.actor) if chosen == "scope" else mine
    counts = {name: len(_filtered(mine, name, now)) for name in FILTERS if name != "scope"}
    return html(pages.queue(it.look, ctx.street, viewer(it), _filtered(cards, chosen, now), ctx.clock.civil(), chosen, counts))


def _filtered(cards: Sequence[Card], chosen: str, now: str) -> list[Card]:
    if chosen == "late":
        return [card for card in cards if card.deadline is not None and card.deadline <= now]
    if chosen == "near":
        return [
            card for card in cards if card.warn is not None and card.deadline is not None and card.warn <= now < card.deadline
        ]
    if chosen == "urgent":
        return [card for card in cards if "urgent" in card.marks]
    if chosen == "unassigned":
        return [card for card in cards if not card.owner]
    return list(cards)


@route(desk, "/desk/cases/{case}", roles=STAFF)
def show(it: Asked, case: str) -> Response:
    return _page(it, work.open_case(wiring.context(), it.staff.actor, _number(case)))


def _page(
    it: Asked,
    opened: Opened,
    error: DoorstepError | None = None,
    values: dict[str, str] | None = None,
    revealed: str | None = None,
) -> Response:
    ctx = wiring.context()
    actions = [_action(it.look.lang, opened, step, missing) for step, missing in opened.steps if _offered(it, step, missing)]
    text = pages.case(
        it.look,
        ctx.street,
        viewer(it),
        opened.case,
        opened.events,
        photo_views(ctx, opened.case),
        actions,
        ctx.clock.civil(),
        secrets.token_hex(16),
        values or {},
        error,
        revealed,
        names={event.by: str(event.data["who"]) for event in opened.events if "who" in event.data},
        place=ctx.place_of(opened.case),
    )
    return html(text, status=error.status if error else 200)


def _offered(it: Asked, step: Step, missing: str | None) -> bool:
    """Actions that make no sense now are left out; those that a gate of the street holds back are shown with the reason."""
    if step.action == "reveal":
        return missing is None and access.sees_reporter(it.staff.actor)
    return missing is None or missing.startswith("gate_")


def _action(lang: str, opened: Opened, step: Step, missing: str | None) -> ActionView:
    fields = tuple(_field(lang, opened.case, step.action, spec) for spec in step.fields)
    primary = PRIMARY.get(opened.case.state)
    if opened.case.proposed:
        primary = "confirm"
    return ActionView(step.action, fields, primary=step.action == primary, missing=f"gate.{missing}" if missing else None)


def _field(lang: str, case: Case, action: str, spec: Field) -> FieldSpec:
    """The input with its options in the reader's language."""
    ctx = wiring.context()
    if spec.kind == "class":
        options = [(found.id, found.name.text(lang)) for found in ctx.street.classes]
    elif spec.kind == "party":
        options = [
            (value, f"{party.name} · {t(lang, 'role.' + party.grant.split('@')[0])}") for value, party in work.parties(ctx, case)
        ]
    elif spec.kind == "office":
        options = [
            (f"{rung.id}@{unit}", pages.office_label(lang, ctx.street, rung, unit))
            for rung, unit in work.offices_below(ctx, case)
        ]
    elif spec.name == "outcome":
        # Before anything was handled only the outcomes that need no handling are open.
        open_now = [outcome for outcome in spec.options if case.state in DONE or action != "close" or outcome in DIRECT_OUTCOMES]
        options = [(outcome, t(lang, f"outcome.{outcome}")) for outcome in open_now]
    else:
        options = [(option, t(lang, f"option.{spec.name}.{option}")) for option in spec.options]
    kind = "choice" if spec.kind in {"class", "party", "office"} else spec.kind
    return FieldSpec(spec.name, kind, spec.required, tuple(options))


@route(desk, "/desk/cases/{case}/{act}", method="POST", roles=STAFF)
def act(it: Asked, case: str, act: str) -> Response:
    ctx = wiring.context()
    fields = it.form()
    no = _number(case)
    if act == "reveal":
        return _reveal(it, no, fields)
    data: dict[str, Any] = {
        name: value.replace("\r\n", "\n").strip() for name, value in fields.items() if name not in {"csrf", "attempt", "version"}
    }
    try:
        stored = work.act(ctx, it.staff.actor, no, act, data, _attempt(fields), _seen(fields))
    except (Conflict, NotAllowed) as error:
        # The page as it stands now, with what happened on top and what was typed still in its field.
        return _page(it, work.open_case(ctx, it.staff.actor, no), error, {**fields, "act": act})
    # A case that has gone on to another office may not be theirs to read any more.
    readable = access.may_read(it.staff.actor, stored.case, ctx.street)
    return see(f"/desk/cases/{no}" if readable else "/desk", it.look)


@route(desk, "/desk/cases/{case}/{act}", roles=STAFF)
def more(it: Asked, case: str, act: str) -> Response:
    raise Unknown("page")


def _reveal(it: Asked, no: str, fields: dict[str, str]) -> Response:
    """Asks the one function that may decrypt; this one has nothing to show by itself."""
    ctx = wiring.context()
    wanted = {"session": it.session_id, "case": no, "attempt": _attempt(fields)}
    found = ctx.reveal({**wanted, "reason": fields.get("reason", ""), "note": fields.get("note", "")[:200]})
    opened = work.open_case(ctx, it.staff.actor, no)
    if "phone" in found:
        return _page(it, opened, revealed=found["phone"])
    return _page(it, opened, NotAllowed(found.get("reason", "unexpected")), {**fields, "act": "reveal"})


def _number(case: str) -> str:
    no = work.number(case)
    if no is None:
        raise Unknown("case")
    return no


def _attempt(fields: dict[str, str]) -> str:
    sent = fields.get("attempt", "")
    if not (16 <= len(sent) <= 64 and sent.isalnum()):
        raise Malformed("attempt")
    return sent


def _seen(fields: dict[str, str]) -> int | None:
    version = fields.get("version", "")
    if not version.isascii() or not version.isdecimal() or len(version) > 6:
        raise Malformed("version")
    return int(version)
