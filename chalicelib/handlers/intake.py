"""Taking in at the desk: one form, sent once however often it is sent."""

from __future__ import annotations

import secrets

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import access
from chalicelib.errors import Conflict, DoorstepError, NotAllowed
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import intake as taking
from chalicelib.usecases import work
from chalicelib.web import pages

intake = Blueprint(__name__)


@route(intake, "/desk/new", roles=taking.TAKERS)
def blank(it: Asked) -> Response:
    return _form(it, {}, near=it.query.get("near", ""), made=work.number(it.query.get("made", "")) or "")


def _form(it: Asked, fields: dict[str, str], error: DoorstepError | None = None, near: str = "", made: str = "") -> Response:
    ctx = wiring.context()
    text = pages.intake(
        it.look,
        ctx.street,
        viewer(it),
        taking.places(ctx, it.staff.actor),
        tuple(taking.CHANNELS),
        fields.get("key") or secrets.token_hex(16),
        fields,
        error,
        near=near,
        made=made,
    )
    return html(text, status=error.status if error else 200)


@route(intake, "/desk/new", method="POST", roles=taking.TAKERS)
def take(it: Asked) -> Response:
    ctx = wiring.context()
    fields = it.form()
    actor, near = it.staff.actor, fields.get("near", "")
    try:
        case = taking.take_in(ctx, actor, _taken(it, fields))
    except NotAllowed as error:
        return _form(it, fields, error, near)
    except Conflict as error:
        if error.reason != "same_key":
            raise
        # Nothing is lost: the words stay, under a new key, and the person decides whether it is another matter.
        return _form(it, {**fields, "key": ""}, error, near)
    # What enters at another office may not be theirs to read.
    readable = access.may_read(actor, case, ctx.street)
    return see(f"/desk/cases/{case.no}" if readable else f"/desk/new?made={case.no}", it.look)


def _taken(it: Asked, fields: dict[str, str]) -> taking.Taken:
    known = ("key", "channel", "text", "category", "phone", "nickname", "elsewhere", "found", "external", "how")
    return taking.Taken(
        **{name: fields.get(name, "") for name in known},
        # A door's id read off its plate outranks the list.
        place=fields.get("typed", "").strip() or fields.get("place", ""),
        case_class=fields.get("class", ""),
        reporter=fields.get("reporter") or "resident",
        lang=wiring.context().street.languages[0],
    )
