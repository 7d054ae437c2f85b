"""The JSON API beside the pages: the same use cases, the same rules, the same refusals, without markup.

Staff use it with the desk's session cookie; every change carries the session's token as `X-CSRF`. Revealing a phone number is the
page's alone.
"""

from __future__ import annotations

import msgspec
from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import access
from chalicelib.casework.ladder import STEPS
from chalicelib.errors import FieldError, Malformed, Unknown
from chalicelib.handlers import offers
from chalicelib.handlers.http import Asked, data
from chalicelib.handlers.reading import read
from chalicelib.handlers.routing import STAFF, photo_views, route
from chalicelib.usecases import capability, pictures, repeats, work
from chalicelib.usecases import follow as following
from chalicelib.usecases import submit as submitting
from chalicelib.web import api_shapes as shapes
from chalicelib.web import api_view

api = Blueprint(__name__)

JSON = "application/json"
BY_PAGE_ONLY = frozenset({"reveal"})


def told(value: msgspec.Struct, status: int = 200) -> Response:
    return data(msgspec.to_builtins(value), status)


@route(api, "/api/v1/reports", method="POST", answers="json", takes=JSON)
def report(it: Asked) -> Response:
    """201 for a case made now, 200 for the one that the same key has made before."""
    ctx = wiring.context()
    sent = read(it, shapes.Report)
    before = repeats.already(ctx, sent.key)
    fields = msgspec.structs.asdict(sent)
    case = submitting.submit(ctx, submitting.Report(**fields, lang=it.look.lang, address=it.address))
    link = f"{it.look.root}/t/{capability.token_for(ctx, case.no, case.generation)}"
    receipt = shapes.Receipt(number=case.no, link=link, state=case.state, received_at=case.received_at)
    return told(receipt, 200 if before else 201)


@route(api, "/api/v1/t/{token}", answers="json")
def progress(it: Asked, token: str) -> Response:
    ctx = wiring.context()
    stored = capability.open_link(ctx, token)
    case = stored.case
    seen = (case, pictures.all_events(stored), photo_views(ctx, case), ctx.place_of(case))
    return told(api_view.progress(ctx.street, seen, ctx.clock.civil(), it.look.lang, following.actions(ctx, case)))


@route(api, "/api/v1/cases", roles=STAFF, answers="json")
def mine(it: Asked) -> Response:
    cards = work.my_queue(wiring.context(), it.staff.actor)
    return told(shapes.Queue(csrf=it.staff.csrf, cases=tuple(api_view.listed(card) for card in cards)))


def _number(case: str) -> str:
    no = work.number(case)
    if no is None:
        raise Unknown("case")
    return no


@route(api, "/api/v1/cases/{case}", roles=STAFF, answers="json")
def one(it: Asked, case: str) -> Response:
    ctx, actor = wiring.context(), it.staff.actor
    opened = work.open_case(ctx, actor, _number(case))
    sees = access.sees_reporter(actor)
    steps = offers.actions(ctx, actor, opened, it.look.lang)
    seen = (opened.case, opened.events, photo_views(ctx, opened.case), ctx.place_of(opened.case))
    offered = [step for step in steps if step.id not in BY_PAGE_ONLY]
    return told(api_view.staff_case(ctx.street, seen, ctx.clock.civil(), it.look.lang, offered, sees_reporter=sees))


@route(api, "/api/v1/cases/{case}/{act}", method="POST", roles=STAFF, answers="json", takes=JSON)
def act(it: Asked, case: str, act: str) -> Response:
    ctx, actor = wiring.context(), it.staff.actor
    if act not in STEPS or act in BY_PAGE_ONLY:
        raise Unknown("page")
    sent = _clean(read(it, shapes.Do), act)
    stored = work.act(ctx, actor, _number(case), act, sent.inputs, sent.attempt, sent.version)
    after = stored.case
    readable = access.may_read(actor, after, ctx.street)
    return told(shapes.Done(number=after.no, version=after.version, state=after.state, readable=readable))


def _clean(sent: shapes.Do, act: str) -> shapes.Do:
    """A list where several may be chosen and a text elsewhere, as the form sends them. Raises `Malformed`."""
    several = {spec.name for spec in STEPS[act].fields if spec.kind == "partners"}
    known = {spec.name for spec in STEPS[act].fields}
    made: dict[str, str | list[str]] = {}
    for name, value in sent.inputs.items():
        if name not in known or isinstance(value, list) != (name in several):
            raise Malformed("json", fields=[FieldError(name, "shape")])
        made[name] = value if isinstance(value, list) else value.replace("\r\n", "\n").strip()
    return msgspec.structs.replace(sent, inputs=made)
