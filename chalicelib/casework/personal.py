"""Mobile and ID numbers in what people type freely: found however they are spaced, and hidden or refused.

Such numbers are kept sealed, never in a text. What counts is the digits in their order: full-width and Chinese ones are digits
too, and what stands between them (spaces, dots, commas, dashes, nothing visible at all) is passed over. A letter or a word ends a
number. Landlines and hotlines are left alone: an answer often has to name one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from chalicelib.casework.idcards import mask_id
from chalicelib.casework.people import mask_phone

_CHINESE = {**dict(zip("〇零一二三四五六七八九", "00123456789", strict=True)), "幺": "1"}
_MOBILE = re.compile(r"(?:86|0086|0)?(1[3-9]\d{9})")
# Region, day of birth, order, check character: a plausible day keeps long order numbers out.
_ID = re.compile(r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]")
# The digits of an ID number before its check character: an X that stands apart belongs to no shorter one.
_BEFORE_X = 17
# What stands between two digits of one number at most.
_GAP = 3
# Between the parts of a number these stand only where it is written in the usual groups; otherwise they part doors and times.
_LISTING = frozenset("、，,;；:：/／")
_GROUPS = ((11,), (3, 4, 4), (3, 8), (7, 4))
# What follows a list of doors: `1301 1302 303室`.
_DOORS = frozenset("室号楼幢栋座弄层户单房门")
# A door: `3号楼502室`, `12幢`, `A座1203`, `502房`.
_DOOR = re.compile(r"\d+\s*(?:室|房|号楼|幢|座|单元|弄)|[A-Za-z甲乙丙丁]\s*(?:座|幢|栋)\s*\d+|\d+\s*栋")


@dataclass(frozen=True)
class Found:
    """A number in a text: where it stands, and its digits (`X` at the end of an ID number)."""

    start: int
    end: int
    digits: str

    @property
    def phone(self) -> str:
        """The mobile as stored; empty for an ID number."""
        found = _MOBILE.fullmatch(self.digits)
        return f"+86{found[1]}" if found else ""

    @property
    def mask(self) -> str:
        return mask_phone(self.phone) if self.phone else mask_id(self.digits)


def find(text: str) -> list[Found]:
    """Every mobile and ID number, in the text's order."""
    found: list[Found] = []
    for run in _runs(text):
        found += _in_run(run, text)
    return found


def hide(text: str) -> str:
    """The same text with a mask in the place of each number."""
    for one in reversed(find(text)):
        text = text[: one.start] + one.mask + text[one.end :]
    return text


def is_in(text: str) -> bool:
    return bool(find(text))


# Landlines, order numbers, masks: what is too much for everybody's eyes, whosever it is.
_LONG = re.compile(r"\d[\d\s*-]{5,}\d")


def unfit_for_everybody(text: str) -> bool:
    """Whether a sentence holds something that the public page must not show: a number of a person, a long number, a door."""
    return is_in(text) or names_a_door(text) or _LONG.search(unicodedata.normalize("NFKC", text)) is not None


def names_a_door(text: str) -> bool:
    """Whether somebody's door can be read from it; for what everybody may read."""
    return _DOOR.search(unicodedata.normalize("NFKC", text)) is not None


# A digit, where it stands, and whether a token (digits without anything between) begins with it.
Digit = tuple[str, int, bool]


def _is_list(text: str, one: Found) -> bool:
    """Whether it is doors or times that only add up to a mobile: in parts that nobody writes one in, with a listing mark between
    them or a door's word behind.
    """
    inside = text[one.start : one.end]
    sizes = [len(part) for part in re.findall(r"\d+", "".join(_digit(sign) or " " for sign in inside))]
    lead = len(one.digits) - 11
    while sizes and lead > 0:
        # The country's code, with the number or by itself.
        taken = min(lead, sizes[0])
        sizes, lead = [size for size in (sizes[0] - taken, *sizes[1:]) if size], lead - taken
    if tuple(sizes) in _GROUPS or set(sizes) == {1}:
        return False
    return bool(set(inside) & _LISTING) or text[one.end : one.end + 1] in _DOORS


def _runs(text: str) -> list[list[Digit]]:
    """Digits that may belong together, one list after another."""
    runs: list[list[Digit]] = []
    run: list[Digit] = []
    gap = 0
    for at, sign in enumerate(text):
        digit = _digit(sign)
        if digit == "X" and not (run and (gap == 0 or len(run) >= _BEFORE_X)):
            digit = ""
        if digit:
            run.append((digit, at, not run or gap > 0))
            gap = 0
        elif run and not sign.isalnum() and gap < _GAP:
            gap += 1
        elif run:
            runs.append(run)
            run, gap = [], 0
    return [*runs, run] if run else runs


def _digit(sign: str) -> str:
    plain = _CHINESE.get(sign) or unicodedata.normalize("NFKC", sign).upper()
    return plain if len(plain) == 1 and (plain.isdecimal() or plain == "X") and plain.isascii() else ""


def _in_run(run: list[Digit], text: str) -> list[Found]:
    """Numbers that begin and end with a token, the longest first at each beginning."""
    starts = [place for place, (_, _, begins) in enumerate(run) if begins]
    ends = [*starts[1:], len(run)]
    found: list[Found] = []
    taken = 0
    for start in starts:
        if start < taken:
            continue
        for end in reversed([one for one in ends if start < one <= start + 20]):
            digits = "".join(digit for digit, _, _ in run[start:end])
            one = Found(run[start][1], run[end - 1][1] + 1, digits)
            if _ID.fullmatch(digits) or (_MOBILE.fullmatch(digits) and not _is_list(text, one)):
                found.append(one)
                taken = end
                break
    return found
