"""Orders of other systems: one by one as a signed webhook, or as a list that staff upload."""

from __future__ import annotations

from typing import Any

import msgspec
from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import signing
from chalicelib.casework.orders import SOURCES, Order
from chalicelib.errors import TooLarge, Unauthenticated, Unknown
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import BODY_MAX, Asked, data, see
from chalicelib.handlers.reading import read
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import orders as taking
from chalicelib.usecases import orders_import
from chalicelib.usecases.orders_import import IMPORTERS
from chalicelib.web import pages_orders
from chalicelib.web.api_shapes import OrderTaken

orders = Blueprint(__name__)


@route(orders, "/api/v1/orders/{source}", method="POST", answers="json", takes="application/json")
def receive(it: Asked, source: str) -> Response:
    """201 for a new case, 200 for one that was there: `{"case", "state", "result", "left_out"}`."""
    if source not in SOURCES:
        raise Unknown("page")
    if len(it.body) > BODY_MAX:
        raise TooLarge("body")
    signature = _signed(it, source)
    received = taking.receive(wiring.context(), source, read(it, Order), signature=signature)
    case = received.case
    answer = OrderTaken(case=case.no, state=case.state, result=received.result, left_out=received.left_out)
    return data(msgspec.to_builtins(answer), 201 if received.result == taking.MADE else 200)


def _signed(it: Asked, source: str) -> str:
    """The signature, once it is found to be genuine. Raises `Unauthenticated` for any other, and for one of another time."""
    house = wiring.house()
    timestamp, signature = it.headers.get(signing.TIMESTAMP.lower(), ""), it.headers.get(signing.SIGNATURE.lower(), "")
    genuine = signing.genuine(signature, house.secrets.valid(source), timestamp, it.body)
    if not genuine or not signing.fresh(timestamp, house.context.clock.wall().timestamp()):
        raise Unauthenticated("signature")
    return signing.mac(source, timestamp, it.body)


# ---- lists


@route(orders, "/desk/orders", roles=IMPORTERS)
def listed(it: Asked) -> Response:
    ctx = wiring.context()
    rows = orders_import.imports(ctx, it.staff.actor)
    return html(pages_orders.listing(it.look, ctx.street, viewer(it), rows))


@route(orders, "/desk/orders", method="POST", roles=IMPORTERS)
def begin(it: Asked) -> Response:
    row = orders_import.begin(wiring.context(), it.staff.actor, it.form().get("source", ""))
    return see(f"/desk/orders/{row.sk}", it.look)


@route(orders, "/desk/orders/{batch}", roles=IMPORTERS)
def one(it: Asked, batch: str) -> Response:
    house = wiring.house()
    row = orders_import.found(house.context, batch)
    view: dict[str, Any] = {}
    if row.state == "waiting":
        where = f"{it.origin}{it.look.root}/desk/orders/{batch}"
        view = {"grant": house.imports.grant(batch, where), "arrived": "key" in it.query}
    elif row.state in {"done", "refused"}:
        view = {"report": house.lists.url(orders_import.report_key(batch), f"orders-{batch}.csv")}
    return html(pages_orders.one(it.look, house.context.street, viewer(it), row, **view))


@route(orders, "/desk/orders/{batch}", method="POST", roles=IMPORTERS)
def go_on(it: Asked, batch: str) -> Response:
    house = wiring.house()
    orders_import.found(house.context, batch)
    house.import_orders({"batch": batch})
    return see(f"/desk/orders/{batch}", it.look)
