"""The whole way in a real browser against `make serve`: from the printed code to the rating."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import numpy
import pytest
import resvg_py
import zxingcpp
from PIL import Image

from tests.crawl import crawl
from tests.phone import SLOW_3G, Wire, a_phone, photos_kept, ready
from tests.picture_files import jpeg
from tests.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.engine, pytest.mark.browser]

SOON_S = 45.0
FIRST_VIEW = 14 * 1024
TEXT = "三楼的楼道灯不亮了。已经两个晚上,老人下楼看不清台阶"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("walk")).by_day()
    server.start()
    yield server
    server.stop()


def printed_code(server: Server) -> str:
    """The address that a phone reads from the code as printed: the SVG object of the demo's form, rasterised and decoded."""
    code = server.demo["forms"]["issue"].rsplit("/", 1)[-1]
    endpoint = next(found[0] for line in server.lines if (found := re.findall(r"engine.*(http://\S+)", line)))
    s3: Any = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    bucket = next(found["Name"] for found in s3.list_buckets()["Buckets"] if "codes" in found["Name"].lower())
    drawn = s3.get_object(Bucket=bucket, Key=f"codes/{code}.svg")["Body"].read().decode()
    image = Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=drawn, width=600))).convert("L")
    (read,) = zxingcpp.read_barcodes(numpy.asarray(image))
    return read.text


def until(page: Page, seen: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON_S
    while not seen():
        assert time.monotonic() < end, page.inner_text("body")
        page.wait_for_timeout(100)


def soon(page: Page, path: str, seen: Callable[[Page], bool]) -> None:
    """Reloads until it is there: uploads are worked on by another function, which takes its moment."""

    def reloaded() -> bool:
        page.goto(path)
        return seen(page)

    until(page, reloaded)


class Clerk:
    """A member of staff at a desk of 1280 px."""

    def __init__(self, browser: Browser, server: Server, role: str) -> None:
        person = next(entry for entry in server.demo["staff"] if entry["role"] == role)
        self.base = server.demo["base_url"]
        self.context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.page.goto(self.base + "/desk")
        assert self.page.url.endswith("/desk/signin")
        self.page.fill("input[name=username]", person["username"])
        self.page.fill("input[name=password]", person["password"])
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url("**/desk")

    def open(self, no: str) -> Clerk:
        self.page.goto(f"{self.base}/desk/cases/{no}")
        return self

    def do(self, action: str, choose: str = "", **typed: str) -> Clerk:
        """Opens the action if it is folded away, fills it in and presses its button."""
        form = self.page.locator(f"form[action$='/{action}']")
        group = self.page.locator(f"details.group:has(#act-{action}):not([open]) > summary")
        if group.count():
            group.click()
        if not form.is_visible():
            self.page.click(f"details#act-{action} > summary")
        for name, value in typed.items():
            form.locator(f"[name={name}]").fill(value)
        if choose:
            form.locator(f"label:has-text('{choose}')").first.click()
        with self.page.expect_navigation():
            form.locator("button:not([type=button])").click()
        assert "/desk/cases/" in self.page.url
        assert self.page.locator("#errors").count() == 0, self.page.inner_text("#errors")
        return self

    @property
    def text(self) -> str:
        return self.page.inner_text("body")


def test_from_the_printed_code_to_the_rating(served: Server, browser: Browser, page: Page) -> None:
    base = served.demo["base_url"]
    address = urlsplit(printed_code(served))
    assert (address.scheme, address.hostname) == ("https", "changqiao.example")
    page.goto(base + address.path)

    # The resident: text, two photos, a phone; then a number.
    page.fill("textarea[name=text]", TEXT)
    page.fill("input[name=phone]", "138 0000 0000")
    page.set_input_files("input[type=file]", [_photo("hall.jpg"), _photo("stairs.jpg")])
    until(page, lambda: page.input_value("input[name=photos]") == "1,2")
    page.click("button.main")
    page.wait_for_url("**/received")
    found = re.search(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]", page.inner_text("body"))
    assert found, page.inner_text("body")
    no, link = found[0], page.url.removesuffix("/received")

    # The dispatcher accepts and dispatches to a department; the department signs and asks.
    centre = Clerk(browser, served, "dispatcher")
    centre.page.goto(base + "/desk")
    assert "三楼的楼道灯不亮了" in centre.text
    centre.open(no).do("accept")
    soon(centre.page, f"{base}/desk/cases/{no}", lambda seen: seen.locator("img[src*='thumb']").count() == 2)
    centre.do("dispatch", choose="城市管理办", demands="查清线路,修好楼道灯")
    department = Clerk(browser, served, "department")
    assert "三楼的楼道灯不亮了" in department.text
    department.open(no).do("sign").do("ask", text="请问是哪个单元")

    # The resident reads the question on the link and replies.
    page.goto(link)
    assert "请问是哪个单元" in page.inner_text("body")
    page.locator("form[action$='/reply'] textarea").fill("二单元")
    page.locator("form[action$='/reply'] button").click()
    page.wait_for_url(link)
    assert "二单元" in page.inner_text("body")

    # Preliminary feedback, proposed, confirmed, closed.
    department.open(no).do("prelim", text="已联系电工,今天下午来换")
    department.do("propose", choose="已解决", text="灯泡和声控开关都换了")
    centre.open(no).do("confirm")
    centre.do("close", choose="已解决")

    # The answer, and the rating.
    page.goto(link)
    body = page.inner_text("body")
    assert "已办结" in body
    assert "灯泡和声控开关都换了" in body
    assert page.locator("img[src*='thumb']").count() >= 2
    page.goto(link + "/rate")
    page.locator("label:has(input[name=satisfied][value=yes])").click()
    page.locator("label:has(input[name=score][value='5'])").click()
    page.fill("textarea[name=words]", "谢谢")
    page.locator("form[action$='/rate'] button.main").click()
    page.wait_for_url(link)
    centre.open(no)
    assert "谢谢" in centre.text

    # What was sent on the way, on the outbox page: the number masked, never whole. The sender takes its moment, too.
    soon(page, served.demo["outbox"], lambda seen: "138****0000" in seen.inner_text("body"))
    outbox = page.inner_text("body")
    assert f"编号{no},工作人员将于" in outbox
    assert f"您的事项{no}已办理" in outbox
    assert "13800000000" not in outbox


def test_the_reporters_number_is_shown_only_with_a_reason_and_the_case_says_so(
    served: Server, browser: Browser, page: Page
) -> None:
    page.goto(served.demo["forms"]["issue"])
    page.fill("textarea[name=text]", "晾衣架掉下来一半")
    page.fill("input[name=phone]", "139 0000 0001")
    page.click("button.main")
    page.wait_for_url("**/received")
    centre = Clerk(browser, served, "dispatcher")
    centre.page.click("h2 >> text=晾衣架掉下来一半")
    centre.page.wait_for_url("**/desk/cases/*")
    assert "139****0001" in centre.text
    assert "13900000001" not in re.sub(r"\W", "", centre.text)
    centre.page.locator("form[action$='/reveal'] label:has-text('联系核实')").click()
    with centre.page.expect_navigation():
        centre.page.locator("form[action$='/reveal'] button").click()
    assert "13900000001" in re.sub(r"\W", "", centre.page.inner_text(".reveal"))
    assert "看过手机号" in centre.text


def test_without_javascript_a_report_and_a_photo_still_arrive(served: Server, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    page.goto(served.demo["forms"]["issue"])
    page.fill("textarea[name=text]", "信箱的锁坏了")
    page.click("button.main")
    page.wait_for_url("**/received")
    link = page.url.removesuffix("/received")
    page.go_back()
    page.click("button.main")
    page.wait_for_url(link + "/received")  # sent once more from the page that was gone back to, it is the same report
    page.goto(link + "/photos")
    file = tmp_path / "lock.jpg"
    file.write_bytes(jpeg())
    page.set_input_files("input[type=file]", file)
    page.click("button.main")
    page.wait_for_url(re.compile(r"/photos\?sent=1"))
    assert "1" in page.inner_text("h2")  # said to have arrived, before it has been looked at
    soon(page, link, lambda seen: seen.locator("img[src*='thumb']").count() == 1)
    context.close()


def test_the_form_is_usable_on_a_slow_network_at_once_within_14_kb(
    served: Server, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the browser's own network log, with nothing cached: what had come before the button worked, and when that was."""
    address = served.demo["forms"]["issue"]
    context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 740})
    page, wire = context.new_page(), Wire()
    session = context.new_cdp_session(page)
    wire.watch(session)
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto(address)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    usable, whole = timing["domInteractive"] / 1000, timing["loadEventEnd"] / 1000
    first, every = wire.before(usable), wire.before(whole)
    with capsys.disabled():
        sys.stdout.write(
            f"\nform on slow 3G (400 kbit/s, 400 ms), cold: usable after {usable:.2f} s with {sum(first.values())} bytes "
            f"in {len(first)} answer(s); photos and draft after {whole:.2f} s with {sum(every.values())} bytes in {len(every)}\n"
        )
    assert list(first) == [address]
    assert 0 < sum(first.values()) <= FIRST_VIEW
    context.close()


def test_a_report_with_a_photo_written_without_a_network_becomes_one_case_after_a_restart(
    served: Server, browser: Browser, tmp_path: Path
) -> None:
    address, text = served.demo["forms"]["issue"], "围墙的栏杆断了一根"
    with a_phone(browser, tmp_path / "profile") as phone:
        page = phone.open()
        ready(page, address)
        phone.cut()
        page.fill("#f-text", text)
        page.set_input_files("input[type=file]", [_photo("fence.jpg")])
        until(page, lambda: photos_kept(page) == 1)
        page.click("button.main")
        phone.close()
        page = phone.open()
        page.goto(address)
        until(page, lambda: page.locator("li.tile img:visible").count() == 1)
        phone.mend()
        page.wait_for_url("**/received", timeout=SOON_S * 1000)
        soon(page, page.url.removesuffix("/received"), lambda seen: seen.locator("img[src*='thumb']").count() == 1)
    centre = Clerk(browser, served, "dispatcher")
    assert centre.page.locator("main a", has_text=text).count() == 1


def _photo(name: str) -> Any:
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg()}


STAFF_ROOMS = {"/desk", "/desk?show=scope?show", "/desk/cases/*", "/desk/cases/*/order", "/desk/handover", "/desk/new"}
# The ring stands on the element itself, or on the words of a choice.
RINGED = """[document.activeElement, document.activeElement.nextElementSibling]
  .some((one) => one && getComputedStyle(one).outlineStyle !== "none")"""
RESIDENT_ROOMS = {"/Q/*", "/f/rental?c", "/f/population?c", "/track"}


@pytest.mark.timeout(300)
def test_no_page_that_links_lead_to_says_anything_in_the_console_or_asks_elsewhere(served: Server, browser: Browser) -> None:
    base = served.demo["base_url"]
    engine = next(found[0] for line in served.lines if (found := re.findall(r"engine.*(http://\S+)", line)))
    rooms: set[str] = set()
    wrong: list[str] = []
    context = browser.new_context(locale="zh-CN", viewport={"width": 375, "height": 800})
    seen, said = crawl(context, [served.demo["forms"]["issue"]], base, engine)
    rooms, wrong = rooms | seen, wrong + said
    context.close()
    for role in ("dispatcher", "committee", "street_admin"):
        clerk = Clerk(browser, served, role)
        seen, said = crawl(clerk.context, [base + "/desk"], base, engine)
        rooms, wrong = rooms | seen, wrong + [f"{role}: {one}" for one in said]
        clerk.context.close()
    assert wrong == []
    assert rooms >= STAFF_ROOMS | RESIDENT_ROOMS


def test_the_form_is_filled_in_and_sent_by_keyboard_alone(served: Server, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(served.demo["forms"]["issue"])
    reached: list[str] = []

    def to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.name || document.activeElement.className"))
            if reached[-1] == name:
                # Whoever can't see a pointer has to see where they are.
                assert page.evaluate(RINGED), name
                return
        raise AssertionError(f"{name} can't be reached: {reached}")

    to("text")
    page.keyboard.type("门口的坡道太陡，轮椅上不来")
    to("category")
    page.keyboard.press("ArrowDown")
    to("phone")
    page.keyboard.type("021-0012 7788")
    to("btn main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/received")
    assert "已收到" in page.inner_text("main") or "编号" in page.inner_text("main")
    context.close()


def test_a_clerk_goes_through_the_queue_by_keys_that_can_be_switched_off(served: Server, browser: Browser) -> None:
    page = Clerk(browser, served, "committee").page
    links = page.locator(".rows h2 a")
    focused = "document.activeElement.getAttribute('href') || document.activeElement.id"
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate(focused) == links.nth(1).get_attribute("href")
    page.keyboard.press("k")
    assert page.evaluate(focused) == links.nth(0).get_attribute("href")
    page.keyboard.press("x")
    assert page.locator(".pick input").nth(0).is_checked()
    assert page.inner_text(".bulk .n") == "已选1件"
    page.keyboard.press("/")
    assert page.evaluate(focused) == "f-find"
    # In a field letters are letters.
    page.keyboard.type("jxk")
    assert page.input_value("#f-find") == "jxk"
    page.click(".keys summary")
    page.locator("[data-keys]").uncheck()
    page.locator("h1").click()
    page.keyboard.press("j")
    assert page.evaluate(focused) != links.nth(0).get_attribute("href")
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate(focused) != "f-find"
    page.context.close()
