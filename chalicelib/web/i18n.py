"""Words people read, by key, from the two catalogues.

Keys are `page.section.element`; parameters are named. Counted sentences have two keys, `<key>.one` and `<key>.other`.
A missing key never breaks a page in service: Chinese is used instead, then the key itself. Tests turn `strict` on, and
then it raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

LANGUAGES = ("zh-CN", "en")
DEFAULT = "zh-CN"

_raising = False


class MissingText(Exception):
    """A key or a parameter that the catalogues lack; only raised under `strict`."""


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """All texts of a language; an unknown language reads as Chinese."""
    name = lang if lang in LANGUAGES else DEFAULT
    path = Path(__file__).parent / "i18n" / f"{name}.json"
    texts: dict[str, str] = json.loads(path.read_bytes())
    return texts


@contextmanager
def strict() -> Iterator[None]:
    """While this is entered, a missing key or parameter raises `MissingText`."""
    global _raising
    before, _raising = _raising, True
    try:
        yield
    finally:
        _raising = before


def has(lang: str, key: str) -> bool:
    return key in catalogue(lang)


def pattern(lang: str, key: str) -> str:
    """The text of a key with its parameters still open."""
    found = catalogue(lang).get(key)
    if found is not None:
        return found
    if _raising:
        raise MissingText(f"{lang}: {key}")
    return catalogue(DEFAULT).get(key, key)


def t(lang: str, key: str, **params: str | int) -> str:
    """The sentence for `key`. Parameters are put in as they are; escaping is the template's."""
    text = pattern(lang, key)
    try:
        return text.format_map(params) if "{" in text else text
    except KeyError as error:
        if _raising:
            raise MissingText(f"{lang}: {key} needs the parameter {error}") from error
        return text


def count(lang: str, key: str, n: int, **params: str | int) -> str:
    """A counted sentence: `<key>.one` for one in English, else `<key>.other`; `{n}` is the number."""
    form = "one" if lang == "en" and n == 1 else "other"
    return t(lang, f"{key}.{form}", n=n, **params)
