"""Signatures between systems: HMAC-SHA256 over a timestamp and the body, under a secret that both sides hold.

`X-Doorstep-Timestamp: 1763431200` and `X-Doorstep-Signature: v1=<hex>[,v1=<hex>]`. The signed bytes are the timestamp's digits, a
full stop, and the body as sent. Two secrets may hold at once while they are exchanged: we sign with both and take either.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

TIMESTAMP, SIGNATURE, EVENT = "X-Doorstep-Timestamp", "X-Doorstep-Signature", "X-Doorstep-Event"
SKEW_S = 300
_STAMP = re.compile(r"[0-9]{1,12}")
# Nobody exchanges more than two secrets at once; a header with many guesses is none.
SIGNATURES_MAX = 4


def mac(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signature(secrets: Sequence[str], timestamp: str, body: bytes) -> str:
    """The header's value, one part for each secret that holds."""
    return ",".join(f"v1={mac(secret, timestamp, body)}" for secret in secrets)


def genuine(header: str, secrets: Sequence[str], timestamp: str, body: bytes) -> bool:
    """Whether one of the signatures is made with one of the secrets. All are compared, in the same time."""
    given = [part.strip().removeprefix("v1=") for part in header.split(",") if part.strip().startswith("v1=")]
    if not 1 <= len(given) <= SIGNATURES_MAX:
        return False
    found = False
    for secret in secrets:
        wanted = mac(secret, timestamp, body).encode()
        for one in given:
            found |= hmac.compare_digest(one.encode(), wanted)
    return found


def fresh(timestamp: str, now: float) -> bool:
    """Whether it was signed within five minutes of now, in epoch seconds."""
    return bool(_STAMP.fullmatch(timestamp)) and abs(int(timestamp) - now) <= SKEW_S
