"""Words in both languages, from the catalogues, the street files, and what only these documents say (`words.json`)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from chalicelib.street import Duration, Label
from chalicelib.web import i18n

ZH, EN = i18n.LANGUAGES
DASH_WORD = "不变 · stays"


def both(zh: str, en: str) -> str:
    return f"{zh} · {en}" if en and en != zh else zh


def word(key: str) -> str:
    """A catalogue's word in both languages. Raises `MissingText` for a key that is not there."""
    with i18n.strict():
        return both(i18n.t(ZH, key), i18n.t(EN, key))


def label(name: Label) -> str:
    return both(name.zh, name.en)


@cache
def _own() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads((Path(__file__).parent / "words.json").read_bytes())
    return found


def own(group: str, name: str) -> str:
    """One of the documents' own words. Raises KeyError for one that has none."""
    zh, en = _own()[group][name]
    return both(zh, en)


def own_zh(group: str, name: str) -> str:
    return _own()[group][name][0]


def has_own(group: str, name: str) -> bool:
    return name in _own()[group]


def length(duration: Duration) -> str:
    with i18n.strict():
        said = [i18n.count(lang, f"duration.{duration.unit}", duration.amount) for lang in (ZH, EN)]
    return both(*said)


def zh(key: str) -> str:
    with i18n.strict():
        return i18n.t(ZH, key)


def role(name: str) -> str:
    """A role as people hold it; `contact` is a party without an account."""
    return own("recipients", "contacts") if name == "contact" else word(f"role.{name}")
