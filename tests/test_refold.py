"""Folding a case's events gives its stored state: from the stored bytes, in another process, however long the case has become."""

from __future__ import annotations

import json
import secrets
import zlib
from typing import Any

import pytest

from chalicelib.models import cases, store
from tests import refold, steps
from tests.client import Visitor
from tests.world import World


def lines(world: World) -> list[str]:
    return refold.lines_of(world.stored_items())


def item_of(world: World, no: str) -> dict[str, Any]:
    return next(item for item in world.stored_items() if (item["pk"]["S"], item["sk"]["S"]) == (f"C#{no}", "CASE"))


def size(item: dict[str, Any]) -> int:
    """What DynamoDB counts: names and values, UTF-8."""
    values = (next(iter(value.values())) for value in item.values())
    named = sum(len(name.encode()) for name in item)
    return named + sum(len(value) if isinstance(value, bytes) else len(str(value).encode()) for value in values)


def noise(length: int) -> str:
    """Chinese text that no compression makes shorter."""
    return "".join(chr(0x4E00 + secrets.randbelow(0x5000)) for _ in range(length))


def add(world: World, token: str, text: str) -> int:
    fields = {"text": text, "attempt": secrets.token_hex(16)}
    return world.client().post(f"/t/{token}/add", fields).status


def test_another_process_folds_a_worked_case_to_the_same_state(both_worlds: World) -> None:
    no, token = steps.reported(both_worlds)
    clerk: Visitor = both_worlds.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept", **{"class": "simple"})
    steps.act(clerk, no, "assign", to=steps.choice(clerk, no, "assign", "to", "dispatcher@street"))
    both_worlds.clock.advance(hours=3)
    steps.act(clerk, no, "ask", text="几楼?")
    both_worlds.clock.advance(days=1)
    both_worlds.client().get(f"/t/{token}").form("/reply").fill(text="三楼").submit()
    steps.act(clerk, no, "propose", outcome="solved", text="换了")
    steps.act(clerk, no, "confirm")
    both_worlds.client().get(f"/t/{token}/rate").form("/rate").fill(satisfied="no", words="没亮").submit()
    steps.reported(both_worlds, phone="")
    assert len(lines(both_worlds)) == 2
    assert refold.in_another_process(lines(both_worlds)) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"state": "closed"}, "differ in state"),
        ({"version": 7}, "differ in version"),
        ({"text": "别的"}, "differ in text"),
        ({"clocks": []}, "differ in clocks"),
    ],
)
def test_the_other_process_finds_what_is_wrong(world: World, wrong: dict[str, Any], said: str) -> None:
    no, _ = steps.reported(world)
    item = item_of(world, no)
    body = json.loads(zlib.decompress(item["body"]["B"]))
    body["state"].update(wrong)
    item["body"]["B"] = zlib.compress(json.dumps(body).encode())
    found = refold.in_another_process(refold.lines_of([item]))
    assert len(found) == 1
    assert said in found[0]
    assert no in found[0]


def test_the_other_process_misses_no_event(world: World) -> None:
    no, token = steps.reported(world)
    assert add(world, token, "又不亮") == 200
    item = item_of(world, no)
    body = json.loads(zlib.decompress(item["body"]["B"]))
    del body["events"][0]
    item["body"]["B"] = zlib.compress(json.dumps(body).encode())
    assert "numbered [2]" in refold.in_another_process(refold.lines_of([item]))[0]
    assert refold.in_another_process(["no json"])[0].startswith("tests.refold ended with")


def test_a_case_that_spilled_folds_from_all_its_rows_and_shows_all_its_events(
    both_worlds: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SPILL_BYTES", 6_000)
    no, token = steps.reported(both_worlds)
    said = [noise(300) for _ in range(20)]
    assert {add(both_worlds, token, text) for text in said} == {200}
    archive = sorted(item["sk"]["S"] for item in both_worlds.stored_items() if item["sk"]["S"].startswith("A#"))
    assert len(archive) >= 3
    assert archive == [f"A#{number:04d}" for number in range(1, len(archive) + 1)]
    assert size(item_of(both_worlds, no)) < 12_000
    assert steps.events_of(no) == ["submitted"] + ["added"] * 20
    assert refold.in_another_process(lines(both_worlds)) == []
    shown = both_worlds.client().get(f"/t/{token}").text
    assert all(text in shown for text in said)
    clerk = both_worlds.signed_in("dispatcher", "street")
    assert "已受理" in steps.act(clerk, no, "accept").words
    assert all(text in clerk.get(f"/desk/cases/{no}").text for text in said)


@pytest.mark.slow
def test_nobody_can_jam_a_case(engine_world: World) -> None:
    """Everything a resident can say, and more than any office does, at full length."""
    no, token = steps.reported(engine_world, text=noise(2000))
    assert [add(engine_world, token, noise(2000)) for _ in range(50)] == [200] * 50
    assert add(engine_world, token, "第五十一次") == 422
    clerk = engine_world.signed_in("dispatcher", "street")
    csrf = clerk.get("/desk").form("/signout").fields["csrf"]
    steps.act(clerk, no, "accept")
    to = steps.choice(clerk, no, "assign", "to", "dispatcher@street")
    largest = 0
    for turn in range(60):
        stored = cases.get(no)
        assert stored is not None
        fields = {"csrf": csrf, "attempt": secrets.token_hex(16), "version": str(stored.case.version), "to": to}
        page = clerk.post(f"/desk/cases/{no}/assign", {**fields, "note": noise(2000)})
        assert page.status == 200, turn
        largest = max(largest, size(item_of(engine_world, no)))
    assert sum(size(item) for item in engine_world.stored_items()) > store.SPILL_BYTES
    assert largest <= store.SPILL_BYTES + 20_000 < refold.ITEM_LIMIT
    assert all(size(item) < refold.ITEM_LIMIT for item in engine_world.stored_items())
    assert len(steps.events_of(no)) == 112
    assert refold.in_another_process(lines(engine_world)) == []
