"""Answers for what reaches no route: unknown addresses, wrong methods, wrong types, bodies that are too large.

Chalice and API Gateway answer these in English JSON. Here they become a page in the reader's language, a problem object
under `/api/`, or GeoReport's errors under `/open311/`. The one-machine server calls `answer_for` for what it refuses itself;
deployed, the template's gateway responses do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Request

from chalicelib import wiring
from chalicelib.errors import DoorstepError, Forbidden, Malformed, TooLarge, Unknown
from chalicelib.handlers.http import asked
from chalicelib.handlers.routing import failure

REASONS: Mapping[int, tuple[type[DoorstepError], str]] = {
    400: (Malformed, "form"),
    403: (Forbidden, "role"),
    404: (Unknown, "page"),
    405: (Unknown, "page"),
    413: (TooLarge, "body"),
    415: (Malformed, "content_type"),
}


def answer_for(event: Mapping[str, Any], status: int) -> dict[str, Any]:
    """The Lambda-shaped response for a status that no view of ours made. `event` may lack everything but headers and path."""
    context = dict(event.get("requestContext") or {})
    path = str(context.get("path") or event.get("path") or "/")
    whole = {
        "multiValueQueryStringParameters": None,
        "pathParameters": {},
        "stageVariables": {},
        "body": None,
        "isBase64Encoded": False,
        **event,
        "headers": dict(event.get("headers") or {}),
        "requestContext": {
            **context,
            "path": path,
            "resourcePath": context.get("resourcePath") or "",
            "httpMethod": context.get("httpMethod") or event.get("httpMethod") or "GET",
        },
    }
    kind, reason = REASONS.get(status, (DoorstepError, "unexpected") if status >= 500 else (Unknown, "page"))
    error = kind(reason)
    if status in REASONS:
        error.status = status
    house = wiring.house()
    it = asked(Request(whole), house.context.street.languages, house.settings.base_url)
    kinds = {"/api/": "json", "/open311/": "open311"}
    response = failure(it, next((kind for start, kind in kinds.items() if it.look.path.startswith(start)), "page"), error)
    made: dict[str, Any] = response.to_dict()
    return made
