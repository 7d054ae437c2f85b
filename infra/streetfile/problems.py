"""What is wrong with a street's files, all of it at once, each with the place to look at and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import ConfigError
from infra.streetfile.locate import KeyPath, Lines

MISSING = "(missing)"
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class Problem:
    file: str
    line: int
    key: str
    value: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key} = {self.value}: {self.what}; {self.remedy}"


class StreetFileError(ConfigError):
    """A street's files can't be used. `problems` in the order of the lines; the text is one problem a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file.endswith(".csv"), problem.line)))
        super().__init__("\n".join(map(str, self.problems)))


def shown(value: object) -> str:
    """A value as it would stand in TOML, cut to a readable length."""
    if isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, Mapping):
        text = "{…}"
    else:
        text = str(value)
    text = text.replace("\n", "\\n")
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def one_of(given: object, right: Iterable[str]) -> str:
    """A remedy that names the choices, the likely one first."""
    choices = list(right)
    near = difflib.get_close_matches(str(given).lower(), choices, n=1, cutoff=0.6)
    listed = ", ".join(choices[:40]) + (", …" if len(choices) > 40 else "")
    return (f'did you mean "{near[0]}"? ' if near else "") + f"use one of: {listed}"


class Problems:
    """Collects the problems of one TOML file; knows lines by key."""

    def __init__(self, file: str, lines: Lines, raw: Mapping[str, Any]) -> None:
        self.file = file
        self.found: list[Problem] = []
        self._lines = lines
        self._raw = raw

    def add(self, path: KeyPath, what: str, remedy: str, value: object = None) -> None:
        """`value` defaults to what the file holds at `path`, or to `(missing)`."""
        if value is None:
            there, value = self._at(path)
            text = shown(value) if there else MISSING
        else:
            text = shown(value)
        self.found.append(Problem(self.file, self._lines.of(path), self._name(path), text, what, remedy))

    def _at(self, path: KeyPath) -> tuple[bool, object]:
        value: Any = self._raw
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return False, None
        return True, value

    def _name(self, path: KeyPath) -> str:
        """`rungs[centre].pass_up`: members of a list by their id where they have one, else by number from 1."""
        name = ""
        for depth, part in enumerate(path):
            if isinstance(part, str):
                name += f".{part}" if name else part
                continue
            _, member = self._at(path[: depth + 1])
            own = member.get("id") if isinstance(member, Mapping) else None
            name += f"[{own}]" if isinstance(own, str) and own else f"[{part + 1}]"
        return name
