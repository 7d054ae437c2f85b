"""Changing what is valid: bytes, texts, JSON values and forms. Everything comes from one seeded source of chance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes

from tests.fuzz.oracle import MARK

Pairs = list[tuple[str, str]]

# What has broken programs before: ends of ranges, other scripts' digits, half characters, markup, formats, dates that are none.
TOKENS = (
    *("", " ", "\t", "\r\n", "\n", "\x00", "a\x00b", "\ufeff", "\u200b", "\u2028", "\u202e", "\u3000", "\x1b[0m", "\x7f", "\x85"),
    *("0", "-1", "-0", "1", "7", "²", "½", "٣", "１２３", "𝟙", "Ⅷ", "一", "1_000", "0x10", "1e309", "1e-400", "NaN", "Infinity"),
    *("999999", "1000000", "99999999999999999999", "9" * 400, "9" * 5000, "+1", " 1 ", "1.5", "1,2,3", "1,,2", "００７", "0,0,0"),
    *("true", "false", "null", "None", "[]", "{}", "undefined", "yes", "on", "new", "add", "remove1", "remove²", "remove999999"),
    *(f"{MARK}>", f'"><{MARK[1:]}>', f"'>{MARK} x=1>", "</textarea>", "]]>", "<!--", "&amp;", "&#0;", "<![CDATA[", "<?xml?>"),
    *("{0}", "{}", "{{7*7}}", "{name}", "%s", "%n%n", "%", "%%", "%zz", "%00", "%2F..%2F", "../../etc/passwd", "..", ".", "/"),
    *(
        "';--",
        "$ne",
        "#pk",
        ":v",
        "C#",
        "CASE",
        "A#0001",
        "TO#",
        "PERSON",
        "~1",
        "~²",
        "!",
        ".!.!",
        "a~",
        "=1+1",
        "@x",
        "-x",
        "'",
    ),
    *("2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "10000-01-01", "2026-W01", "2026-11-18"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13", "2026-11", "0000-01", "9999-12", "2026Q4", "2026Q5"),
    *("0001Q1", "24:00", "12:60", "2026-11-18T02:00:00.000Z", "２０２６-11-18", "2026-11-18T25:00", "1763431200", "20261118"),
    *(
        "字",
        "字" * 2000,
        "字" * 2001,
        "a" * 300,
        "a" * 5000,
        "𠮷" * 50,
        "👨‍👩‍👧",
        "é" * 40,
        "İ",
        "ß",
        "ǅ",
        "ﬁ",
        "Ａ",
        "ı",
        "\ufffd",
        "\U0010ffff",
    ),
    *("en", "zh-CN", "zh", "x" * 40, "en-", "staff:x", "dept:police", "contact:power", "street", "committee:c01", "zone:z1"),
    *("021-0012 7788", "0" * 5000, "+862100127788", "13800000000", "12345", "11010519491231002X", "11010519491231002x"),
)
SURROGATES = ("\ud800", "a\udfff", "\udc80")
LEAVES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 7, 1.5, -0.0, 1e308, 2**31, 2**53 + 1, 2**64, 10**400, "", [], {}, [[]], [{}], [None], ["a"]),
    *({"": ""}, {"a": {"b": {"c": []}}}, [1] * 300, ["x"] * 300, {str(number): number for number in range(300)}),
)


class Mutator:
    def __init__(self, chance: Random) -> None:
        self.chance = chance
        # Values that mean something here, such as numbers of cases: they lead deeper than made-up ones.
        self.known: list[str] = []

    # ---- bytes

    def changed(self, data: bytes, others: Sequence[bytes] = ()) -> bytes:
        """One to four changes."""
        for _ in range(self.chance.choice((1, 1, 2, 4))):
            data = self._once(data, others)
        return data

    def _once(self, data: bytes, others: Sequence[bytes]) -> bytes:
        at, end = sorted(self.chance.randint(0, len(data)) for _ in range(2))
        way = self.chance.randrange(9)
        if way == 0 and data:
            place = self.chance.randrange(len(data))
            return data[:place] + bytes([data[place] ^ (1 << self.chance.randrange(8))]) + data[place + 1 :]
        if way == 1 and data:
            place = self.chance.randrange(len(data))
            return data[:place] + bytes([self.chance.choice((0, 9, 10, 13, 32, 34, 37, 127, 128, 255))]) + data[place + 1 :]
        if way == 2:
            return data[:at]
        if way == 3:
            return data[:at] + data[end:]
        if way == 4:
            return data[:end] + data[at:end] * self.chance.choice((1, 2, 40)) + data[end:]
        if way == 5 and others:
            other = self.chance.choice(others)
            return data[:at] + other[self.chance.randint(0, len(other)) :]
        if way == 6:
            return data[:at] + self.chance.randbytes(self.chance.choice((1, 2, 8, 64))) + data[at:]
        token = self.chance.choice(TOKENS).encode("utf-8")
        return data[:at] + (token if way == 7 else quote_from_bytes(token).encode()) + data[at:]

    # ---- texts

    def text(self, was: str = "") -> str:
        """Something else in its place, or the same with a change inside."""
        way = self.chance.randrange(6)
        if way == 0 and self.known:
            return self.chance.choice(self.known)
        if way == 1 and was:
            at = self.chance.randint(0, len(was))
            return was[:at] + self.chance.choice(TOKENS) + was[at:]
        if way == 2 and was:
            return was[: self.chance.randint(0, len(was))]
        if way == 3 and was:
            return was * self.chance.choice((2, 3, 200))
        if way == 4 and was:
            return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in was)
        return self.chance.choice(TOKENS)

    # ---- forms

    def form(self, pairs: Pairs, others: Sequence[bytes] = ()) -> bytes:
        """An urlencoded body: mostly a field or two changed, sometimes its bytes."""
        pairs = list(pairs)
        for _ in range(self.chance.choice((0, 1, 1, 1, 2, 3))):
            pairs = self._pairs(pairs)
        made = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs).encode("ascii")
        return self.changed(made, others) if self.chance.random() < 0.2 else made

    def _pairs(self, pairs: Pairs) -> Pairs:
        if not pairs:
            return [(self.text(), self.text())]
        at = self.chance.randrange(len(pairs))
        name, value = pairs[at]
        way = self.chance.randrange(10)
        if way == 0:
            return pairs[:at] + pairs[at + 1 :]
        if way == 1:
            return [*pairs, (name, self.text(value))]
        if way == 2:
            return [*pairs[:at], (self.text(name), value), *pairs[at + 1 :]]
        if way == 3:
            return [*pairs, *[(name, value)] * self.chance.choice((1, 50, 250))]
        return [*pairs[:at], (name, self.text(value)), *pairs[at + 1 :]]

    # ---- JSON

    def json_text(self, value: Any) -> bytes:
        """A JSON text: mostly one leaf changed, sometimes its bytes."""
        made = value
        for _ in range(self.chance.choice((0, 0, 1, 1, 2))):
            made = self._leaf(made)
        written = json.dumps(made, ensure_ascii=self.chance.random() < 0.7, allow_nan=True)
        raw = written.encode("utf-8", "surrogatepass")
        return self.changed(raw) if self.chance.random() < 0.25 else raw

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, dict) and value and self.chance.random() < 0.9:
            name = self.chance.choice(list(value))
            way = self.chance.randrange(8)
            if way == 0:
                return {key: one for key, one in value.items() if key != name}
            if way == 1:
                return {**value, self.text(name): value[name]}
            return {**value, name: self._leaf(value[name])}
        if isinstance(value, list) and value and self.chance.random() < 0.8:
            at = self.chance.randrange(len(value))
            return [*value[:at], self._leaf(value[at]), *value[at + 1 :]]
        if self.chance.random() < 0.4:
            return self.chance.choice(LEAVES)
        if self.chance.random() < 0.1:
            return self.chance.choice(SURROGATES)
        return self.text(value if isinstance(value, str) else "")


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")
