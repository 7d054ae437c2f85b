"""The A4 poster of a door: its plate, its codes, three steps, and what to compare and to call.

Measures are those of the visual direction. What is the same on every page of a street is drawn once and stamped on each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.web.i18n import t
from chalicelib.web.present_print import CodeView, Poster, Standing
from infra.printing.modules import Symbol
from infra.printing.pen import INK, PAPER, Pen, Plate

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

WIDE, HIGH = 210.0, 297.0
MAIN, SIDE = 82.0, 40.0
# Codes count with their quiet zone; frames with their round corners stand outside it.
_RIM, _FRAME = 1.5, 85.0
LEFT, RIGHT = 12.0, 198.0
_ACROSS = RIGHT - LEFT
# A street with one code gives its poster the room of the others: how far headline, line below and code stand lower.
_ALONE = (5.0, 8.0, 18.0)
# Type: domain and phone at least 27 pt, nothing under 11 pt but the imprint.
BIG, SMALL, IMPRINT = 27.0, 13.0, 9.0
_PLATE_TOP, _PLATE_HIGH = 11.0, 40.0
_MAIN_TOP, _BAND = 95.0, 15.0
_SIDES_TOP, _SIDES_HIGH = 200.5, 43.0
_STEPS_LEFT = 105.0
_FOOT_TOP = 249.5


def standing_form(canvas: Canvas, name: str, words: Standing, lang: str, plate: Plate) -> None:
    """Draws once, as the form `name`, what every poster of the street carries."""
    canvas.beginForm(name)
    pen = Pen(canvas, HIGH)
    lower = _lower(words)
    outline = INK if plate.field == PAPER else ""
    pen.box(LEFT, _PLATE_TOP, _ACROSS, _PLATE_HIGH, radius=4.2, fill=plate.field, edge=outline, thick=0.75)
    pen.box(
        LEFT + 1.9, _PLATE_TOP + 1.9, _ACROSS - 3.8, _PLATE_HIGH - 3.8, radius=2.8, edge=plate.key, thick=0.3 if outline else 0.75
    )
    pen.text(LEFT, 74 + lower[0], words.head, pen.fitted(words.head, 56, _ACROSS, 30), bold=True)
    pen.text(LEFT, 87 + lower[1], words.sub, pen.fitted(words.sub, 20, _ACROSS, 13))
    _steps(pen, words, plate)
    _foot(pen, words, lang)
    canvas.endForm()


def _lower(words: Standing) -> tuple[float, float, float]:
    return _ALONE if words.codes < 2 else (0.0, 0.0, 0.0)


def _steps(pen: Pen, words: Standing, plate: Plate) -> None:
    """As tall as the main code with its band, what is left over shared out between them."""
    left, room = _STEPS_LEFT + 17, RIGHT - _STEPS_LEFT - 17
    laid = []
    for step in words.steps:
        size = min(pen.fitted(line, 17, room, 14) for line in step.lines)
        laid.append((step.title, size, [part for line in step.lines for part in pen.wrapped(line, size, room)]))
    high = [17.5 + 8.4 * (len(lines) - 1) for _, _, lines in laid]
    gap = (_FRAME + _BAND - 2 - sum(high)) / (len(laid) - 1)
    top = _MAIN_TOP + _lower(words)[2] + 1
    for number, (title, size, lines) in enumerate(laid, 1):
        pen.text(_STEPS_LEFT, top + 12.6, str(number), 46, bold=True, colour=plate.digits)
        pen.text(left, top + 7.4, title, pen.fitted(title, 24, room, 16), bold=True)
        for row, line in enumerate(lines):
            pen.text(left, top + 16.4 + 8.4 * row, line, size)
        top += high[number - 1] + gap


def _foot(pen: Pen, words: Standing, lang: str) -> None:
    top, half = _FOOT_TOP, LEFT + _ACROSS / 2 + 4
    pen.rule(LEFT, top, _ACROSS, 0.7)
    room = half - LEFT - 6
    if pen.width(words.domain, BIG) <= room:
        _beside(pen, LEFT, room, "domain", words.domain, lang)
        _beside(pen, half, RIGHT - half, "phone", words.phone, lang)
    else:  # a long domain takes the room that it needs at 27 pt, the phone stands below
        pen.text(LEFT, top + 6.2, t(lang, "print.domain.before"), SMALL)
        pen.text(LEFT, top + 15.4, words.domain, pen.fitted(words.domain, BIG, _ACROSS, SMALL), bold=True)
        pen.text(LEFT, top + 21.2, t(lang, "print.domain.after"), SMALL)
        pen.text(LEFT, top + 31, words.phone, BIG, bold=True)
        pen.text(LEFT + pen.width(words.phone, BIG) + 5, top + 31, t(lang, "print.phone.before"), SMALL)
    low = HIGH - 10.5
    pen.text(LEFT, low, words.office, IMPRINT)
    x = LEFT + pen.width(words.office, IMPRINT) + 1.6
    pen.dot(x, low - 1.1, 0.35)
    pen.text(x + 1.6, low, words.brand, IMPRINT)
    pen.text(WIDE / 2, low, t(lang, "print.imprint.danger"), IMPRINT, align="mid")
    pen.text(RIGHT, low, words.printed, IMPRINT, align="right")


def _beside(pen: Pen, x: float, room: float, what: str, large: str, lang: str) -> None:
    before, after = t(lang, f"print.{what}.before"), t(lang, f"print.{what}.after")
    pen.text(x, _FOOT_TOP + 9.2, before, pen.fitted(before, 16, room, SMALL))
    pen.text(x, _FOOT_TOP + 20.8, large, pen.fitted(large, 30, room, BIG), bold=True)
    pen.text(x, _FOOT_TOP + 29, after, pen.fitted(after, 16, room, 11))


def page(pen: Pen, standing: str, words: Standing, lang: str, poster: Poster, symbols: dict[str, Symbol], plate: Plate) -> None:
    """One door's page. `symbols` by address."""
    pen.canvas.doForm(standing)
    _plate(pen, poster, lang, plate)
    main, *sides = poster.codes
    top = _MAIN_TOP + _lower(words)[2]
    pen.box(LEFT, top, _FRAME, _FRAME + _BAND, radius=3, fill=PAPER, edge=INK, thick=0.8)
    with pen.clipped(LEFT, top, _FRAME, _FRAME + _BAND, 3):
        pen.rule(LEFT, top + _FRAME, _FRAME, _BAND)
    pen.code(LEFT + _RIM, top + _RIM, MAIN, symbols[main.url])
    size = pen.fitted(main.name, 27, _FRAME - 8, 14)
    pen.text(LEFT + _FRAME / 2, top + _FRAME + _BAND / 2 + size * 0.125, main.name, size, bold=True, colour=PAPER, align="mid")
    for number, code in enumerate(sides):
        _side(pen, LEFT + number * (_ACROSS + 6) / 2, code, symbols[code.url])
    x = RIGHT - pen.width(words.printed, IMPRINT) - 1.6
    pen.dot(x, HIGH - 11.6, 0.35)
    pen.text(x - 1.6, HIGH - 10.5, poster.place, IMPRINT, align="right")


def _plate(pen: Pen, poster: Poster, lang: str, plate: Plate) -> None:
    left, right, top = LEFT + 9.5, RIGHT - 9.5, _PLATE_TOP
    view = poster.plate
    if view.number:
        pen.text(right, top + 18.6, t(lang, "print.plate.number"), 15, colour=plate.letters, align="right")
        pen.text(right, top + 31.4, view.number, 30, bold=True, colour=plate.letters, align="right")
        right -= max(pen.width(view.number, 30), pen.width(t(lang, "print.plate.number"), 15)) + 8
    room = right - left
    size = pen.fitted(view.street + view.community, 20, room - 5, 11)
    pen.text(left, top + 13.2, view.street, size, colour=plate.letters)
    if view.community:
        x = left + pen.width(view.street, size) + 2.2
        pen.dot(x, top + 13.2 - size * 0.125, 0.7, plate.letters)
        pen.text(x + 2.2, top + 13.2, view.community, size, colour=plate.letters)
    pen.text(left, top + 31.4, view.name, pen.fitted(view.name, 44, room, 16), bold=True, colour=plate.letters)


def _side(pen: Pen, x: float, code: CodeView, symbol: Symbol) -> None:
    wide = (_ACROSS - 6) / 2
    pen.box(x, _SIDES_TOP, wide, _SIDES_HIGH, radius=3, fill=PAPER, edge=INK, thick=0.5)
    pen.code(x + _RIM, _SIDES_TOP + _RIM, SIDE, symbol)
    left, room = x + _RIM + SIDE + 0.5, wide - SIDE - 5
    size = 20.0 if pen.width(code.name, 20) <= room else 17.0
    names = pen.wrapped(code.name, size, room)
    hints = pen.wrapped(code.hint, SMALL, room)
    y = _SIDES_TOP + _SIDES_HIGH / 2 - (len(names) * 8.2 + len(hints) * 6 - 8) / 2 + 1.5
    for name in names:
        pen.text(left, y, name, size, bold=True)
        y += 8.2
    for hint in hints:
        pen.text(left, y, hint, SMALL)
        y += 6
