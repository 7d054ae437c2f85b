"""Suggestions (金点子): marked on the form, adopted or declined with a reason, adopted ones public, counted apart."""

from __future__ import annotations

import msgspec
import pytest

from chalicelib.casework.figures_count import count
from chalicelib.casework.figures_period import month_to_date
from chalicelib.models import cases, ledger
from chalicelib.street import Street
from chalicelib.web import i18n
from chalicelib.web.present_form import categories
from tests import steps
from tests.ladder_street import ladder_street
from tests.world import World

WISH = "希望活动室周六也开门"


def suggested(world: World, text: str = WISH) -> tuple[str, str]:
    """A report sent by the form, with the box for suggestions chosen."""
    form = world.client().get(f"/Q/{world.code()}").form("/f/issue")
    page = form.fill(text=text, category="+idea", phone=steps.PHONE).submit()
    token = page.path.removeprefix("/t/").split("/")[0]
    return steps.number_of(token), token


def test_a_suggestion_is_adopted_or_declined_and_adopted_ones_are_public(world: World) -> None:
    with i18n.strict():
        assert "居民的金点子" not in world.client().get("/public").words
        clerk = world.signed_in("dispatcher", "street")
        no, token = suggested(world)
        stored = cases.get(no)
        assert stored is not None
        assert (stored.case.case_class, stored.case.category) == ("idea", "")
        # What may be done with it first is to weigh it, and a choice has to be made.
        page = clerk.get(f"/desk/cases/{no}")
        assert page.form("/weigh").choices["verdict"] == ["adopted", "not_adopted"]
        assert page.form("/weigh").fill(text="好").submit().status == 422
        page = steps.act(clerk, no, "weigh", verdict="adopted", text="下月起周六上午开门")
        assert "采纳建议，办结" in page.words
        told = world.client().get(f"/t/{token}").words.replace(" ", "")
        assert "采纳了您的建议：" in told
        assert "下月起周六上午开门" in told
        steps.act(clerk, no, "publish", sentence="活动室周六上午开门了")

        other, link = suggested(world, "请把围墙拆掉")
        steps.act(clerk, other, "accept")
        steps.act(clerk, other, "weigh", verdict="not_adopted", text="围墙是业主共有，要业主大会决定")
        told = world.client().get(f"/t/{link}").words.replace(" ", "")
        assert "未采纳您的建议，理由：" in told
        assert "要业主大会决定" in told
        steps.act(clerk, other, "publish", sentence="回复了拆围墙的建议")

        world.clock.advance(hours=1)
        public = world.client().get("/public").text
        adopted = public[public.index("居民的金点子") :]
        assert "活动室周六上午开门了" in adopted
        assert "回复了拆围墙的建议" not in adopted
        assert public.count("活动室周六上午开门了") == 1
        assert WISH not in public
        steps.act(clerk, no, "unpublish")
        assert "居民的金点子" not in world.client().get("/public").words

        usual, _ = steps.reported(world)
        assert "/weigh" not in clerk.get(f"/desk/cases/{usual}").text
        figures = clerk.get("/desk/figures").words
        assert "采纳的建议 1" in figures
        assert "未采纳的建议 1" in figures
        # Weighing is no handling: of what was closed and not out of scope there is nothing.
        now = world.clock.civil()
        rows = list(ledger.rows(month_to_date(now.astimezone(world.street.tz).date()), world.street))
        found = count(rows, now, (), world.street.tz)
        assert (found.sums.adopted, found.sums.not_adopted, found.rates["office"].whole) == (1, 1, 0)
        assert found.by["case_class"]["idea"].received == 2


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_only_a_street_that_asks_for_suggestions_offers_them(lang: str) -> None:
    street: Street = ladder_street()
    without = msgspec.structs.replace(street, classes=tuple(one for one in street.classes if not one.idea))
    assert "+idea" in dict(categories(street, lang))
    assert "+idea" not in dict(categories(without, lang))


def test_where_nobody_asks_for_suggestions_the_box_is_no_choice(world: World) -> None:
    street = msgspec.structs.replace(world.street, classes=tuple(one for one in world.street.classes if not one.idea))
    from dataclasses import replace

    from chalicelib.errors import NotAllowed
    from chalicelib.usecases.submit import Report, checked

    with pytest.raises(NotAllowed):
        checked(replace(world.context, street=street), Report("0" * 32, world.code(), WISH, category="+idea"))
