"""Offers of help: the form for everybody, the link that takes an offer back, and the committee's list."""

from __future__ import annotations

import json
import secrets

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import volunteers as rules
from chalicelib.errors import Conflict, DoorstepError, Limited, Malformed, NotAllowed, Unknown
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import limits
from chalicelib.usecases import volunteers as helping
from chalicelib.web import pages_volunteers as pages

volunteers = Blueprint(__name__)
ATTEMPT = 32


@route(volunteers, "/volunteer")
def blank(it: Asked) -> Response:
    """`?committee=` chooses beforehand."""
    return _form(it, {"committee": it.query.get("committee", "")})


def _form(
    it: Asked, fields: dict[str, str], chosen: tuple[str, ...] = (), error: DoorstepError | None = None, key: str = ""
) -> Response:
    ctx = wiring.context()
    key = key or secrets.token_hex(16)
    heated = error is not None and error.reason == "heat"
    proof = json.dumps(limits.challenge(ctx, key)) if heated else ""
    text = pages.form(it.look, ctx.street, key, fields, chosen, error, proof=proof)
    return html(text, status=error.status if error else 200)


@route(volunteers, "/volunteer", method="POST")
def send(it: Asked) -> Response:
    ctx, lists = wiring.context(), it.form_lists()
    fields = {name: values[-1] for name, values in lists.items()}
    skills, hours, key = lists.get("skills", []), lists.get("hours", []), fields.get("key", "")
    try:
        made = helping.offer(ctx, key, fields, skills, hours, address=it.address, proof=fields.get("proof", ""))
    except (NotAllowed, Limited) as error:
        return _form(it, fields, (*skills, *hours), error, key)
    except Conflict as error:
        # Nothing is lost: the words stay, under a new key.
        return _form(it, fields, (*skills, *hours), error)
    return see(f"/volunteer/{helping.token_for(ctx, made)}", it.look)


@route(volunteers, "/volunteer/{token}")
def own(it: Asked, token: str) -> Response:
    ctx = wiring.context()
    if token == "gone":  # noqa: S105 - a page's name, no secret
        return html(pages.gone(it.look, ctx.street))
    return html(pages.own(it.look, ctx.street, helping.open_link(ctx, token).offer, token))


@route(volunteers, "/volunteer/{token}", method="POST")
def take_back(it: Asked, token: str) -> Response:
    helping.take_back(wiring.context(), token)
    return see("/volunteer/gone", it.look)


@route(volunteers, "/desk/volunteers", roles=rules.CALLERS)
def listed(it: Asked) -> Response:
    return _list(it, it.query.get("committee", ""), it.query.get("skill", ""))


def _list(
    it: Asked, committee: str, skill: str, shown: tuple[str, str] = ("", ""), error: DoorstepError | None = None, tried: str = ""
) -> Response:
    """`shown` is the offer whose number is revealed, and the number."""
    ctx, actor = wiring.context(), it.staff.actor
    mine = rules.committees(actor, ctx.street)
    if not mine:
        raise Unknown("page")
    chosen = committee or mine[0].id
    skill = skill if skill in rules.SKILLS else ""
    found = helping.listed(ctx, actor, chosen, skill)
    text = pages.listed(
        it.look, ctx.street, viewer(it), mine, chosen, skill, found, ctx.clock.civil(), shown=shown, error=error, tried=tried
    )
    return html(text, status=error.status if error else 200)


@route(volunteers, "/desk/volunteers/{entry}", method="POST", roles=rules.CALLERS)
def act(it: Asked, entry: str) -> Response:
    """Shows the number, logged, or takes the offer out on request."""
    ctx, fields = wiring.context(), it.form()
    attempt, committee = fields.get("attempt", ""), fields.get("committee", "")
    if len(attempt) != ATTEMPT or fields.get("act") not in {"reveal", "erase"}:
        raise Malformed("form")
    helping.find(ctx, it.staff.actor, committee, entry)
    if fields["act"] == "erase":
        helping.erase(ctx, it.staff.actor, committee, entry, attempt)
        return see(f"/desk/volunteers?committee={committee}", it.look)
    wanted = {"session": it.session_id, "volunteer": entry, "committee": committee, "attempt": attempt}
    found = ctx.reveal({**wanted, "reason": fields.get("reason", ""), "note": fields.get("note", "")[: rules.NOTE_MAX]})
    if "phone" not in found:
        return _list(it, committee, "", error=NotAllowed(found.get("reason", "unexpected")), tried=entry)
    return _list(it, committee, "", shown=(entry, found["phone"]))
