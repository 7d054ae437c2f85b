"""The API's page, drawn from the document as it is served."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.handlers.openapi_operations import described
from chalicelib.street import Street
from chalicelib.web import openapi, pages_api
from chalicelib.web.look import Look


def samples(look: Look, street: Street) -> dict[str, Callable[[], str]]:
    """Name → the page's HTML."""
    made = openapi.document(described(), street, look.lang, look.root, "__Host-doorstep")
    return {"api": lambda: pages_api.described(look, street, made)}
