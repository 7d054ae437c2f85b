"""Early warnings, the library and the meeting's agenda, for those who oversee."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework.access import OVERSEERS
from chalicelib.casework.finding import TYPED_MAX
from chalicelib.errors import Conflict, DoorstepError, Malformed, NotAllowed
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import figures, warning
from chalicelib.usecases import library as use
from chalicelib.web import pages_library as pages

library = Blueprint(__name__)


@route(library, "/desk/warnings", roles=OVERSEERS)
def warnings(it: Asked) -> Response:
    return _warnings(it)


def _warnings(it: Asked, error: DoorstepError | None = None, series: str = "") -> Response:
    ctx = wiring.context()
    rising, before = warning.listed(ctx, it.staff.actor)
    text = pages.warnings(it.look, ctx.street, viewer(it), ctx.places, rising, before, ctx.clock.civil(), error, series)
    return html(text, status=error.status if error else 200)


@route(library, "/desk/warnings", method="POST", roles=OVERSEERS)
def say(it: Asked) -> Response:
    fields = it.form()
    series, version = fields.get("series", "")[:200], fields.get("version", "")
    if not series or not (version.isascii() and version.isdecimal() and len(version) <= 6):
        raise Malformed("form")
    try:
        warning.say(wiring.context(), it.staff.actor, series, fields.get("act", ""), fields.get("text", ""), int(version))
    except (Conflict, NotAllowed) as error:
        return _warnings(it, error, series)
    return see("/desk/warnings", it.look)


@route(library, "/desk/library", roles=OVERSEERS)
def latest(it: Asked) -> Response:
    """The last thirty days."""
    return _library(it, {})


@route(library, "/desk/library", method="POST", roles=OVERSEERS)
def search(it: Asked) -> Response:
    """Posted like every search: what is typed may be somebody's number, and addresses are logged."""
    return _library(it, it.form())


def _library(it: Asked, fields: dict[str, str]) -> Response:
    ctx = wiring.context()
    first, last = fields.get("from", ""), fields.get("to", "")
    period = figures.period(ctx, first, last) if first or last else use.usual(ctx)
    outcome = fields.get("outcome", "") if fields.get("outcome", "") in use.RESULTS else ""
    typed = fields.get("q", "").strip()[:TYPED_MAX]
    asked = use.Asked(period, typed, fields.get("category", "")[:40], outcome)
    found = use.search(ctx, it.staff.actor, asked)
    values = {"q": typed, "category": asked.category, "outcome": outcome, **pages.shown_period(period.first, period.last)}
    text = pages.library(
        it.look,
        ctx.street,
        viewer(it),
        ctx.places,
        found.entries,
        found.total,
        found.left,
        values,
        use.RESULTS,
        ctx.clock.civil(),
    )
    return html(text)


@route(library, "/desk/library/agenda", roles=OVERSEERS)
def agenda(it: Asked) -> Response:
    ctx = wiring.context()
    found = use.agenda(ctx, it.staff.actor)
    text = pages.agenda(
        it.look, ctx.street, viewer(it), ctx.places, found.cases, found.classes, found.warnings, ctx.clock.civil()
    )
    return html(text)
