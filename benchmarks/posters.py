"""A street of 2,000 doors printed: seconds and bytes in whole, and a page with Chinese embedded against a raw PDF page."""

from __future__ import annotations

import io
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.row import Row
from chalicelib.adapters.codeimages import code_url, svg
from chalicelib.casework.numbers import ALPHABET
from chalicelib.street import Place, Street
from infra.package.build import ROOT
from infra.printing import book
from infra.printing.modules import symbol
from infra.streetfile.compile import load

DOORS = 2_000
SECONDS, MEGABYTES = 60.0, 20.0
PAGES = 200
RUNS = 5
REACH_PAGE, PAGE_BYTES = 1.5, 30_000
REACH_SVG = 0.3


class _Key:
    """What signs here opens no door."""

    def code_keys(self) -> dict[str, bytes]:
        return {"2": b"a key for measuring, 32 bytes in"}

    def current_code_version(self) -> str:
        return "2"


def rows(street_id: str) -> list[Row]:
    """Of the street's own doors, as often as needed."""
    street, places = load(ROOT / "infra" / "streets" / f"{street_id}.toml")
    many = doors(places, DOORS)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "posters.pdf"
        seconds = _printed(street, many, out, os.cpu_count() or 1)
        size = out.stat().st_size
    page, raw, page_bytes = _pages(street, many[:PAGES])
    svg_ms, png_ms = _pictures(street)
    return [
        Row(f"street of {DOORS:,} places printed, time", seconds, SECONDS, 1, unit="s", key="printed_s"),
        Row(f"street of {DOORS:,} places printed, size", size / 1e6, MEGABYTES, 1, unit="MB", key="printed_mb"),
        Row("poster page, Chinese embedded", page, raw, REACH_PAGE, of="raw PDF page", key="poster"),
        Row("poster page, bytes", page_bytes / 1e3, PAGE_BYTES / 1e3, 1, unit="KB", key="poster_kb"),
        Row("QR as SVG", svg_ms, png_ms, REACH_SVG, of="segno PNG", key="qr"),
    ]


def doors(places: list[Place], count: int) -> list[Place]:
    """As many doors as asked for, with ids and numbers of their own; the same ones every time."""
    dice = random.Random(1)  # noqa: S311 - for measuring
    ids: set[str] = set()
    while len(ids) < count:
        ids.add("".join(dice.choices(ALPHABET, k=6)))
    return [
        msgspec.structs.replace(
            places[number % len(places)], id=one, name=f"{number + 1}号楼", plate=str(number + 1), retired=False
        )
        for number, one in enumerate(sorted(ids))
    ]


def _printed(street: Street, places: list[Place], out: Path, workers: int) -> float:
    started = time.perf_counter()
    urls = book.urls_of(street, places, _Key(), street.domain)
    book.print_posters(street, places, urls, book.Edition("zh-CN", "2026-11", street.domain), out, _quiet, workers)
    return time.perf_counter() - started


def _pages(street: Street, places: list[Place]) -> tuple[float, float, float]:
    """CPU ms of our page and of a raw one that carries the same codes in the viewer's own Latin font; and our page's bytes.

    Both in turns, the best of each, so that a busy machine slows both.
    """
    ours: list[float] = []
    raw: list[float] = []
    with TemporaryDirectory() as folder:
        out = Path(folder) / "posters.pdf"
        for _ in range(RUNS):
            ours.append(_cpu(lambda: _printed(street, places, out, 1)))
            raw.append(_cpu(lambda: _raw(street, places)))
        size = out.stat().st_size
    return min(ours) / len(places), min(raw) / len(places), size / len(places)


def _raw(street: Street, places: list[Place]) -> None:
    """The least that reportlab can make of the same page: its codes and its strings, in Helvetica, nothing embedded."""
    from reportlab.pdfgen.canvas import Canvas

    urls = book.urls_of(street, places, _Key(), street.domain)
    canvas = Canvas(io.BytesIO(), pageCompression=1)
    for place in places:
        for url in urls[place.id].values():
            canvas.addLiteral(f"q 2 0 0 2 50 50 cm {symbol(url).path} f* Q")
            canvas.drawString(50, 700, url)
        canvas.showPage()
    canvas.save()


def _pictures(street: Street) -> tuple[float, float]:
    import segno

    urls = [code_url(street.domain, f"I2{number:019d}") for number in range(20)]

    def theirs() -> None:
        for url in urls:
            segno.make_qr(url, error="q", boost_error=False).save(io.BytesIO(), kind="png", scale=10)

    pairs = [(_cpu(lambda: [svg(url) for url in urls]), _cpu(theirs)) for _ in range(RUNS)]
    return min(ours for ours, _ in pairs) / len(urls), min(png for _, png in pairs) / len(urls)


def _cpu(work: Callable[[], object]) -> float:
    """Milliseconds of this process."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def _quiet(done: int, of: int) -> None:
    """No progress bar."""
