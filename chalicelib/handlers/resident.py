"""At the door: the code, the form, and what the form fetches. `submission` takes what it sends."""

from __future__ import annotations

import json
import secrets

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import DoorstepError, Unknown
from chalicelib.handlers import register
from chalicelib.handlers.http import SECURITY, Asked, data
from chalicelib.handlers.reading import read
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import figures, limits
from chalicelib.usecases.submit import photo_ref
from chalicelib.web import pages
from chalicelib.web.api_shapes import PhotoAsk
from chalicelib.web.static import read_static

resident = Blueprint(__name__)

FORM_GRANT_MINUTES = 10
# A blank form says nothing of anybody. Who goes back has the one they sent, with its key: sent once more, it finds its case.
GONE_BACK_TO = {"Cache-Control": "private, no-cache"}


def form_of(
    it: Asked, code: str, kind: str | None, values: dict[str, str] | None = None, error: DoorstepError | None = None
) -> Response:
    """The form of a code, or the page that says why there is none. `kind` None takes whichever the code is of."""
    ctx = wiring.context()
    try:
        found, place = ctx.scanned(code, kind)
    except Unknown as problem:
        return html(pages.code_problem(it.look, ctx.street, problem), status=problem.status)
    if found.kind != "issue":
        return register.form(it, found.kind, place, code.strip().upper())
    links = {other.id: ctx.code_for(other.id, place) for other in ctx.street.kinds}
    key = (values or {}).get("key") or secrets.token_hex(16)
    heated = error is not None and error.reason == "heat"
    proof = json.dumps(limits.challenge(ctx, key)) if heated else ""
    text = pages.form(
        it.look, ctx.street, found.kind, place, code.strip().upper(), key, values or {}, error, links=links, proof=proof
    )
    return html(text, status=error.status if error else 200)


@route(resident, "/Q/{code}")
def scan(it: Asked, code: str) -> Response:
    answer = _revisitable(form_of(it, code, None))
    # What the page itself fetches once more, to have it without a network, is nobody at a door.
    if answer.status_code == 200 and "x-doorstep" not in it.headers:
        figures.scanned(wiring.context(), wiring.context().scanned(code)[1].id)
    return answer


@route(resident, "/f/{kind}")
def form(it: Asked, kind: str) -> Response:
    return _revisitable(form_of(it, it.query.get("c", ""), kind))


def _revisitable(answer: Response) -> Response:
    if answer.status_code == 200:
        answer.headers.update(GONE_BACK_TO)
    return answer


@route(resident, "/api/v1/photos", method="POST", answers="json", takes="application/json")
def grant_photo(it: Asked) -> Response:
    """A pinned upload for one photo of a form that is being filled in."""
    ctx = wiring.context()
    wanted = read(it, PhotoAsk)
    ctx.scanned(wanted.code, "issue")
    grant = ctx.photos.grant(photo_ref(ctx, wanted.key), wanted.slot, minutes=FORM_GRANT_MINUTES)
    return data({"url": grant.url, "fields": dict(grant.fields), "slot": wanted.slot})


@route(resident, "/static/{name}")
def static(it: Asked, name: str) -> Response:
    found = read_static(name)
    if found is None:
        raise Unknown("page")
    body, content_type = found
    headers: dict[str, str | list[str]] = {
        **SECURITY,
        "Content-Type": content_type,
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    text = body if content_type.startswith("image/png") else body.decode()
    return Response(body=text, status_code=200, headers=headers)
