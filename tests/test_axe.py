"""Every page for everybody: axe's rules, sizes and reflow, in a real browser, narrow and wide, light and dark, both languages.

The desk's many states differ in words, not in shape: they are looked at once each. `make soak` looks at all of them every way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.web import i18n
from tests import browser_checks as checks
from tests.page_samples import STATES, all_pages, look

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOAK = bool(os.environ.get("DOORSTEP_SOAK"))
# Language, width in CSS pixels, scheme, and how large the user has made it: 200 % of a window of 1280 is a window of 640.
WAYS = [
    ("zh-CN", 320, "light", 1),
    ("zh-CN", 1280, "dark", 1),
    ("en", 320, "dark", 1),
    ("en", 1280, "light", 1),
]
MORE = [
    ("zh-CN", 640, "light", 2),
    ("zh-CN", 320, "dark", 1),
    ("zh-CN", 1280, "light", 1),
    ("en", 320, "light", 1),
    ("en", 1280, "dark", 1),
    ("en", 640, "dark", 2),
]
RESIDENT = (
    "form",
    "received",
    "progress",
    "photos",
    "rate",
    "track",
    "code problem",
    "error",
    "faq",
    "public",
    "property",
    "volunteer",
    "register",
)
TEXT, TARGET = 18, 60
# As tall as the longest page: a bar that sticks to the window's end would lie over what scrolls away from under it.
TALL = 9000


def samples(lang: str, *, whole: bool) -> Mapping[str, Callable[[], str]]:
    states = {f"{page} {state}" for page in ("progress", "case") for state in STATES}
    return {name: made for name, made in all_pages(lang).items() if whole or name not in states}


@pytest.fixture
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    lang, width, scheme, zoom = request.param
    context = browser.new_context(
        locale=lang,
        viewport={"width": width, "height": TALL},
        color_scheme=scheme,
        device_scale_factor=zoom,
    )
    yield context.new_page()
    context.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("opened", "way"), [(way, way) for way in (*WAYS, *(MORE if SOAK else ()))], indirect=["opened"])
def test_every_page_is_free_of_violations_and_fits(opened: Page, way: tuple[str, int, str, int]) -> None:
    found: dict[str, list[str]] = {}
    with i18n.strict():
        for name, made in samples(way[0], whole=SOAK or way == WAYS[0]).items():
            opened.set_content(made())
            wrong = [*checks.axe(opened), *(f"sticks out: {one}" for one in checks.sticking_out(opened))]
            if name.startswith(RESIDENT):
                wrong += [f"small text: {one}" for one in checks.small_text(opened, TEXT)]
                wrong += [f"low target: {one}" for one in checks.low_targets(opened, TARGET)]
            if wrong:
                found[name] = wrong
    assert found == {}


@pytest.mark.parametrize("opened", [WAYS[0]], indirect=True)
def test_the_checks_themselves_find_what_is_wrong(opened: Page) -> None:
    """After a page with nothing wrong, as after any other."""
    opened.set_content(all_pages("zh-CN")["track"]())
    assert checks.axe(opened) == []
    opened.set_content(
        "<!doctype html><html lang='zh-CN'><title>t</title><main><h1>h</h1><p style='font-size:12px;color:#aaa'>太淡的一句话</p>"
        "<button style='height:30px'>短</button><p style='width:500px;background:red'>宽</p><input></main>"
    )
    rules = {one.split(":")[0] for one in checks.axe(opened)}
    assert {"color-contrast", "label"} <= rules
    assert len(checks.small_text(opened, TEXT)) == 3
    assert len(checks.low_targets(opened, TARGET)) == 1
    assert any("宽" in one for one in checks.sticking_out(opened))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("opened", [("en", 320, "light", 1)], indirect=True)
def test_every_page_fits_a_narrow_window_in_large_print(opened: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """English, whose words are the longest."""
    assert look.__kwdefaults__
    monkeypatch.setitem(look.__kwdefaults__, "large", True)
    wide = {}
    with i18n.strict():
        for name, made in all_pages("en").items():
            opened.set_content(made())
            assert opened.locator("html.big").count() == 1, name
            if found := checks.sticking_out(opened):
                wide[name] = found
    assert wide == {}


def test_large_print_makes_everything_larger(browser: Browser) -> None:
    from chalicelib.web import pages
    from tests.page_samples import street

    page: Any = browser.new_page(viewport={"width": 320, "height": 800})
    page.set_content(pages.track(look("zh-CN", large=True), street()))
    assert checks.small_text(page, TEXT * 1.25) == []
    assert checks.sticking_out(page) == []
    page.close()
