"""Which of a handful of short texts are about the same matter as another: plain statistics that work for Chinese.

Chinese has no spaces, and what is compared is a line or two: a report being typed, the titles of a place's latest cases, some
dozens of questions. Pairs of neighbouring characters (single ones weigh less) stand for words, a rare pair says more than a
common one (idf over the texts at hand), and the score is the weight of what two texts share as a part of the shorter one's
weight, so a short title is found in a long story and the other way round. Before that, words for the same thing become one
(`same_words.json`).

No library does this better at this size: word segmenters carry dictionaries of megabytes, `bm25s` and `rank_bm25` bring numpy
(the latter has had no release since 2022) to rank thirty lines, and fuzzy matchers compare spellings, which is not what differs
between 电瓶车 and 电动车.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# A single character says something, a pair says more.
SINGLE, PAIR = 0.35, 1.0
# From here on two texts are taken to be about the same matter; found with the pairs of tests/test_similar.py.
ALIKE = 0.37
# Longer than that nobody types on a phone, and the rest of it adds nothing.
READ_MAX = 2000
_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z][a-z-]*|[0-9]+")


@dataclass(frozen=True)
class Match:
    """`index` is the text's place in the sequence, `score` between `ALIKE` and 1."""

    index: int
    score: float


@cache
def _words() -> tuple[re.Pattern[str], dict[str, str], re.Pattern[str], frozenset[str]]:
    """How words of one meaning are found and which they become; the idle words of Chinese as a pattern, all of them as a set."""
    read = json.loads((Path(__file__).parent / "same_words.json").read_bytes())
    same = {word: group[0] for group in read["same"] for word in group}
    idle = [word for word in read["idle"] if not word.isascii()]
    return _any(same), same, _any(idle), frozenset(read["idle"])


def _any(words: Sequence[str] | dict[str, str]) -> re.Pattern[str]:
    """Any of the words, the longest first; Latin ones only whole."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in longest), re.ASCII)


def terms_of(text: str) -> frozenset[str]:
    """Single characters and pairs of neighbours of what is left of a text; Latin words whole."""
    all_idle = _words()[3]
    return frozenset(term for run in _RUN.findall(_plain(text)) for term in _parts(run, all_idle))


def matter_of(text: str) -> tuple[list[str], frozenset[str]]:
    """The runs of characters that name a text's matter, and their terms: also without what people say with any matter (who,
    when, how bad), and without numbers.
    """
    words, empty = _general()
    runs = [run for run in _RUN.findall(words.sub(" ", _plain(text))) if not run.isdigit()]
    return runs, frozenset(term for run in runs for term in _parts(run, _words()[3]) if not set(term) <= empty)


# Words of one meaning that name no matter by themselves: that something is broken, blocked, to be mended, put up, whose it is.
NO_MATTER = frozenset({"坏", "堵", "修", "加装", "归谁", "灯", "出租"})


def matters_in(text: str) -> frozenset[str]:
    """The matters that a text names in words that are known to mean the same, each by the first of them (电瓶车 → 电动车)."""
    found, same, _, _ = _words()
    plain = unicodedata.normalize("NFKC", text[:READ_MAX]).lower()
    return frozenset(same[match] for match in found.findall(plain)) - NO_MATTER


def _plain(text: str) -> str:
    found, same, idle, _ = _words()
    plain = unicodedata.normalize("NFKC", text[:READ_MAX]).lower()
    return idle.sub(" ", found.sub(lambda match: same[match[0]], plain))


def _parts(run: str, idle: frozenset[str]) -> set[str]:
    if run[0].isascii():
        return {f"{run}|"} if run not in idle else set()
    return set(run) | {run[at : at + 2] for at in range(len(run) - 1)}


@cache
def _general() -> tuple[re.Pattern[str], frozenset[str]]:
    """Words that go with any matter, and characters that mean nothing alone or in a pair of them."""
    read = json.loads((Path(__file__).parent / "same_words.json").read_bytes())["general"]
    return _any([word for word in read if len(word) > 1]), frozenset(word for word in read if len(word) == 1)


def weight_of(term: str) -> float:
    return PAIR if len(term) > 1 else SINGLE


def alike(typed: str, texts: Sequence[str], floor: float = ALIKE) -> list[Match]:
    """The texts that are about the same matter as `typed`, the nearest first. Nothing is alike to a text without words."""
    asked = terms_of(typed)
    known = [terms_of(text) for text in texts]
    count = len(known)

    def idf(term: str) -> float:
        holding = sum(term in one for one in known)
        return weight_of(term) * math.log(2 + (count - holding + 0.5) / (holding + 0.5))

    weights = {term: idf(term) for term in asked.union(*known)}
    mine = sum(weights[term] for term in asked)
    found = []
    for index, theirs in enumerate(known):
        shared = asked & theirs
        # One character in common is chance, whatever it weighs.
        if not any(len(term) > 1 for term in shared):
            continue
        score = sum(weights[term] for term in shared) / min(mine, sum(weights[term] for term in theirs))
        if score >= floor:
            found.append(Match(index, score))
    return sorted(found, key=lambda match: -match.score)
