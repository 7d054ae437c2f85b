"""The base register's exports: with masks made here, with whole numbers asked of the function that may."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import register_rules as rules
from chalicelib.errors import DoorstepError, FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.register_desk import attempt_of
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import register_export, register_full
from chalicelib.web.i18n import t
from chalicelib.web.pages_register_exports import ExportRow
from chalicelib.web.pages_register_exports import exports as exports_page

register_exports = Blueprint(__name__)


@route(register_exports, "/desk/exports", roles=rules.EXPORTERS)
def exports(it: Asked) -> Response:
    return _exports(it, {})


def _exports(
    it: Asked, values: Mapping[str, str], error: DoorstepError | None = None, link: tuple[str, int, str] | None = None
) -> Response:
    """`link` is (export, part, address): a link that has just been put on record."""
    ctx, lists = wiring.context(), wiring.house().lists
    committees = rules.committees_of(it.staff.actor, rules.EXPORTERS, ctx.street)
    names = {one: ctx.street.committee_by_id[one].name.text(it.look.lang) for one in committees}
    now = ctx.clock.civil()
    rows = [
        ExportRow(
            id=one.id,
            committee=one.committee,
            name=names[one.committee],
            at=one.at,
            who=one.who,
            reason=one.reason,
            since=one.since,
            count=one.count,
            full=one.full,
            parts=one.parts,
            state=one.state,
            closed=one.closed,
            taken=tuple((got.at, got.who, got.part) for got in one.taken),
            url="" if one.full or one.state != "done" else lists.url(one.key, f"register-{one.committee}-{one.at[:10]}.zip"),
            fresh=one.full and register_full.fresh(one, now),
            mine=one.by == it.staff.actor.id,
        )
        for one in register_export.exports(ctx, it.staff.actor)
    ]
    text = exports_page(it.look, ctx.street, viewer(it), rows, list(names.items()), values, error, link=link)
    return html(text, status=error.status if error else 200)


@route(register_exports, "/desk/exports", method="POST", roles=rules.EXPORTERS)
def export(it: Asked) -> Response:
    house, fields = wiring.house(), it.form()
    words = partial(t, house.context.street.languages[0])
    committee, reason = fields.get("committee", ""), fields.get("reason", "")
    try:
        if fields.get("do") in {"make", "link"} or fields.get("numbers") == "full":
            return _full(it, fields)
        register_export.export(
            house.context,
            house.lists,
            words,
            it.staff.actor,
            committee,
            reason,
            attempt_of(fields),
            whole=bool(fields.get("whole")),
        )
    except NotAllowed as error:
        return _exports(it, fields, error)
    return see("/desk/exports", it.look)


def _full(it: Asked, fields: Mapping[str, str]) -> Response:
    """Whole numbers: every step is another function's, this one only asks. Making them goes on when the page is long there."""
    house = wiring.house()
    asked = {"session": it.session_id, "committee": fields.get("committee", "")}
    if fields.get("do") == "link":
        part = fields.get("part", "")
        said = _said(house.export({**asked, "do": "link", "id": fields.get("id", ""), "part": part}))
        return _exports(it, {}, link=(fields.get("id", ""), int(part), said["url"]))
    if fields.get("do") == "make":
        name = fields.get("id", "")
    else:
        why = {"reason": fields.get("reason", "")[:1000], "whole": fields.get("whole", ""), "attempt": attempt_of(fields)}
        name = _said(house.export({**asked, "do": "ask", **why}))["id"]
    _said(house.export({**asked, "do": "make", "id": name}, later=True))
    return see("/desk/exports", it.look)


def _said(answer: Mapping[str, str]) -> Mapping[str, str]:
    """The other function's answer, or its refusal as one of ours."""
    if "error" not in answer:
        return answer
    reason = answer.get("reason", "unexpected")
    if reason == "fields":
        raise NotAllowed("fields", fields=[FieldError("reason", "required")])
    raise {"Forbidden": Forbidden, "Unknown": Unknown}.get(answer["error"], NotAllowed)(reason)
