"""An attempt's id makes the very same step harmless when it comes again, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chalicelib.models import cases
from tests import steps
from tests.world import World


def types(no: str) -> list[str]:
    stored = cases.get(no)
    assert stored is not None
    return [event.type for event in stored.events]


def test_the_same_step_sent_twice_is_one_step(both_worlds: World) -> None:
    no, _ = steps.reported(both_worlds)
    clerk = both_worlds.signed_in("dispatcher", "street")
    form = clerk.get(f"/desk/cases/{no}").form("/accept")
    outbox = len(steps.rows(both_worlds, "OutboxTable"))
    assert form.submit().status == 200
    assert form.submit().status == 200
    assert types(no) == ["submitted", "accepted"]
    assert len(steps.rows(both_worlds, "OutboxTable")) == outbox + 1


def test_another_step_from_the_same_page_is_not_taken_for_a_repeat(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    page = clerk.get(f"/desk/cases/{no}")
    page.form("/accept").submit()
    # The page is older than the case, but only by the clerk's own step: nobody came in between.
    assert page.form("/answer").fill(text="请到窗口办").submit().status == 200
    assert types(no) == ["submitted", "accepted", "answered"]


def test_a_reveal_never_hides_behind_an_earlier_steps_attempt(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    page = clerk.get(f"/desk/cases/{no}")
    page.form("/accept").submit()
    shown = page.form("/reveal").fill(reason="contact").submit()
    assert "0012 7788" in shown.words or "00127788" in shown.words
    assert types(no) == ["submitted", "accepted", "revealed"]
    without = page.form("/reveal").submit()
    assert without.status == 422
    assert "7788" not in without.words.replace("****7788", "")


def test_two_additions_from_one_page_are_both_kept(world: World) -> None:
    no, token = steps.reported(world)
    page = world.client().get(f"/t/{token}")
    for words in ("昨晚又不亮", "今晚也不亮", "今晚也不亮"):
        page.form("/add").fill(text=words).submit()
    stored = cases.get(no)
    assert stored is not None
    assert [event.data["text"] for event in stored.events if event.type == "added"] == ["昨晚又不亮", "今晚也不亮"]
    assert stored.case.additions == 2


def test_the_same_addition_tapped_twice_at_once_is_one(both_worlds: World) -> None:
    no, token = steps.reported(both_worlds)
    form = both_worlds.client().get(f"/t/{token}").form("/add").fill(text="昨晚又不亮")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: form.submit().status, range(8)))
    assert set(answers) == {200}
    assert types(no) == ["submitted", "added"]


def test_additions_by_several_at_once_are_all_kept(both_worlds: World) -> None:
    no, token = steps.reported(both_worlds)
    forms = [both_worlds.client().get(f"/t/{token}").form("/add").fill(text=f"第{turn}盏也不亮") for turn in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda form: form.submit().status, forms))
    assert answers == [200] * 4
    assert types(no) == ["submitted"] + ["added"] * 4


def test_an_answer_that_comes_after_the_office_went_on_is_kept_and_sent_twice_it_is_one(world: World) -> None:
    no, token = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "ask", text="是几号楼")
    first, second = world.client().get(f"/t/{token}"), world.client().get(f"/t/{token}")
    # In time, and tapped twice.
    for _ in range(2):
        assert first.form("/reply").fill(text="三号楼").submit().status == 200
    steps.act(clerk, no, "ask", text="几单元")
    steps.act(clerk, no, "resume", note="电话里说二单元")
    for _ in range(2):
        assert second.form("/reply").fill(text="二单元").submit().status == 200
    told = ["submitted", "accepted", "asked", "replied", "asked", "resumed", "added"]
    assert [kind for kind in types(no) if kind not in {"reminded", "lapsed"}] == told
