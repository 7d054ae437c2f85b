"""What comes by phone, at the counter or on patrol: taken in once, entered where the ladder says, only where one works."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.casework.case import Case
from chalicelib.models import cases
from tests import steps, wire
from tests.client import Form, Page, Visitor
from tests.world import World

TEXT = "地下车库进水,早上发现的"


def blank(visitor: Visitor) -> Form:
    page = visitor.get("/desk/new")
    assert page.status == 200
    return page.form("/desk/new")


def filled(visitor: Visitor, **changes: str) -> Form:
    form = blank(visitor).fill(channel="phone", text=TEXT)
    return form.fill(**{"place": form.choices["place"][1], **changes})


def stored(page: Page) -> Case:
    """The case whose page it is."""
    found = cases.get(page.path.rsplit("/", 1)[-1])
    assert found is not None, page.path
    return found.case


def rows(world: World) -> list[dict[str, Any]]:
    return [item for item in world.stored_items() if item["sk"]["S"] == "CASE"]


def test_a_call_becomes_a_case_of_the_rung_that_takes_calls(both_worlds: World) -> None:
    clerk = both_worlds.signed_in("committee", "committee:c01")
    page = filled(clerk, phone=steps.PHONE, nickname="王阿姨", category="property", external="H-2026/17").submit()
    case = stored(page)
    assert page.status == 200
    assert (case.rung, case.unit, case.state) == ("committee", "committee:c01", "received")
    assert (case.channel, case.active, case.reporter, case.external) == ("phone", False, "resident", "H-2026/17")
    assert (case.text, case.nickname, case.phone_mask, case.category) == (TEXT, "王阿姨", "021-****7788", "property")
    found = cases.get(case.no)
    assert found is not None
    assert both_worlds.context.vault.open(f"case:{case.no}", found.sealed or b"") == {"phone": "+862100127788"}
    event = found.events[0]
    assert (event.by.startswith("staff:"), event.data["who"]) == (True, "committee:c01 committee")
    assert "电话" in page.words
    templates = sorted(row["sk"]["S"].split("#")[-1] for row in steps.rows(both_worlds, "OutboxTable"))
    assert templates == ["new", "received"]


@pytest.mark.parametrize(
    ("channel", "rung", "active"),
    [
        ("walk_in", "committee", False),
        ("patrol", "committee", True),
        ("committee", "centre", True),
        ("hotline_12345", "centre", False),
    ],
)
def test_the_channel_decides_where_it_enters_and_how_it_was_found(world: World, channel: str, rung: str, active: bool) -> None:
    clerk = world.signed_in("dispatcher", "street")
    case = stored(filled(clerk, channel=channel).submit())
    assert (case.channel, case.rung, case.active) == (channel, rung, active)
    other = stored(filled(clerk, channel=channel, found="passive" if active else "active").submit())
    assert other.active is not active


def test_a_class_named_at_intake_is_the_cases_class_with_its_mark(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    page = filled(clerk, channel="petition", **{"class": "urgent"}).submit()
    assert stored(page).case_class == "urgent"
    assert "紧急" in page.words


def test_the_same_form_twice_is_one_case(both_worlds: World) -> None:
    clerk = both_worlds.signed_in("committee", "committee:c01")
    form = filled(clerk, phone=steps.PHONE)
    first, again = form.submit(), form.submit()
    assert first.path == again.path
    assert len(rows(both_worlds)) == 1
    # The same form with other words is asked about, and keeps them.
    changed = form.fill(text="是另一件事").submit()
    assert changed.status == 409
    kept = changed.form("/desk/new")
    assert kept.fields["text"] == "是另一件事"
    assert kept.fields["key"] != form.fields["key"]
    assert kept.submit().status == 200
    assert len(rows(both_worlds)) == 2


def test_taking_in_makes_at_most_three_calls_beside_the_session(world: World) -> None:
    clerk = world.signed_in("committee", "committee:c01")
    form = filled(clerk, phone=steps.PHONE, category="property")
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": clerk.origin}
    from urllib.parse import urlencode

    with wire.counted() as calls:
        assert clerk.call("POST", "/desk/new", urlencode(form.fields).encode("ascii"), sent).status == 303
    assert [call for call in calls if call != "GetItem"] == ["Query", "GenerateDataKey", "TransactWriteItems"]


@pytest.mark.parametrize(
    ("role", "unit", "doors"),
    [
        ("dispatcher", "street", {"JNP3NT", "QTHB6W", "3GD7KS", "DTDXEF", "FVFUF6"}),
        ("zone_head", "zone:z2", {"DTDXEF", "FVFUF6"}),
        ("committee", "committee:c02", {"3GD7KS"}),
        ("property", "community:c01a", {"JNP3NT", "QTHB6W"}),
    ],
)
def test_only_doors_where_one_works_can_be_named(world: World, role: str, unit: str, doors: set[str]) -> None:
    clerk = world.signed_in(role, unit)
    form = blank(clerk)
    assert set(form.choices["place"]) - {""} == doors
    elsewhere = ({place.id for place in world.places} - doors) or {"222222"}
    for place in sorted(elsewhere):
        form = blank(clerk).fill(channel="phone", text=TEXT, typed=place)
        refused = form.submit()
        assert refused.status == 422
        assert "不在您的范围" in refused.words
        assert refused.form("/desk/new").fields["text"] == TEXT
    assert rows(world) == []


def test_a_door_may_be_typed_as_it_stands_under_the_code(world: World) -> None:
    clerk = world.signed_in("zone_head", "zone:z2")
    case = stored(blank(clerk).fill(channel="visit", text=TEXT, typed=" dtdxef ").submit())
    assert (case.place, case.committee) == ("DTDXEF", "c03")


@pytest.mark.parametrize(("role", "unit"), [("deputy", "street"), ("department", "dept:police")])
def test_who_takes_nothing_in_can_not(world: World, role: str, unit: str) -> None:
    onlooker = world.signed_in(role, unit)
    page = onlooker.get("/desk/new")
    if role == "deputy":
        assert page.status == 403
        assert [link for link in onlooker.get("/desk").links if link.endswith("/desk/new")] == []
    else:
        assert set(page.form("/desk/new").choices.get("place", [""])) <= {""}
        assert page.form("/desk/new").fill(channel="phone", text=TEXT, typed="JNP3NT").submit().status == 422
    assert rows(world) == []


def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    form = blank(clerk).fill(text="", phone="12345", external="<b>")
    page = form.submit()
    assert page.status == 422
    for words in ("请选来源", "请选一个门", "手机号不对", "只能用汉字、数字、字母", "请写几句"):
        assert words in page.words, words
    assert page.form("/desk/new").fields["phone"] == "12345"
    for name, value in (("channel", "register"), ("class", "no_such"), ("category", "no_such"), ("reporter", "deputy")):
        sent = {**filled(clerk).fields, "place": "JNP3NT", name: value}
        assert clerk.post("/desk/new", sent).status == 422, name
    assert rows(world) == []
    assert clerk.post("/desk/new", {**filled(clerk).fields, "key": "short"}).status == 400


def test_who_may_not_read_what_they_filed_is_told_its_number(world: World) -> None:
    worker = world.signed_in("grid_worker", "committee:c01")
    page = filled(worker, channel="patrol").submit()
    (row,) = rows(world)
    no = row["pk"]["S"].removeprefix("C#")
    assert page.path == f"/desk/new?made={no}"
    assert no in page.words
    assert worker.get(f"/desk/cases/{no}").status == 404


def test_the_queue_leads_to_the_form(world: World) -> None:
    clerk = world.signed_in("committee", "committee:c01")
    assert "/desk/new" in clerk.get("/desk").links


# What each way in is asked beside the channel, whether it counts as found by us, and who may report by it.
WAYS = [
    ("phone", "", False, "resident"),
    ("walk_in", "consult", False, "merchant"),
    ("walk_in", "mediation", False, "unit"),
    ("walk_in", "joint", False, "resident"),
    ("visit", "", True, "resident"),
    ("patrol", "", True, "unit"),
    ("meeting", "", True, "merchant"),
    ("committee", "", True, "resident"),
    ("assisted", "family", False, "resident"),
    ("assisted", "volunteer", False, "resident"),
]


def test_every_way_in_keeps_how_it_came_and_who_helped_by_role(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    for number, (channel, how, active, reporter) in enumerate(WAYS):
        page = filled(clerk, channel=channel, reporter=reporter, text=f"第{number}件事", **({"how": how} if how else {})).submit()
        case = stored(page)
        assert (case.channel, case.how, case.active, case.reporter) == (channel, how, active, reporter)
        if how:
            assert {"consult": "咨询", "mediation": "调解", "joint": "联合接访"}.get(how, "代报") in page.words
    for channel, how in (("phone", "consult"), ("walk_in", "family"), ("assisted", "joint")):
        refused = filled(clerk, channel=channel, how=how).submit()
        assert refused.status == 422, (channel, how)
        assert refused.form("/desk/new").fields["text"] == TEXT
    assert len(rows(world)) == len(WAYS)
