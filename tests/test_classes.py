"""From one matter to a class of matters: four committees ask for the same in other words, one class case answers all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework.class_cases import ClassCase
from chalicelib.errors import Conflict, NotAllowed
from chalicelib.models import cases, classes
from chalicelib.usecases import classes as use
from chalicelib.usecases import clusters, patterns
from chalicelib.web import i18n
from tests import steps
from tests.client import Form, Page
from tests.test_clusters import NEAR, WISHES
from tests.world import SMALL, World, open_world

FOURTH = """
[supervision]
cluster = 4

[[committees]]
id = "c04"
zone = "z2"
name = { zh = "示例玉兰居委会", en = "Magnolia Committee" }
[[committees.communities]]
id = "c04a"
name = { zh = "示例玉兰苑", en = "Magnolia Court" }
"""
MORE = ("希望加装电动车充电桩", "电瓶车充电桩不够，请加装", "助动车充电口太少，增设充电桩", "请安装电动自行车充电桩")
PHONES = ("138 0000 0001", "138 0000 0002", "138 0000 0003", "138 0000 0004")


@pytest.fixture
def four(moto: Any, tmp_path: Path, roomy: None) -> Iterator[World]:
    """A street of four committees, with a door in each."""
    file = tmp_path / "street" / SMALL.name
    file.parent.mkdir()
    file.write_text(SMALL.read_text("utf-8") + FOURTH, "utf-8")
    doors = SMALL.with_suffix(".csv").read_text("utf-8")
    file.with_suffix(".csv").write_text(doors + "HB6QTW,shop,示例书店,Book shop (sample),c04,,\n", "utf-8")
    with open_world(moto, tmp_path, street_file=file) as made, i18n.strict():
        yield made


def door(world: World, committee: str) -> int:
    return next(at for at, place in enumerate(world.places) if place.committee == committee)


def told(world: World, text: str, committee: str, phone: str = "") -> tuple[str, str]:
    """Number and link of a report at that committee's door."""
    return steps.reported(world, text=text, code=world.code(door(world, committee)), phone=phone, nickname="王阿姨", category="")


def proposed(world: World) -> list[ClassCase]:
    """What the hourly function has proposed by now."""

    class Time:
        def get_remaining_time_in_millis(self) -> int:
            return 110_000

    world.app.tidy({}, Time())
    return [one for one in classes.every(world.street.id) if one.state == "proposed"]


def press(page: Page, act: str, keep: list[str] | None = None, **values: str) -> Page:
    """Sends the form of that step, with exactly these cases ticked."""
    form: Form = next(form for form in page.forms if form.fields.get("act") == act)
    form.choices.pop("keep", None)
    form.fields.pop("keep", None)
    form.fill(**values)
    body = [*form.fields.items(), *(("keep", no) for no in keep or ())]
    from urllib.parse import urlencode

    from tests.client import FORM

    sent = {"Content-Type": FORM, "Origin": page.visitor.origin}
    answer = page.visitor.call("POST", form.action, urlencode(body).encode(), sent)
    return page.visitor.get(answer.header("Location")) if answer.status == 303 else answer


def sent_to_reporters(world: World, template: str) -> list[str]:
    rows = steps.rows(world, "OutboxTable")
    return sorted(row["sk"]["S"].split("#")[0] for row in rows if row["template"]["S"] == template and "reporter" in str(row))


def test_four_committees_one_class_case_and_its_outcome_reaches_everybody(four: World) -> None:
    world = four
    wishes = [told(world, text, f"c0{at + 1}", PHONES[at]) for at, text in enumerate(WISHES)]
    others = [told(world, text, f"c0{at % 4 + 1}")[0] for at, text in enumerate(NEAR)]
    numbers = [no for no, _ in wishes]
    world.clock.advance(days=3)

    (made,) = proposed(world)
    assert set(made.numbers) == set(numbers)
    assert not set(made.numbers) & set(others)
    assert len(made.committees) == 4
    # Once a day; and a second look makes no second proposal.
    assert patterns.look(world.context, lambda: 110.0) == {"told": 0, "warned": None, "proposed": None}
    assert clusters.propose(world.context).new == 0
    assert len(classes.every(world.street.id)) == 1

    clerk = world.signed_in("dispatcher", "street")
    assert f"/desk/classes/{made.id}" in clerk.get("/desk/classes").text
    page = clerk.get(f"/desk/classes/{made.id}")
    for word in ("4个居委的4件事", "充电", "11月18日", *(text[:8] for text in WISHES)):
        assert word in page.words
    assert "王阿姨" not in page.text
    lead = next(form for form in page.forms if form.fields.get("act") == "accept").choices["lead"][1]
    wrong = press(page, "accept", numbers[:3], title="302室充电", lead=lead)
    assert (wrong.status, "302室充电" in wrong.text, wrong.text.count(" checked")) == (422, True, 3)
    page = press(page, "accept", numbers, title="电动自行车充电难", lead=lead, unit="个充电口")
    assert page.status == 200
    assert "办理中" in page.words
    for no in numbers:
        stored = cases.get(no)
        assert stored is not None
        # By the street's rule the cases of so large a matter are before the supervisors, too.
        assert (stored.case.class_case, stored.case.listed) == (made.id, True)
    assert "自动列入督办 ：归入类案" in clerk.get(f"/desk/cases/{numbers[0]}").words
    # The timeline of a member says so to colleagues, not to its reporter.
    assert "归入类案" in clerk.get(f"/desk/cases/{numbers[0]}").words
    assert f"/desk/classes/{made.id}" in clerk.get(f"/desk/cases/{numbers[0]}").text
    assert "类案" not in world.client().get(f"/t/{wishes[0][1]}").words

    # Each committee says how many it needs: for itself, and only for itself.
    for at, number in enumerate(("400", "300", "350", "250")):
        committee = world.signed_in("committee", f"committee:c0{at + 1}")
        theirs = committee.get(f"/desk/classes/{made.id}")
        assert WISHES[at][:8] in theirs.words
        assert WISHES[at - 1][:8] not in theirs.words
        form = next(form for form in theirs.forms if form.fields.get("act") == "need")
        assert form.choices["committee"] == ["", f"c0{at + 1}"]
        press(theirs, "need", committee=f"c0{at + 1}", number=number)
        assert not any(form.fields.get("act") == "finish" for form in theirs.forms)
    page = press(clerk.get(f"/desk/classes/{made.id}"), "note", text="供电方案已定")
    assert "1,300个充电口" in page.words
    assert "供电方案已定" in page.words

    before = len(sent_to_reporters(world, "handled"))
    page = press(page, "finish", count="1,300", unit="个充电口", sentence="四个居委新装1,300个充电口,都能用了")
    assert "已有结果" in page.words
    assert sent_to_reporters(world, "handled")[before:] == sorted(numbers)
    for no, token in wishes:
        words = world.client().get(f"/t/{token}").words
        assert "四个居委新装1,300个充电口" in words
        assert "电动自行车充电难" in words
        # A case of its own still: nobody has closed it.
        assert cases.get(no).case.state == "received"  # type: ignore[union-attr]  # it is there
    public = world.client().get("/public")
    assert "1,300个充电口" in public.words
    assert "4个居委、4件反映" in public.words
    for private in ("王阿姨", *numbers, WISHES[1][:8], *PHONES):
        assert private not in public.text
    # Told once, whoever looks again; and taken back at once.
    assert use.tell_rest(world.context, lambda: 60.0) == 0
    page = press(clerk.get(f"/desk/classes/{made.id}"), "reopen", text="两个居委还没通电")
    assert "1,300个充电口" not in world.client().get("/public").words
    assert len(sent_to_reporters(world, "handled")) == before + 4
    assert [step.act for step in classes.get(world.street.id, made.id).steps] == [  # type: ignore[union-attr]  # likewise
        "accept",
        *["need"] * 4,
        *("note", "finish", "reopen"),
    ]


def test_people_split_and_dismiss_and_both_are_learned(four: World) -> None:
    world = four
    for at, text in enumerate((*WISHES, "小区电瓶车充电桩太少，请加装")):
        told(world, text, f"c0{at % 4 + 1}", PHONES[0] if at in {0, 1} else "")
    (made,) = proposed(world)
    assert len(made.members) == 5
    clerk = world.signed_in("dispatcher", "street")
    zone = world.signed_in("zone_head", "zone:z1")
    # A zone sees its own part of it and does not decide for others.
    assert not any(form.fields.get("act") in {"accept", "dismiss"} for form in zone.get(f"/desk/classes/{made.id}").forms)
    assert world.signed_in("property", "community:c01a").get("/desk/classes").status == 403

    page = clerk.get(f"/desk/classes/{made.id}")
    assert "未列为类案" in press(page, "dismiss", text="已有规划").words
    assert press(page, "dismiss", text="已有规划").status == 409
    world.clock.advance(days=1)
    assert clusters.propose(world.context).new == 0
    assert [one.state for one in classes.every(world.street.id)] == ["dismissed"]
    # Half as many again, and three more: it comes back and says so.
    for at, text in enumerate(MORE):
        told(world, text, f"c0{at + 1}")
    assert clusters.propose(world.context).new == 1
    page = clerk.get(f"/desk/classes/{made.id}")
    assert "当时5件" in page.words

    # Two are split off when it is taken up: they are never offered for it again, others are.
    (again,) = [one for one in classes.every(world.street.id) if one.state == "proposed"]
    keep = list(again.numbers[:-2])
    lead = next(form for form in page.forms if form.fields.get("act") == "accept").choices["lead"][1]
    press(page, "accept", keep, title="充电难", lead=lead)
    later, _ = told(world, WISHES[0], "c02")
    clusters.propose(world.context)
    standing = classes.get(world.street.id, made.id)
    assert standing is not None
    assert [member.no for member in standing.more] == [later]
    page = press(clerk.get(f"/desk/classes/{made.id}"), "add", [later])
    standing = classes.get(world.street.id, made.id)
    assert standing is not None
    assert set(standing.numbers) == {*keep, later}
    page = press(page, "take_out", [later])
    assert cases.get(later).case.class_case == ""  # type: ignore[union-attr]  # it is there
    clusters.propose(world.context)
    assert classes.get(world.street.id, made.id).more == ()  # type: ignore[union-attr]  # likewise

    # A reporter of two members gets one message; what a broken run left is told by the hourly one, once.
    count = use.AT_ONCE
    use.AT_ONCE = 1
    try:
        press(page, "finish", count="12", sentence="都装好了")
    finally:
        use.AT_ONCE = count
    assert sum(event == "class_done" for no in keep for event in steps.events_of(no)) == 1
    assert use.tell_rest(world.context, lambda: 60.0) == 1
    assert use.tell_rest(world.context, lambda: 60.0) == 0
    assert all(steps.events_of(no).count("class_done") == 1 for no in keep)
    assert len(sent_to_reporters(world, "handled")) == 1


def test_who_was_merged_into_a_case_outside_hears_of_the_outcome_and_once(four: World) -> None:
    world = four
    numbers = [told(world, text, f"c0{at + 1}", PHONES[at])[0] for at, text in enumerate(WISHES)]
    world.clock.advance(days=1)
    (made,) = proposed(world)
    clerk = world.signed_in("dispatcher", "street")
    page = clerk.get(f"/desk/classes/{made.id}")
    lead = next(form for form in page.forms if form.fields.get("act") == "accept").choices["lead"][1]
    press(page, "accept", numbers, title="电动自行车充电难", lead=lead)
    outside, _ = told(world, "上次说的那件事", "c01", PHONES[0])
    assert steps.act(clerk, numbers[0], "merge", other=outside).status == 200
    press(clerk.get(f"/desk/classes/{made.id}"), "finish", count="13", unit="个", sentence="装好了十三个")
    assert sent_to_reporters(world, "handled") == sorted(numbers)


def test_what_is_not_ones_own_to_do_changes_nothing(four: World) -> None:
    from chalicelib.casework import class_cases
    from chalicelib.casework.access import Actor

    world, ctx = four, four.context
    one = ClassCase(id="222222", members=(class_cases.Member(no="X", committee="c01", zone="z1"),))
    street, at = world.street, "2026-11-18T02:00:00.000Z"
    committee = Actor("staff:a", "居委", ("committee@committee:c01",))
    zone = Actor("staff:b", "片区", ("zone_head@zone:z1",))
    centre = Actor("staff:c", "中心", ("dispatcher@street",))
    for actor, act in ((committee, "accept"), (committee, "dismiss"), (centre, "finish"), (centre, "need")):
        with pytest.raises(NotAllowed) as refused:
            class_cases.after(one, act, {"text": "x", "keep": ["X"]}, actor, at, street)
        assert refused.value.reason == "class_act"
    # A zone decides on what is all its own.
    assert "accept" in class_cases.acts(zone, one, street)
    assert class_cases.acts(Actor("staff:d", "别区", ("zone_head@zone:z2",)), one, street) == ()
    taken = class_cases.replace(one, state="open", lead="department@dept:x")
    lead = Actor("staff:e", "科室", ("department@dept:x",))
    assert class_cases.acts(lead, taken, street) == ("need", "note", "finish")
    for number, fine in {
        "1300": True,
        "1,300": True,
        "0": True,
        "-1": False,
        "many": False,
        "": False,
        "9" * 12: False,
        "0" * 9 + "9" * 5000: False,
    }.items():
        if fine:
            assert class_cases.after(taken, "finish", {"count": number, "sentence": "好了"}, lead, at, street).state == "done"
        else:
            with pytest.raises(NotAllowed):
                class_cases.after(taken, "finish", {"count": number, "sentence": "好了"}, lead, at, street)
    for text in ("", "请打13800000000", "好" * 1001):
        with pytest.raises(NotAllowed):
            class_cases.after(taken, "note", {"text": text}, lead, at, street)
    for sentence in ("", "请打13800000000", "3号楼装好了", "好" * 121):
        with pytest.raises(NotAllowed):
            class_cases.after(taken, "finish", {"count": "1", "sentence": sentence}, lead, at, street)
    stored = classes.put(street.id, taken)
    with pytest.raises(Conflict):
        use.act(ctx, centre, stored.id, "note", {"text": "x"}, 0)


def test_the_same_persons_repeat_is_offered_to_merge_and_anothers_to_link(four: World) -> None:
    world = four
    mine, _ = told(world, "三号楼电梯停了，老人下不了楼", "c01", PHONES[0])
    theirs, _ = told(world, "电梯坏了没人修", "c01", PHONES[1])
    elsewhere, _ = told(world, "电梯停着没人来修，已经两天", "c02", PHONES[0])
    other, _ = told(world, "草坪里有狗粪", "c01", PHONES[1])
    again, _ = told(world, "电梯又停了，老人下不了楼，没人来修", "c01", PHONES[0])
    clerk = world.signed_in("dispatcher", "street")
    page = clerk.get(f"/desk/cases/{again}")
    offered = {form.fields["other"]: form.action.rsplit("/", 1)[-1] for form in page.forms if form.fields.get("other")}
    assert offered == {mine: "merge", elsewhere: "merge", theirs: "link"}
    assert other not in offered
    linking = next(form for form in page.forms if form.fields.get("other") == theirs)
    assert linking.submit().status == 200
    merging = next(form for form in clerk.get(f"/desk/cases/{again}").forms if form.fields.get("other") == mine)
    page = merging.submit()
    merged, stays = cases.get(again), cases.get(mine)
    assert merged is not None
    assert stays is not None
    assert (merged.case.merged_into, merged.case.links, stays.case.followers[0].no) == (mine, (theirs,), again)
    # Whoever only looks on is offered nothing, and a committee nothing of another committee's.
    assert "说的可能是同一件事" not in world.signed_in("deputy", "street").get(f"/desk/cases/{theirs}").words
