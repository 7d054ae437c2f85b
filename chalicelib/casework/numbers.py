"""The alphabet of everything that people read aloud or type, and the case number made of it.

The alphabet has 32 characters without O/0 and I/1, so one character carries five bits. A case number is 40 bits in eight
characters and a check character (Luhn mod 32) in groups of 4-4-1: `K7M3-9QXA-C`. Luhn mod 32 catches every single wrong
character and every exchange of two neighbours except the pair 2/Z, exactly as decimal Luhn misses only 0/9.
"""

from __future__ import annotations

from collections.abc import Iterable

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
BITS = 5

_VALUE = {char: value for value, char in enumerate(ALPHABET)}
_BODY = 8
_LONGEST_TYPED = 64

# Typed on a Chinese keyboard, letters, digits and the dash may all come as full-width characters.
_NARROW = {0xFF01 + offset: 0x21 + offset for offset in range(94)}
# Everything that people put between the groups: ASCII and Chinese spaces, and the dashes of common keyboards.
_DROPPED = dict.fromkeys(
    map(ord, " \t\r\n\u00a0\u2002\u2003\u2009\u200b\u3000\ufeff-_.\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc")
)
# What is copied may come between marks of direction, which nobody sees.
_DROPPED |= dict.fromkeys((*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)))


def encode(value: int, length: int) -> str:
    """`value` in `length` characters, most significant first. Raises ValueError when it does not fit."""
    if not 0 <= value < 1 << (BITS * length):
        raise ValueError(f"a value of {value.bit_length()} bits does not fit {length} characters")
    return "".join(ALPHABET[(value >> (BITS * place)) & 31] for place in range(length - 1, -1, -1))


def decode(text: str) -> int:
    """What `encode` made the text of. Raises KeyError outside the alphabet."""
    value = 0
    for char in text:
        value = value << BITS | _VALUE[char]
    return value


def is_text(text: str, length: int) -> bool:
    """Whether `text` is exactly `length` characters of the alphabet, in upper case."""
    return len(text) == length and all(char in _VALUE for char in text)


def _luhn(values: Iterable[int], doubled: bool) -> int:
    """The Luhn sum mod 32 from right to left; `doubled` says whether the rightmost value counts twice."""
    total = 0
    for value in values:
        if doubled:
            twice = value * 2
            total += twice // 32 + twice % 32
        else:
            total += value
        doubled = not doubled
    return total % 32


def check_character(body: str) -> str:
    """The character that makes `body` plus itself sum to nothing. Raises KeyError outside the alphabet."""
    return ALPHABET[-_luhn((_VALUE[char] for char in reversed(body)), doubled=True) % 32]


def case_number(mac40: int | bytes) -> str:
    """The case number of 40 bits: an int below 2**40, or bytes of which the first five count."""
    if isinstance(mac40, bytes):
        if len(mac40) < 5:
            raise ValueError("a case number needs 40 bits")
        mac40 = int.from_bytes(mac40[:5], "big")
    body = encode(mac40, _BODY)
    return f"{body[:4]}-{body[4:]}-{check_character(body)}"


def normalise_number(text: str) -> str | None:
    """What a person typed as the number in its one written form, or None when it can't be a case number.

    Takes lower case, full-width characters, spaces and missing or unusual dashes; refuses a wrong check character, so that a
    slip of the finger never opens somebody else's case.
    """
    if len(text) > _LONGEST_TYPED:
        return None
    plain = text.translate(_NARROW).translate(_DROPPED)
    if not plain.isascii():  # before upper(): it would turn the dotless i of Turkish into I, and ß into SS
        return None
    plain = plain.upper()
    if not is_text(plain, _BODY + 1) or check_character(plain[:_BODY]) != plain[_BODY]:
        return None
    return f"{plain[:4]}-{plain[4:8]}-{plain[8]}"
