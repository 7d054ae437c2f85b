"""What the fuzzing found, each by its name, so that it stays mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from chalicelib import wiring
from chalicelib.casework.access import Actor
from chalicelib.errors import Unknown
from chalicelib.usecases import register_full
from chalicelib.usecases.register_export import Export
from infra import roster
from infra.errors import InfraError
from tests.client import FORM
from tests.fuzz import limits
from tests.fuzz.oracle import MARK, Oracle, Sent
from tests.fuzz.wire import answer_to
from tests.open311_world import served, town

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture(scope="module")
def world(atomic_moto: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with town(tmp_path_factory.mktemp("street")) as made:
        yield made


PLANTED: dict[str, str | ValueError] = {
    "answered 500": ValueError("planted"),
    "what was typed stands in the page as markup": f"<p>{MARK}></p>",
    "raised: UnicodeEncodeError": "<p>\ud800</p>",
}


@pytest.mark.parametrize("what", list(PLANTED))
def test_a_planted_fault_is_a_finding(world: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    planted = PLANTED[what]

    def track(*_: object) -> str:
        if isinstance(planted, ValueError):
            raise planted
        return planted

    monkeypatch.setattr("chalicelib.web.pages.track", track)
    oracle = Oracle(world.app.app)
    with oracle.listening():
        oracle.send("planted", Sent("GET", "/track"))
    found = [said for _, said in oracle.findings]
    assert any(said.startswith(what) for said in found), found
    assert not isinstance(planted, ValueError) or any(said.startswith("logged unexpected") for said in found)


HALVES: list[tuple[Sent, int]] = [
    (Sent("GET", "/track", twisted={"multiValueQueryStringParameters": {"q": ["\ud800"], "\udfff": ["a"]}}), 200),
    (Sent("GET", "/track", twisted={"multiValueHeaders": {"Cookie": ["\ud800"]}, "headers": {"Cookie": "\ud800"}}), 200),
    (Sent("POST", "/track", [("Content-Type", FORM)], twisted={"body": "number=\ud800"}), 400),
    (Sent("POST", "/api/v1/similar", [("Content-Type", "application/json")], twisted={"body": '"\udc80"'}), 400),
]


@pytest.mark.parametrize(("sent", "status"), HALVES)
def test_half_a_surrogate_pair_is_no_text_wherever_it_stands(world: World, sent: Sent, status: int) -> None:
    answered(world, sent, status)


def answered(world: World, sent: Sent, status: int) -> Any:
    oracle = Oracle(world.app.app)
    with oracle.listening():
        got = oracle.send("found", sent)
    assert oracle.findings == {}
    assert got is not None
    assert got.status == status
    return got


@pytest.mark.parametrize(
    "query", ["from=2026-02-30", "to=x", "from=&to=2026-11-18", "from=20261118", "from=0454-06-28", "to=%00"]
)
def test_the_api_of_figures_refuses_a_day_that_is_none_instead_of_answering_of_another_period(world: World, query: str) -> None:
    page = world.signed_in("supervisor", "street").get(f"/api/v1/figures?{query}")
    assert (page.status, {one["code"] for one in page.json()["fields"]}) == (422, {"date"})


LONG = "a" * 2100


@pytest.mark.parametrize(
    ("role", "path"),
    [("street_admin", f"/desk/faq/{LONG}"), ("dispatcher", f"/desk/orders/{LONG}"), ("dispatcher", "/desk/orders/%20")],
)
def test_an_address_longer_than_a_tables_key_is_unknown_before_the_table_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch, role: str, path: str
) -> None:
    clerk = world.signed_in(role, "street")
    limits.hold(monkeypatch)
    assert clerk.get(path).status == 404


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n", b"404"),
        (b"GET /track?q=[ HTTP/1.1\r\nHost: a\r\n\r\n", b"200"),
        (b"POST /track HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"400"),
    ],
)
def test_the_one_machine_server_answers_an_address_and_a_length_that_are_none(
    world: World, request_bytes: bytes, status: bytes
) -> None:
    oracle = Oracle(world.app.app)
    with oracle.listening(), served(world) as address, oracle.watching("found", request_bytes):
        assert answer_to(address, request_bytes).split(b" ")[1] == status
    assert oracle.findings == {}


def test_the_description_of_page_size_is_no_stricter_than_what_is_taken(world: World) -> None:
    document = world.client().get("/openapi.json").json()
    listed = {one["name"]: one["schema"] for one in document["paths"]["/open311/v2/requests.json"]["get"]["parameters"]}
    assert world.client().get("/open311/v2/requests.json?page_size=31688").status == 200
    assert Draft202012Validator(listed["page_size"]).is_valid(31688)


def test_a_part_of_thousands_of_digits_is_no_part_of_an_export(world: World) -> None:
    asked = {
        "id": "X#1",
        "committee": "c01",
        "by": "staff:A",
        "who": "甲",
        "reason": "底册",
        "since": "",
        "until": "",
        "count": 1,
    }
    export = msgspec.convert({**asked, "at": "2026-11-18T02:00:00.000Z", "full": True, "parts": 1}, Export)
    with pytest.raises(Unknown, match="export"):
        register_full._link(world.context, wiring.house().lists, Actor("staff:A", "甲", ()), export, "9" * 5000)


def test_a_roster_with_an_endless_username_is_refused_in_words(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits.hold(monkeypatch)
    file = tmp_path / "roster.csv"
    file.write_text(f"{','.join(roster.COLUMNS)}\ndispatcher@street,1-5,08:00,18:00,{LONG}\n", "utf-8")
    with pytest.raises(InfraError, match="nobody called"):
        roster.read(file, world.street)


def test_a_rosters_heading_with_spaces_of_any_width_is_its_heading(world: World, tmp_path: Path) -> None:
    world.hire("dispatcher", "street", "centre")
    file = tmp_path / "roster.csv"
    file.write_text("grant, weekdays,from,to\u3000,username \ndispatcher@street,1-5,08:00,18:00,centre\n", "utf-8")
    assert list(roster.read(file, world.street)) == ["dispatcher@street"]
