"""Sending the form: what most processes are begun for, so nothing else is loaded here unless it goes wrong."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import Conflict, DoorstepError, Limited, Malformed, NotAllowed, Unknown
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import capability
from chalicelib.usecases.submit import Report, submit

submission = Blueprint(__name__)


@route(submission, "/f/{kind}", method="POST")
def send(it: Asked, kind: str) -> Response:
    ctx = wiring.context()
    fields = it.form()
    if kind != "issue":
        from chalicelib.handlers import register

        return register.send(it, kind, fields)
    try:
        case = submit(ctx, _report(it, fields))
    except (NotAllowed, Limited) as error:
        return _again(it, kind, fields, error)
    except Unknown as error:
        from chalicelib.web import pages

        return html(pages.code_problem(it.look, ctx.street, error), status=error.status)
    except Conflict as error:
        if error.reason != "same_key":
            raise
        # Nothing is lost: the words stay, under a new key, and the person decides whether it is another matter.
        return _again(it, kind, {**fields, "key": ""}, error)
    return see(f"/t/{capability.token_for(ctx, case.no, case.generation)}/received", it.look)


def _again(it: Asked, kind: str, fields: dict[str, str], error: DoorstepError) -> Response:
    """The form once more, with what was typed."""
    from chalicelib.handlers.resident import form_of

    return form_of(it, fields.get("code", ""), kind, fields, error)


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
