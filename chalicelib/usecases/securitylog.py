"""What happened at the doors, for whoever has to find out later: one line of JSON an event, in UTC.

Never a password, a session, a link, a user name as typed, a phone, or an address: who is a person of the staff by id, and where
from is a keyed hash, which tells only that two events came from the same place. It has a level of its own, so that whoever
quietens the application's log does not lose it.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC

from chalicelib.usecases import limits
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep.security")
log.setLevel(logging.INFO)

_V4, _V6 = 32, 64


def source(address: str) -> str:
    """Whose an address is: itself, or the /64 that one subscriber has. Empty for none and for this machine itself."""
    return limits.prefix(address, _V4, _V6).removesuffix(f"/{_V4}")


def note(ctx: Context, event: str, address: str = "", **facts: str | int) -> None:
    """`facts` are ids, routes, reasons and hashes: nothing that anybody typed."""
    place = source(address)
    at = ctx.clock.wall().astimezone(UTC).isoformat(timespec="milliseconds")
    said = {"at": at, "event": event, "from": ctx.keys.mac("log", place).hex()[:16] if place else "", **facts}
    log.info("%s", json.dumps(said, ensure_ascii=True))
