"""The desk: one case, and each step of the ladder as a form."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import access
from chalicelib.casework.ladder import STEPS
from chalicelib.errors import Conflict, DoorstepError, Malformed, NotAllowed, Unknown
from chalicelib.handlers import offers, sheets
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import STAFF, html, photo_views, route
from chalicelib.usecases import nearby, related, work
from chalicelib.usecases.intake import TAKERS
from chalicelib.usecases.work import Opened
from chalicelib.web import pages
from chalicelib.web.views import Helper, Viewer

desk = Blueprint(__name__)


def viewer(it: Asked) -> Viewer:
    actor = it.staff.actor
    return Viewer(
        id=actor.staff_id,
        name=actor.name,
        grants=actor.grants,
        csrf=it.staff.csrf,
        sees_reporter=access.sees_reporter(actor),
        takes_in=any(access.split_grant(grant)[0] in TAKERS for grant in actor.grants),
    )


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
    actor = it.staff.actor
    text = pages.case(
        it.look,
        ctx.street,
        viewer(it),
        opened.case,
        opened.events,
        photo_views(ctx, opened.case),
        offers.actions(ctx, actor, opened, it.look.lang),
        ctx.clock.civil(),
        secrets.token_hex(16),
        values or {},
        error,
        revealed,
        names={event.by: str(event.data["who"]) for event in opened.events if "who" in event.data},
        place=ctx.place_of(opened.case),
        related=related.related(ctx, actor, opened.case, opened.steps),
        helpers=[Helper(one.name, one.role, one.phone) for one in nearby.helpers(ctx, actor, it.session_id, opened.case)],
    )
    return html(text, status=error.status if error else 200)


@route(desk, "/desk/cases/{case}/{act}", method="POST", roles=STAFF)
def act(it: Asked, case: str, act: str) -> Response:
    ctx = wiring.context()
    fields = it.form()
    no = _number(case)
    if act == "reveal":
        return _reveal(it, no, fields)
    data = _typed(it, act)
    try:
        stored = work.act(ctx, it.staff.actor, no, act, data, attempt_of(fields), _seen(fields))
    except (Conflict, NotAllowed) as error:
        # The page as it stands now, with what happened on top and what was typed still in its field.
        kept = {name: value if isinstance(value, str) else "\n".join(value) for name, value in data.items()}
        return _page(it, work.open_case(ctx, it.staff.actor, no), error, {**kept, "act": act})
    # A case that has gone on to another office may not be theirs to read any more.
    readable = access.may_read(it.staff.actor, stored.case, ctx.street)
    return see(f"/desk/cases/{no}" if readable else "/desk", it.look)


def _typed(it: Asked, act: str) -> dict[str, Any]:
    """The step's inputs as typed; a list where several may be ticked."""
    step = STEPS.get(act)
    several = {spec.name for spec in step.fields if spec.kind == "partners"} if step else set()
    carried = {"csrf", "attempt", "version"}
    data: dict[str, Any] = {
        name: value.replace("\r\n", "\n").strip() for name, value in it.form().items() if name not in carried | several
    }
    return {**data, **{name: values for name, values in it.form_lists().items() if name in several}}


@route(desk, "/desk/cases/{case}/{act}", roles=STAFF)
def more(it: Asked, case: str, act: str) -> Response:
    """The papers of a case, to be printed."""
    ctx = wiring.context()
    opened = work.open_case(ctx, it.staff.actor, _number(case))
    return html(sheets.page(ctx, it.look, it.staff.actor, viewer(it), opened, act))


def _reveal(it: Asked, no: str, fields: dict[str, str]) -> Response:
    """Asks the one function that may decrypt; this one has nothing to show by itself."""
    ctx = wiring.context()
    wanted = {"session": it.session_id, "case": no, "attempt": attempt_of(fields)}
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


def attempt_of(fields: Mapping[str, str]) -> str:
    """The attempt's id that the page made. Raises `Malformed`."""
    sent = fields.get("attempt", "")
    if not (16 <= len(sent) <= 64 and sent.isalnum()):
        raise Malformed("attempt")
    return sent


def _seen(fields: dict[str, str]) -> int | None:
    version = fields.get("version", "")
    if not version.isascii() or not version.isdecimal() or len(version) > 6:
        raise Malformed("version")
    return int(version)
