"""Too many reports or registrations at once: a proof of work under heat, refusal of a flood, and no phone closed to its owner."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import Limited
from chalicelib.usecases import limits
from chalicelib.usecases.register_submit import Sent, submit
from tests import register_people, steps
from tests.client import Form, Page
from tests.register_people import id_number, register_world
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


def test_a_proof_is_looked_at_once_however_a_report_ends(world: World, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = limits.is_proved

    def look(ctx: Any, key: str, proof: str) -> bool:
        looked.append(proof)
        return real(ctx, key, proof)

    monkeypatch.setattr(limits, "is_proved", look)
    for number in range(5):
        fields = steps.report(world, phone="", text=f"第{number}件事")
        page = steps.send(world.client(address="192.0.2.7"), fields)
        if page.status == 429:
            steps.send(world.client(address="192.0.2.7"), solved(page, fields))
    fields = steps.report(world, phone="", text="太多了")
    page = steps.send(world.client(address="192.0.2.7"), fields)
    looked.clear()
    assert steps.send(world.client(address="192.0.2.7"), solved(page, fields)).status == 429
    assert len(looked) == 1


# ---- The registers' forms -------------------------------------------------------------------------------------------


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


def flat(world: World, number: int, address: str, place: int = 0, **changes: str) -> Form:
    """A rental form of one tenant, filled in; each has its own room and phones."""
    page = world.client(address=address).get(f"/Q/{world.code(place, 'rental')}")
    whole = {"area": "60", "rooms": "2", "lease_from": "2026-11-01", "lease_to": "2027-10-31", "by": "landlord"}
    landlord = {"l_name": "房东甲", "l_phone": f"021-0012 {8000 + number}"}
    tenant = {"p1_name": "租客甲", "p1_id": id_number(number), "p1_phone": f"021-0012 {7000 + number}"}
    return page.form("/f/rental").fill(room=str(100 + number), **{**whole, **landlord, **tenant, **changes})


def test_under_heat_a_registers_page_asks_for_a_proof_loses_nothing_and_knows_what_it_has(town: World, small: None) -> None:
    first = [flat(town, number, "192.0.2.9") for number in range(3)]
    taken = [form.submit() for form in first]
    assert [page.path.split("/")[-1] for page in taken] == ["received"] * 3
    # The door is hot now, wherever one comes from.
    form = flat(town, 3, "198.51.100.1", p1_employer="示例公司")
    hot = form.submit()
    assert hot.status == 429
    assert "您写的内容都在" in hot.words
    assert "60分钟后" in hot.words
    again = hot.form("/f/rental")
    assert (again.fields["p1_id"], again.fields["p1_employer"]) == (id_number(3), "示例公司")
    assert again.fields["key"] == form.fields["key"]
    # Another form's proof is none; a proof for this one is, and sent once more without it it is still the same registration.
    other = flat(town, 4, "198.51.100.1")
    other.fields["proof"] = solved(hot, {})["proof"]
    assert other.submit().status == 429
    done = again.fill(**solved(hot, {})).submit()
    assert (done.status, done.path.split("/")[-1]) == (200, "received")
    assert form.submit().path == done.path
    assert [form.submit().path for form in first] == [page.path for page in taken]


def test_everybody_in_a_form_counts_by_their_phone_once_and_a_full_network_is_refused(town: World, small: None) -> None:
    ctx = town.context

    def send(number: int, address: str, phone: str, proof: str = "") -> None:
        tenants = [register_people.tenant(10 * number + n, phone=phone) for n in range(2)]
        typed = register_people.rental(0, people=tuple(tenants), landlord=register_people.tenant(500 + number, phone=phone))
        key = f"{number:032x}"
        submit(ctx, Sent(key, town.code(number % 4, "rental"), "rental", typed, address=address, proof=proof))

    # Three people under one phone count once a form: the fourth form under it, at another door, has to be proved.
    for number in range(3):
        send(number, f"192.0.{number}.1", "021-0012 5555")
    with pytest.raises(Limited, match="heat"):
        send(3, "192.0.3.1", "021-0012 5555")
    send(3, "192.0.3.1", "021-0012 5555", solved_by(limits.challenge(ctx, f"{3:032x}")))
    # The same phone is hot for a report too: it is one person's number.
    assert steps.send(town.client(), steps.report(town, phone="021-0012 5555", code=town.code(4))).status == 429
    with pytest.raises(Limited, match="submissions"):
        for number in range(10, 16):
            send(number, "198.51.100.7", f"021-0012 {6000 + number}", solved_by(limits.challenge(ctx, f"{number:032x}")))


def test_counters_name_nobody_and_go(world: World) -> None:
    send(world, "192.0.2.9")
    rows = [item for item in world.stored_items() if item["pk"]["S"].startswith("B#")]
    assert {item["pk"]["S"].split("#")[1] for item in rows} == {"phone", "address", "place"}
    assert all("192.0" not in str(item) and "00127788" not in str(item) and "ttl" in item for item in rows)


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48"), ("127.0.0.1", ""), ("", ""), ("unknown", "")],
)
def test_addresses_count_by_their_network(address: str, network: str) -> None:
    assert limits.prefix(address) == network
