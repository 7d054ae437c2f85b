"""The doors at the desk: a list to find one, and its poster to print in the browser."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework.access import PRINTERS
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import places as doors
from chalicelib.web import pages_places as pages

places = Blueprint(__name__)

_TYPED_MAX = 80


@route(places, "/desk/places", roles=PRINTERS)
def listed(it: Asked) -> Response:
    ctx = wiring.context()
    typed = it.query.get("q", "").strip()[:_TYPED_MAX]
    return html(pages.listed(it.look, ctx.street, viewer(it), doors.find(ctx, it.staff.actor, typed), typed))


@route(places, "/desk/places/{place}", roles=PRINTERS)
def poster(it: Asked, place: str) -> Response:
    house = wiring.house()
    ctx = house.context
    found = doors.one(ctx, it.staff.actor, place)
    month = f"{ctx.clock.civil().astimezone(ctx.street.tz):%Y-%m}"
    codes = doors.codes(ctx, found)
    drawn = {
        kind.id: house.drawn_code(codes[kind.id], kind.name.text(it.look.lang)) for kind in ctx.street.kinds if kind.id in codes
    }
    return html(pages.poster(it.look, ctx.street, viewer(it), found, drawn, month))
