"""Under heat the page itself proves that a browser is behind it, and sends the report again, in a real browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from altcha.v1 import ChallengeOptions, create_challenge, verify_solution

from chalicelib.errors import Limited
from chalicelib.web import pages
from chalicelib.web.look import Look
from tests.door import KEYS, TEXT, Door
from tests.page_samples import place, street

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SECRET = "a key of a test"


class HotDoor(Door):
    """Every form it shows comes back from a submission that was one too many."""

    def form(self, text: str = "") -> str:
        asked = create_challenge(ChallengeOptions(hmac_key=SECRET, max_number=500)).to_dict()
        return pages.form(
            Look("zh-CN", False, "", "/form"),
            street(),
            "issue",
            place(),
            "I2AAAAAA",
            KEYS[0],
            {"text": TEXT, "key": KEYS[0]},
            Limited("heat", params={"minutes": 10}),
            proof=json.dumps(asked),
        )


@pytest.fixture
def hot() -> Iterator[HotDoor]:
    server = HotDoor()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_page_solves_the_challenge_and_sends_the_report_by_itself(hot: HotDoor, page: Page) -> None:
    page.goto(hot.base, wait_until="commit")
    page.wait_for_url("**/received")
    (sent,) = hot.sent
    assert (sent["text"], sent["key"]) == ([TEXT], [KEYS[0]])
    assert verify_solution(sent["proof"][0], SECRET) == (True, None)


def test_without_javascript_it_says_that_everything_is_kept_and_when_to_try_again(hot: HotDoor) -> None:
    text = hot.form()
    assert "您写的内容都在" in text
    assert "10分钟后" in text
    assert TEXT in text
