"""The rental form in a real browser on a phone: people added and taken out, problems shown, sent once, proved, changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.usecases import limits
from tests.client import Visitor
from tests.register_people import id_number, phone, register_world, rental, rows, send
from tests.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

# Where pictures of the walk go, for a person to look at; nowhere by default.
PICTURES = os.environ.get("DOORSTEP_PICTURES", "")


class _Answer(BaseHTTPRequestHandler):
    visitor: Visitor

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = {"Content-Type": self.headers["Content-Type"]} if "Content-Type" in self.headers else {}
        page = self.visitor.call(self.command, self.path, body, kind)
        self.send_response(page.status)
        for name, value in page.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


@pytest.fixture
def base(town: World) -> Iterator[str]:
    handler = type("Answer", (_Answer,), {"visitor": town.client(scheme="http")})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.fill(f"[name={name}]", value)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_rental_is_registered_on_a_phone(town: World, base: str, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{base}/Q/{town.code(0, 'rental')}")
    assert fits(page)
    picture(page, "register-1-form")
    fill(page, room="101", area="80", rooms="3", lease_from="2026-11-01", lease_to="2027-10-31", l_name="房东甲")
    fill(page, l_phone="021-0012 8800", p1_name="租客甲", p1_id=id_number(1), p1_phone=phone(1))
    page.locator("label.o:has([name=by][value=landlord])").click()
    for number in (2, 3):
        page.click("#add")
        fill(page, **{f"p{number}_name": "租客乙", f"p{number}_id": id_number(number), f"p{number}_phone": phone(number)})
        assert page.locator(f"fieldset.person:nth-child({number}) h2").inner_text() == f"承租人{number}"
    page.click("button[value=remove2]")
    assert page.locator("fieldset.person").count() == 2
    wrong = id_number(3)[:-1] + ("1" if id_number(3)[-1] != "1" else "2")
    fill(page, p3_id=wrong)
    page.click("button.main")
    page.wait_for_selector("#errors")
    assert "承租人2，身份证号码" in page.inner_text("#errors")
    assert rows(town) == []
    assert fits(page)
    picture(page, "register-2-wrong")
    page.click("#errors a")
    fill(page, p2_id=id_number(3))
    page.click("button.main")
    page.wait_for_url("**/received")
    assert fits(page)
    picture(page, "register-3-received")
    assert page.evaluate("localStorage.length") == 0
    page.click("text=查看登记")
    assert id_number(3) not in page.content()
    picture(page, "register-4-page")
    page.click("text=修改登记")
    assert page.input_value("[name=p2_id]") == ""
    assert fits(page)
    picture(page, "register-5-edit")
    page.locator("label.o:has([name=p2_gone])").click()
    page.click("button.main")
    page.wait_for_selector("text=已搬走")


def test_under_heat_the_page_proves_itself_and_sends_the_form_again(
    town: World, base: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.BUCKETS, "place", limits.Bucket(seconds=3600, hot=1))
    monkeypatch.setattr(limits, "EFFORT", 500)
    send(town, rental(1))
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{base}/Q/{town.code(0, 'rental')}")
    fill(page, room="305", area="80", rooms="3", lease_from="2026-11-01", lease_to="2027-10-31", l_name="房东甲")
    fill(page, l_phone="021-0012 8801", p1_name="租客甲", p1_id=id_number(7), p1_phone=phone(7))
    page.locator("label.o:has([name=by][value=landlord])").click()
    with page.expect_response(lambda answer: answer.status == 429):
        page.click("button.main")
    page.wait_for_url("**/received")
    assert len([row for row in rows(town) if row["sk"]["S"] == "RECORD"]) == 2
