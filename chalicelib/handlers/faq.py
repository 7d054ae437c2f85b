"""Answered questions: read by everybody, written at the desk."""

from __future__ import annotations

import msgspec
from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework.access import ANSWERERS
from chalicelib.errors import Conflict, DoorstepError, Malformed, NotAllowed
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import faq as answering
from chalicelib.usecases.faq import Written
from chalicelib.web import pages_faq
from chalicelib.web.i18n import t

faq = Blueprint(__name__)

QUERY_MAX = 100
VERSION_DIGITS = 6
DONE = {"save": "faq.desk.saved", "withdraw": "faq.desk.is_withdrawn", "restore": "faq.desk.is_restored"}


@route(faq, "/faq")
def public(it: Asked) -> Response:
    ctx = wiring.context()
    query = it.query.get("q", "").strip()[:QUERY_MAX]
    return html(pages_faq.public(it.look, ctx.street, answering.searched(ctx, query), query, ctx.clock.civil()))


@route(faq, "/desk/faq", roles=ANSWERERS)
def listed(it: Asked) -> Response:
    ctx = wiring.context()
    mine, done = answering.committees(ctx, it.staff.actor), DONE.get(it.query.get("done", ""), "")
    text = pages_faq.desk(
        it.look,
        ctx.street,
        viewer(it),
        answering.listed(ctx),
        mine,
        ctx.clock.civil(),
        t(it.look.lang, done) if done else "",
    )
    return html(text)


@route(faq, "/desk/faq/new", roles=ANSWERERS)
def blank(it: Asked) -> Response:
    """`?case=<no>` begins with what that case was answered."""
    ctx, actor = wiring.context(), it.staff.actor
    no = it.query.get("case", "")
    begun = answering.from_case(ctx, actor, no) if no else Written("", "")
    return _form(it, {**_values(begun), "entry": answering.new_id(), "version": "0"})


@route(faq, "/desk/faq/{entry}", roles=ANSWERERS)
def show(it: Asked, entry: str) -> Response:
    found = answering.entry(wiring.context(), it.staff.actor, entry)
    return _form(it, {**_values(found), "entry": found.id, "version": str(found.version)}, shown=found.published)


@route(faq, "/desk/faq/{entry}", method="POST", roles=ANSWERERS)
def change(it: Asked, entry: str) -> Response:
    ctx, actor, fields = wiring.context(), it.staff.actor, it.form()
    act, version = fields.get("act", "save"), fields.get("version", "")
    # Python refuses to read thousands of digits, and no entry is changed a million times.
    if act not in DONE or not (version.isascii() and version.isdecimal() and len(version) <= VERSION_DIGITS):
        raise Malformed("form")
    written = Written(**{name: fields.get(name, "") for name in Written.__dataclass_fields__})
    try:
        if act == "save":
            answering.save(ctx, actor, written, entry, int(version))
        else:
            answering.publish(ctx, actor, entry, int(version), shown=act == "restore")
    except NotAllowed as error:
        return _form(it, {**_values(written), "entry": entry, "version": version}, error)
    except Conflict as error:
        # What stands there now is shown; what was typed is one step back in the browser.
        found = answering.entry(ctx, actor, entry)
        return _form(it, {**_values(found), "entry": entry, "version": str(found.version)}, error, shown=found.published)
    return see(f"/desk/faq?done={act}", it.look)


def _values(written: Written | msgspec.Struct) -> dict[str, str]:
    return {name: str(getattr(written, name)) for name in Written.__dataclass_fields__}


def _form(it: Asked, values: dict[str, str], error: DoorstepError | None = None, *, shown: bool = True) -> Response:
    ctx = wiring.context()
    scopes = answering.committees(ctx, it.staff.actor)
    text = pages_faq.edit(it.look, ctx.street, viewer(it), values, scopes, error, shown=shown)
    return html(text, status=error.status if error else 200)
