"""What a case is called towards other applications: `service_request_id`, eleven characters that give its number to nobody.

Whoever knows a case's number needs only four more digits to read it, and gets five tries an hour. Numbers are therefore their
reporters' own; in a public list a thousand of them would be a thousand doors to try. So the list carries the number encrypted:
its 40 bits through four rounds of a Feistel network over the street's keyed hash, and three characters by which made-up ids are
told without a look into the table. Nothing is stored, and the same case always has the same id.
"""

from __future__ import annotations

import hmac

from chalicelib.casework import numbers
from chalicelib.usecases.context import Context

BODY, TAG = 8, 3
ROUNDS, HALF = 4, 20
_LOW = (1 << HALF) - 1


def public(ctx: Context, no: str) -> str:
    """The id of a case's number."""
    value = numbers.decode(no.replace("-", "")[:BODY])
    left, right = value >> HALF, value & _LOW
    for turn in range(ROUNDS):
        left, right = right, left ^ _scrambled(ctx, turn, right)
    body = numbers.encode(left << HALF | right, BODY)
    return body + _tag(ctx, body)


def number(ctx: Context, typed: str) -> str | None:
    """The case number behind an id; None for what we never gave out."""
    plain = typed.strip().upper()
    if not numbers.is_text(plain, BODY + TAG) or not hmac.compare_digest(plain[BODY:], _tag(ctx, plain[:BODY])):
        return None
    value = numbers.decode(plain[:BODY])
    left, right = value >> HALF, value & _LOW
    for turn in reversed(range(ROUNDS)):
        left, right = right ^ _scrambled(ctx, turn, left), left
    return numbers.case_number(left << HALF | right)


def _scrambled(ctx: Context, turn: int, half: int) -> int:
    return int.from_bytes(ctx.keys.mac("open311-id", str(turn), half.to_bytes(3, "big"))[:3], "big") & _LOW


def _tag(ctx: Context, body: str) -> str:
    return numbers.encode(int.from_bytes(ctx.keys.mac("open311-id", "tag", body)[:3], "big") & 0x7FFF, TAG)
