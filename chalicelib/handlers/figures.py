"""Figures: the desk's page with its files, the same as JSON, and the street's public page."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import DoorstepError, FieldError, NotAllowed
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import SECURITY, Asked, data, see
from chalicelib.handlers.routing import STAFF, html, route
from chalicelib.usecases import figures as use
from chalicelib.usecases import figures_files, figures_json, figures_public
from chalicelib.usecases.figures import Report
from chalicelib.usecases.figures_files import Sheet
from chalicelib.web import pages_figures as pages

figures = Blueprint(__name__)


@route(figures, "/desk/figures", roles=STAFF)
def show(it: Asked) -> Response:
    return _page(it)


def _report(it: Asked) -> Report:
    ctx = wiring.context()
    asked = use.period(ctx, it.query.get("from", ""), it.query.get("to", ""))
    return use.report(ctx, it.staff.actor, it.query.get("unit", ""), asked)


def _page(it: Asked, error: DoorstepError | None = None, typed: str = "") -> Response:
    ctx, actor = wiring.context(), it.staff.actor
    text = pages.figures(
        it.look,
        ctx.street,
        viewer(it),
        ctx.places,
        _report(it),
        use.units(ctx, actor),
        may_import=use.may_import(ctx, actor),
        error=error,
        typed=typed,
    )
    return html(text, status=error.status if error else 200)


@route(figures, "/desk/figures/file", roles=STAFF)
def file(it: Asked) -> Response:
    """303 to the file in the bucket, signed for minutes."""
    house, found = wiring.house(), _report(it)
    ctx = house.context
    told = pages.told(it.look.lang, ctx.street, ctx.places, found)
    sheets = [Sheet(one.name, [one.heads, *one.rows]) for one in pages.tables(told)]
    where = figures_files.link(ctx, house.lists, found, it.query.get("kind", ""), sheets)
    return Response(body="", status_code=303, headers={"Location": where, "Content-Type": "text/plain", **SECURITY})


@route(figures, "/desk/figures/hotline", method="POST", roles=use.KEEPERS)
def hotline(it: Asked) -> Response:
    typed = it.form().get("calls", "")[:2000]
    try:
        use.import_calls(wiring.context(), it.staff.actor, typed)
    except NotAllowed as error:
        # The page's own switches lead to where it can be asked for again.
        return _page(replace(it, look=replace(it.look, path="/desk/figures")), error, typed)
    return see("/desk/figures", it.look)


@route(figures, "/api/v1/figures", roles=STAFF, answers="json")
def as_json(it: Asked) -> Response:
    """Unlike the page it takes no day for another: a program would not see which period it got."""
    wrong = [FieldError(name, "date") for name in ("from", "to") if name in it.query and not use.is_day(it.query[name])]
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    return data(figures_json.as_json(_report(it)))


@route(figures, "/public")
def public(it: Asked) -> Response:
    ctx = wiring.context()
    return html(pages.public(it.look, ctx.street, figures_public.public(ctx)))
