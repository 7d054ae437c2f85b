"""The one item that bare peers put: as many bytes as a new case weighs, so that nobody signs or sends less than another."""

from __future__ import annotations

from urllib.parse import parse_qs

TABLE = "Cases"
# Of a case as it is stored (tests/test_bench.py holds it to that): body, card and figures, and the keys of its indexes.
BODY = bytes(range(256)) * 4 + bytes(157)
SEALED = bytes(240)
CARD = "x" * 580
FIGURES = "x" * 273
AT = "2026-11-22T03:04:05.000Z"
TEXTS = {
    "attempt": "0" * 64,
    "card": CARD,
    "deadline": AT,
    "figures": FIGURES,
    "fingerprint": "0" * 64,
    "month": "M#2026-11#1",
    "month_at": AT,
    "open_deadline": AT,
    "open_zone": "Z#z1",
    "place": "P#ABCDEF",
    "place_at": AT,
    "queue": "Q#dispatcher#street",
    "submission": "0" * 64,
    "timer": "T#5",
    "timer_at": AT,
}


def text_and_key(body: str) -> tuple[str, str]:
    """What a form's post says, and its key."""
    fields = parse_qs(body)
    return fields["text"][0], fields["key"][0]
