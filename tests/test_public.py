"""The street's public page: what came, what was done and how fast, counted once an hour, nothing personal, taken back at once."""

from __future__ import annotations

import gzip

import pytest

from chalicelib.casework.decide import Command, decide
from chalicelib.errors import NotAllowed
from chalicelib.models import ledger
from chalicelib.web import i18n
from tests import steps, wire
from tests.ladder_street import COMMITTEE
from tests.ladder_walks import HANDLE, along, began
from tests.world import World

# What the first view of a resident's page may weigh on the wire.
FIRST_VIEW = 14 * 1024


def test_the_public_page_tells_what_was_done_until_it_is_taken_back(world: World) -> None:
    with i18n.strict():
        first = world.client().get("/public")
        assert (first.status, "最近办好的事" in first.words) == (200, False)
        clerk = world.signed_in("dispatcher", "street")
        no, _ = steps.reported(world)
        steps.act(clerk, no, "accept")
        world.clock.advance(hours=20)
        steps.act(clerk, no, "propose", outcome="solved", text="换了灯泡")
        steps.act(clerk, no, "confirm")
        steps.act(clerk, no, "publish", sentence="楼道灯换好了")
        # Counted when it is an hour old, not at every visit.
        assert "楼道灯换好了" in world.client().get("/public").words
        page = world.client().get("/public")
        words = page.words.replace(" ", "")
        assert "本月收到1件" in words
        assert "3日内办结100.0%" in words
        assert "用时20小时" in words
        assert len(gzip.compress(page.body)) < FIRST_VIEW
        assert "不含姓名、号码和门牌" in words
        for private in ("王阿姨", steps.PHONE, steps.TEXT[:6], no, "19号楼"):
            assert private not in page.text
        assert f'href="{page.visitor.get("/track").path}"' in page.text
        assert world.street.phone.replace(" ", "\xa0") in page.text
        steps.act(clerk, no, "unpublish")
        assert "楼道灯换好了" not in world.client().get("/public").words
        steps.act(clerk, no, "publish", sentence="路灯也修了")
        assert "路灯也修了" in world.client().get("/public").words
        steps.act(clerk, no, "reopen", reason="又坏了")
        assert "路灯也修了" not in world.client().get("/public").words


def test_a_visit_reads_one_row_and_one_of_many_counts_anew(world: World) -> None:
    world.client().get("/public")
    with wire.counted() as calls:
        world.client().get("/public")
    assert calls == ["Query"]
    before = ledger.summary()
    steps.reported(world)
    world.clock.advance(minutes=59)
    assert "本月收到0件" in world.client().get("/public").words.replace(" ", "")
    world.clock.advance(minutes=1)
    # Somebody else is counting: what stands is shown.
    wall = int(world.clock.wall().timestamp())
    assert ledger.claim_summary(wall + 60, wall)
    assert not ledger.claim_summary(wall + 60, wall)
    world.client().get("/public")
    assert ledger.summary() == before
    # They never came back.
    assert ledger.claim_summary(wall - 1, wall + 61)
    assert "本月收到1件" in world.client().get("/public").words.replace(" ", "")


def test_a_sentence_with_numbers_or_doors_is_refused() -> None:
    walk = along(began(), HANDLE)
    for wrong in ("请打021-0012 7788", "3号楼的灯换好了", "灯" * 121, "102室修好了", ""):
        with pytest.raises(NotAllowed) as refused:
            decide(walk.case, Command("publish", "a", {"sentence": wrong}), COMMITTEE, walk.now, walk.street)
        assert [field.name for field in refused.value.fields] == ["sentence"]
    walk.do(COMMITTEE, "publish", {"sentence": "车棚加了6个充电口"})
    assert walk.case.published == "车棚加了6个充电口"
