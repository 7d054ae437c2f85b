"""Citizens' ID numbers: one stored form, the check (GB 11643: ISO 7064 MOD 11-2), what may be shown, and the age they tell.

The number's own arithmetic is `stdnum.cn.ric`'s. Only the resident identity card's eighteen characters are taken, and those of
residence permits for Hong Kong, Macao and Taiwan, which are numbered alike; whoever has another document is registered by the
committee in person.
"""

from __future__ import annotations

import re
from datetime import date

_NARROW: dict[int, int] = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}
_LONGEST_TYPED = 40
_LENGTH = 18
# The province is as much as a number tells of its region. The county is the one that existed when the number was given out, often
# decades after the birth and abolished or divided since: an elderly person of Jinshan has 310228, one of Chongqing 510202.
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")


def normalise_id(text: str) -> str | None:
    """`11010519491231002X` as stored, or None when it is no ID number: length, check character, date of birth or province."""
    from stdnum.cn import ric

    if len(text) > _LONGEST_TYPED:
        return None
    plain = "".join(text.translate(_NARROW).upper().split()).replace("-", "")
    if len(plain) != _LENGTH or not plain.isascii() or not plain[:-1].isdigit():
        return None
    if not _PROVINCE.match(plain) or ric.calc_check_digit(plain) != plain[-1]:
        return None
    try:
        born(plain)
    except ValueError:
        return None
    return plain


def mask_id(number: str) -> str:
    """What may be shown: `110*************2X`."""
    return f"{number[:3]}{'*' * (_LENGTH - 5)}{number[-2:]}" if len(number) == _LENGTH else "*" * 6


def mask_name(name: str) -> str:
    """The surname and stars: `王**` whatever the length."""
    return f"{name[:1]}**" if name else ""


def born(number: str) -> date:
    """The date of birth that a stored number tells."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def age(number: str, today: date) -> int:
    """Full years on that day; the day of birth itself completes the year."""
    day = born(number)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))
