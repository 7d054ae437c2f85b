"""Nobody does anything: in a real browser against `make serve`, with the clock moved, until every clock has run out.

Only the resident's report and one allocation to the committee are made by people; all the rest is done by time. Each step is seen
where people see it: on the resident's page, on the desk, on the outbox page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.casework.calendar import is_working_day
from chalicelib.casework.events import parse
from infra.streetfile.compile import load
from tests.server import ROOT, Server
from tests.test_walk import Clerk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.engine, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SHANGHAI = ZoneInfo("Asia/Shanghai")
AHEAD = timedelta(days=10)
NUMBER = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("climb")).without_demo()
    server.start()
    yield server
    server.stop()


class Hand:
    """Moves the clock as its owner does, on the page; far away by the endpoint."""

    def __init__(self, server: Server, page: Page) -> None:
        self.server = server
        self.page = page

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.server.visitor.get("/clock?format=json").text)
        return found

    def to(self, instant: datetime) -> int:
        answer = self.server.visitor.post_json("/clock", {"to": instant.isoformat()})
        assert answer.status == 200, answer.text
        steps: int = answer.json()["steps"]
        return steps

    def press(self, label: str) -> None:
        self.page.goto(self.server.demo["clock"])
        before = self.page.inner_text("#civil")
        self.page.click(f"button:has-text('+{label}')")
        self.page.wait_for_url("**/clock?*steps=*")
        assert self.page.inner_text("#civil") > before


def quiet_monday(now: datetime) -> datetime:
    """A Monday, 10:00, far enough ahead, after which ten days have no holiday and no working weekend."""
    street, _ = load(Path(ROOT) / "infra" / "streets" / "changqiao.toml")
    day = (now.astimezone(SHANGHAI) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    while day.weekday() != 0 or not all(
        is_working_day(later.date(), street.calendar) == (later.weekday() < 5)
        for later in (day + timedelta(days=number) for number in range(AHEAD.days))
    ):
        day += timedelta(days=1)
    return day


def sent(server: Server, no: str) -> list[tuple[str, str, datetime]]:
    """Recipient, template and instant of each SMS about the case that went out, in order."""
    lines = json.loads(server.visitor.get("/outbox?format=json").text)
    ours = [line for line in lines if line["case"] == no and line["state"] == "sent"]
    waiting = [line for line in lines if line["case"] == no and line["state"] not in {"sent", "expanded"}]
    assert waiting == []
    return sorted(((line["to"], line["template"], parse(line["at"])) for line in ours), key=lambda line: line[2])


def test_a_neglected_case_climbs_every_rung_and_everyone_is_told_once(served: Server, browser: Browser, page: Page) -> None:
    desk = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
    hand = Hand(served, desk.new_page())
    start = quiet_monday(parse(hand.state()["now"]))
    assert hand.to(start) == 0

    # Monday 10:00: the resident reports at the door, and nobody moves.
    page.goto(served.demo["forms"]["issue"])
    page.fill("textarea[name=text]", "六号楼前的井盖松动,人走过会响")
    page.fill("input[name=phone]", "138 0000 0016")
    page.click("button.main")
    page.wait_for_url("**/received")
    found = NUMBER.search(page.inner_text("body"))
    assert found
    no, link = found[0], page.url.removesuffix("/received")
    for _ in range(7):
        hand.press("5分钟")

    # Past the half hour of the centre: late, on the supervision list, the reminder before it.
    centre = Clerk(browser, served, "dispatcher").open(no)
    assert "督办" in centre.page.inner_text(".badges")
    assert "中心派单" in centre.text
    assert [template for _, template, _ in sent(served, no)].count("near") == 1

    # Eleven: the centre sends it down to the committee, which lets it lie.
    hand.press("1小时")
    centre.open(no)
    centre.page.click("details#act-allocate > summary")
    form = centre.page.locator("form[action$='/allocate']")
    form.locator("select").select_option("committee@committee:c01")
    with centre.page.expect_navigation():
        form.locator("button:not([type=button])").click()
    committee = Clerk(browser, served, "committee")
    assert "井盖松动" in committee.text
    hand.press("1天")
    hand.press("1小时")

    # Tuesday 12:30: it has gone up by itself, with the centre's full half hour, and that is over too.
    page.goto(link)
    assert "自动交到" in page.inner_text("body")
    committee.page.goto(served.demo["desk"])
    assert "井盖松动" not in committee.text
    centre.page.goto(served.demo["desk"])
    row = centre.page.locator("ul.rows > li", has_text="井盖松动")
    assert "督办" in row.inner_text()
    assert "超时" in row.inner_text()
    assert "到时自动交到" in centre.open(no).text

    # The whole case's seven days, and as long again: nothing is left that could be late.
    hand.to(start + AHEAD)
    supervisor = Clerk(browser, served, "supervisor").open(no)
    assert "督办" in supervisor.page.inner_text(".badges")
    happened = supervisor.page.locator("ol.tl > li > p:first-child").all_inner_texts()
    happened.reverse()
    kinds = [("提醒" in text, "超时" in text, "自动交到" in text) for text in happened]
    assert [kind.index(True) for kind in kinds if any(kind)] == [0, 1, 0, 1, 0, 1, 2, 0, 1, 0, 1], happened

    messages = sent(served, no)
    check_messages(messages, start)
    shown_on_the_outbox_page(page, served, no, messages)
    desk.close()


def check_messages(messages: list[tuple[str, str, datetime]], start: datetime) -> None:
    """Who was told what, in order. People are told apart by the first message that only they get."""
    staff = [to for to, _, _ in messages if to != "reporter"]
    dispatcher = next(to for to, template, _ in messages if template == "near")
    # The micro-grid worker hears of every report, for the contact before handling.
    micro_grid = next(to for to in staff[:2] if to != dispatcher)
    committee = next(to for to, template, at in messages if template == "new" and to not in {dispatcher, micro_grid})
    supervisor = next(to for to, template, _ in messages if template == "late" and to != dispatcher)
    zone_head = next(to for to in staff if to not in {dispatcher, committee, supervisor, micro_grid})
    expected: list[set[tuple[str, str]]] = [
        {("reporter", "received"), (dispatcher, "new"), (micro_grid, "new")},
        {(dispatcher, "near")},  # dispatch, half of its half hour
        {(dispatcher, "late"), (supervisor, "late")},
        {(committee, "new")},
        {(committee, "near")},  # first contact, an hour before
        {(committee, "late"), (zone_head, "late"), (supervisor, "late")},
        {(committee, "near")},  # the committee's own day to accept
        {(committee, "late"), (zone_head, "late"), (dispatcher, "new")},
        {(dispatcher, "near")},
        {(dispatcher, "late"), (supervisor, "late")},
        {(dispatcher, "near")},  # the whole case, a working day before
        {(dispatcher, "late"), (supervisor, "late")},
    ]
    moments: list[list[tuple[str, str, datetime]]] = []
    for message in messages:
        if moments and message[2] - moments[-1][0][2] < timedelta(minutes=2):
            moments[-1].append(message)
        else:
            moments.append([message])
    # A reminder of one clock and the end of another may fall together; each is one message all the same.
    told = [{(to, template) for to, template, _ in moment} for moment in moments]
    assert sum(map(len, told)) == len(messages), "somebody was told the same thing twice at once"
    assert told == expected
    assert start <= messages[0][2] < start + timedelta(minutes=5)
    assert timedelta(days=7) <= messages[-1][2] - start < timedelta(days=7, minutes=5)


def shown_on_the_outbox_page(page: Page, server: Server, no: str, messages: list[tuple[str, str, datetime]]) -> None:
    page.goto(server.demo["outbox"])
    items = page.locator("ol > li", has_text=no).filter(has_text="已发送")
    shown = [item.get_attribute("data-template") for item in items.all()]
    assert sorted(map(str, shown)) == sorted(template for _, template, _ in messages)
    times = [time for item in items.all() for time in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", item.inner_text())]
    assert len(times) == len(messages)
    assert times == sorted(times, reverse=True)
    assert "13800000016" not in page.content()
