"""What hangs on a door: measures, type and words, read from the PDF; every code, read from its pixels."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from chalicelib.codes import verify
from chalicelib.street import Label, Place, Street
from chalicelib.web.i18n import t
from chalicelib.web.present_print import card_place
from infra.errors import InfraError
from infra.printing import book, font, poster
from infra.streetfile.compile import load
from tests.poster_pages import MONTH, STREETS, OneKey, Printed, Read, cover, cut, edition, quiet

MODULES = 33  # version 4: the longest of the five streets' addresses
MANY = 120


@dataclass(frozen=True)
class Book:
    street: Street
    places: list[Place]
    posters: Printed
    cards: Printed


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A committee of the street with all three kinds, one door of it taken down, and its cards."""
    folder = tmp_path_factory.mktemp("posters")
    street, places = load(STREETS / "changqiao.toml")
    places = places[:7]
    places[1] = msgspec.structs.replace(places[1], retired=True)
    urls = book.urls_of(street, places, OneKey(), street.domain)
    how = edition(street.domain)
    book.print_posters(street, places, urls, how, folder / "posters.pdf", quiet)
    book.print_cards(street, places, urls, how, folder / "cards.pdf", quiet)
    return Book(street, places, Printed(folder / "posters.pdf"), Printed(folder / "cards.pdf"))


def test_there_is_a_page_for_every_door_in_use_and_two_for_every_community(printed: Book) -> None:
    assert len(printed.posters) == 6
    inside = {place.community for place in printed.places if place.community and not place.retired}
    assert len(printed.cards) == 2 * len(inside) == 6
    assert printed.posters.size() == pytest.approx((210, 297), abs=0.1)
    assert printed.places[1].name not in "".join(printed.posters.text(page) for page in range(6))


def test_every_printed_code_opens_the_form_of_its_own_door(printed: Book) -> None:
    live = [place for place in printed.places if not place.retired]
    for page, place in enumerate(live):
        codes = [verify(code.text.rpartition("/")[2], OneKey().code_keys()) for code in printed.posters.codes(page)]
        assert [(code.kind, code.place) for code in codes] == [(kind.id, place.id) for kind in printed.street.kinds]
        assert all(code.text.startswith("HTTPS://CHANGQIAO.EXAMPLE/Q/") for code in printed.posters.codes(page))
    for page in range(0, len(printed.cards), 2):
        (code,) = printed.cards.codes(page)
        of = verify(code.text.rpartition("/")[2], OneKey().code_keys())
        community = next(place.community for place in live if place.id == of.place)
        assert of.kind == "issue"
        assert printed.street.community_by_id[community].name.zh in printed.cards.text(page)


@pytest.mark.parametrize("what", ["main", "side", "side_two", "card"])
def test_codes_read_from_paper_with_a_tenth_of_the_data_area_covered(printed: Book, what: str) -> None:
    """A hundred seeded patches, shared out among the codes: each is read."""
    pages, page, number = {
        "main": (printed.posters, 0, 0),
        "side": (printed.posters, 1, 1),
        "side_two": (printed.posters, 2, 2),
        "card": (printed.cards, 0, 0),
    }[what]
    code = pages.codes(page)[number]
    clean = cut(pages.pixels(page), code, MODULES)
    from tests.poster_pages import read

    for seed in range(100):
        covered, share = cover(clean, MODULES, seed)
        assert share >= 0.1
        assert [found.text for found in read(covered)] == [code.text], f"{what}, patch {seed}"


def modules(code: Read) -> float:
    return code.side / MODULES


def test_codes_have_the_promised_sizes_and_distances(printed: Book) -> None:
    for page in range(2):
        main, *sides = printed.posters.codes(page)
        assert main.level == "Q"
        # Sizes count the quiet zone of four modules on each side.
        assert modules(main) * (MODULES + 8) == pytest.approx(82, abs=0.6)
        for side in sides:
            assert side.level == "Q"
            assert modules(side) * (MODULES + 8) == pytest.approx(40, abs=0.6)
            assert side.top - main.bottom >= 20
            assert modules(side) >= 0.8
    (card,) = printed.cards.codes(0)
    assert modules(card) >= 0.8 - 0.02
    assert card.side / MODULES * (MODULES + 8) >= 32


@pytest.mark.parametrize("what", ["posters", "cards"])
def test_the_quiet_zone_is_white(printed: Book, what: str) -> None:
    pages: Printed = getattr(printed, what)
    image = pages.pixels(0)
    for code in pages.codes(0):
        rim = cut(image, code, MODULES)
        # Less than half a module for the pixels that lie on an edge.
        wide = int(rim.width * 3.6 / (MODULES + 8))
        right, low = rim.width - 2, rim.height - 2
        for box in ((2, 2, right, wide), (2, low - wide + 2, right, low), (2, 2, wide, low), (right - wide + 2, 2, right, low)):
            assert rim.crop(box).getextrema()[0] == 255


def test_type_is_as_large_as_promised(printed: Book) -> None:
    street = printed.street
    for page in range(len(printed.posters)):
        said = printed.posters.said(page)
        sizes = {piece.text: piece.size for piece in said}
        assert sizes[street.domain] >= 27
        assert sizes[street.phone] >= 27
        imprint = [piece for piece in said if piece.top > 297 - 15]
        assert {piece.size for piece in imprint} == {poster.IMPRINT}
        assert min(piece.size for piece in said if piece not in imprint) >= 11
    for page in range(len(printed.cards)):
        said = printed.cards.said(page)
        assert min(piece.size for piece in said) >= 7.5
        phones = [piece for piece in said if piece.text.startswith("021-0012")]
        assert phones
        assert min(piece.size for piece in phones) >= 12.5


def test_nothing_leaves_the_paper_or_lies_on_something_else(printed: Book) -> None:
    for said, wide, high, rim in (
        *((printed.posters.said(page), 210, 297, 9) for page in range(6)),
        *((printed.cards.said(page), 96, 60, 6) for page in range(2)),
    ):
        for piece in said:
            assert piece.left >= rim and piece.right <= wide - rim, piece
            assert piece.top >= rim and piece.bottom <= high - rim, piece
        for number, one in enumerate(said):
            for other in said[number + 1 :]:
                apart = one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
                assert apart, f"{one.text} lies on {other.text}"


def test_cards_carry_their_bleed(printed: Book) -> None:
    assert printed.cards.size(0) == pytest.approx((96, 60), abs=0.05)
    trim = [edge / 72 * 25.4 for edge in printed.cards.document[0].get_trimbox()]
    assert trim == pytest.approx([3, 3, 93, 57], abs=0.05)
    front = printed.cards.pixels(0)
    assert all(front.getpixel(at) == front.getpixel((1, 1)) for at in ((1, front.height - 2), (front.width - 2, 1)))


def test_text_is_text_and_every_font_is_embedded(printed: Book) -> None:
    place = printed.places[0]
    text = printed.posters.text()
    for wanted in (place.name, "长桥街道", "示例桂花新村", "问题意见征集", "房屋出租登记", "实有人口登记", "7天内办结", place.id):
        assert wanted in text
    assert t("zh-CN", "print.imprint.printed", month="2026年11月") in text
    back = printed.cards.text(1)
    for post in ("committee", "police", "doctor", "lawyer", "housing"):
        assert t("zh-CN", f"print.post.{post}") in back
    assert "物业（24小时）" in back  # the community's own line, nearer than the street's
    assert "021-0012 1201" in back  # the committee's own
    assert "021-0012 1102" in back  # the street's
    for pages, page in ((printed.posters, 0), (printed.cards, 0), (printed.cards, 1)):
        fonts = pages.fonts(page)
        assert fonts
        assert all(fonts.values()), fonts


def test_a_cards_code_hangs_where_people_go(printed: Book) -> None:
    street, places = load(STREETS / "changqiao.toml")
    found = {community.id: card_place(community, places) for community in street.communities}
    assert all(place and place.community == community and not place.retired for community, place in found.items())
    first = found[street.communities[0].id]
    assert first is not None and first.kind == "board"
    none = [msgspec.structs.replace(place, retired=True) for place in places]
    assert card_place(street.communities[0], none) is None


def test_one_ink_is_enough(tmp_path: Path) -> None:
    """On a one-ink edition the plate is an outline: little ink, the same words, the same codes; one code has its poster alone."""
    street, places = load(STREETS / "yuejincun.toml")
    urls = book.urls_of(street, places[:1], OneKey(), street.domain)
    for name, mono in (("ink", False), ("mono", True)):
        book.print_posters(street, places[:1], urls, edition(street.domain, mono=mono), tmp_path / f"{name}.pdf", quiet)
    ink, mono_page = Printed(tmp_path / "ink.pdf"), Printed(tmp_path / "mono.pdf")
    assert sorted(ink.text().split()) == sorted(mono_page.text().split())
    plate = (30, 30, 180, 45)  # of the plate's field, mm × 10 / 2
    dark = [sum(pages.pixels(dpi=50).crop(plate).histogram()[:128]) for pages in (ink, mono_page)]
    assert dark[1] < dark[0] / 2
    for pages in (ink, mono_page):
        (code,) = pages.codes()
        assert code.text == urls[places[0].id]["issue"]


@pytest.mark.parametrize("street_id", sorted(path.stem for path in STREETS.glob("*.toml")))
def test_every_street_prints_in_both_languages(street_id: str, tmp_path: Path) -> None:
    street, places = load(STREETS / f"{street_id}.toml")
    longest = sorted(places, key=lambda place: len(place.en))[-1:]
    urls = book.urls_of(street, longest, OneKey(), street.domain)
    for lang in ("zh-CN", "en"):
        out = tmp_path / f"{lang}.pdf"
        book.print_posters(street, longest, urls, edition(street.domain, lang), out, quiet)
        pages = Printed(out)
        assert len(pages.codes()) == len(street.kinds)
        assert street.domain in pages.text()
        assert (longest[0].en if lang == "en" else longest[0].name) in pages.text().replace("\n", " ")
        assert all(piece.left >= 9 and piece.right <= 201 for piece in pages.said())


def test_the_longest_domain_still_prints_and_scans(tmp_path: Path) -> None:
    street, places = load(STREETS / "changqiao.toml")
    domain = "a" * 27 + ".example"
    urls = book.urls_of(street, places[:1], OneKey(), domain)
    out = tmp_path / "long.pdf"
    book.print_posters(street, places[:1], urls, edition(domain), out, quiet)
    pages = Printed(out)
    assert len(pages.codes()) == 3
    sizes = {piece.text: piece.size for piece in pages.said()}
    assert sizes[street.phone] >= 27
    assert sizes[domain] >= 27
    assert all(piece.left >= 9 and piece.right <= 201 for piece in pages.said())


def test_a_street_prints_quickly_and_small(tmp_path: Path) -> None:
    """A sample of the 2,000 doors that the benchmark prints: 30 ms and 10 KB a page are allowed, most of it the codes."""
    street, places = load(STREETS / "changqiao.toml")
    places = places[:MANY]
    out = tmp_path / "many.pdf"
    started = time.process_time()
    urls = book.urls_of(street, places, OneKey(), street.domain)
    assert book.print_posters(street, places, urls, edition(street.domain), out, quiet) == MANY
    spent = time.process_time() - started
    assert spent / MANY <= 0.030
    assert out.stat().st_size / MANY <= 10_000
    assert "FontFile2" in out.read_bytes().decode("latin-1")


def test_the_same_street_prints_the_same_bytes_with_and_without_helpers(tmp_path: Path) -> None:
    street, places = load(STREETS / "changqiao.toml")
    urls = book.urls_of(street, places[:101], OneKey(), street.domain)  # as many codes as are shared out among processes
    for workers in (1, 2):
        book.print_posters(street, places[:101], urls, edition(street.domain), tmp_path / f"{workers}.pdf", quiet, workers)
    assert (tmp_path / "1.pdf").read_bytes() == (tmp_path / "2.pdf").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_names_that_the_font_cannot_write_are_refused(tmp_path: Path) -> None:
    street, places = load(STREETS / "changqiao.toml")
    odd = msgspec.structs.replace(places[0], name="3号楼🏠")
    urls = book.urls_of(street, [odd], OneKey(), street.domain)
    with pytest.raises(InfraError, match="no glyph for 🏠"):
        book.print_posters(street, [odd], urls, edition(street.domain), tmp_path / "odd.pdf", quiet)
    assert list(tmp_path.iterdir()) == []


def test_a_street_of_retired_doors_says_so(tmp_path: Path) -> None:
    street, places = load(STREETS / "changqiao.toml")
    gone = [msgspec.structs.replace(place, retired=True) for place in places[:2]]
    with pytest.raises(InfraError, match="no place in use"):
        book.print_posters(street, gone, {}, edition(street.domain), tmp_path / "none.pdf", quiet)


def test_the_font_is_the_one_that_was_checked(tmp_path: Path) -> None:
    assert font.find().name == "wqy-microhei.ttc"
    other = tmp_path / "wqy-microhei.ttc"
    other.write_bytes(b"another font")
    with pytest.raises(InfraError, match="another version.*paperang-p2-fonts-cjk.*fonts-wqy-microhei"):
        font.find([tmp_path / "nowhere.ttc", other])
    with pytest.raises(InfraError, match="no Chinese font"):
        font.find([])


def test_a_street_without_reports_prints_a_poster_for_its_registers(tmp_path: Path) -> None:
    street, places = load(STREETS / "changqiao.toml")
    only = msgspec.structs.replace(street, kinds=street.kinds[1:], name=Label("示例街道"))
    urls = book.urls_of(only, places[:1], OneKey(), street.domain)
    book.print_posters(only, places[:1], urls, edition(street.domain), tmp_path / "r.pdf", quiet)
    text = Printed(tmp_path / "r.pdf").text()
    assert t("zh-CN", "print.head.register") in text
    assert t("zh-CN", "print.head.issue") not in text
    assert MONTH == "2026-11"
