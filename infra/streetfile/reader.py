"""Reads one TOML table into checked values and reports what is missing, mistyped or unknown.

A getter always returns a value of its type, an empty one after a problem, so that reading goes on and all problems are found
in one go. `done()` reports the keys that nobody asked for.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.street import Duration, Label
from infra.streetfile.locate import KeyPath
from infra.streetfile.problems import Problem, Problems, one_of
from infra.streetfile.vocabulary import UNITS

ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
ID_REMEDY = "use a lower-case letter, then letters, digits and _, at most 32"
_DURATION = re.compile(rf"([1-9][0-9]{{0,3}})({'|'.join(UNITS)})")
DURATION_REMEDY = 'write a whole number and a unit without a space: "5m", "1h", "3wd" (working days) or "7d"'
NO_DURATION = Duration(0, "m")

_KINDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
}
_EXAMPLES: Mapping[type, str] = {
    str: 'write it in quotes: "…"',
    bool: "write true or false, without quotes",
    int: "write a whole number without quotes",
    list: 'write a list: ["…", "…"]',
    dict: "write a table: { … = … }",
}


def parse_duration(text: str) -> Duration | None:
    """`"3wd"` as a `Duration`; None when it is none."""
    match = _DURATION.fullmatch(text)
    return Duration(int(match[1]), match[2]) if match else None


def unreadable(text: str) -> str | None:
    """What is wrong with a text that people will read, if anything: control characters or traces of a wrong encoding."""
    if "\ufffd" in text:
        return "holds the mark of a wrong encoding (U+FFFD)"
    if any(unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn"} for char in text):
        return "holds a control character"
    return None


class Table:
    """One table of the file at `path`."""

    def __init__(self, raw: object, path: KeyPath, problems: Problems, quiet: bool = False) -> None:
        """`quiet`: the table's own absence is reported already, so its keys are not missed one by one."""
        self.path = path
        self.problems = problems
        self._asked: set[str] = set()
        self._missed: dict[str, Problem] = {}
        if not isinstance(raw, dict):
            problems.add(path, f"is {_kind(raw)}, not a table", _EXAMPLES[dict])
            raw = {}
            self._broken = True
        else:
            self._broken = quiet
        self.raw: dict[str, Any] = raw

    def has(self, key: str) -> bool:
        """Whether an optional key is there; asking makes it a known one."""
        self._asked.add(key)
        return key in self.raw

    def wrong(self, key: str, what: str, remedy: str) -> None:
        self.problems.add((*self.path, key), what, remedy)

    def _get(self, key: str, wanted: type, required: bool, example: str = "") -> Any:
        """The raw value, or None when it is absent or of another type (reported)."""
        self._asked.add(key)
        if key not in self.raw:
            if required and not self._broken:
                self.wrong(key, "is required but missing", f"add {key}, {example or _EXAMPLES[wanted]}")
                self._missed[key] = self.problems.found[-1]
            return None
        value = self.raw[key]
        # bool is an int to Python, not to people
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            self.wrong(key, f"is {_kind(value)}, not {_KINDS[wanted]}", example or _EXAMPLES[wanted])
            return None
        return value

    def text(self, key: str, default: str | None = None, *, like: re.Pattern[str] | None = None, remedy: str = "") -> str:
        """Required unless there is a default. `like` has to match the whole text; `remedy` says what would."""
        value = self._get(key, str, default is None, remedy)
        if value is None:
            return default or ""
        bad = unreadable(value)
        if bad:
            self.wrong(key, bad, "save the file as UTF-8 and write the text again")
        elif not value.strip() and default != "":
            self.wrong(key, "is empty", remedy or "write the text, or leave the key out where it is optional")
        elif like is not None and value and not like.fullmatch(value):
            self.wrong(key, "is not of the right form", remedy)
        else:
            return str(value)
        return default or ""

    def id(self, key: str = "id") -> str:
        return self.text(key, like=ID, remedy=ID_REMEDY)

    def choice(self, key: str, choices: Collection[str], default: str | None = None) -> str:
        value = self.text(key, default, remedy=f"use one of: {', '.join(choices)}")
        if value and value not in choices:
            self.wrong(key, "is not known here", one_of(value, choices))
            return default or ""
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._get(key, bool, False)
        return default if value is None else bool(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self._get(key, int, default is None, f"write a whole number from {low} to {high}, without quotes")
        if value is None:
            return low if default is None else default
        if not low <= value <= high:
            self.wrong(key, "is out of range", f"use a whole number from {low} to {high}")
            return low
        return int(value)

    def duration(self, key: str, required: bool = True) -> Duration | None:
        value = self._get(key, str, required, DURATION_REMEDY)
        if value is None:
            return None
        found = parse_duration(value)
        if found is None:
            guess = re.sub(r"\s+|ays?|ours?|inutes?|in$", "", value.lower())
            near = f'did you mean "{guess}"? ' if parse_duration(guess) else ""
            self.wrong(key, "is not a duration", near + DURATION_REMEDY)
        return found

    def label(self, key: str, default: Label | None = None, longest: int = 40) -> Label:
        """`"中文"` or `{ zh = "中文", en = "English" }`."""
        self._asked.add(key)
        raw = self.raw.get(key)
        if isinstance(raw, dict):
            inner = Table(raw, (*self.path, key), self.problems)
            label = Label(inner.text("zh"), inner.text("en", ""))
            inner.done()
        elif raw is None and default is not None:
            return default
        else:
            label = Label(self.text(key, remedy='write "中文" or { zh = "中文", en = "English" }'))
        if len(label.zh) > longest:
            self.wrong(key, f"has {len(label.zh)} characters", f"use at most {longest}, it has to fit a message or a line")
        return label

    def texts(self, key: str, choices: Collection[str] | None = None, required: bool = False) -> tuple[str, ...]:
        """A list of texts, each one of `choices` if given, none twice."""
        value = self._get(key, list, required)
        found: list[str] = []
        for number, member in enumerate(value or ()):
            path = (*self.path, key, number)
            if not isinstance(member, str):
                self.problems.add(path, f"is {_kind(member)}, not text", _EXAMPLES[str])
            elif choices is not None and member not in choices:
                self.problems.add(path, "is not known here", one_of(member, choices))
            elif member in found:
                self.problems.add(path, "stands here twice", "name it once")
            else:
                found.append(member)
        if required and value is not None and not value:
            self.wrong(key, "is an empty list", f"name at least one of: {', '.join(choices)}" if choices else "name at least one")
        return tuple(found)

    def dates(self, key: str) -> frozenset[str]:
        """TOML dates, or texts that are dates, as ISO texts."""
        found = set()
        for number, member in enumerate(self._get(key, list, False) or ()):
            day = _day(member)
            if day is None:
                self.problems.add((*self.path, key, number), "is not a date", "write it as 2027-02-05, year first")
            else:
                found.add(day)
        return frozenset(found)

    def date(self, key: str, default: str) -> str:
        """One day, as `dates` takes them."""
        self._asked.add(key)
        if key not in self.raw:
            return default
        day = _day(self.raw[key])
        if day is None:
            self.wrong(key, "is not a date", "write it as 2027-12-31, year first")
        return day or default

    def table(self, key: str, required: bool = True) -> Table | None:
        """A table inside; None when it is absent."""
        value = self._get(key, dict, required)
        return None if value is None else Table(value, (*self.path, key), self.problems)

    def tables(self, key: str, required: bool = True) -> list[Table]:
        """The members of an array of tables (or of a list of inline tables)."""
        value = self._get(key, list, required, f"write one [[{key}]] for each")
        if required and value is not None and not value:
            self.wrong(key, "is an empty list", f"write at least one [[{key}]]")
        return [Table(member, (*self.path, key, number), self.problems) for number, member in enumerate(value or ())]

    def done(self) -> None:
        """Every key that was not asked for is a mistake; if it is a mistyped required one, that one is not missed as well."""
        for key in self.raw:
            if key in self._asked:
                continue
            self.wrong(key, "is not a key of this table", one_of(key, sorted(self._asked)))
            for meant in difflib.get_close_matches(key, self._missed, n=1):
                self.problems.found.remove(self._missed.pop(meant))


def _day(value: object) -> str | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            return None
    return None


def _kind(value: object) -> str:
    for kind in (bool, str, int, float, list, dict):
        if isinstance(value, kind):
            return _KINDS[kind]
    return "a date" if isinstance(value, date) else f"a {type(value).__name__}"


def duplicates(members: Sequence[tuple[str, KeyPath]], problems: Problems, what: str = "id") -> None:
    """Reports every id that stands twice, at its second place."""
    seen: set[str] = set()
    for member, path in members:
        if member and member in seen:
            problems.add(path, f"is the {what} of another one above", "give each its own")
        seen.add(member)
