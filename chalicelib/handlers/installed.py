"""What a browser fetches after the form: the worker that opens it without a network, the manifest and icons."""

from __future__ import annotations

import json

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import Unknown
from chalicelib.handlers.http import NOTHING, SECURITY, Asked
from chalicelib.handlers.routing import route
from chalicelib.web import installing, static

installed = Blueprint(__name__)


def _text(body: str, kind: str, **headers: str) -> Response:
    # A worker and a manifest have a stable address, so they are asked for again each time.
    return Response(
        body=body,
        status_code=200,
        headers={**SECURITY, "Content-Type": kind, "Cache-Control": "no-cache", **headers},
    )


@route(installed, "/sw.js")
def worker(it: Asked) -> Response:
    """Under its own policy: it may fetch from here, and nothing else."""
    return _text(
        static.worker(),
        "text/javascript; charset=utf-8",
        **{"Service-Worker-Allowed": f"{it.look.root}/", "Content-Security-Policy": f"{NOTHING}; connect-src 'self'"},
    )


@route(installed, "/app.webmanifest")
def manifest(it: Asked) -> Response:
    """The street's, opening on the form whose code is asked with; any code that is none opens on the way in by number."""
    ctx = wiring.context()
    code = it.query.get("c", "").strip().upper()
    try:
        ctx.scanned(code, "issue")
    except Unknown:
        code = ""
    said = json.dumps(installing.manifest(it.look, ctx.street, code), ensure_ascii=False)
    return _text(said, "application/manifest+json; charset=utf-8")


@route(installed, "/favicon.ico")
def icon(it: Asked) -> Response:
    """Pages name their icon themselves; browsers ask here when they show what is no page, as JSON, and would call it an error."""
    drawn = installing.svg(wiring.context().street.plate)
    return _text(drawn, "image/svg+xml", **{"Cache-Control": "public, max-age=86400"})
