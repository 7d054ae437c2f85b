"""Scenarios as people write them: a Markdown file per street in `tests/scenarios/`, read into steps.

A file begins with its people (`- station head: station_head@zone:z1`); each `## ` heading is a scenario, the line after it may
say what it covers (`Covers: B2, D1, huajing 1`); each bullet is a step. What a step may say is in `PATTERNS`, in the words of the
file itself; anything else is refused with the line's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "scenarios"

# name → how a line says it. A person is named as in the file's list; values stand in brackets as `name: value; name: value`.
PATTERNS: dict[str, str] = {
    "at": r"It is (?P<when>\d{4}-\d\d-\d\d \d\d:\d\d)",
    "until": r"Time passes until (?P<when>\d{4}-\d\d-\d\d \d\d:\d\d)",
    "pass": r"(?P<count>\d+) (?P<unit>minutes?|hours?|days?) pass(?:es)?",
    "report": r"A (?P<kind>resident|merchant|unit)(?: (?P<who>[A-Z]))? reports “(?P<text>[^”]+)”"
    r"(?: at (?P<place>\S+))?(?P<rest>(?:, [^,]+)*)",
    "intake": r"(?P<person>[a-z][a-z ]*\d*) takes in a (?P<channel>[a-z_0-9]+) report “(?P<text>[^”]+)”"
    r"(?: at (?P<place>\S+))?(?: as (?P<class>\w+))?(?: under number (?P<external>\S+))?(?P<rest>(?:, [^,]+)*)",
    "case": r"Now about (?P<name>[A-Z]|the first case)",
    "reporter": r"The reporter: (?P<action>\w+)(?: \((?P<fields>[^)]*)\))?",
    "refused": r"(?P<person>[a-z][a-z ]*\d*) can’t (?P<action>\w+)(?: \((?P<fields>[^)]*)\))?(?: \[(?P<reason>\w+)\])?",
    "state": r"Then it is (?P<state>\w+)",
    "stands": r"Then it stands at (?P<rung>\w+) of (?P<unit>\S+)",
    "ends": r"Then (?P<clock>\w+)(?: of (?P<party>[a-z][a-z ]*\d*))? ends (?P<when>\d{4}-\d\d-\d\d \d\d:\d\d)",
    "clock": r"Then (?P<clock>\w+)(?: of (?P<party>[a-z][a-z ]*\d*))? is (?P<how>running|paused|stopped|late|not late|absent)",
    "outcome": r"Then its outcome is (?P<outcome>\w+)",
    "listed": r"Then it is (?P<how>on|not on) the supervision list",
    "fact": r"Then its (?P<name>\w+) is (?P<value>.+)",
    "told": r"Then these were told: (?P<list>.+)",
    "nobody": r"Then nobody was told",
    "sms": r"Then (?P<person>[a-z][a-z ]*\d*) (?P<how>was told|was not told|was told once) (?P<template>\w+)",
    "reads": r"Then (?P<person>[a-z][a-z ]*\d*) (?P<how>reads|does not read) “(?P<text>[^”]+)”",
    "sheet": r"Then the (?P<sheet>\w+) of (?P<person>[a-z][a-z ]*\d*) reads “(?P<text>[^”]+)”",
    "desk": r"Then it is (?P<how>on|not on) the desk of (?P<person>[a-z][a-z ]*\d*)",
    "hidden": r"Then (?P<person>[a-z][a-z ]*\d*) can’t open it",
    "act": r"(?P<person>[a-z][a-z ]*\d*): (?P<action>\w+)(?: \((?P<fields>[^)]*)\))?",
}
# `state` would take these for a state.
ORDER = (
    "listed",
    "desk",
    "outcome",
    "stands",
    "ends",
    "clock",
    "sms",
    "sheet",
    "reads",
    "hidden",
    "told",
    "nobody",
    "fact",
    "state",
)


@dataclass(frozen=True)
class Line:
    """One step: which pattern it is, what it says, and where it stands."""

    kind: str
    said: dict[str, str]
    number: int
    text: str


@dataclass
class Scenario:
    street: str
    title: str
    covers: tuple[str, ...] = ()
    lines: list[Line] = field(default_factory=list)


@dataclass
class Book:
    street: str
    people: dict[str, str]
    scenarios: list[Scenario]


def fields(said: str | None) -> dict[str, str]:
    """`class: complex; note: …` as names and values."""
    pairs = [part.partition(":") for part in (said or "").split(";") if part.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


def read(path: Path) -> Book:
    """Raises `ValueError` naming file and line for whatever it does not understand."""
    book = Book(path.stem, {}, [])
    pending = ""
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), start=1):
        text = raw.strip()
        if text.startswith("## "):
            book.scenarios.append(Scenario(path.stem, text.removeprefix("## ").strip()))
        elif text.startswith("Covers:") and book.scenarios:
            covers = text.removeprefix("Covers:").rstrip(".").split(",")
            book.scenarios[-1].covers = tuple(cover.strip() for cover in covers)
        elif text.startswith("- ") and not book.scenarios:
            name, _, grant = text.removeprefix("- ").partition(":")
            book.people[name.strip()] = grant.strip()
        elif text.startswith("- "):
            try:
                book.scenarios[-1].lines.append(_line(text.removeprefix("- ").strip().rstrip("."), number))
            except ValueError as error:
                raise ValueError(f"{path.name}:{number}: {error}") from error
        pending = text
    if pending and not book.scenarios:
        raise ValueError(f"{path.name} has no scenario")
    return book


def _line(text: str, number: int) -> Line:
    kinds = ORDER if text.startswith("Then ") else [kind for kind in PATTERNS if kind not in ORDER]
    for kind in kinds:
        found = re.fullmatch(PATTERNS[kind], text)
        if found:
            return Line(kind, {name: value for name, value in found.groupdict().items() if value is not None}, number, text)
    raise ValueError(f"nobody understands {text!r}")


def books() -> list[Book]:
    return [read(path) for path in sorted(FOLDER.glob("*.md"))]
