"""A code's modules as PDF operators: outlines instead of squares, so that no viewer shows seams between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.adapters.codeimages import QUIET_ZONE, matrix

Corner = tuple[int, int]


@dataclass(frozen=True)
class Symbol:
    """`path` fills the dark modules by the even-odd rule in units of modules, the origin at the lower left of the quiet zone."""

    url: str
    modules: int
    path: str

    @property
    def side(self) -> int:
        """Modules across, with the quiet zone on both sides."""
        return self.modules + 2 * QUIET_ZONE


def symbol(url: str) -> Symbol:
    """Raises `ConfigError` for an address that would make the code too fine to print."""
    rows = matrix(url)
    return Symbol(url, len(rows), outline(rows))


def outline(rows: Sequence[Sequence[int]]) -> str:
    """Every border between dark and light, followed around; only corners are written."""
    size = len(rows)
    blank = bytes(size + 2)
    padded = [blank, *(b"\0" + bytes(row) + b"\0" for row in rows), blank]
    # A step along a border leads from a corner to the next, the dark module on its right hand.
    steps: dict[Corner, list[Corner]] = {}
    for y in range(size + 1):
        above, below = padded[y], padded[y + 1]
        if above == below:
            continue
        for x in range(1, size + 1):
            if above[x] != below[x]:
                start, end = ((x - 1, y), (x, y)) if below[x] else ((x, y), (x - 1, y))
                steps.setdefault(start, []).append(end)
    for y in range(1, size + 1):
        row = padded[y]
        for x in range(size + 1):
            if row[x] != row[x + 1]:
                start, end = ((x, y), (x, y - 1)) if row[x + 1] else ((x, y - 1), (x, y))
                steps.setdefault(start, []).append(end)
    top = size + QUIET_ZONE
    return " ".join(
        " ".join(f"{x + QUIET_ZONE} {top - y} {'l' if number else 'm'}" for number, (x, y) in enumerate(loop)) + " h"
        for loop in _loops(steps)
    )


def _loops(steps: dict[Corner, list[Corner]]) -> list[list[Corner]]:
    """Where two modules touch at a corner either way on is right: the even-odd rule doesn't mind."""
    loops = []
    while steps:
        at = start = next(iter(steps))
        loop: list[Corner] = []
        heading = (0, 0)
        while True:
            ways = steps[at]
            onward = ways.pop()
            if not ways:
                del steps[at]
            turned = (onward[0] - at[0], onward[1] - at[1])
            if turned != heading:
                loop.append(at)
            heading, at = turned, onward
            if at == start:
                break
        loops.append(loop)
    return loops
