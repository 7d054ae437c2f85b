"""After sending: the number, the progress, what the resident adds, the rating; and the way in by number."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import DoorstepError, NotAllowed, Unknown
from chalicelib.handlers import register
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, photo_views, route
from chalicelib.usecases import capability, faq, pictures, register_link
from chalicelib.usecases import follow as following
from chalicelib.usecases.capability import Stored
from chalicelib.web import pages
from chalicelib.web.views import Elsewhere

follow = Blueprint(__name__)

ACTS = frozenset({"reply", "add", "rate", "withdraw"})
PAGE_GRANT_MINUTES = 30


def _progress(
    it: Asked, token: str, stored: Stored, error: DoorstepError | None = None, values: dict[str, str] | None = None
) -> Response:
    ctx = wiring.context()
    allowed = set(following.actions(ctx, stored.case)) if token else set()
    into = following.went_into(stored.case)
    text = pages.progress(
        it.look,
        ctx.street,
        stored.case,
        pictures.all_events(stored),
        photo_views(ctx, stored.case),
        token,
        ctx.clock.civil(),
        allowed,
        values or {},
        error,
        place=ctx.place_of(stored.case),
        into=Elsewhere(**asdict(into)) if into else None,
    )
    return html(text, status=error.status if error else 200)


@route(follow, "/")
def home(it: Asked) -> Response:
    return html(pages.track(it.look, wiring.context().street))


@route(follow, "/track")
def track(it: Asked) -> Response:
    return html(pages.track(it.look, wiring.context().street))


@route(follow, "/track", method="POST")
def find(it: Asked) -> Response:
    """View only: whoever knows number and four digits sees the progress, or the registration in masks, and no more."""
    ctx = wiring.context()
    fields = it.form()
    try:
        found = following.look_up(ctx, fields.get("number", ""), fields.get("last4", ""))
    except DoorstepError as error:
        return html(pages.track(it.look, ctx.street, {"number": fields.get("number", "")[:20]}, error), status=error.status)
    if found.register is not None:
        return register.shown(it, found.register, "")
    if found.case is None:
        raise Unknown("page")
    return _progress(it, "", found.case)


@route(follow, "/t/{token}")
def progress(it: Asked, token: str) -> Response:
    if register_link.is_one(token):
        return register.page(it, token)
    return _progress(it, token, capability.open_link(wiring.context(), token))


@route(follow, "/t/{token}/{act}")
def more(it: Asked, token: str, act: str) -> Response:
    if register_link.is_one(token):
        return register.more(it, token, act)
    ctx = wiring.context()
    stored = capability.open_link(ctx, token)
    if act == "received":
        # Without JavaScript nobody was shown them while typing.
        answers = faq.for_case(ctx, stored.case.text, stored.case.committee)
        return html(pages.received(it.look, ctx.street, stored.case, token, ctx.clock.civil(), answers=answers))
    if act == "rate":
        return html(pages.rate(it.look, ctx.street, stored.case, token, {}, _closed_gate(stored, "rate")))
    if act == "photos":
        return _photos(it, token, stored)
    raise Unknown("page")


def _photos(it: Asked, token: str, stored: Stored) -> Response:
    """The list of photos and one upload. Back from S3 (`sent`) it says what arrived and offers the next one by a link."""
    ctx = wiring.context()
    sent = it.query.get("sent") == "1"
    arrived = pictures.arrived_slot(stored.case, it.query.get("key", "")) if sent else None
    standing = photo_views(ctx, stored.case, arrived)
    left = pictures.left(stored.case, [photo.slot for photo in standing if photo.status != "refused"])
    grant = None
    if left and not sent:
        back = f"{it.origin}{it.look.root}/t/{token}/photos?sent=1"
        grant = pictures.next_grant(ctx, stored.case, "reporter", PAGE_GRANT_MINUTES, back)
        left = left if grant else 0
    return html(pages.photos(it.look, ctx.street, stored.case, token, standing, grant, left))


def _closed_gate(stored: Stored, action: str) -> NotAllowed | None:
    """Why the form is not open now, to be said on the page instead of after filling it in."""
    ctx = wiring.context()
    if action in following.actions(ctx, stored.case):
        return None
    if stored.case.rating is not None and stored.case.state in {"handled", "visiting", "closed"}:
        return NotAllowed("already_rated")
    return NotAllowed("state", params={"state": stored.case.state, "action": action})


@route(follow, "/t/{token}/{act}", method="POST")
def change(it: Asked, token: str, act: str) -> Response:
    if register_link.is_one(token):
        return register.change(it, token, act)
    ctx = wiring.context()
    if act not in ACTS:
        raise Unknown("page")
    fields = it.form()
    try:
        following.act(ctx, token, act, _data(fields), _attempt(fields))
    except NotAllowed as error:
        stored = capability.open_link(ctx, token)
        if act == "rate":
            return html(pages.rate(it.look, ctx.street, stored.case, token, fields, error), status=error.status)
        return _progress(it, token, stored, error, {**fields, "act": act})
    return see(f"/t/{token}", it.look)


def _attempt(fields: dict[str, str]) -> str:
    """The page's own attempt id makes a double tap one addition; a page without one gets a fresh id."""
    sent = fields.get("attempt", "")
    return sent if 16 <= len(sent) <= 64 and sent.isalnum() else secrets.token_hex(16)


def _data(fields: dict[str, str]) -> dict[str, Any]:
    return {name: value.replace("\r\n", "\n").strip() for name, value in fields.items() if name != "attempt"}
