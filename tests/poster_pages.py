"""Printed pages as a reader and a camera see them: text with its sizes, and codes decoded from pixels."""

from __future__ import annotations

import ctypes
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pypdfium2
import pypdfium2.raw as pdfium
import zxingcpp
from PIL import Image, ImageDraw

from infra.printing import book

MM = 72 / 25.4
# What an office printer does at least; a code on a poster has then 15 and more dots a module.
DPI = 200
MONTH = "2026-11"
STREETS = Path(__file__).parent.parent / "infra" / "streets"


class OneKey:
    """The keyring's part that codes need."""

    def code_keys(self) -> dict[str, bytes]:
        return {"2": b"a key of the tests, 32 bytes long"}

    def current_code_version(self) -> str:
        return "2"


def quiet(done: int, of: int) -> None:
    """No progress bar."""


def edition(domain: str, lang: str = "zh-CN", *, mono: bool = False) -> book.Edition:
    return book.Edition(lang, MONTH, domain, mono)


@dataclass(frozen=True)
class Said:
    """A line of text: its size in points, and its box in mm from the upper left corner of the page."""

    text: str
    size: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Read:
    """A decoded code: what it says, and the square of its modules in mm from the upper left corner."""

    text: str
    level: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def side(self) -> float:
        return (self.right - self.left + self.bottom - self.top) / 2


class Printed:
    """One PDF."""

    def __init__(self, path: Path) -> None:
        self.document = pypdfium2.PdfDocument(path)
        self.path = path

    def __len__(self) -> int:
        return len(self.document)

    def size(self, page: int = 0) -> tuple[float, float]:
        wide, high = self.document[page].get_size()
        return wide / MM, high / MM

    def text(self, page: int = 0) -> str:
        return str(self.document[page].get_textpage().get_text_range()).replace("\r\n", "\n")

    def said(self, page: int = 0) -> list[Said]:
        """Every piece of text that was written in one go."""
        sheet = self.document[page]
        words, high = sheet.get_textpage(), sheet.get_height()
        found = []
        for piece in self._pieces(sheet):
            size = ctypes.c_float()
            pdfium.FPDFTextObj_GetFontSize(piece, size)
            left, bottom, right, top = piece.get_bounds()
            held = pdfium.FPDFTextObj_GetText(piece, words, None, 0)
            text = (ctypes.c_ushort * (held // 2))()
            pdfium.FPDFTextObj_GetText(piece, words, text, held)
            said = bytes(text).decode("utf-16-le").rstrip("\0").strip()
            found.append(Said(said, size.value, left / MM, (high - top) / MM, right / MM, (high - bottom) / MM))
        return found

    def fonts(self, page: int = 0) -> dict[str, bool]:
        """Name → whether it is embedded."""
        found = {}
        for piece in self._pieces(self.document[page]):
            font = pdfium.FPDFTextObj_GetFont(piece)
            name = ctypes.create_string_buffer(100)
            pdfium.FPDFFont_GetBaseFontName(font, name, 100)
            found[name.value.decode()] = bool(pdfium.FPDFFont_GetIsEmbedded(font))
        return found

    @staticmethod
    def _pieces(sheet: Any) -> Any:
        return (piece for piece in sheet.get_objects(max_depth=4) if piece.type == pdfium.FPDF_PAGEOBJ_TEXT)

    def pixels(self, page: int = 0, dpi: int = DPI) -> Image.Image:
        """As a one-ink printer puts it on paper at its real size."""
        made: Image.Image = self.document[page].render(scale=dpi / 72, grayscale=True).to_pil()
        return made

    def codes(self, page: int = 0) -> list[Read]:
        """What an independent decoder finds, from the top down and left to right."""
        return sorted(read(self.pixels(page)), key=lambda code: (round(code.top / 20), code.left))


def read(image: Image.Image, dpi: int = DPI) -> list[Read]:
    found = []
    for code in zxingcpp.read_barcodes(numpy.asarray(image)):
        corners = [code.position.top_left, code.position.top_right, code.position.bottom_right, code.position.bottom_left]
        across, down = [corner.x * 25.4 / dpi for corner in corners], [corner.y * 25.4 / dpi for corner in corners]
        found.append(Read(code.text, code.ec_level, min(across), min(down), max(across), max(down)))
    return found


def cut(image: Image.Image, code: Read, modules: int, dpi: int = DPI) -> Image.Image:
    """The code alone with its quiet zone."""
    rim = code.side / modules * 4
    box = [int(edge * dpi / 25.4) for edge in (code.left - rim, code.top - rim, code.right + rim, code.bottom + rim)]
    return image.crop((box[0], box[1], box[2], box[3]))


def cover(image: Image.Image, modules: int, seed: int) -> tuple[Image.Image, float]:
    """A patch of one shade over a tenth of the data area, outside the three finders; and which share it covers."""
    dice = random.Random(seed)  # noqa: S311 - the same patches every time
    data = modules * modules - 3 * 64
    while True:
        wide = dice.randint(6, 18)
        high = -(-data // (10 * wide))
        left, top = dice.randint(0, modules - wide), dice.randint(0, modules - high)
        corners = [(0, 0), (modules - 8, 0), (0, modules - 8)]
        if not any(left < x + 8 and x < left + wide and top < y + 8 and y < top + high for x, y in corners):
            break
    covered = image.copy()
    one = image.width / (modules + 8)
    box = [(4 + edge) * one for edge in (left, top, left + wide, top + high)]
    ImageDraw.Draw(covered).rectangle((box[0], box[1], box[2], box[3]), fill=dice.choice([0, 96, 255]))
    return covered, wide * high / data
