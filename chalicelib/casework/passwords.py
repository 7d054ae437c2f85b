"""Which passwords are refused whatever their length: those that everybody tries first, and those that are made of what anybody
knows of the person and the street.

Any character may stand in a password and none has to: length and not being guessed first is what counts.
`common_passwords.txt` holds the first four bytes of SHA-256 of about six thousand words in base64, sorted: the passwords of ten
characters and more on two published lists of leaked ones, and the four thousand commonest stems, to which people add a year or
a mark.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

# Besides the street's names, the person's and their user name.
WORDS = ("doorstep", "家门口", "街道", "居委", "社区", "jiedao", "juwei", "shequ", "admin", "password", "mima")
# So much has to be left of a password when known words, digits and marks are taken out, or of different characters in all.
LEFT = 5
DIFFERENT = 5
_PREFIX = 4
_FILE = Path(__file__).parent / "common_passwords.txt"
_WALKS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm")
_EDGES = re.compile(r"^[^a-z\u4e00-\u9fff]+|[^a-z\u4e00-\u9fff]+$")


def weakness(password: str, own: Iterable[str]) -> str | None:
    """`common`, `own`, or None for a password that is taken. `own` are words around the person."""
    said = password.lower()
    if len(set(said)) < DIFFERENT or _is_walk(said) or said.isdigit() or any(map(_is_common, (said, _EDGES.sub("", said)))):
        return "common"
    left = said
    for word in sorted({word.strip().lower() for word in (*own, *WORDS)}, key=len, reverse=True):
        if len(word) >= (2 if _is_chinese(word) else 3):
            left = left.replace(word, "")
    if left != said and sum(one.isalpha() for one in left) < LEFT:
        return "own"
    return None


def _is_chinese(word: str) -> bool:
    return any("\u4e00" <= one <= "\u9fff" for one in word)


def _is_walk(said: str) -> bool:
    """Along the alphabet, the digits or the keyboard, either way, or a short piece again and again."""
    if any(said in walk * 2 or said[::-1] in walk * 2 for walk in _WALKS):
        return True
    return any(said == (said[:size] * len(said))[: len(said)] for size in range(1, 5))


def _is_common(word: str) -> bool:
    return hashlib.sha256(word.encode()).digest()[:_PREFIX] in _common()


@cache
def _common() -> frozenset[bytes]:
    held = base64.b64decode(_FILE.read_text("ascii"))
    return frozenset(held[at : at + _PREFIX] for at in range(0, len(held), _PREFIX))
