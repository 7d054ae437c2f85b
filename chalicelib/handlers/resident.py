"""From the door: the code, the form, and sending it."""

from __future__ import annotations

import json
import secrets

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import Conflict, DoorstepError, Limited, Malformed, NotAllowed, Unknown
from chalicelib.handlers import register
from chalicelib.handlers.http import SECURITY, Asked, data, see
from chalicelib.handlers.reading import read
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import capability, figures, limits
from chalicelib.usecases.submit import Report, photo_ref, submit
from chalicelib.web import pages
from chalicelib.web.api_shapes import PhotoAsk
from chalicelib.web.static import read_static

resident = Blueprint(__name__)

FORM_GRANT_MINUTES = 10


def _form(
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
    answer = _form(it, code, None)
    # What the page itself fetches once more, to have it without a network, is nobody at a door.
    if answer.status_code == 200 and "x-doorstep" not in it.headers:
        figures.scanned(wiring.context(), wiring.context().scanned(code)[1].id)
    return answer


@route(resident, "/f/{kind}")
def form(it: Asked, kind: str) -> Response:
    return _form(it, it.query.get("c", ""), kind)


@route(resident, "/f/{kind}", method="POST")
def send(it: Asked, kind: str) -> Response:
    ctx = wiring.context()
    fields = it.form()
    if kind != "issue":
        return register.send(it, kind, fields)
    try:
        case = submit(ctx, _report(it, fields))
    except (NotAllowed, Limited) as error:
        return _form(it, fields.get("code", ""), kind, fields, error)
    except Unknown as error:
        return html(pages.code_problem(it.look, ctx.street, error), status=error.status)
    except Conflict as error:
        if error.reason != "same_key":
            raise
        # Nothing is lost: the words stay, under a new key, and the person decides whether it is another matter.
        return _form(it, fields.get("code", ""), kind, {**fields, "key": ""}, error)
    return see(f"/t/{capability.token_for(ctx, case.no, case.generation)}/received", it.look)


def _report(it: Asked, fields: dict[str, str]) -> Report:
    try:
        slots = tuple(int(slot) for slot in fields.get("photos", "").split(",") if slot.strip())
    except ValueError as error:
        raise Malformed("form") from error
    known = {name: fields.get(name, "") for name in ("key", "code", "text", "category", "nickname", "phone", "elsewhere")}
    return Report(
        **known,
        photos=slots,
        reporter=fields.get("reporter") or "resident",
        lang=it.look.lang,
        address=it.address,
        proof=fields.get("proof", ""),
    )


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
