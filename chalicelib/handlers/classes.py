"""Class cases at the desk."""

from __future__ import annotations

from collections.abc import Sequence

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework.access import OVERSEERS
from chalicelib.casework.class_cases import ACTS
from chalicelib.errors import Conflict, DoorstepError, Malformed, NotAllowed
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import classes as use
from chalicelib.web import pages_classes as pages

classes = Blueprint(__name__)

READERS = OVERSEERS | {"department"}
STEPS = frozenset(act for acts in ACTS.values() for act in acts)


@route(classes, "/desk/classes", roles=READERS)
def listed(it: Asked) -> Response:
    ctx = wiring.context()
    return html(pages.listed(it.look, ctx.street, viewer(it), use.listed(ctx, it.staff.actor), ctx.clock.civil()))


@route(classes, "/desk/classes/{entry}", roles=READERS)
def show(it: Asked, entry: str) -> Response:
    return _page(it, entry)


@route(classes, "/desk/classes/{entry}", method="POST", roles=READERS)
def act(it: Asked, entry: str) -> Response:
    fields, kept = it.form(), it.form_lists().get("keep", [])[: use.MEMBERS_MAX]
    what, version = fields.get("act", ""), fields.get("version", "")
    if what not in STEPS or not (version.isascii() and version.isdecimal() and len(version) <= 6):
        raise Malformed("form")
    try:
        use.act(wiring.context(), it.staff.actor, entry, what, {**fields, "keep": kept}, int(version))
    except (Conflict, NotAllowed) as error:
        return _page(it, entry, error, fields, kept if what == "accept" else None)
    return see(f"/desk/classes/{entry}", it.look)


def _page(
    it: Asked,
    entry: str,
    error: DoorstepError | None = None,
    values: dict[str, str] | None = None,
    kept: Sequence[str] | None = None,
) -> Response:
    ctx = wiring.context()
    found = use.opened(ctx, it.staff.actor, entry)
    text = pages.one(
        it.look,
        ctx.street,
        viewer(it),
        found.one,
        found.cards,
        found.acts,
        found.surveys,
        ctx.clock.civil(),
        values,
        kept,
        error,
    )
    return html(text, status=error.status if error else 200)
