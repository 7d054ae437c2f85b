"""Too many reports at once: a proof of work under heat, refusal of a flood, and the owner of a phone number left alone."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.usecases import limits
from tests import steps

if TYPE_CHECKING:
    from tests.client import Page
    from tests.world import World


def send(world: World, address: str, **changes: str) -> Page:
    return steps.send(world.client(address=address), steps.report(world, **changes))


def solved_by(asked: Mapping[str, Any]) -> str:
    """What the page's script does: the number behind the hash, in altcha's form."""
    for number in range(int(asked["maxNumber"]) + 1):
        if sha256(f"{asked['salt']}{number}".encode()).hexdigest() == asked["challenge"]:
            said = {name: asked[name] for name in ("algorithm", "challenge", "salt", "signature")}
            return base64.b64encode(json.dumps({**said, "number": number}).encode()).decode()
    raise AssertionError("nothing solves it")


def solved(page: Page, fields: dict[str, str]) -> dict[str, str]:
    """The same report once more, with the proof that its page asks for."""
    found = re.search(r'data-proof="([^"]+)"', page.text)
    assert found
    return {**fields, "proof": solved_by(json.loads(unescape(found[1])))}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets that a test can fill."""
    for name, most in (("phone", None), ("address", 5), ("place", None)):
        monkeypatch.setitem(limits.BUCKETS, name, limits.Bucket(seconds=3600, hot=3, most=most))
    monkeypatch.setattr(limits, "EFFORT", 200)


def test_an_ordinary_day_asks_for_nothing(world: World) -> None:
    for number in range(5):
        page = send(world, f"192.0.2.{number}", text=f"第{number}件事")
        assert page.status == 303


def test_under_heat_the_page_asks_for_a_proof_of_work_and_then_takes_the_report(world: World, small: None) -> None:
    for number in range(3):
        assert send(world, "192.0.2.9", phone="", text=f"第{number}件事").status == 303
    fields = steps.report(world, phone="", text="第四件事")
    hot = steps.send(world.client(address="192.0.2.10"), fields)
    assert hot.status == 429
    assert "第四件事" in hot.text
    assert "data-proof" in hot.text
    answer = steps.send(world.client(address="192.0.2.10"), solved(hot, fields))
    assert answer.status == 303
    # The same once more is the same case, whatever the counters say.
    assert steps.send(world.client(address="192.0.2.10"), fields).header("Location") == answer.header("Location")


def test_a_proof_counts_for_its_own_submission_only(world: World, small: None) -> None:
    for number in range(3):
        send(world, "192.0.2.9", text=f"第{number}件事")
    fields = steps.report(world, text="第四件事")
    proof = solved(steps.send(world.client(), fields), fields)["proof"]
    other = steps.report(world, text="第五件事", proof=proof)
    assert steps.send(world.client(), other).status == 429
    assert steps.send(world.client(), {**fields, "proof": proof[:-8] + "AAAAAAA="}).status == 429
    assert steps.send(world.client(), {**fields, "proof": "!"}).status == 429


def test_a_flood_from_one_network_is_refused_though_each_is_proved(world: World, small: None) -> None:
    answers = []
    for number in range(8):
        fields = steps.report(world, phone="", text=f"第{number}件事", code=world.code(number % 3))
        page = steps.send(world.client(address="192.0.2.77"), fields)
        answers.append(steps.send(world.client(address="192.0.2.78"), solved(page, fields)) if page.status == 429 else page)
    statuses = [page.status for page in answers]
    assert statuses == [303] * 5 + [429] * 3
    assert "第7件事" in answers[-1].text
    # The neighbour's network has nothing to do with it.
    assert send(world, "198.51.100.1", phone="", code=world.code(4)).status == 303


def test_counters_name_nobody_and_go(world: World) -> None:
    send(world, "192.0.2.9")
    rows = [item for item in world.stored_items() if item["pk"]["S"].startswith("B#")]
    assert {item["pk"]["S"].split("#")[1] for item in rows} == {"phone", "address", "place"}
    assert all("192.0" not in str(item) and "7788" not in str(item) and "ttl" in item for item in rows)


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48"), ("127.0.0.1", ""), ("", ""), ("unknown", "")],
)
def test_addresses_count_by_their_network(address: str, network: str) -> None:
    assert limits.prefix(address) == network
