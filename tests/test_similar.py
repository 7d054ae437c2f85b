"""What is known about a door while somebody types: the same matter is found, and nothing of anybody is told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.casework.similar import ALIKE, alike
from chalicelib.models import cases
from tests import steps
from tests.client import Page
from tests.door import Door, open_door
from tests.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

TITLES = (
    "楼道灯不亮",
    "三号楼电梯停了，老人下不了楼",
    "地下车库进水",
    "电瓶车进楼充电很危险",
    "楼上空调滴水",
    "垃圾桶满了没人收",
    "小区门口路灯坏了两盏",
    "树枝伸到窗户上了",
    "下水道堵了污水反出来",
    "广场舞噪音太大",
    "防盗门关不上",
    "有人在楼道堆放杂物",
)
# What people would type, and the title that is about the same.
SAME = {
    "三楼的楼道灯坏了，晚上看不清": 0,
    "走廊的灯不亮了": 0,
    "电梯故障两天了没人修": 1,
    "车库积水": 2,
    "地下车库全是水": 2,
    "有人把电动车推进楼道充电": 3,
    "助动车在楼里充电怕着火": 3,
    "空调水滴到我家": 4,
    "垃圾没人清": 5,
    "垃圾桶又满了，两天了": 5,
    "路灯不亮": 6,
    "污水管堵塞": 8,
    "晚上跳广场舞太吵": 9,
    "单元防盗门坏了": 10,
    "楼梯间堆物": 11,
    "邻居在过道放杂物": 11,
}
# Questions that a desk answers, and how residents ask them.
QUESTIONS = (
    "燃气安检什么时候来？",
    "老年卡在哪里办？",
    "独居老人有什么补贴？",
    "老房子漏水维修基金怎么用？",
    "大件垃圾怎么清运？",
)
ASKED = {
    "煤气检查几时上门": 0,
    "我妈七十了想办敬老卡": 1,
    "一个人住的老人能领补助吗": 2,
    "屋顶漏水能不能动用维修资金": 3,
    "沙发床垫扔哪里有人来收吗": 4,
}
OTHER = (
    "想办居住证",
    "健身器材少了一个",
    "希望增加一个母婴室",
    "狗咬人了",
    "楼上装修时间太长",
    "物业费太贵",
    "门口的早餐摊占道",
    "燃气味道",
    "灯",
    "的了吗呢",
    "???",
    "",
)


def test_the_same_matter_in_other_words_is_found_first() -> None:
    found = {typed: alike(typed, TITLES) for typed in SAME}
    assert {typed: matches[0].index if matches else None for typed, matches in found.items()} == SAME


def test_a_question_asked_in_other_words_finds_its_answer_alone() -> None:
    found = {typed: [match.index for match in alike(typed, QUESTIONS)] for typed in ASKED}
    assert found == {typed: [index] for typed, index in ASKED.items()}


def test_another_matter_finds_nothing() -> None:
    assert {typed: alike(typed, TITLES) for typed in OTHER} == {typed: [] for typed in OTHER}


def test_english_is_compared_by_words() -> None:
    titles = ("The stairwell light is broken", "Lift out of order", "Water leaking from the ceiling")
    assert [match.index for match in alike("broken stairwell lights", titles)] == [0]
    assert [match.index for match in alike("the elevator is out of order again", titles)] == [1]
    assert alike("where can I park", titles) == []


@given(st.text(max_size=300), st.lists(st.text(max_size=60), max_size=8))
def test_whatever_is_typed_scores_lie_in_bounds_and_a_text_is_alike_to_itself(typed: str, texts: list[str]) -> None:
    found = alike(typed, [*texts, typed])
    assert all(ALIKE <= match.score <= 1 + 1e-9 for match in found)
    assert found == sorted(found, key=lambda match: -match.score)
    # Either it has no pair of characters to go by, or it is found.
    assert not found or max(match.score for match in found if match.index == len(texts)) == pytest.approx(1)


def asked(world: World, text: str, place: int = 0, lang: str = "zh-CN") -> Page:
    return world.client(lang=lang).post_json("/api/v1/similar", {"code": world.code(place), "text": text})


def test_at_a_door_only_category_date_and_state_are_told(world: World) -> None:
    """One street, told from the first report on: every rule of what is shown and what is not."""
    secret = "楼道灯不亮。王阿姨家门口,电话13800000000"
    no, _ = steps.reported(world, text=secret, nickname="王阿姨")
    page = asked(world, "走廊的灯坏了")
    (told,) = page.json()["similar"]
    assert (told["category"], told["recurs"]) == ("社区硬件设施", False)
    assert set(told) == {"category", "date", "state", "recurs", "line"}
    assert "11月18日" in told["line"]
    for word in ("王", "阿姨", "1380", "不亮", no, "家门口"):
        assert word not in page.text
    assert "还没有办结" in page.json()["words"]["follow"]
    assert asked(world, "the light in the corridor is broken", lang="en").json()["words"]["faq"] == "This may answer it"

    # Another matter, another door, a text too short to mean anything: nothing.
    assert asked(world, "水管漏水了").json()["similar"] == []
    assert asked(world, "走廊的灯坏了", place=1).json()["similar"] == []
    assert asked(world, "灯坏").json()["similar"] == []

    # What an office found by itself is nobody's to learn at a door.
    clerk = world.signed_in("dispatcher", "street")
    form = clerk.get("/desk/new").form("/desk/new")
    form.fill(channel="patrol", text="水管漏水,墙湿了一片", place=world.places[0].id).submit()
    assert asked(world, "墙边水管漏水").json()["similar"] == []

    # The second report of the same is marked; closed ones are told of for thirty days.
    steps.reported(world, text="楼道灯又不亮了")
    assert [one["recurs"] for one in asked(world, "楼道灯不亮").json()["similar"]].count(True) == 1
    world.clock.advance(days=29)
    assert len(asked(world, "楼道灯不亮").json()["similar"]) == 2
    _closed(world, no)
    assert len(asked(world, "楼道灯不亮").json()["similar"]) == 2
    world.clock.advance(days=31)
    assert len(asked(world, "楼道灯不亮").json()["similar"]) == 1


def _closed(world: World, no: str) -> None:
    """Ends it as if the ladder had: only the card's end matters here."""
    import msgspec

    from chalicelib.casework.card import Card
    from chalicelib.casework.events import stamp
    from chalicelib.models.cases import CaseItem

    row = CaseItem.get(cases.key(no), "CASE")
    card = msgspec.json.decode(row.card, type=Card)
    ended = msgspec.structs.replace(card, state="closed", closed_at=stamp(world.clock.civil() - timedelta(days=1)))
    row.update(actions=[CaseItem.card.set(msgspec.json.encode(ended).decode())])


def test_it_needs_a_signed_code_and_a_text_of_the_forms_length(world: World) -> None:
    visitor = world.client()
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"code": "FORGED", "text": "楼道灯不亮"}, 404),
        ({"code": world.code(kind="rental"), "text": "楼道灯不亮"}, 404),
        ({"code": world.code(), "text": "灯" * 2001}, 400),
        ({"code": world.code(), "text": ["楼道灯不亮"]}, 400),
        ({"code": 7, "text": "楼道灯不亮"}, 400),
    ]
    for body, status in wrong:
        assert visitor.post_json("/api/v1/similar", body).status == status, body
    assert asked(world, "灯" * 2000).status == 200


KNOWN = {
    "similar": [{"line": "物业管理，11月18日（周三）反映，处理中"}],
    "faq": [{"id": "222222", "question": "灯坏了多久修好？", "answer": "<b>当天</b>"}],
    "words": {"similar": "这里已经有人反映过", "follow": "不用再报", "faq": "也许这里有答案"},
}


@pytest.mark.browser
def test_hints_stand_below_the_text_move_nothing_above_and_are_quiet_without_a_network(page: Tab) -> None:
    with open_door() as door:
        door.known = dict(KNOWN)
        page.clock.install()
        page.goto(door.base + "/Q/I2AAAAAA")
        above = page.locator("#f-text").bounding_box()
        page.wait_for_function("document.scripts.length > 3")
        page.locator("#f-text").press_sequentially("楼道的灯不亮", delay=30)
        page.locator(".hint-case").wait_for()
        assert page.get_attribute("#hints", "role") == "status"
        assert page.locator("#f-text").bounding_box() == above
        assert "处理中" in page.inner_text("#hints")
        # A pause, not every key.
        assert [asked["text"] for asked in door.asked] == ["楼道的灯不亮"]
        page.click(".hint-faq summary")
        assert "<b>当天</b>" in page.inner_text(".hint-faq")
        _until(page, door, {"code": "I2AAAAAA", "read": "222222"})

        page.context.set_offline(True)
        page.fill("#f-text", "楼道的灯不亮三天了")
        page.clock.run_for(1000)
        assert "处理中" in page.inner_text("#hints")
        page.context.set_offline(False)
        door.known = {}
        page.fill("#f-text", "短")
        page.locator(".hint-case").wait_for(state="detached")
        assert page.inner_text("#hints") == ""


def _until(page: Tab, door: Door, body: dict[str, object]) -> None:
    for _ in range(100):
        if body in door.asked:
            return
        page.wait_for_timeout(50)
    raise AssertionError(json.dumps(door.asked, ensure_ascii=False))
