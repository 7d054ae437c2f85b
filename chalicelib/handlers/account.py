"""One's own account: the password, and where one is signed in."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import Limited, NotAllowed
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import STAFF, html, route
from chalicelib.handlers.signin import session_cookie
from chalicelib.usecases import account as own
from chalicelib.web import pages_account as pages

account = Blueprint(__name__)


def _page(it: Asked, error: NotAllowed | Limited | None = None, act: str = "") -> Response:
    ctx = wiring.context()
    text = pages.account(it.look, ctx.street, viewer(it), own.places(ctx, it.staff), ctx.clock.wall(), error, act)
    return html(text, status=error.status if error else 200)


@route(account, "/desk/account", roles=STAFF)
def show(it: Asked) -> Response:
    return _page(it)


@route(account, "/desk/account/password", method="POST", roles=STAFF)
def password(it: Asked) -> Response:
    fields = it.form()
    try:
        session = own.change_password(wiring.context(), it.staff, fields.get("current", ""), fields.get("password", ""))
    except (NotAllowed, Limited) as error:
        return _page(it, error, "password")
    return see("/desk/account", it.look, {"Set-Cookie": session_cookie(session)})


@route(account, "/desk/account/sessions", method="POST", roles=STAFF)
def sessions(it: Asked) -> Response:
    try:
        session = own.end_others(wiring.context(), it.staff, it.form().get("current", ""))
    except (NotAllowed, Limited) as error:
        return _page(it, error, "sessions")
    return see("/desk/account", it.look, {"Set-Cookie": session_cookie(session)})
