"""Links that need no account: `/t/{token}` opens one case to whoever holds it.

A token is the case number without dashes (9), the key's version (1) and 128 bits of HMAC over number and generation (26).
Nothing of it is stored; raising a case's generation revokes every link given out before.
"""

from __future__ import annotations

import hmac

from chalicelib.casework import numbers
from chalicelib.errors import Unknown
from chalicelib.models import cases
from chalicelib.usecases.context import Context

Stored = cases.Stored
VERSION = "2"
_NUMBER, _MAC = 9, 26


def _mac(ctx: Context, no: str, generation: int) -> str:
    digest = ctx.keys.mac("link", VERSION, no, str(generation))
    return numbers.encode(int.from_bytes(digest[:16], "big"), _MAC)


def token_for(ctx: Context, no: str, generation: int) -> str:
    return no.replace("-", "") + VERSION + _mac(ctx, no, generation)


def open_link(ctx: Context, token: str) -> Stored:
    """The case behind a link. Raises `Unknown("link")` for anything altered, foreign or revoked; they all look alike."""
    plain = token.upper()
    no = numbers.normalise_number(plain[:_NUMBER]) if len(token) == _NUMBER + 1 + _MAC and token.isascii() else None
    if no is None or plain[_NUMBER] != VERSION:
        raise Unknown("link")
    stored = cases.get(no)
    if stored is None:
        raise Unknown("link")
    if not hmac.compare_digest(plain[_NUMBER + 1 :], _mac(ctx, no, stored.case.generation)):
        raise Unknown("link")
    return stored
