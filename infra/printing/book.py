"""Whole books: a street's posters in one PDF, its communities' cards in another; glyphs are embedded once a book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.adapters.codeimages import code_url
from chalicelib.street import Place, Street
from chalicelib.web import present_print as words
from infra.codes import CodeKeys, codes_of
from infra.errors import InfraError
from infra.printing import card, font, poster
from infra.printing.modules import Symbol, symbol
from infra.printing.pen import MM, Pen, plate_colours

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

# Fewer codes than this are made quicker here than by processes that have to be started.
_ALONE = 300
_CHUNK = 150
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Edition:
    """How a street is printed. `month` of printing like `2026-11`; `domain` is the street's own unless it is tried elsewhere."""

    lang: str
    month: str
    domain: str
    mono: bool = False


def urls_of(street: Street, places: Iterable[Place], keys: CodeKeys, domain: str) -> dict[str, dict[str, str]]:
    """Place → kind → what its code says, for every place in use: signed where all codes are."""
    live = [place for place in places if not place.retired]
    codes = iter(codes_of(street, live, keys))
    return {place.id: {kind.id: code_url(domain, next(codes)) for kind in street.kinds} for place in live}


def symbols_of(urls: Sequence[str], workers: int) -> Iterator[Symbol]:
    """In the order of `urls`; many are shared out among processes."""
    if workers < 2 or len(urls) < _ALONE:
        yield from map(symbol, urls)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(symbol, urls, chunksize=_CHUNK)


@contextmanager
def _pdf(out: Path, size: tuple[float, float], title: str, author: str) -> Iterator[Canvas]:
    """A canvas that stands under its own name only when it is finished. The same input gives the same bytes."""
    from reportlab.pdfgen.canvas import Canvas

    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_suffix(".part")
    made = Canvas(str(draft), pagesize=size, pageCompression=1, invariant=1)
    made.setTitle(title)
    made.setAuthor(author)
    made.setCreator("Doorstep")
    yield made
    made.save()
    draft.replace(out)


def print_posters(
    street: Street,
    places: Sequence[Place],
    urls: Mapping[str, Mapping[str, str]],
    edition: Edition,
    out: Path,
    progress: Progress,
    workers: int = 1,
) -> int:
    """One page for each of `places` that is in use; returns how many. Raises `InfraError` when nothing is left to print."""
    live = [place for place in places if place.id in urls]
    if not live:
        raise InfraError("there is no place in use to print; retired places have no codes")
    lang, plate = edition.lang, plate_colours(street.plate, mono=edition.mono)
    constant = words.standing(street, live, lang, edition.month, edition.domain)
    views = [words.poster(street, place, urls[place.id], lang) for place in live]
    printable("".join(view.plate.street + view.plate.community + view.plate.name + view.plate.number for view in views))
    symbols = symbols_of([code.url for view in views for code in view.codes], workers)
    title = f"{street.name.text(lang)} {street.brand.text(lang)}"
    with _pdf(out, (poster.WIDE * MM, poster.HIGH * MM), title, street.name.text(lang)) as canvas:
        poster.standing_form(canvas, "standing", constant, lang, plate)
        pen = Pen(canvas, poster.HIGH)
        for number, view in enumerate(views, 1):
            drawn = {code.url: next(symbols) for code in view.codes}
            poster.page(pen, "standing", constant, lang, view, drawn, plate)
            canvas.showPage()
            progress(number, len(views))
    return len(views)


def print_cards(
    street: Street,
    places: Sequence[Place],
    urls: Mapping[str, Mapping[str, str]],
    edition: Edition,
    out: Path,
    progress: Progress,
    communities: Sequence[str] = (),
) -> tuple[int, list[str]]:
    """Two pages for each community with a place in use; how many, and the names of those without. `communities`: only these."""
    lang, plate = edition.lang, plate_colours(street.plate, mono=edition.mono)
    kind = street.kind("issue") or street.kinds[0]
    printed = words.standing(street, list(places), lang, edition.month, edition.domain).printed
    views, without = [], []
    for community in street.communities:
        if communities and community.id not in communities:
            continue
        place = words.card_place(community, places)
        if place is None:
            without.append(community.name.text(lang))
        else:
            views.append(words.card(street, community, kind, urls[place.id][kind.id], lang))
    if not views:
        return 0, without
    printable("".join(view.community + view.committee + "".join(line.name for line in view.lines) for view in views))
    with _pdf(out, card.SHEET, f"{street.name.text(lang)} {street.brand.text(lang)}", street.name.text(lang)) as canvas:
        for number, view in enumerate(views, 1):
            card.pages(canvas, view, symbol(view.code.url), street.phone, edition.domain, printed, lang, plate)
            progress(number, len(views))
    return len(views), without


def printable(text: str) -> None:
    """Raises `InfraError` for names with characters that would print as empty boxes."""
    missing = font.lacking(text)
    if missing:
        raise InfraError(f"the font has no glyph for {missing}; write these names otherwise in the street's files")
