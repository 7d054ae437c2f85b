"""The registers at the door: the form, sending it, and the link that shows and changes what was sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace

from chalice.app import Response

from chalicelib import wiring
from chalicelib.casework.register_form import as_typed, rebased, version_of
from chalicelib.casework.registering import PEOPLE_MAX, Typed, TypedPerson
from chalicelib.errors import Conflict, DoorstepError, Limited, Malformed, NotAllowed, Unknown
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html
from chalicelib.street import Place
from chalicelib.usecases import limits, register_link
from chalicelib.usecases.register_submit import Sent, submit, terms_of
from chalicelib.web import pages, pages_register

_FLAT = ("room", "area", "rooms", "lease_from", "lease_to", "by", "slot_day", "slot_part", "agree")
_PERSON = ("key", "name", "id", "phone", "employer")
# Rows that are read: the page makes no more, and a few that were taken out may leave holes in the numbering.
_ROWS = 2 * PEOPLE_MAX


def typed_of(fields: Mapping[str, str]) -> Typed:
    """The form's fields, rows of people in the order of their numbers."""
    flat = {name: fields.get(name, "") for name in _FLAT}
    people = (_person(fields, f"p{number}") for number in range(1, _ROWS + 1))
    return Typed(**flat, landlord=_person(fields, "l"), people=tuple(person for person in people if not person.empty))


def _person(fields: Mapping[str, str], at: str) -> TypedPerson:
    values = {name: fields.get(f"{at}_{name}", "") for name in _PERSON}
    return TypedPerson(**values, guardian=bool(fields.get(f"{at}_guardian")), gone=bool(fields.get(f"{at}_gone")))


def rearranged(typed: Typed, wish: str, fields: Mapping[str, str]) -> Typed | None:
    """The form with one row more or less, where a button without JavaScript asked for it."""
    if wish == "add":
        # A row that is marked by its key alone is not empty, so it stays until it is filled in or sent.
        return replace(typed, people=(*typed.people, TypedPerson(key="new"))[:PEOPLE_MAX])
    if wish.startswith("remove") and wish.removeprefix("remove").isdecimal():
        at = f"p{int(wish.removeprefix('remove')[:3])}"
        return typed_of({name: value for name, value in fields.items() if not name.startswith(f"{at}_")})
    return None


def form(
    it: Asked,
    kind: str,
    place: Place,
    code: str,
    typed: Typed | None = None,
    error: DoorstepError | None = None,
    key: str = "",
) -> Response:
    """The form of a code that has been checked."""
    ctx = wiring.context()
    links = {other.id: ctx.code_for(other.id, place) for other in ctx.street.kinds}
    look = replace(it.look, path=f"/f/{kind}?c={code}")
    hidden = {"code": code, "key": key or secrets.token_hex(16)}
    proof = json.dumps(limits.challenge(ctx, hidden["key"])) if error is not None and error.reason == "heat" else ""
    text = pages_register.form(
        look, ctx.street, terms_of(ctx, kind), place, typed or Typed(), hidden, error, links=links, proof=proof
    )
    return html(text, status=error.status if error else 200)


def send(it: Asked, kind: str, fields: Mapping[str, str]) -> Response:
    """The form as posted. Adding or taking out a row without JavaScript comes back with the form; nothing is stored then."""
    ctx = wiring.context()
    code, key, typed = fields.get("code", ""), fields.get("key", ""), typed_of(fields)
    try:
        _, place = ctx.scanned(code, kind)
        other = rearranged(typed, fields.get("do", ""), fields)
        if other is not None:
            return form(it, kind, place, code, other, key=key)
        sent = Sent(key, code, kind, filled(typed), lang=it.look.lang, address=it.address, proof=fields.get("proof", ""))
        register = submit(ctx, sent)
    except (NotAllowed, Limited) as error:
        return form(it, kind, place, code, filled(typed), error, key=key)
    except Unknown as error:
        return html(pages.code_problem(it.look, ctx.street, error), status=error.status)
    except Conflict as error:
        if error.reason != "same_key":
            raise
        return form(it, kind, place, code, filled(typed), error)
    return see(f"/t/{register_link.token_for(ctx, register)}/received", it.look)


def filled(typed: Typed) -> Typed:
    """Without the mark of rows that were only added."""
    rows = (replace(row, key="") if row.key == "new" else row for row in typed.people)
    return replace(typed, people=tuple(row for row in rows if not row.empty))


def page(it: Asked, token: str) -> Response:
    """What a registration's link shows."""
    return shown(it, register_link.open_link(wiring.context(), token), token)


def shown(it: Asked, stored: register_link.Stored, token: str) -> Response:
    """A registration in masks; without a token it is for reading only."""
    ctx = wiring.context()
    place = ctx.places.get(stored.register.place)
    return html(pages_register.registration(it.look, ctx.street, stored.register, stored.events, place, token))


def more(it: Asked, token: str, act: str) -> Response:
    ctx = wiring.context()
    stored = register_link.open_link(ctx, token)
    if act == "received":
        return html(pages_register.received(it.look, ctx.street, stored.register, token))
    if act == "edit":
        return _edit_form(it, token, as_typed(stored.register), version_of(stored.events))
    raise Unknown("page")


def change(it: Asked, token: str, act: str) -> Response:
    ctx = wiring.context()
    if act != "edit":
        raise Unknown("page")
    fields = it.form()
    typed, seen = typed_of(fields), seen_of(fields)
    other = rearranged(typed, fields.get("do", ""), fields)
    if other is not None:
        return _edit_form(it, token, other, seen)
    try:
        register_link.edit(ctx, token, filled(typed), _attempt(fields), seen)
    except NotAllowed as error:
        return _edit_form(it, token, filled(typed), seen, error)
    except Conflict as error:
        if error.reason != "register_stale":
            raise
        stored = register_link.open_link(ctx, token)
        now = rebased(filled(typed), stored.register, stored.events, seen)
        return _edit_form(it, token, now, version_of(stored.events), error)
    return see(f"/t/{token}", it.look)


def _edit_form(it: Asked, token: str, typed: Typed, version: int, error: DoorstepError | None = None) -> Response:
    ctx = wiring.context()
    register = register_link.open_link(ctx, token).register
    place = ctx.places.get(register.place)
    if place is None or not register.editable:
        return page(it, token) if error is None else html(pages.error(it.look, ctx.street, error, ""), status=error.status)
    text = pages_register.form(
        replace(it.look, path=f"/t/{token}/edit"),
        ctx.street,
        terms_of(ctx, register.kind),
        place,
        typed,
        {"attempt": secrets.token_hex(16), "version": str(version)},
        error,
        before=register,
        target=f"{it.look.root}/t/{token}/edit",
    )
    return html(text, status=error.status if error else 200)


def seen_of(fields: Mapping[str, str]) -> int:
    """The version that the form showed. A form from before there was one is as old as can be."""
    version = fields.get("version", "0")
    if not (version.isascii() and version.isdecimal() and len(version) <= 6):
        raise Malformed("version")
    return int(version)


def _attempt(fields: Mapping[str, str]) -> str:
    sent = fields.get("attempt", "")
    return sent if 16 <= len(sent) <= 64 and sent.isalnum() else secrets.token_hex(16)
