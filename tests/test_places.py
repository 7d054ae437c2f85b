"""Doors at the desk: who sees which, finding one, and its poster as a page that prints and scans."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from chalicelib.codes import verify
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer
from infra.streetfile.compile import load
from tests.client import Page
from tests.poster_pages import STREETS, Printed, read
from tests.poster_samples import samples
from tests.test_codeimages import raster
from tests.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FIRST = "JNP3NT"


def doors(page: Page) -> list[str]:
    return [link.rpartition("/")[2] for link in page.links if re.search(r"/desk/places/\w", link)]


def svgs(page: Page) -> list[str]:
    return [found for found in re.findall(r"<svg.*?</svg>", page.text, re.DOTALL) if "crispEdges" in found]


def test_doors_are_seen_by_scope_and_found_by_any_word(world: World) -> None:
    clerk, street = world.signed_in("committee", "committee:c01"), world.signed_in("street_admin", "street")
    assert "/desk/places" in clerk.get("/desk").links
    assert doors(clerk.get("/desk/places")) == ["JNP3NT", "QTHB6W"]
    assert doors(street.get("/desk/places")) == [place.id for place in world.places]
    zone = {place.id for place in world.places if world.street.committee_by_id[place.committee].zone == "z1"}
    assert set(doors(world.signed_in("zone_head", "zone:z1").get("/desk/places"))) == zone
    found = {
        "19号楼": ["JNP3NT"],
        "building%2019": ["JNP3NT"],
        "jnp3": ["JNP3NT"],
        "电梯": ["DTDXEF"],
        "19号楼%20电梯": [],
    }
    for typed, wanted in found.items():
        page = street.get(f"/desk/places?q={typed}")
        assert doors(page) == wanted, typed
        assert ("没有找到" in page.words) == (not wanted)
    assert "<script>x" not in street.get("/desk/places?q=%3Cscript%3Ex").text
    # Elsewhere and nowhere look the same; other roles have no doors at all.
    for place in ("3GD7KS", "ZZZZZZ"):
        assert clerk.get(f"/desk/places/{place}").status == 404
    company = world.signed_in("property", "community:c01a")
    assert [company.get(path).status for path in ("/desk/places", f"/desk/places/{FIRST}")] == [403, 403]


def test_a_doors_page_shows_its_poster_with_codes_that_open_its_forms(world: World) -> None:
    clerk = world.signed_in("committee", "committee:c01")
    english = clerk.get(f"/desk/places/{FIRST}?lang=en").words
    assert "Building 19" in english and "Report a problem" in english
    page = clerk.get(f"/desk/places/{FIRST}?lang=zh-CN")
    for wanted in ("示例小街道", "19号楼", "家门口的事，扫码说", "问题意见征集", "房屋出租登记", "small.example", FIRST):
        assert wanted in page.words
    codes = []
    for drawn in svgs(page):
        assert 'role="img"' in drawn and "aria-label=" in drawn  # a name for those who can't see it
        (code,) = read(raster(drawn.encode()))
        text = code.text.rpartition("/")[2]
        codes.append(verify(text, world.context.keys.code_keys(text[1])))
        assert world.client().get(f"/Q/{text}").status == 200
    assert [(code.kind, code.place) for code in codes] == [("issue", FIRST), ("rental", FIRST)]
    assert "unsafe" not in page.header("Content-Security-Policy")
    assert not re.search(r"\sstyle=|<script>|\son\w+=", page.text)
    # Taken down, as after the next deployment: listed last, nothing to print.
    places: Any = world.context.places
    places[FIRST] = msgspec.structs.replace(places[FIRST], retired=True)
    listed, page = clerk.get("/desk/places"), clerk.get(f"/desk/places/{FIRST}")
    assert doors(listed) == ["QTHB6W", FIRST]
    assert "已停用" in listed.words
    assert "已停用" in page.words
    assert svgs(page) == []
    assert "data-print" not in page.text


@pytest.mark.browser
@pytest.mark.parametrize("street_id", ["changqiao", "huajing"])
def test_the_browser_prints_one_page_that_scans(browser: Browser, street_id: str, tmp_path: Path) -> None:
    """The print style sheet in a real browser, without backgrounds, as offices print: one sheet, the sizes of the PDF."""
    street, places = load(STREETS / f"{street_id}.toml")
    me = Viewer("A1", "街道", ("street_admin@street",), "csrf")
    tab = browser.new_page()
    for lang in ("zh-CN", "en"):
        tab.set_content(samples(Look(lang, False, "", "/desk/places"), street, places[0], me)["poster"]())
        out = tmp_path / f"{lang}.pdf"
        tab.pdf(path=str(out), prefer_css_page_size=True, print_background=False)
        printed = Printed(out)
        assert len(printed) == 1
        assert printed.size() == pytest.approx((210, 297), abs=0.5)
        codes = printed.codes()
        assert len(codes) == len(street.kinds)
        main, *sides = codes
        assert any(main.side / count * (count + 8) == pytest.approx(82, abs=1) for count in (29, 33))
        for side in sides:
            assert side.side / main.side == pytest.approx(40 / 82, abs=0.02)
            assert side.top - main.bottom >= 20
        assert street.domain in printed.text().replace("\n", "")
    tab.close()
