"""The signed text of a printed code: what hangs on a door, and how a forged one is told apart.

A code is 21 characters: kind (1: I issue, R rental, P population), key version (1), place (6), MAC (13 characters, 64 bits
of HMAC-SHA256 over the eight before it). Nothing is looked up to know that a code is ours; whether its place still exists and
the kind is switched on is asked afterwards. Old prints live on through a rotation because `verify` takes all live keys.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.casework.numbers import encode, is_text
from chalicelib.errors import Unknown

LETTERS: Mapping[str, str] = {"issue": "I", "rental": "R", "population": "P"}
KINDS: Mapping[str, str] = {letter: kind for kind, letter in LETTERS.items()}

LENGTH = 21
_HEAD = 8
_MAC = 13


@dataclass(frozen=True)
class Code:
    """What a genuine code says. `kind` is `issue`, `rental` or `population`; `version` the letter of the key that signed it."""

    kind: str
    version: str
    place: str


def _mac(head: str, key: bytes) -> str:
    digest = hmac.new(key, head.encode("ascii"), hashlib.sha256).digest()
    return encode(int.from_bytes(digest[:8], "big"), _MAC)


def sign(kind: str, place: str, version: str, key: bytes) -> str:
    """The 21 characters to print. `version` is one character of the alphabet. Raises ValueError for what can't be a code."""
    letter = LETTERS.get(kind)
    if letter is None:
        raise ValueError(f"there is no kind of code {kind!r}; there are {', '.join(LETTERS)}")
    if not is_text(place, 6):
        raise ValueError(f"the place {place!r} is not six characters of the alphabet")
    if not is_text(version, 1):
        raise ValueError(f"the key version {version!r} is not one character of the alphabet")
    if not key:
        raise ValueError("the key is empty")
    head = f"{letter}{version}{place}"
    return head + _mac(head, key)


def verify(code: str, keys: Mapping[str, bytes], gone: Mapping[str, bytes] | None = None) -> Code:
    """What `code` says, if one of `keys` (by version) signed it; lower case is taken too.

    Raises `Unknown("code_retired")` for one that a key of `gone` signed, and `Unknown("code_forged")` for everything else:
    malformed and forged ones look the same from outside, and the MAC is compared in constant time.
    """
    if len(code) != LENGTH or not code.isascii():  # before upper(), which can make ASCII of other letters
        raise Unknown("code_forged")
    code = code.upper()
    letter, version, place, mac = code[0], code[1], code[2:_HEAD], code[_HEAD:]
    key = keys.get(version) or (gone or {}).get(version)
    kind = KINDS.get(letter)
    if key is None or kind is None or not is_text(place, 6) or not is_text(mac, _MAC):
        raise Unknown("code_forged")
    if not hmac.compare_digest(_mac(code[:_HEAD], key), mac):
        raise Unknown("code_forged")
    if version not in keys:
        raise Unknown("code_retired")
    return Code(kind, version, place)
