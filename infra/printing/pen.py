"""Drawing in millimetres from the upper left corner, as one measures on paper; type in points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.printing import font
from infra.printing.modules import Symbol

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

MM = 72 / 25.4
INK = "#1B1B1A"
PAPER = "#FFFFFF"
# The stroke around a bold glyph, as a share of its size: about the weight of a regular family's bold.
_STROKE = 0.045


def _narrow(text: str) -> str:
    """A Chinese font's apostrophe is as wide as a character: in Latin words the typewriter's stands instead."""
    plain = text.replace("\u2019", "'")
    return plain if plain.isascii() else text


@dataclass(frozen=True)
class Plate:
    """The colours of the enamel plate: field, keyline, letters. On a printer with one ink the field stays white."""

    field: str
    key: str
    letters: str
    digits: str


def plate_colours(colour: str, *, mono: bool) -> Plate:
    return Plate(PAPER, INK, INK, INK) if mono else Plate(colour, "#C9D8F0", PAPER, colour)


class Pen:
    """Writes on one canvas. `height` is the page's, in mm; `left` and `top` move the origin, for a bleed."""

    def __init__(self, canvas: Canvas, height: float, *, left: float = 0.0, top: float = 0.0) -> None:
        self.canvas = canvas
        self.font = font.register()
        self._height = height
        self._left, self._top = left, top

    def _x(self, x: float) -> float:
        return (x + self._left) * MM

    def _y(self, y: float) -> float:
        return (self._height - y - self._top) * MM

    def width(self, text: str, size: float) -> float:
        """Of the text, in mm."""
        return float(self.canvas.stringWidth(_narrow(text), self.font, size)) / MM

    def fitted(self, text: str, size: float, room: float, least: float) -> float:
        """The largest size up to `size` at which the text is no wider than `room` mm, but never under `least`."""
        wide = self.width(text, size)
        return size if wide <= room else max(least, int(size * room / wide * 4) / 4)

    def text(
        self, x: float, y: float, text: str, size: float, *, bold: bool = False, colour: str = INK, align: str = "left"
    ) -> None:
        """`x`, `y` is where the baseline begins (`align` left), ends (right) or has its middle (mid)."""
        if align != "left":
            x -= self.width(text, size) / (1 if align == "right" else 2)
        # How text is rendered outlives the text in a PDF, unless it is put back.
        self.canvas.saveState()
        line = self.canvas.beginText(self._x(x), self._y(y))
        line.setFont(self.font, size)
        line.setFillColor(colour)
        if bold:
            self.canvas.setLineWidth(size * _STROKE)
            self.canvas.setLineJoin(1)
            line.setStrokeColor(colour)
            line.setTextRenderMode(2)
        line.textOut(_narrow(text))
        self.canvas.drawText(line)
        self.canvas.restoreState()

    def wrapped(self, text: str, size: float, room: float) -> list[str]:
        """The text in lines of at most `room` mm: broken between words where there are spaces, else between characters."""
        lines, line = [], ""
        for part in text.split(" ") if " " in text else text:
            gap = " " if line and " " in text else ""
            if line and self.width(line + gap + part, size) > room:
                lines.append(line)
                line = part
            else:
                line += gap + part
        return [*lines, line] if line else lines

    def rule(self, x: float, y: float, wide: float, thick: float, colour: str = INK) -> None:
        self.canvas.setFillColor(colour)
        self.canvas.rect(self._x(x), self._y(y + thick), wide * MM, thick * MM, stroke=0, fill=1)

    def dot(self, x: float, y: float, radius: float, colour: str = INK) -> None:
        self.canvas.setFillColor(colour)
        self.canvas.circle(self._x(x), self._y(y), radius * MM, stroke=0, fill=1)

    def box(
        self, x: float, y: float, wide: float, high: float, *, radius: float, fill: str = "", edge: str = "", thick: float = 0.0
    ) -> None:
        """A box with round corners; its edge lies inside its measures."""
        inset = thick / 2 if edge else 0.0
        if fill:
            self.canvas.setFillColor(fill)
        if edge:
            self.canvas.setStrokeColor(edge)
            self.canvas.setLineWidth(thick * MM)
        self.canvas.roundRect(
            self._x(x + inset),
            self._y(y + high - inset),
            (wide - 2 * inset) * MM,
            (high - 2 * inset) * MM,
            max(0.0, radius - inset) * MM,
            stroke=int(bool(edge)),
            fill=int(bool(fill)),
        )

    @contextmanager
    def clipped(self, x: float, y: float, wide: float, high: float, radius: float) -> Iterator[None]:
        """What is drawn meanwhile stays inside the round box."""
        self.canvas.saveState()
        shape = self.canvas.beginPath()
        shape.roundRect(self._x(x), self._y(y + high), wide * MM, high * MM, radius * MM)
        self.canvas.clipPath(shape, stroke=0, fill=0)
        yield
        self.canvas.restoreState()

    def code(self, x: float, y: float, side: float, symbol: Symbol) -> None:
        """The code with its quiet zone in a square of `side` mm, black on the white that is there."""
        scale = side * MM / symbol.side
        at = f"{scale:.5f} 0 0 {scale:.5f} {self._x(x):.4f} {self._y(y + side):.4f}"
        self.canvas.addLiteral(f"q 0 g {at} cm {symbol.path} f* Q")
