"""Charts as SVG inside the page: drawn with svg.py, coloured by the page's own style sheet, so dark and forced colours follow.

Widths are shares of the chart and heights are in ems: a chart fits every screen and grows with the reader's type. Bars differ by
hatch, lines by dash and marker; every chart stands beside its table, which holds every number, and says its finding as a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import svg
    from markupsafe import Markup

ROW_EM, TOP_EM, PLOT_EM = 2.9, 0.4, 11.0
LEFT, RIGHT = 4.0, 96.0
STEPS = (10, 20, 25, 50)


@dataclass(frozen=True)
class Bar:
    """`parts` are counts, drawn one after the other; `end` is what stands behind the name."""

    name: str
    parts: tuple[int, ...]
    end: str


@dataclass(frozen=True)
class Course:
    """Several lines over the same points. `names` stand below, as many as find room."""

    names: tuple[str, ...]
    lines: tuple[tuple[int, ...], ...]


def bars(said: str, rows: Sequence[Bar]) -> Markup:
    """A bar for each row, its name and number above it."""
    import svg

    most = max((sum(row.parts) for row in rows), default=0) or 1
    drawn: list[svg.Element] = []
    for number, row in enumerate(rows):
        top = TOP_EM + number * ROW_EM
        drawn.append(svg.Text(x=_of(0), y=_em(top + 1), class_=["n"], text=_plain(row.name)))
        drawn.append(svg.Text(x=_of(100), y=_em(top + 1), class_=["n", "e"], text=_plain(row.end)))
        drawn += _parts(row.parts, most, top + 1.3, 1.0)
    return _chart(said, TOP_EM + len(rows) * ROW_EM, drawn)


def share(said: str, parts: Sequence[int]) -> Markup:
    """One bar that is the whole."""
    return _chart(said, 2.2, list(_parts(parts, sum(parts) or 1, 0.1, 2.0)))


def course(said: str, it: Course) -> Markup:
    """Lines with a marker at every point: the first filled and round, the second dashed, hollow and square."""
    import svg

    step = _step(max((max(line) for line in it.lines if line), default=0))
    top = 4 * step
    base = TOP_EM + 1 + PLOT_EM
    drawn: list[svg.Element] = []
    for tick in range(5):
        y = base - PLOT_EM * tick / 4
        drawn.append(svg.Line(x1=_of(0), x2=_of(100), y1=_em(y), y2=_em(y), class_=["g"]))
        drawn.append(svg.Text(x=_of(0), y=_em(y - 0.25), class_=["t"], text=f"{step * tick}"))
    for number, line in enumerate(it.lines):
        at = [(_across(point, len(line)), base - PLOT_EM * value / top) for point, value in enumerate(line)]
        for (x1, y1), (x2, y2) in pairwise(at):
            drawn.append(svg.Line(x1=_of(x1), y1=_em(y1), x2=_of(x2), y2=_em(y2), class_=["l", f"l{number + 1}"]))
        drawn += [_marker(number, x, y) for x, y in at]
    every = max(1, -(-len(it.names) // 5))
    for point, name in enumerate(it.names):
        if point % every == 0:
            anchor = "s" if point == 0 else "e" if point == len(it.names) - 1 else "m"
            x = _of(_across(point, len(it.names)) - (LEFT - 0.5 if anchor == "s" else 0))
            drawn.append(svg.Text(x=x, y=_em(base + 1.3), class_=["t", anchor], text=_plain(name)))
    return _chart(said, base + 1.8, drawn)


def _across(point: int, points: int) -> float:
    return (LEFT + RIGHT) / 2 if points < 2 else LEFT + (RIGHT - LEFT) * point / (points - 1)


def _marker(number: int, x: float, y: float) -> svg.Element:
    import svg

    if number == 0:
        return svg.Circle(cx=_of(x), cy=_em(y), r=_em(0.3), class_=["p", "p1"])
    # A square around a point that is given in two units: the nested picture is as large as the square, and lies about the point.
    square = svg.Rect(x=_em(-0.28), y=_em(-0.28), width=_em(0.56), height=_em(0.56), class_=["p", "p2"])
    return svg.SVG(x=_of(x), y=_em(y), overflow="visible", elements=[square])


def _parts(parts: Sequence[int], whole: int, top: float, height: float) -> list[svg.Element]:
    import svg

    drawn: list[svg.Element] = []
    left = 0.0
    for number, part in enumerate(parts):
        wide = 100 * part / whole
        if part:
            box = svg.Rect(x=_of(left), y=_em(top), width=_of(wide), height=_em(height), class_=["b", f"b{number + 1}"])
            drawn.append(box)
        left += wide
    return drawn


def _step(most: int) -> int:
    """The distance of four grid lines, so that no point is above the last: 1, 2, 5, 10, 20, 25, 50, 100, …"""
    for small in (1, 2, 5):
        if 4 * small >= most:
            return small
    power = 1
    while True:
        for factor in STEPS:
            if 4 * factor * power >= most:
                return factor * power
        power *= 10


def _plain(text: str) -> str:
    """svg.py writes texts and attributes as they are."""
    from markupsafe import escape

    return str(escape(text))


def _of(share: float) -> svg.Length:
    import svg

    return svg.Length(round(share, 2), "%")


def _em(length: float) -> svg.Length:
    import svg

    return svg.Length(round(length, 2), "em")


def _chart(said: str, height: float, elements: list[svg.Element]) -> Markup:
    import svg
    from markupsafe import Markup

    drawn = svg.SVG(
        width=_of(100), height=_em(height), class_=["chart"], elements=elements, extra={"role": "img", "aria-label": _plain(said)}
    )
    return Markup(drawn.as_str())  # noqa: S704 - every text in it went through `_plain`
