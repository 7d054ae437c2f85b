"""Doorstep (家门口): the Chalice object, its blueprints, and every event function.

Event functions stand here and not on blueprints, because Chalice deploys a blueprint's function without ever loading this file.
Nothing is built at import, except on Lambda: `wiring` makes clients on the first call of a process.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from chalice.app import Chalice

from chalicelib import wiring
from chalicelib.handlers import loading


class Doorstep(Chalice):
    """Chalice, except that what it refuses by itself is said in the page's way and the reader's language."""

    def __call__(self, event: Any, context: Any) -> Any:
        loading.load_for(self, event)
        response = super().__call__(event, context)
        if response["statusCode"] >= 400 and _is_chalices_own(response):
            from chalicelib.handlers import fallback

            # To Chalice an address that it was never told of is its own mistake.
            known = self.routes.get((event.get("requestContext") or {}).get("resourcePath", ""))
            return fallback.answer_for(event, response["statusCode"] if known else 404)
        return response


def _is_chalices_own(response: dict[str, Any]) -> bool:
    body = response.get("body")
    if not isinstance(body, str) or not body.startswith("{"):
        return False
    try:
        return set(json.loads(body)) <= {"Code", "Message"}
    except ValueError:
        return False


app = Doorstep(app_name="doorstep")
# Chalice lets errors through alone; warnings are what operators find out from.
app.log.setLevel("INFO")
loading.load_first(app)
wiring.begin()


@app.lambda_function(name="reveal")
def reveal(event: Any, context: Any) -> Any:
    """Decrypts one phone number after logging who asks and why."""
    from chalicelib.usecases.reveal import handle

    return handle(wiring.context(), event)


@app.lambda_function(name="notify")
def notify(event: Any, context: Any) -> Any:
    """Fed by the outbox's stream: sends what was just written."""
    from chalicelib.usecases.send import on_stream

    if context is None:
        return on_stream(wiring.context(), event)
    return on_stream(wiring.context(), event, _seconds_left(context))


@app.lambda_function(name="photo")
def photo(event: Any, context: Any) -> Any:
    """An upload has arrived: sniffs, re-encodes, makes the thumbnail, deletes the original."""
    from chalicelib.usecases.photos import process

    house = wiring.house()
    done = process(event, house.photo_files, house.context.clock, house.context.street.retention.photo_days)
    return {"done": [photo.outcome for photo in done]}


@app.lambda_function(name="sweep")
def sweep(event: Any, context: Any) -> Any:
    """Every minute: the step timers, then the net under the outbox's stream."""
    from chalicelib.usecases import send, sweeping

    ctx, seconds_left = wiring.context(), _seconds_left(context)
    swept = sweeping.sweep(ctx, seconds_left)
    answer = asdict(swept)
    del answer["offices"]
    return {**answer, "messages": send.sweep(ctx, seconds_left, swept.offices, stepped=swept.stepped)}


@app.lambda_function(name="digest")
def digest(event: Any, context: Any) -> Any:
    """Around the street's hour: each committee's digest of the registers, missed days too, and leases that have ended."""
    from chalicelib.usecases import register_digest
    from chalicelib.web.i18n import t

    house = wiring.house()
    words = partial(t, house.context.street.languages[0])
    return asdict(register_digest.run(house.context, house.lists, words, _seconds_left(context)))


@app.lambda_function(name="tidy")
def tidy(event: Any, context: Any) -> Any:
    """Every hour: what erasing left to do, photos of nobody, and class cases; once a day what reports have in common."""
    from chalicelib.usecases import patterns, tidying

    house, seconds_left = wiring.house(), _seconds_left(context)
    tidied = asdict(tidying.tidy(house.context, house.photo_files, seconds_left))
    return {**tidied, "patterns": patterns.look(house.context, seconds_left)}


@app.lambda_function(name="export")
def export(event: Any, context: Any) -> Any:
    """The base register with whole numbers: asked for with a reason, made in the background, handed out by links on record."""
    return wiring.house().export_here(event, _seconds_left(context))


@app.lambda_function(name="orders")
def import_orders(event: Any, context: Any) -> Any:
    """A list of other systems' orders, taken in part by part. Raises when the time ends first: called again it goes on."""
    done = wiring.house().import_here(event, _seconds_left(context))
    if done["state"] == "running":
        raise TimeoutError("the import is not done; called again it goes on where it stopped")
    return done


@app.lambda_function(name="webhooks")
def webhooks(event: Any, context: Any) -> Any:
    """Events for other systems: what the outbox's stream brings at once, and what is due every minute."""
    from chalicelib.usecases import webhooks as sending

    house = wiring.house()
    it = sending.Sending(house.context, house.secrets, house.poster, _seconds_left(context))
    return sending.on_stream(it, event) if "Records" in event else {"sent": sending.sweep(it)}


@app.lambda_function(name="watch")
def watch(event: Any, context: Any) -> Any:
    """Once an hour: fails when an operator has to hear of something, which is the alarm."""
    from chalicelib.usecases import watching

    watching.watch(wiring.context())
    return {}


def _seconds_left(context: Any) -> Callable[[], float]:
    """What Lambda still gives this call."""
    return lambda: float(context.get_remaining_time_in_millis()) / 1000
