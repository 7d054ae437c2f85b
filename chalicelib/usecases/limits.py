"""How many reports and registrations are taken from whom, and what is asked for when too many come.

Nobody meets anything of this on an ordinary day. A bucket that runs hot asks the browser for a proof of work (altcha's
challenge, solved by the page itself in about a second); only an address from which far more comes than any building holds
is refused for a while. A phone number never closes its owner out: whoever floods the street under somebody's number only makes
the next report under it cost a second. What is counted is a keyed hash, and it is gone after two windows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.errors import Limited
from chalicelib.models.limits import Guard, guard
from chalicelib.usecases.context import Context


@dataclass(frozen=True)
class Bucket:
    """`hot` reports in `seconds` are taken as they come, from there on with a proof of work, and past `most` not at all."""

    seconds: int
    hot: int
    most: int | None = None


# Far beyond what a busy day brings: mobile networks put thousands of people behind one address, a committee's helper writes for a
# whole estate under one number, and a burst pipe brings a building to one door.
BUCKETS = {
    "phone": Bucket(seconds=3600, hot=240),
    "address": Bucket(seconds=600, hot=600, most=6000),
    "place": Bucket(seconds=600, hot=600),
}
# The page solves it in about a second on an old phone: half of this many SHA-256 on average.
EFFORT = 40_000
PROOF_LIFE = timedelta(minutes=10)
_V4, _V6 = 24, 48
# What stands as text in a solution.
_TEXTS = ("algorithm", "challenge", "salt", "signature")


def prefix(address: str, v4: int = _V4, v6: int = _V6) -> str:
    """The network of so many bits that an address belongs to; empty for none, and for this machine itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.is_loopback:
        return ""
    return str(ipaddress.ip_network((found, v4 if found.version == 4 else v6), strict=False))


def guards(ctx: Context, phones: Iterable[str], place: str, address: str, *, proved: bool) -> list[Guard]:
    """The counters that a submission raises: one for each phone in it (a keyed hash), one for where it comes from, one for the
    door. With a proof of work only the refusing ceilings hold.
    """
    now = int(ctx.clock.wall().timestamp())
    whose = [*(("phone", phone) for phone in sorted(set(phones))), ("address", prefix(address)), ("place", place)]
    found = []
    for name, who in whose:
        if who:
            bucket = BUCKETS[name]
            ceiling = bucket.most if proved else bucket.hot
            found.append(guard(name, ctx.keys.mac("limit", name, who).hex()[:32], now, bucket.seconds, ceiling))
    return found


def refusal(name: str, *, proved: bool) -> Limited:
    """What is said of a submission that the counter `name` stopped: prove it, or have patience where it was proved already."""
    bucket = BUCKETS[name]
    wait = {"minutes": bucket.seconds // 60}
    return Limited("submissions", params=wait) if proved and bucket.most is not None else Limited("heat", params=wait)


def challenge(ctx: Context, key: str) -> dict[str, object]:
    """What the page has to solve so that the submission under this key is taken: altcha's JSON."""
    from altcha.v1 import ChallengeOptions, create_challenge

    options = ChallengeOptions(
        hmac_key=_secret(ctx), max_number=EFFORT, expires=ctx.clock.wall() + PROOF_LIFE, params={"for": _bound(ctx, key)}
    )
    found: dict[str, object] = create_challenge(options).to_dict()
    return found


def is_proved(ctx: Context, key: str, proof: str) -> bool:
    """Whether `proof` solves a challenge of ours, made for this very submission and not long ago."""
    if not proof:
        return False
    import base64
    import json

    from altcha.v1 import extract_params, verify_solution

    try:
        payload = json.loads(base64.b64decode(proof, validate=True))
        shaped = isinstance(payload, dict) and all(isinstance(payload.get(name), str) for name in _TEXTS)
        right = shaped and verify_solution(proof, _secret(ctx), check_expires=True)[0]
    except (ValueError, TypeError, AttributeError, KeyError):
        # Anybody may send anything here, and the library expects its own words.
        return False
    return bool(right) and extract_params(payload).get("for") == [_bound(ctx, key)]


def _secret(ctx: Context) -> str:
    return ctx.keys.mac("proof", "altcha").hex()


def _bound(ctx: Context, key: str) -> str:
    return ctx.keys.mac("proof", key).hex()[:32]
