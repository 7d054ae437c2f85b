"""12345 and petition orders: signed, once under their own number, with their own clock, and the answer goes back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.casework import decide, signing
from chalicelib.casework.access import unit_of
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.folds import apply
from chalicelib.casework.orders import SOURCES, Order
from chalicelib.models import cases
from chalicelib.usecases import capability, orders
from infra.streetfile.compile import load
from tests import steps
from tests.client import Page
from tests.test_webhooks import CITY, act, answer, context, rows, subscribed
from tests.world import NOW, World

STREETS = Path(__file__).parent.parent / "infra" / "streets"

ORDER = {
    "external": "SH20261118-0042",
    "text": "小区门口路灯坏了，晚上看不见路",
    "place": "JNP3NT",
    "phone": "021-0012 7788",
    "name": "来电人王",
    "category": "社区硬件设施",
    "address": "东门外人行道",
    "received": "2026-11-17T15:20:00+08:00",
}


@pytest.fixture
def secret(world: World) -> str:
    return wiring.house().shared_secrets.make("hotline_12345")


def post(
    world: World, secret: str, body: Any, *, source: str = "hotline_12345", at: float | None = None, extra: Any = None
) -> Page:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    timestamp = str(int(at if at is not None else time.time()))
    signed = {signing.TIMESTAMP: timestamp, signing.SIGNATURE: signing.signature([secret], timestamp, raw)}
    return world.client().call(
        "POST", f"/api/v1/orders/{source}", raw, {"Content-Type": "application/json", **signed, **(extra or {})}
    )


def said(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.text)
    return found


def the_cases(world: World) -> list[Mapping[str, Any]]:
    return [item for item in world.stored_items() if item["sk"]["S"] == "CASE"]


def test_an_order_is_one_case_however_often_it_comes_and_its_changes_are_additions(world: World, secret: str) -> None:
    made = post(world, secret, ORDER)
    assert made.status == 201
    no = said(made)["case"]
    assert said(made) == {"case": no, "state": "received", "result": "made", "left_out": []}
    stored = cases.get(no)
    assert stored is not None
    case = stored.case
    assert (case.channel, case.external, case.active, case.rung) == ("hotline_12345", ORDER["external"], False, "centre")
    assert (case.category, case.place, case.elsewhere) == ("hardware", "JNP3NT", "东门外人行道")
    assert world.context.vault.open(f"case:{no}", stored.sealed or b"") == {"phone": "+862100127788"}
    # Again, by a later post with the same words, and by the very same request.
    now = time.time()
    for moment in (now, now - 200, now - 200):
        again = post(world, secret, ORDER, at=moment)
        assert (again.status, said(again)["case"], said(again)["result"]) == (200, no, "same")
    other = said(post(world, secret, {**ORDER, "phone": "021-0012 7799"}))
    assert (other["result"], other["left_out"]) == ("same", ["phone"]), "whom to call is what the first one said"
    changed = {**ORDER, "text": "路灯还是坏的，已经第二次来电"}
    first = post(world, secret, changed, at=now)
    assert (first.status, said(first)["result"], said(first)["case"]) == (200, "added", no)
    # The first one replayed by somebody who listened, and the change repeated: nothing is undone and nothing doubled.
    assert said(post(world, secret, ORDER, at=now - 200))["result"] == "same"
    assert said(post(world, secret, changed, at=now))["result"] == "same"
    events = [event for event in (cases.get(no) or stored).events if event.type == "added"]
    assert [event.data["text"].splitlines()[0] for event in events] == ["路灯还是坏的，已经第二次来电"]
    assert len(the_cases(world)) == 1
    clerk = world.signed_in("dispatcher", "street")
    page = clerk.get(f"/desk/cases/{no}")
    assert ORDER["external"] in page.words and "第二次来电" in page.words and "12345热线" in page.words
    found = clerk.get("/desk").form("/desk/find").fill(q=str(ORDER["external"])).submit()
    assert f"only={no}" in found.path


def test_a_petition_is_numbered_as_papers_are(world: World) -> None:
    secret, number = wiring.house().shared_secrets.make("petition"), "沪信访〔2026〕12号"
    made = said(post(world, secret, {**ORDER, "external": number}, source="petition"))
    assert said(post(world, secret, {**ORDER, "external": number}, source="petition"))["case"] == made["case"]
    clerk = world.signed_in("dispatcher", "street")
    assert f"only={made['case']}" in clerk.get("/desk").form("/desk/find").fill(q=number).submit().path
    assert number in clerk.get(f"/desk/cases/{made['case']}").words


def test_a_replay_of_what_was_taken_changes_nothing(world: World, secret: str) -> None:
    now = time.time()
    second = {**ORDER, "text": "第二版"}
    no = said(post(world, secret, ORDER, at=now))["case"]
    post(world, secret, second, at=now)
    assert said(post(world, secret, ORDER, at=now))["result"] == "same"
    stored = cases.get(no)
    assert stored is not None and [event.type for event in stored.events].count("added") == 1


def test_numbers_of_people_in_a_changed_order_are_kept_as_masks(world: World, secret: str) -> None:
    no = said(post(world, secret, ORDER))["case"]
    post(world, secret, {**ORDER, "text": "请回电13812345678", "address": "身份证310104199001011234"})
    (added,) = [event for event in (cases.get(no) or pytest.fail("gone")).events if event.type == "added"]
    assert added.data["text"] == "请回电138****5678\n身份证310*************34"
    assert not any("13812345678" in json.dumps(row, default=repr) for row in world.stored_items())


def test_only_the_source_itself_is_heard(world: World, secret: str) -> None:
    raw = json.dumps(ORDER).encode()
    now = time.time()
    wrong = [
        post(world, "another secret", raw),
        post(world, secret, raw, at=now - 301 - 5),
        post(world, secret, raw, at=now + 301 + 5),
        post(world, secret, raw, source="petition"),
        post(world, secret, raw, extra={signing.SIGNATURE: ""}),
        post(world, secret, raw, extra={signing.SIGNATURE: "v1=" + "0" * 64}),
        post(world, secret, raw, extra={signing.TIMESTAMP: str(int(now) + 1)}),
        post(world, secret, raw, extra={signing.TIMESTAMP: "soon"}),
        post(world, "", raw),
    ]
    assert [page.status for page in wrong] == [401] * len(wrong)
    assert all(page.header("Content-Type") == "application/problem+json" for page in wrong)
    assert post(world, secret, raw, source="nowhere").status == 404
    signed = signing.signature([secret], str(int(now)), raw)
    tampered = raw.replace(b"0042", b"0043")
    headers = {"Content-Type": "application/json", signing.TIMESTAMP: str(int(now)), signing.SIGNATURE: signed}
    assert world.client().call("POST", "/api/v1/orders/hotline_12345", tampered, headers).status == 401
    assert the_cases(world) == []
    newer = wiring.house().shared_secrets.rotate("hotline_12345")
    assert {post(world, one, ORDER).status for one in (newer, secret)} == {201, 200}


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"external": ""}, 422, "external"),
        ({"external": "a b"}, 422, "external"),
        ({"text": "  "}, 422, "text"),
        ({"text": "长" * 2001}, 422, "text"),
        ({"address": "长" * 101}, 422, "address"),
        ({"place": "222222"}, 422, "place"),
        ({"place": "", "address": "火星"}, 422, "place"),
        ({"received": "yesterday"}, 422, "received"),
        ({"received": "2030-01-01T00:00:00Z"}, 422, "received"),
        ({"phone": 7788}, 400, "phone"),
        ({"text": None}, 400, "text"),
        ({"surprise": 1}, 400, "surprise"),
        ({"reporter": "boss"}, 422, "reporter"),
    ],
)
def test_what_is_wrong_is_said_by_field(world: World, secret: str, change: dict[str, Any], status: int, field: str) -> None:
    page = post(world, secret, {**ORDER, **change})
    assert page.status == status
    assert field in [one["name"] for one in said(page)["fields"]]
    assert the_cases(world) == []


def test_no_case_holds_a_nul(world: World, secret: str) -> None:
    for field in ("text", "name", "address", "external"):
        page = post(world, secret, {**ORDER, field: "路\0灯"})
        assert (page.status, said(page)["reason"], the_cases(world)) == (400, "json", [])


def test_what_we_do_not_know_of_an_order_never_loses_it(world: World, secret: str) -> None:
    sent = {
        **ORDER,
        "reporter": "",
        "phone": "匿名",
        "category": "城建类/市政",
        "class": "特急",
        "place": "",
        "community": "示例桂花新村",
    }
    sent["community"] = world.street.communities[0].name.zh
    page = post(world, secret, sent)
    assert (page.status, said(page)["left_out"]) == (201, ["phone", "category", "class"])
    stored = cases.get(said(page)["case"])
    assert stored is not None
    assert (stored.case.community, stored.case.place) == (world.street.communities[0].id, "")
    # An address that names a committee says where it is.
    by_address = {**ORDER, "external": "X-2", "place": "", "address": f"{world.street.committees[1].name.zh}门口"}
    found = cases.get(said(post(world, secret, by_address))["case"])
    assert found is not None and found.case.committee == world.street.committees[1].id
    for body in (b"[]", b"{", b'{"external": "1"', b""):
        assert post(world, secret, body).status == 400


@pytest.mark.parametrize("street_id", sorted(path.stem for path in STREETS.glob("*.toml")))
def test_the_mirrored_clock_runs_from_the_sources_own_time_beside_the_streets(street_id: str) -> None:
    """Fifteen working days from when 12345 took it, a petition's fifteen and sixty days; the street's own from when it came."""
    street, places = load(STREETS / f"{street_id}.toml")
    began = datetime.fromisoformat("2026-11-16T09:00:00+08:00")
    runs: dict[str, ClockRun] = {}
    for channel in SOURCES:
        rung = street.entry_rung(channel, "")
        committee = street.committees[0]
        where = Case(no="", place=places[0].id, committee=committee.id, zone=committee.zone)
        facts = msgspec.structs.replace(
            where,
            no="2222-2222-2",
            channel=channel,
            rung=rung.id,
            unit=unit_of(rung.scope, where),
            text="x",
            ordered_at=stamp(began),
        )
        case = reduce(apply, decide.submit(facts, "a" * 32, NOW, street), Case(no=facts.no))
        runs |= {run.id: run for run in case.clocks}
        for run in case.clocks:
            mirrors = run.id.startswith(("mirror_", "petition_"))
            assert parse(run.started) == (began if mirrors else NOW), run.id
    ends = {name: parse(runs[name].due) - began for name in ("mirror_12345", "petition_accept", "petition_finish")}
    # Three weeks hold fifteen working days in November; all days count for a petition.
    assert ends == {
        "mirror_12345": timedelta(days=21),
        "petition_accept": timedelta(days=15),
        "petition_finish": timedelta(days=60),
    }


def test_a_closed_order_that_comes_again_with_other_words_is_a_case_of_its_own(world: World) -> None:
    first = orders.receive(context(), "hotline_12345", Order(**ORDER)).case
    act(first.no, "answer", outcome="solved", text="已修")
    assert orders.receive(context(), "hotline_12345", Order(**ORDER)).result == "same"
    second = orders.receive(context(), "hotline_12345", Order(**{**ORDER, "text": "又坏了"}))
    assert (second.result, second.case.recurs) == ("made", first.no)
    third = orders.receive(context(), "hotline_12345", Order(**{**ORDER, "text": "又坏了，更暗了"}))
    assert (third.result, third.case.no) == ("added", second.case.no)
    # Long after, when the case is gone by the street's retention, the number begins anew.
    world.aws("dynamodb").delete_item(
        TableName=world.outputs["CasesTable"], Key={"pk": {"S": f"C#{second.case.no}"}, "sk": {"S": "CASE"}}
    )
    assert orders.receive(context(), "hotline_12345", Order(**ORDER)).result == "made"


def test_what_staff_typed_in_is_found_by_the_webhook_and_the_other_way_round(world: World, secret: str) -> None:
    clerk = world.signed_in("dispatcher", "street")
    form = clerk.get("/desk/new").form("/desk/new").fill(channel="hotline_12345", place="JNP3NT", text=str(ORDER["text"]))
    form = form.fill(external=str(ORDER["external"]), elsewhere=str(ORDER["address"]))
    page = form.submit()
    no = page.path.rsplit("/", 1)[-1]
    assert form.submit().path == page.path
    assert said(post(world, secret, ORDER)) == {"case": no, "state": "received", "result": "same", "left_out": ["phone"]}
    refused = clerk.get("/desk/new").form("/desk/new").fill(**{**form.fields, "key": "f" * 32}).submit()
    assert refused.status == 422 and no in refused.words


def test_the_answer_goes_back_and_a_merged_scan_and_order_are_both_answered(world: World) -> None:
    subscribed(world, CITY)
    scan, _ = steps.reported(world, phone="021-0012 9911")
    order = orders.receive(context(), "hotline_12345", Order(**ORDER)).case
    act(order.no, "merge", other=scan)
    act(scan, "accept")
    answer(scan)
    act(scan, "confirm")
    gone = cases.get(order.no)
    stays = cases.get(scan)
    assert gone is not None and stays is not None
    assert (gone.case.merged_into, stays.case.followers[0].external) == (scan, ORDER["external"])
    bodies = [json.loads(row["body"]["S"]) for row in rows(world)]
    (back,) = [one for one in bodies if one["case"] == order.no and one["type"] == "handled_confirmed"]
    assert (back["external"], back["channel"], back["into"]) == (ORDER["external"], "hotline_12345", scan)
    assert back["answer"] == {"outcome": "solved", "text": "已请物业换灯"}
    # Who called can say that it is not solved, and has their own matter again.
    token = capability.token_for(context(), order.no, gone.case.generation)
    page = world.client().get(f"/t/{token}")
    assert "已请物业换灯" in page.words and f"/t/{token}/rate" in page.links
    told = [row for row in steps.rows(world, "OutboxTable") if row.get("template", {}).get("S") == "handled"]
    assert {row["case"]["S"] for row in told} == {scan, order.no}


def test_a_scan_that_an_order_was_merged_into_is_not_taken_back_from_under_it(world: World) -> None:
    """Whoever called 12345 waits for an answer, whatever the neighbour who scanned has settled meanwhile."""
    scan, token = steps.reported(world, phone="021-0012 9911")
    form = world.client().get(f"/t/{token}").form("/withdraw").fill(text="三楼李家已经赔我了")
    order = orders.receive(context(), "hotline_12345", Order(**ORDER)).case
    act(order.no, "merge", other=scan)
    refused = form.submit()
    assert (refused.status, "还有别人在等" in refused.words) == (422, True)
    assert not [form for form in world.client().get(f"/t/{token}").forms if form.action.endswith("/withdraw")]
    assert (cases.get(scan) or pytest.fail("gone")).case.open
    # The same person's own repeat goes with it.
    mine, token = steps.reported(world, phone="021-0012 9922")
    again, _ = steps.reported(world, phone="021-0012 9922")
    act(again, "merge", other=mine)
    assert world.client().get(f"/t/{token}").form("/withdraw").submit().status == 200
    assert (cases.get(mine) or pytest.fail("gone")).case.outcome == "withdrawn"


def test_a_question_goes_to_who_can_answer_it(world: World) -> None:
    scan, _ = steps.reported(world, phone="021-0012 9911")
    order = orders.receive(context(), "hotline_12345", Order(**ORDER)).case
    act(order.no, "merge", other=scan)
    act(scan, "accept")
    act(scan, "ask", text="是几楼的灯?")
    asked = [row["case"]["S"] for row in steps.rows(world, "OutboxTable") if row["template"]["S"] == "question"]
    assert asked == [scan]


def test_what_a_merged_order_says_later_is_for_staff_and_not_for_the_neighbour_who_scanned(world: World) -> None:
    scan, token = steps.reported(world, phone="021-0012 9911")
    order = orders.receive(context(), "hotline_12345", Order(**ORDER)).case
    act(order.no, "merge", other=scan)
    again = orders.receive(context(), "hotline_12345", Order(**{**ORDER, "text": "五楼张三再次来电"}))
    assert (again.result, again.case.no) == ("added", scan)
    assert "张三" in world.signed_in("dispatcher", "street").get(f"/desk/cases/{scan}").words
    for path in (f"/t/{token}", f"/api/v1/t/{token}"):
        assert "张三" not in world.client().get(path).text, path


def test_parallel_deliveries_make_one_case(engine_world: World) -> None:
    """Twenty at once, on an engine that is atomic."""
    from concurrent.futures import ThreadPoolExecutor

    ctx = context()
    texts = [ORDER["text"] if number % 2 else "另一种说法" for number in range(20)]
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda text: orders.receive(ctx, "hotline_12345", Order(**{**ORDER, "text": text})), texts))
    assert len({one.case.no for one in made}) == 1
    assert len(the_cases(engine_world)) == 1
