"""The contact card of a community (便民联系卡): 90×54 mm, the front with 3 mm of bleed, the back with whom to call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.web.i18n import t
from chalicelib.web.present_print import CardView
from infra.printing.modules import Symbol
from infra.printing.pen import INK, MM, PAPER, Pen, Plate

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

WIDE, HIGH, BLEED = 90.0, 54.0, 3.0
CODE, MODULE_LEAST = 32.0, 0.8
SHEET = ((WIDE + 2 * BLEED) * MM, (HIGH + 2 * BLEED) * MM)
# Text at least 7.5 pt, phones 12.5 pt.
TEXT, PHONE = 7.5, 12.5


def code_side(symbol: Symbol) -> float:
    """32 mm, or as much more as a longer address needs for modules of 0.8 mm."""
    return max(CODE, MODULE_LEAST * symbol.side)


def pages(canvas: Canvas, card: CardView, symbol: Symbol, phone: str, domain: str, printed: str, lang: str, plate: Plate) -> None:
    """Two pages, front and back."""
    canvas.setPageSize(SHEET)
    _front(_pen(canvas), card, symbol, phone, domain, plate)
    canvas.showPage()
    canvas.setPageSize(SHEET)
    _back(_pen(canvas), card, printed, lang)
    canvas.showPage()


def _pen(canvas: Canvas) -> Pen:
    trim = (BLEED * MM, BLEED * MM, (BLEED + WIDE) * MM, (BLEED + HIGH) * MM)
    canvas.setTrimBox(trim)
    canvas.setBleedBox((0, 0, *SHEET))
    return Pen(canvas, HIGH + 2 * BLEED, left=BLEED, top=BLEED)


def _front(pen: Pen, card: CardView, symbol: Symbol, phone: str, domain: str, plate: Plate) -> None:
    pen.box(-BLEED, -BLEED, WIDE + 2 * BLEED, HIGH + 2 * BLEED, radius=0, fill=plate.field)
    pen.box(1.8, 1.8, WIDE - 3.6, HIGH - 3.6, radius=2, edge=plate.key, thick=0.35)
    side = code_side(symbol)
    x, y, left = WIDE - 5.4 - side, 4.6, 6.2
    # The round corners of its white field stand outside the quiet zone.
    pen.box(x - 0.6, y - 0.6, side + 1.2, side + 1.2, radius=1.2, fill=PAPER)
    pen.code(x, y, side, symbol)
    room = x - left - 3
    middle = x + side / 2
    small = pen.fitted(card.code.name, 9, side, TEXT)
    pen.text(middle, y + side + 4.6, card.code.name, small, colour=plate.letters, align="mid")
    pen.text(
        middle, y + side + 9.2, domain, pen.fitted(domain, 9.5, side + 3, TEXT), bold=True, colour=plate.letters, align="mid"
    )
    for number, above in enumerate((card.street, card.committee)):
        size = pen.fitted(above, 9, room, TEXT)
        pen.text(left, 9 + number * 4.4, above, size, colour=plate.letters)
    pen.text(left, 22.6, card.community, pen.fitted(card.community, 17, room, 9), bold=True, colour=plate.letters)
    pen.text(left, 29.4, card.title, 11, colour=plate.letters)
    pen.text(left, 41.4, card.call, 8.5, colour=plate.letters)
    pen.text(left, 47.4, phone, pen.fitted(phone, 15.5, room, PHONE), bold=True, colour=plate.letters)


def _back(pen: Pen, card: CardView, printed: str, lang: str) -> None:
    left, gap, top, step = 5.0, 4.5, 4.4, 13.4
    wide = (WIDE - 2 * left - gap) / 2
    for number, line in enumerate(card.lines):
        x, y = left + number % 2 * (wide + gap), top + number // 2 * step
        pen.rule(x, y, wide, 0.2)
        pen.text(x, y + 4.6, line.name, pen.fitted(line.name, 8.5, wide, TEXT))
        pen.text(x, y + 10.2, line.phone, PHONE, bold=True)
    pen.rule(left, 46, WIDE - 2 * left, 0.2)
    pen.text(left, 49.8, t(lang, "print.imprint.danger"), TEXT)
    pen.text(WIDE - left, 49.8, printed, TEXT, align="right", colour=INK)
