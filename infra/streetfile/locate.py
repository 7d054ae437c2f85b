"""On which line of a TOML text a key stands. `tomllib` reads values but forgets lines.

The text has already passed `tomllib`, so this walks valid TOML only: tables, arrays of tables, dotted and quoted keys, strings of
all four kinds, arrays and inline tables over many lines.
"""

from __future__ import annotations

import re
from contextlib import suppress

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]\}\n#]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)


class Lines:
    """Line numbers, from 1, by key path; a path that is not there gets the line of the nearest table above it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted = (0, 1)
        self._lines: dict[KeyPath, int] = {(): 1}
        self._tables: dict[KeyPath, int] = {}
        # A form of TOML too rare to be walked here must not hide what is wrong with the file: then lines are less exact.
        with suppress(ValueError, IndexError):
            self._walk()

    def of(self, path: KeyPath) -> int:
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def _walk(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(_GAP)
            if self._at >= len(self._text):
                return
            if self._text.startswith("[[", self._at):
                table = self._header(2)
            elif self._text[self._at] == "[":
                table = self._header(1)
            else:
                self._pair(table)

    def _header(self, brackets: int) -> KeyPath:
        line = self._line()
        self._at += brackets
        keys = self._key()
        self._at += brackets
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._member((*path, key))
        path = (*path, keys[-1])
        if brackets == 2:
            self._lines.setdefault(path, line)
            number = self._tables.get(path, -1) + 1
            self._tables[path] = number
            path = (*path, number)
        self._lines[path] = line
        return path

    def _member(self, path: KeyPath) -> KeyPath:
        """Below an array of tables, `[a.b]` means the last member of `a`."""
        return (*path, self._tables[path]) if path in self._tables else path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table
        for key in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        char = self._text[self._at]
        if char in "\"'":
            self._skip(_STRING)
        elif char == "[":
            self._members(path, "]")
        elif char == "{":
            self._members(path, "}")
        else:
            self._skip(_SCALAR)

    def _members(self, path: KeyPath, end: str) -> None:
        self._at += 1
        number = 0
        while True:
            self._skip(_GAP)
            if self._text[self._at] == end:
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
            elif end == "}":
                self._pair(path)
            else:
                self._lines[(*path, number)] = self._line()
                self._value((*path, number))
                number += 1

    def _key(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            if self._text[self._at] in "\"'":
                start = self._at
                self._skip(_STRING)
                keys.append(self._text[start + 1 : self._at - 1])
            else:
                start = self._at
                self._skip(_BARE)
                keys.append(self._text[start : self._at])
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not valid TOML at character {self._at}; read it with tomllib first")
        self._at = match.end()

    def _line(self) -> int:
        """Counted on from the last asked place, so that a file is counted once."""
        at, line = self._counted
        line += self._text.count("\n", at, self._at)
        self._counted = (self._at, line)
        return line
