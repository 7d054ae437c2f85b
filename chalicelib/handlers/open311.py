"""Open311 GeoReport v2: other applications read what the public page may show, and file requests with a key of theirs.

Both formats by suffix, and errors in the format that was asked for. Reports from the door never pay for this: the views are
imported by the first call.
"""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.handlers.http import Asked
from chalicelib.handlers.routing import route

open311 = Blueprint(__name__)

GEO = "open311"


def _answer(view: str, it: Asked, asked: str) -> Response:
    """`asked` is the format, or the file's name that ends in it."""
    from chalicelib.handlers import open311_views

    answered: Response = getattr(open311_views, view)(it, asked)
    return answered


@route(open311, "/open311/discovery.xml", answers=GEO)
def discovery_xml(it: Asked) -> Response:
    return _answer("discovery", it, "xml")


@route(open311, "/open311/discovery.json", answers=GEO)
def discovery_json(it: Asked) -> Response:
    return _answer("discovery", it, "json")


@route(open311, "/open311/v2/services.xml", answers=GEO)
def services_xml(it: Asked) -> Response:
    return _answer("services", it, "xml")


@route(open311, "/open311/v2/services.json", answers=GEO)
def services_json(it: Asked) -> Response:
    return _answer("services", it, "json")


@route(open311, "/open311/v2/services/{file}", answers=GEO)
def definition(it: Asked, file: str) -> Response:
    return _answer("definition", it, file)


@route(open311, "/open311/v2/requests.xml", answers=GEO)
def requests_xml(it: Asked) -> Response:
    return _answer("requests", it, "xml")


@route(open311, "/open311/v2/requests.json", answers=GEO)
def requests_json(it: Asked) -> Response:
    return _answer("requests", it, "json")


@route(open311, "/open311/v2/requests/{file}", answers=GEO)
def request(it: Asked, file: str) -> Response:
    return _answer("request", it, file)


@route(open311, "/open311/v2/tokens/{file}", answers=GEO)
def token(it: Asked, file: str) -> Response:
    return _answer("token", it, file)


@route(open311, "/open311/v2/requests.xml", method="POST", answers=GEO)
def post_xml(it: Asked) -> Response:
    return _answer("post", it, "xml")


@route(open311, "/open311/v2/requests.json", method="POST", answers=GEO)
def post_json(it: Asked) -> Response:
    return _answer("post", it, "json")
