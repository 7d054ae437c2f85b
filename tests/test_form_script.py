"""The form's own script in a real browser: photos, the draft, and sending once when the network is back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.door import KEYS, TEXT, Door, add, open_door, photo

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def door() -> Iterator[Door]:
    with open_door() as made:
        yield made


def uploaded(page: Page, slots: str) -> None:
    """Waits for it. A hidden field's value is its attribute, so no script has to be evaluated under the page's policy."""
    page.wait_for_selector(f"input[name=photos][value='{slots}']", state="attached")


def slots(page: Page) -> str:
    return page.input_value("input[name=photos]")


def written_offline(door: Door, page: Page) -> None:
    page.goto(door.base)
    page.context.set_offline(True)
    page.fill("#f-text", TEXT)
    page.click("button.main")
    assert "有网自动发出" in page.inner_text("#say")


def left(page: Page) -> Page:
    """A new window of the same visitor, who has left the page in the old one, offline as they were.

    A page that is closed by the driver sees the network come back in its last moment; one that was left sees nothing more.
    """
    page.goto("about:blank")
    later = page.context.new_page()
    page.close()
    return later


def test_photos_are_shrunk_uploaded_and_named_in_the_form(door: Door, page: Page) -> None:
    page.goto(door.base)
    page.fill("#f-text", TEXT)
    add(page, photo("a.jpg"), photo("b.jpg"))
    uploaded(page, "1,2")
    assert [asked["slot"] for asked in door.granted] == [1, 2]
    assert {asked["type"] for asked in door.granted} == {"image/jpeg"}
    assert {asked["key"] for asked in door.granted} == {KEYS[0]}
    assert all(b'name="key"' in upload and b'name="file"' in upload for upload in door.uploads)
    page.click("button.main")
    page.wait_for_url("**/received")
    assert door.sent[0]["photos"] == ["1,2"]


def test_a_photo_that_failed_can_be_tried_again_or_taken_away(door: Door, page: Page) -> None:
    door.fail = 1
    page.goto(door.base)
    add(page, photo())
    again = page.locator(".tile .again")
    again.wait_for()
    assert slots(page) == ""
    again.click()
    uploaded(page, "1")
    page.click(".tile .rm")
    assert slots(page) == ""
    assert page.locator("li.tile").count() == 0


def test_sending_waits_for_the_photos_and_goes_out_once(door: Door, page: Page) -> None:
    door.hold.clear()
    page.goto(door.base)
    page.fill("#f-text", TEXT)
    add(page, photo())
    page.locator("li.tile").wait_for()
    page.click("button.main")
    assert page.get_attribute("button.main", "aria-busy") == "true"
    page.click("button.main")
    assert door.sent == []
    door.hold.set()
    page.wait_for_url("**/received")
    assert [sent["photos"] for sent in door.sent] == [["1"]]


def test_the_draft_comes_back_with_its_own_key(door: Door, page: Page) -> None:
    page.goto(door.base)
    page.fill("#f-text", TEXT)
    page.locator("label:has([name=category])").first.click()
    page.reload()
    assert page.input_value("#f-text") == TEXT
    assert page.locator("[name=category]").first.is_checked()
    assert page.input_value("[name=key]") == KEYS[0]
    assert page.locator("#say").is_visible()


def test_uploaded_photos_of_a_draft_can_be_taken_out(door: Door, page: Page) -> None:
    page.goto(door.base)
    page.fill("#f-text", TEXT)
    add(page, photo())
    uploaded(page, "1")
    page.reload()
    assert slots(page) == "1"
    assert "已上传" in page.inner_text("li.tile")
    page.click(".tile .rm")
    assert slots(page) == ""


def test_after_sending_the_draft_is_gone(door: Door, page: Page) -> None:
    page.goto(door.base)
    page.fill("#f-text", TEXT)
    page.click("button.main")
    page.wait_for_url("**/received")
    page.goto(door.base)
    assert page.input_value("#f-text") == ""
    assert page.input_value("[name=key]") == KEYS[1]


def test_gone_back_to_and_sent_once_more_it_is_the_same_report_and_other_words_are_another(door: Door, page: Page) -> None:
    page.goto(door.base)
    add(page, photo())
    uploaded(page, "1")
    for text in (TEXT, TEXT, "另一件事"):
        page.fill("#f-text", text)
        page.click("button.main")
        page.wait_for_url("**/received")
        page.go_back()
        page.wait_for_url(f"{door.base}/")
    first, again, other = door.sent
    assert (again["key"], again["photos"]) == (first["key"], first["photos"]) == ([KEYS[0]], ["1"])
    assert other["key"] != first["key"]


def test_where_copying_is_not_allowed_the_number_is_chosen_for_the_phones_own_menu(door: Door, page: Page) -> None:
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))")
    page.goto(door.base + "/received")
    page.click("[data-copy]")
    assert page.locator("html").evaluate("() => getSelection().toString()") == "K7M3-9QXA-C"


def test_written_offline_it_is_sent_once_when_the_network_is_back(door: Door, page: Page) -> None:
    written_offline(door, page)
    page.click("button.main")
    assert door.sent == []
    page.context.set_offline(False)
    page.wait_for_url("**/received")
    assert [(sent["text"], sent["key"]) for sent in door.sent] == [([TEXT], [KEYS[0]])]


def test_written_offline_it_is_sent_when_the_form_is_opened_again(door: Door, page: Page) -> None:
    written_offline(door, page)
    later = left(page)
    later.context.set_offline(False)
    later.goto(door.base)
    later.wait_for_url("**/received")
    assert [(sent["text"], sent["key"]) for sent in door.sent] == [([TEXT], [KEYS[0]])]


def test_what_got_lost_on_its_way_is_sent_when_the_form_is_opened_again(door: Door, page: Page) -> None:
    written_offline(door, page)
    door.lose = 1
    page.context.set_offline(False)
    assert door.lost.acquire(timeout=20)
    later = page.context.new_page()
    page.close()
    later.goto(door.base)
    later.wait_for_url("**/received")
    assert [(sent["text"], sent["key"]) for sent in door.sent] == [([TEXT], [KEYS[0]])]


def test_what_gets_no_answer_again_and_again_waits_for_a_person(door: Door, page: Page) -> None:
    written_offline(door, page)
    door.lose = 3
    page.context.set_offline(False)
    for _ in range(3):
        assert door.lost.acquire(timeout=20)
        later = page.context.new_page()
        page.close()
        page = later
        page.goto(door.base)
    page.wait_for_load_state("load")
    assert (page.input_value("#f-text"), page.input_value("[name=key]"), door.sent) == (TEXT, KEYS[0], [])
    page.click("button.main")
    page.wait_for_url("**/received")
    assert [sent["text"] for sent in door.sent] == [[TEXT]]


def test_written_offline_and_opened_again_still_offline_it_is_sent_when_the_network_is_back(door: Door, page: Page) -> None:
    written_offline(door, page)
    later = left(page)
    later.context.set_offline(False)
    # The page comes from a cache; to its script the network is still away.
    later.add_init_script("Object.defineProperty(navigator, 'onLine', {get: () => window.back === true})")
    later.goto(door.base)
    later.wait_for_load_state("load")
    assert (later.input_value("#f-text"), door.sent) == (TEXT, [])
    later.evaluate("window.back = true; window.dispatchEvent(new Event('online'))")
    later.wait_for_url("**/received")
    assert [(sent["text"], sent["key"]) for sent in door.sent] == [([TEXT], [KEYS[0]])]


def promise(page: Page, text: str) -> None:
    page.fill("#f-text", text)
    add(page, photo())
    page.locator("li.tile .strip", has_text="等网络").wait_for()
    page.click("button.main")
    assert "有网自动发出" in page.inner_text("#say")


def test_two_tabs_at_one_door_both_keep_their_promise(door: Door, page: Page) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(door.base)
        tab.wait_for_load_state("load")
    page.context.set_offline(True)
    promise(page, "第一件")
    promise(other, "第二件")
    page.goto("about:blank")
    page.close()
    other.context.set_offline(False)
    other.wait_for_url("**/received")
    assert [sent["text"] for sent in door.sent] == [["第二件"]]
    # The other tab's was not taken away: it goes when the form is opened, to which this page leads.
    other.click("[data-next]")
    other.wait_for_url("**/Q/I2AAAAAA")
    other.wait_for_url("**/received")
    assert [(sent["text"], sent["key"], sent["photos"]) for sent in door.sent] == [
        (["第二件"], [KEYS[1]], ["1"]),
        (["第一件"], [KEYS[0]], ["1"]),
    ]
    assert other.locator("[data-next]").is_hidden()
    assert other.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('ds:'))") == []


def test_what_waits_goes_before_what_is_being_written_and_leaves_it_there(door: Door, page: Page) -> None:
    page.goto(door.base + "/received")
    page.evaluate(
        """() => {
          const put = (name, draft) => localStorage.setItem("ds:issue:AAAAAA" + name, JSON.stringify({at: Date.now(), ...draft}));
          put("", {text: "在写", key: "c"});
          put(":b", {text: "第二件", key: "b", waiting: true});
          put(":a", {text: "第一件", key: "a", waiting: true, at: Date.now() - 1000});
        }"""
    )
    for text in ("第一件", "第二件"):
        page.goto(door.base)
        page.wait_for_url("**/received")
        assert door.sent[-1]["text"] == [text]
    page.goto(door.base)
    page.wait_for_load_state("load")
    assert (page.input_value("#f-text"), len(door.sent)) == ("在写", 2)


def test_where_the_phone_keeps_nothing_the_page_asks_to_stay_open_and_sends(door: Door, page: Page) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }")
    page.goto(door.base)
    page.context.set_offline(True)
    page.fill("#f-text", TEXT)
    page.click("button.main")
    said = page.inner_text("#say")
    assert ("已存在手机里" in said, "请不要关闭本页" in said) == (False, True)
    page.context.set_offline(False)
    page.wait_for_url("**/received")
    assert [(sent["text"], sent["key"]) for sent in door.sent] == [([TEXT], [KEYS[0]])]


def test_what_the_server_sent_back_is_newer_than_the_draft(door: Door, page: Page) -> None:
    page.goto(door.base)
    page.fill("#f-text", "旧的草稿")
    page.goto(door.base + "/refused")
    assert page.input_value("#f-text") == "退回来的话"
    assert page.input_value("[name=key]") == KEYS[1]
