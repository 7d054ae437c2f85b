"""Phone numbers of people: one stored form, and the little of it that may be shown.

The stored form is E.164 (`+8613800000000`, `+862100123456`), so that one person's number is one look-up key however it was
typed. The checks are the mainland's: mobiles `1[3-9]` and nine more digits; landlines with their area code. Extensions,
service numbers (12345, 400…) and foreign numbers are refused: no message and no call back would reach a person there.
"""

from __future__ import annotations

import re

_LONGEST_TYPED = 40

# Digits, plus, dash, brackets and the space of a Chinese keyboard may be full-width.
_NARROW: dict[int, int] = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}
_DROPPED = dict.fromkeys(map(ord, " \t\u00a0\u2002\u2003\u2009\u200b\ufeff-.()\u2010\u2011\u2012\u2013\u2014\u2015\u2212"))
# A number copied out of a phone's contacts comes between marks of direction, which nobody sees.
_DROPPED |= dict.fromkeys((0xAD, *range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)))

_COUNTRY = re.compile(r"(?:\+|00)86")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# 010 and 02x have eight digits behind them, the other area codes seven or eight. No subscriber number begins with 0 or 1; the
# one exception, 0012 xxxx, is the range that demonstrations use because it can belong to nobody.
_SUBSCRIBER_8 = r"(?:[2-9][0-9]{7}|0012[0-9]{4})"
_LANDLINE = re.compile(rf"(?:10|2[0-9]){_SUBSCRIBER_8}|[3-9][0-9]{{2}}(?:[2-9][0-9]{{6}}|{_SUBSCRIBER_8})")
# 110, 12345, 95598, 962740, 400 …: whoever calls reaches somebody, no message does.
_HOTLINE = re.compile(r"1[0-9]{2}|1[0-9]{4}|9[0-9]{4,5}|[48]00[0-9]{7}")


def normalise_phone(text: str) -> str | None:
    """The stored form of a number as people type it, or None when it is no mainland mobile or landline.

    Spaces, dashes, dots and brackets may stand anywhere, digits may be full-width, and `+86` or `0086` may lead. A landline needs
    its area code with the 0, which only the country code replaces.
    """
    if len(text) > _LONGEST_TYPED:
        return None
    digits = text.strip().translate(_NARROW).translate(_DROPPED)
    country = _COUNTRY.match(digits)
    if country is not None:
        national = digits[country.end() :].removeprefix("0")
    elif digits.startswith("86") and _MOBILE.fullmatch(digits[2:]):
        national = digits[2:]
    elif digits.startswith("0"):
        # 013800000000 is how mobiles in another town used to be dialled; no area code begins like a mobile.
        national = digits[1:]
    elif _MOBILE.fullmatch(digits):
        national = digits
    else:
        return None
    if _MOBILE.fullmatch(national) or _LANDLINE.fullmatch(national):
        return "+86" + national
    return None


def is_hotline(text: str) -> bool:
    """Whether a number as people type it is one of those that only take calls."""
    return _HOTLINE.fullmatch(text[:_LONGEST_TYPED].translate(_NARROW).translate(_DROPPED)) is not None


def is_mobile(phone: str) -> bool:
    """Whether a stored number can receive an SMS."""
    return phone.startswith("+86") and _MOBILE.fullmatch(phone[3:]) is not None


def mask_phone(phone: str) -> str:
    """What may be shown of a stored number: `138****0000`, `021-****3456`. Anything that is not the stored form shows nothing."""
    national = phone.removeprefix("+86")
    if is_mobile(phone):
        return f"{national[:3]}****{national[-4:]}"
    if phone.startswith("+86") and _LANDLINE.fullmatch(national):
        area = national[:2] if national.startswith(("10", "2")) else national[:3]
        return f"0{area}-****{national[-4:]}"
    return "****"


def last4(phone: str) -> str:
    """The four digits that open a case's progress page together with its number."""
    return phone[-4:]
