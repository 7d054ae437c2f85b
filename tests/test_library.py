"""Every case with cause, handling and outcome is found again, and the meeting gets its agenda."""

from __future__ import annotations

import pytest

from chalicelib.usecases import library
from chalicelib.web import i18n
from tests import steps
from tests.client import Page, Visitor
from tests.world import World


def searched(clerk: Visitor, **fields: str) -> Page:
    form = next(form for form in clerk.get("/desk/library").forms if form.action.endswith("/desk/library"))
    return form.fill(**fields).submit()


def test_cases_are_found_by_period_words_category_and_outcome(world: World, roomy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with i18n.strict():
        solved, _ = steps.reported(world, text="楼道灯不亮。晚上看不清路", category="hardware", nickname="王阿姨")
        clerk = world.signed_in("dispatcher", "street")
        steps.act(clerk, solved, "accept")
        steps.act(clerk, solved, "propose", outcome="solved", text="物业换了感应灯泡")
        steps.act(clerk, solved, "confirm")
        world.clock.advance(days=40)
        asked, _ = steps.reported(world, text="物业费为什么涨价", category="property", phone="")
        there, _ = steps.reported(world, text="水管漏水", category="", code=world.code(3), phone="")

        now = clerk.get("/desk/library")
        assert "共2件" in now.words
        assert asked in now.words
        assert "王阿姨" not in searched(clerk, **{"from": "2026-11-01"}).text
        # By what was done, which stands on no card; by what was said after the first clause; by full-width words.
        for typed in ("感应灯泡", "看不清路", "楼道　感应"):
            page = searched(clerk, q=typed, **{"from": "2026-11-01"})
            assert solved in page.words, typed
            for part in ("晚上看不清路", "物业换了感应灯泡", "已解决", "共1件"):
                assert part in page.words
        assert solved not in searched(clerk, q="感应灯泡").words
        every = {"from": "2026-11-01"}
        for fields, numbers in (
            ({"category": "property"}, {asked}),
            ({"category": "-"}, {there}),
            ({"outcome": "solved"}, {solved}),
            ({"outcome": "open"}, {asked, there}),
            ({"q": "没有这样的事"}, set()),
        ):
            words = searched(clerk, **every, **fields).words
            assert {no for no in (solved, asked, there) if no in words} == numbers, fields
        # What is typed stands in no address.
        assert searched(clerk, q="138 0000 0000").path == "/desk/library"
        # A committee finds its own alone; who only works on what was assigned has no library.
        theirs = world.signed_in("committee", "committee:c03")
        assert {no for no in (solved, asked, there) if no in theirs.get("/desk/library").words} == {there}
        assert world.signed_in("grid_worker", "committee:c01").get("/desk/library").status == 403
        # It says where it stopped reading.
        monkeypatch.setattr(library, "READ", 1)
        assert "较早的1件只查了标题和地点" in searched(clerk, q="看不清路").words


def test_the_agenda_holds_each_hard_late_or_recurring_case_once(world: World, roomy: None) -> None:
    with i18n.strict():
        late, _ = steps.reported(world, text="电梯停了", phone="")
        watched, _ = steps.reported(world, text="外墙渗水", phone="", code=world.code(3))
        steps.act(world.signed_in("supervisor", "street"), watched, "supervise", reason="拖了很久")
        world.clock.advance(days=2)
        again, _ = steps.reported(world, text="电梯又停了", phone="")
        fresh, _ = steps.reported(world, text="想种花", phone="", code=world.code(2))
        page = world.signed_in("dispatcher", "street").get("/desk/library/agenda")
        hard, _, rest = page.words.partition("超时的")
        tardy, _, recurring = rest.partition("反复的")
        assert (watched in hard, late in tardy, again in recurring) == (True, True, True)
        assert fresh not in page.words
        assert page.words.count(late) == page.words.count(watched) == 1
        assert "主持人" in page.words
        zone = world.signed_in("zone_head", "zone:z1").get("/desk/library/agenda").words
        assert late in zone
        assert watched not in zone
