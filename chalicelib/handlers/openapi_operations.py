"""What there is to say of the API's routes.

`OPERATIONS` says of each declared route what it takes and gives; a test holds the two together, so that no route goes undescribed
and nothing is described that is not there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib import wiring
from chalicelib.casework import signing
from chalicelib.casework.orders import Order
from chalicelib.handlers.http import Asked
from chalicelib.handlers.routing import ROUTES, Declared
from chalicelib.web import api_figures
from chalicelib.web import api_shapes as api
from chalicelib.web import open311_shapes as geo
from chalicelib.web import openapi as writing
from chalicelib.web.openapi import Described, Json, Operation

STARTS = ("/api/v1/", "/open311/")
GEO = "open311"
DAY: Json = {"type": "string", "format": "date"}
TEXT: Json = {"type": "string"}
MOMENT: Json = {"type": "string", "examples": ["2026-11-22T10:00:00+08:00"]}
COUNT: Json = {"type": "integer", "minimum": 1}
STREET: dict[str, Json] = {"jurisdiction_id": TEXT}
LISTING: dict[str, Json] = {
    **STREET,
    "service_request_id": {"type": "string", "examples": ["7K2M9QXATB4,8A8LNB2NZJ7"]},
    "service_code": TEXT,
    "start_date": MOMENT,
    "end_date": MOMENT,
    "status": {"type": "string", "examples": ["open", "closed", "open,closed"]},
    "page": COUNT,
    # Whoever asks for more gets a thousand: clients that know nothing of ours ask for what they like.
    "page_size": {**COUNT, "default": 1000},
}

REPORTING, FOLLOWING, DESK, FIGURES = "reporting", "following", "desk", "figures"
PROVIDERS, SYSTEMS = "providers", "systems"
_SENDING = (400, 404, 409, 413, 415, 422, 429)

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("POST", "/api/v1/reports"): Operation(
        "report", REPORTING, {201: api.Receipt, 200: api.Receipt}, takes=api.Report, refuses=_SENDING
    ),
    ("POST", "/api/v1/photos"): Operation(
        "photo", REPORTING, {200: api.PhotoGrant}, takes=api.PhotoAsk, refuses=(400, 404, 413, 415)
    ),
    ("POST", "/api/v1/similar"): Operation(
        "similar", REPORTING, {200: api.Similar}, takes=api.SimilarAsk, refuses=(400, 404, 413, 415)
    ),
    ("GET", "/api/v1/t/{token}"): Operation("progress", FOLLOWING, {200: api.Progress}, refuses=(404,)),
    ("GET", "/api/v1/cases"): Operation("queue", DESK, {200: api.Queue}, refuses=(401, 403)),
    ("GET", "/api/v1/cases/{case}"): Operation("case", DESK, {200: api.StaffCase}, refuses=(401, 403, 404)),
    ("POST", "/api/v1/cases/{case}/{act}"): Operation(
        "act", DESK, {200: api.Done}, takes=api.Do, refuses=(400, 401, 403, 404, 409, 413, 415, 422)
    ),
    ("GET", "/api/v1/figures"): Operation(
        "figures", FIGURES, {200: api_figures.Figures}, query={"unit": TEXT, "from": DAY, "to": DAY}, refuses=(401, 403, 404, 422)
    ),
    ("POST", "/api/v1/receipts/{provider}/{token}"): Operation(
        "receipts", PROVIDERS, {200: api.Taken, 503: api.Taken}, takes=list[dict[str, Any]], refuses=(400, 404, 413)
    ),
    ("POST", "/api/v1/orders/{source}"): Operation(
        "order",
        SYSTEMS,
        {201: api.OrderTaken, 200: api.OrderTaken},
        takes=Order,
        headers=(signing.TIMESTAMP, signing.SIGNATURE),
        refuses=(400, 401, 404, 409, 413, 415, 422),
    ),
    ("GET", "/open311/v2/services/{file}"): Operation("definition", GEO, {200: geo.Definition}, query=STREET, refuses=(404,)),
    ("GET", "/open311/v2/requests/{file}"): Operation("request", GEO, {200: list[geo.Request]}, query=STREET, refuses=(404,)),
    ("GET", "/open311/v2/tokens/{file}"): Operation("token", GEO, {200: list[geo.Token]}, query=STREET, refuses=(404,)),
}
for _fmt in ("xml", "json"):
    OPERATIONS |= {
        ("GET", f"/open311/discovery.{_fmt}"): Operation("discovery", GEO, {200: geo.Discovery}),
        ("GET", f"/open311/v2/services.{_fmt}"): Operation(
            "services", GEO, {200: list[geo.Service]}, query=STREET, refuses=(404,)
        ),
        ("GET", f"/open311/v2/requests.{_fmt}"): Operation(
            "requests", GEO, {200: list[geo.Request]}, query=LISTING, refuses=(400, 404)
        ),
        ("POST", f"/open311/v2/requests.{_fmt}"): Operation(
            "file", GEO, {201: list[geo.Filed]}, takes=geo.Filing, refuses=(400, 403, 404, 409, 413, 415, 429)
        ),
    }


def described() -> list[Described]:
    """The declared routes of the API, those for reporting first, in the order of their words above."""
    order = list(OPERATIONS)
    found = [route for route in ROUTES.values() if route.path.startswith(STARTS) and (route.method, route.path) in OPERATIONS]
    found.sort(key=lambda route: order.index((route.method, route.path)))
    return [Described(one.path, one.method, bool(one.roles), OPERATIONS[one.method, one.path], _format(one)) for one in found]


def _format(declared: Declared) -> str:
    if declared.answers != GEO:
        return ""
    suffix = declared.path.rsplit(".", 1)[-1]
    return suffix if suffix in {"xml", "json"} else "both"


@cache
def _document(street: str, lang: str, root: str) -> Json:
    """The street never changes within a process of a deployment; where tests change it, its id does."""
    house = wiring.house()
    return writing.document(described(), house.context.street, lang, root, house.settings.cookie)


def document(it: Asked) -> Json:
    return _document(wiring.context().street.id, it.look.lang, it.look.root)
