"""Keys, codes, case numbers and phone numbers, for the peer that does the whole job."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[02-9]\d{6,7}")
IN_TEXT = re.compile(r"(?<!\d)1[3-9]\d(?:[ .-]?\d){8}(?!\d)")


@dataclass(frozen=True)
class Secrets:
    root: bytes
    codes: Mapping[str, bytes]

    def mac(self, label: str, *parts: str) -> bytes:
        key = hmac.digest(self.root, label.encode(), hashlib.sha256)
        return hmac.digest(key, b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts), hashlib.sha256)


def encoded(value: int, length: int) -> str:
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(length)))


def place_of(code: str, keys: Secrets) -> str | None:
    """The place of a genuine code: kind, key version, place (6), MAC (13)."""
    key = keys.codes.get(code[1:2])
    if len(code) != 21 or key is None or code[0] not in "IRP":
        return None
    digest = hmac.digest(key, code[:8].encode("ascii"), hashlib.sha256)
    return code[2:8] if hmac.compare_digest(encoded(int.from_bytes(digest[:8], "big"), 13), code[8:]) else None


def case_number(mac: bytes) -> str:
    body = encoded(int.from_bytes(mac[:5], "big"), 8)
    total = 0
    for position, char in enumerate(reversed(body)):
        value = ALPHABET.index(char) * (1 if position % 2 else 2)
        total += value // 32 + value % 32
    return f"{body[:4]}-{body[4:]}-{ALPHABET[-total % 32]}"


def normalised(typed: str) -> str | None:
    digits = re.sub(r"[\s().-]", "", unicodedata.normalize("NFKC", typed))
    mobile = MOBILE.fullmatch(digits)
    if mobile:
        return f"+86{mobile[1]}"
    return f"+86{digits[1:]}" if LANDLINE.fullmatch(digits) else None


def told(text: str) -> str:
    """The one mobile that stands in a text; empty for none or several."""
    found = {normalised(match) for match in IN_TEXT.findall(unicodedata.normalize("NFKC", text))}
    return (found.pop() or "") if len(found) == 1 else ""


def mask(phone: str) -> str:
    return f"{phone[3:6]}****{phone[-4:]}" if phone else ""


def hidden(text: str) -> str:
    """A text with masks for the mobiles in it."""
    return IN_TEXT.sub(lambda match: mask(normalised(match[0]) or ""), text)
