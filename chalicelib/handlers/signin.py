"""Signing in and out, and the activation link."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import DoorstepError, NotAllowed, Unauthenticated
from chalicelib.handlers.http import Asked, cookie, see
from chalicelib.handlers.routing import STAFF, check_origin, html, route
from chalicelib.usecases import signin as signing
from chalicelib.web import pages

signin = Blueprint(__name__)


@route(signin, "/desk/signin")
def ask(it: Asked) -> Response:
    error = Unauthenticated("not_kept") if "again" in it.query else None
    return html(pages.signin(it.look, wiring.context().street, "", error))


@route(signin, "/desk/signin", method="POST")
def enter(it: Asked) -> Response:
    house = wiring.house()
    check_origin(it)
    fields = it.form()
    username = fields.get("username", "")
    try:
        session = signing.sign_in(house.context, username, fields.get("password", ""), it.address)
    except (Unauthenticated, DoorstepError) as error:
        return html(pages.signin(it.look, house.context.street, username[:64], error), status=error.status)
    return see("/desk", it.look, {"Set-Cookie": session_cookie(session)})


def session_cookie(session: str) -> str:
    name = wiring.house().settings.cookie
    seconds = signing.ABSOLUTE_S if session else 0
    return cookie(name, session, seconds=seconds, secure=name.startswith("__Host-"), same_site="Strict")


@route(signin, "/desk/signout", method="POST", roles=STAFF)
def leave(it: Asked) -> Response:
    house = wiring.house()
    signing.sign_out(house.context, it.staff)
    # Pages of the desk are never stored; what a browser kept all the same goes with the session.
    return see("/desk/signin", it.look, {"Set-Cookie": session_cookie(""), "Clear-Site-Data": '"cache"'})


@route(signin, "/desk/activate/{token}")
def begin(it: Asked, token: str) -> Response:
    ctx = wiring.context()
    signing.activation(ctx, token)
    return html(pages.activate(it.look, ctx.street, token))


@route(signin, "/desk/activate/{token}", method="POST")
def activate(it: Asked, token: str) -> Response:
    ctx = wiring.context()
    try:
        signing.activate(ctx, token, it.form().get("password", ""))
    except NotAllowed as error:
        return html(pages.activate(it.look, ctx.street, token, error), status=error.status)
    return see("/desk/signin", it.look)
