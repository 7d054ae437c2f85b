"""The security lists as data: OWASP ASVS 5.0 up to level 2 by chapter, and the API Security Top 10 of 2023.

Ids and levels are OWASP's; what a point asks is said in our own words. A point is met only where there is code, and a test
wherever one can be written; otherwise it says why no test can.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STATES = ("met", "not applicable", "not met")


@dataclass(frozen=True)
class Point:
    """`where` are files of the project, `tests` pytest's ids; `untested` says why a point that is met has none."""

    id: str
    asks: str
    state: str
    how: str
    level: int = 0
    where: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    untested: str = ""


@dataclass(frozen=True)
class Chapter:
    id: str
    name: str
    points: tuple[Point, ...]


def _point(name: str, about: dict[str, Any]) -> Point:
    where, tests = tuple(about.pop("where", ())), tuple(about.pop("tests", ()))
    return Point(id=name, where=where, tests=tests, **about)


def _chapter(path: Path) -> Chapter:
    found = tomllib.loads(path.read_text("utf-8"))
    head = {"id": str(found.pop("chapter")), "name": str(found.pop("name"))}
    return Chapter(**head, points=tuple(_point(name, about) for name, about in found.items()))


def asvs() -> list[Chapter]:
    """By chapter, in the standard's order. Raises TypeError for a key that a point does not have."""
    return [_chapter(path) for path in sorted((HERE / "asvs").glob("v*.toml"))]


def api_top10() -> Chapter:
    return _chapter(HERE / "api10.toml")
