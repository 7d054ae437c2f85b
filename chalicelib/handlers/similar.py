"""While somebody types: reports of the same matter at the door, and answered questions."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import Malformed
from chalicelib.handlers.http import Asked, data
from chalicelib.handlers.reading import read
from chalicelib.handlers.routing import route
from chalicelib.usecases import faq
from chalicelib.usecases import similar as finding
from chalicelib.usecases.submit import TEXT_MAX
from chalicelib.web import pages_faq
from chalicelib.web.api_shapes import SimilarAsk

similar = Blueprint(__name__)


@route(similar, "/api/v1/similar", method="POST", answers="json", takes="application/json")
def known(it: Asked) -> Response:
    """`{code, text}` → what is known; `{code, read}` → that an answer was opened, which is counted."""
    ctx = wiring.context()
    asked = read(it, SimilarAsk)
    if len(asked.text) > TEXT_MAX:
        raise Malformed("json")
    _, place = ctx.scanned(asked.code, "issue")
    if asked.read:
        faq.read(ctx, asked.read)
    found = finding.known(ctx, place, asked.text)
    return data(pages_faq.hints(it.look, ctx.street, found.cases, found.faq, ctx.clock.civil()))
