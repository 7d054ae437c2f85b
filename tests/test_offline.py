"""Without a network: the form opens, the report waits in the phone with its photos, and goes out by itself, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.door import KEYS, TEXT, Door, add, open_door, photo
from tests.phone import Phone, a_phone, cached, photos_kept, ready, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

FORM = "/Q/I2AAAAAA"


@pytest.fixture
def phone(browser: Browser, tmp_path: Path) -> Iterator[Phone]:
    with a_phone(browser, tmp_path / "profile") as made:
        yield made


@pytest.fixture
def door() -> Iterator[Door]:
    with open_door() as made:
        made.works = True
        yield made


def test_a_report_with_a_photo_outlives_the_browser_and_goes_out_once_when_the_network_is_back(door: Door, phone: Phone) -> None:
    page = phone.open()
    ready(page, door.base + FORM)
    phone.cut()
    page.fill("#f-text", TEXT)
    add(page, photo())
    until(page, lambda: photos_kept(page) == 1)
    page.click("button.main")
    assert "已存在手机里，有网自动发出" in page.inner_text("#say")
    phone.close()

    page = phone.open()  # another process, still no network
    page.goto(door.base + FORM)
    until(page, lambda: page.locator("li.tile img:visible").count() == 1)
    assert page.input_value("#f-text") == TEXT
    assert (door.sent, door.uploads) == ([], [])

    phone.mend()
    page.wait_for_url("**/received")
    assert [(sent["text"], sent["key"], sent["photos"]) for sent in door.sent] == [([TEXT], [KEYS[0]], ["1"])]
    assert [b"JFIF" in upload or b"\xff\xd8" in upload for upload in door.uploads] == [True]
    assert page.evaluate("localStorage.getItem('ds:issue:AAAAAA')") is None
    until(page, lambda: page.evaluate("kept.all('ds:issue:AAAAAA').then((all) => all.length)") == 0)


def test_a_kept_page_never_brings_a_key_that_was_sent(door: Door, phone: Phone) -> None:
    page = phone.open()
    ready(page, door.base + FORM)
    keys = []
    for text in ("第一件", "第二件", "第三件"):
        phone.cut()
        page.goto(door.base + FORM)
        page.fill("#f-text", text)
        page.click("button.main")
        assert "有网自动发出" in page.inner_text("#say")
        keys.append(page.input_value("[name=key]"))
        phone.mend()
        page.wait_for_url("**/received")
    assert [sent["text"] for sent in door.sent] == [["第一件"], ["第二件"], ["第三件"]]
    assert [sent["key"] for sent in door.sent] == [[key] for key in keys]
    assert len(set(keys)) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", key) for key in keys)


def test_nothing_is_kept_but_the_form_and_its_scripts_and_the_network_comes_first(door: Door, phone: Phone) -> None:
    page = phone.open()
    page.goto(door.base + "/received")
    page.evaluate("caches.open('doorstep-0').then((old) => old.put('/left-over', new Response('x')))")
    ready(page, door.base + FORM)
    page.goto(door.base + FORM)
    page.goto(door.base + "/refused")
    page.goto(door.base + "/Q/R2AAAAAA")
    page.goto(door.base + "/t/token")
    until(page, lambda: "/left-over" not in cached(page))
    kinds = {re.sub(r"\.[0-9a-f]{10}\.js$", "", path) for path in cached(page)}
    assert kinds == {FORM, "/static/form", "/static/kept", "/static/hints", "/static/installed"}
    door.large = True
    page.goto(door.base + FORM)
    assert page.locator("html.big").count() == 1


def test_where_nothing_gets_through_though_the_browser_calls_itself_online_the_report_waits(door: Door, phone: Phone) -> None:
    page = phone.open()
    ready(page, door.base + FORM)
    phone.wire.plugged = False
    page.fill("#f-text", TEXT)
    add(page, photo())
    until(page, lambda: photos_kept(page) == 1)
    page.locator("#photos-say", has_text="已存在手机里").wait_for()
    page.click("button.main")
    until(page, lambda: "有网自动发出" in page.inner_text("#say"))
    phone.wire.plugged = True
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_url("**/received")
    assert [(sent["text"], sent["photos"]) for sent in door.sent] == [([TEXT], ["1"])]


def test_without_indexeddb_the_words_are_kept_and_it_says_that_photos_are_not(door: Door, page: Page) -> None:
    page.add_init_script("Object.defineProperty(window, 'indexedDB', {get: () => { throw new Error('off'); }})")
    page.goto(door.base + FORM)
    page.context.set_offline(True)
    page.fill("#f-text", TEXT)
    add(page, photo())
    page.locator(".tile .again").wait_for()
    page.click("button.main")
    assert "照片没能存下" in page.inner_text("#say")
    page.context.set_offline(False)
    page.wait_for_url("**/received")
    assert [sent["photos"] for sent in door.sent] == [["1"]]


def test_after_a_week_nothing_is_left_in_the_phone(door: Door, page: Page) -> None:
    page.goto(door.base + FORM)
    page.evaluate(
        """async () => {
          const then = Date.now() - 8 * 864e5, now = Date.now;
          localStorage.setItem("ds:issue:BBBBBB", JSON.stringify({at: then, text: "old", phone: "1"}));
          Date.now = () => then;
          await kept.put("ds:issue:BBBBBB", 1, new Blob(["x"], {type: "image/jpeg"}));
          Date.now = now;
        }"""
    )
    page.reload()
    until(page, lambda: page.evaluate("localStorage.getItem('ds:issue:BBBBBB')") is None)
    until(page, lambda: page.evaluate("kept.all('ds:issue:BBBBBB').then((all) => all.length)") == 0)
