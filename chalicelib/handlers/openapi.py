"""The description of the API, for programs (`/openapi.json`) and for people (`/api`). Nobody else pays for it: what it is made of
is imported by the first who asks.
"""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.handlers.http import Asked, data
from chalicelib.handlers.routing import html, route

openapi = Blueprint(__name__)


@route(openapi, "/openapi.json", answers="json")
def as_json(it: Asked) -> Response:
    from chalicelib.handlers.openapi_operations import document

    return data(document(it))


@route(openapi, "/api")
def as_page(it: Asked) -> Response:
    from chalicelib.handlers.openapi_operations import document
    from chalicelib.web import pages_api

    return html(pages_api.described(it.look, wiring.context().street, document(it)))
