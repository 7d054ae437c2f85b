"""The JSON API: what the form and the desk do, by the same rules, as data."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from chalicelib.web import api_figures, api_shapes
from tests import steps
from tests.open311_world import town

if TYPE_CHECKING:
    from tests.client import Page, Visitor
    from tests.world import World

V1 = "/api/v1"


@pytest.fixture(scope="module")
def world(atomic_moto: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with town(tmp_path_factory.mktemp("street")) as made:
        yield made


def report(world: World, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"key": secrets.token_hex(16), "code": world.code(), "text": steps.TEXT, "category": "hardware"}
    return {**fields, "nickname": "王阿姨", "phone": steps.PHONE, "photos": [], **changes}


def reported(world: World, **changes: Any) -> dict[str, Any]:
    page = world.client().post_json(f"{V1}/reports", report(world, **changes))
    assert page.status == 201, page.text
    found: dict[str, Any] = page.json()
    return found


def do(clerk: Visitor, no: str, act: str, version: int, csrf: str | None = None, **inputs: Any) -> Page:
    token = clerk.get(f"{V1}/cases").json()["csrf"] if csrf is None else csrf
    body = msgspec.json.encode({"attempt": secrets.token_hex(16), "version": version, "inputs": inputs})
    sent = {"Content-Type": "application/json", "Origin": clerk.origin, "X-CSRF": token}
    return clerk.call("POST", f"{V1}/cases/{no}/{act}", body, sent)


def test_a_report_is_one_case_however_often_it_is_sent_and_can_be_followed(world: World) -> None:
    sent = report(world)
    first, again = (world.client().post_json(f"{V1}/reports", sent) for _ in range(2))
    assert (first.status, again.status) == (201, 200)
    assert first.json() == again.json()
    receipt = msgspec.convert(first.json(), api_shapes.Receipt)
    assert world.client().post_json(f"{V1}/reports", {**sent, "text": "另一件事"}).status == 409
    seen = world.client(lang="en").get(f"{V1}{receipt.link}")
    told = msgspec.convert(seen.json(), api_shapes.Progress)
    assert (told.number, told.state, told.text, told.category) == (receipt.number, "received", steps.TEXT, "Community facilities")
    assert set(told.actions) == {"add", "withdraw"}
    assert [one.type for one in told.timeline] == ["submitted"]
    assert told.clocks
    assert "<" not in told.timeline[0].text
    assert "7788" not in seen.text
    assert world.client().get(f"{V1}/t/{'2' * 36}").status == 404


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"key": "short"}, 400, "key"),
    ({"photos": ["1"]}, 400, "photos"),
    ({"text": None}, 400, "text"),
    ({"colour": "red"}, 400, "colour"),
    ({"text": "a\0b"}, 400, ""),
    ({"text": " "}, 422, "text"),
    ({"text": "字" * 2001}, 422, "text"),
    ({"category": "nothing"}, 422, "category"),
    ({"phone": "12"}, 422, "phone"),
    ({"photos": [7]}, 422, "photos"),
    ({"reporter": "dog"}, 422, "reporter"),
    ({"code": "FORGED"}, 404, ""),
]


def test_what_the_form_refuses_is_refused_with_the_field_and_nothing_is_kept(world: World) -> None:
    before = len(world.stored_items())
    for change, status, field in WRONG:
        page = world.client().post_json(f"{V1}/reports", report(world, **change))
        assert page.status == status, (change, page.text)
        assert page.header("Content-Type") == "application/problem+json"
        problem = msgspec.convert(page.json(), api_shapes.Problem)
        assert problem.status == status
        assert not field or [one.name for one in problem.fields] == [field], change
    for body in (b"", b"[]", b'{"key":', b'"\xff"', b"[" * 100_000):
        page = world.client().call("POST", f"{V1}/reports", body, {"Content-Type": "application/json"})
        assert (page.status, page.json()["reason"]) == (400, "json")
    assert len(world.stored_items()) == before


def test_staff_work_their_queue_through_the_api_by_the_rules_of_the_desk(world: World) -> None:
    receipt = reported(world)
    no = receipt["number"]
    clerk = world.signed_in("dispatcher", "street")
    queue = msgspec.convert(clerk.get(f"{V1}/cases").json(), api_shapes.Queue)
    assert no in [one.number for one in queue.cases]
    case = msgspec.convert(clerk.get(f"{V1}/cases/{no}").json(), api_shapes.StaffCase)
    accept = next(action for action in case.actions if action.id == "accept")
    assert [(one.name, one.kind, one.required) for one in accept.inputs] == [("class", "choice", False), ("note", "text", False)]
    assert "reveal" not in {action.id for action in case.actions}
    assert (case.nickname, (case.phone or "")[-4:], steps.PHONE in (case.phone or "")) == ("王阿姨", "7788", False)
    assert "*" in (case.phone or "")
    done = do(clerk, no, "accept", case.version, **{"class": "consult", "note": "收到"})
    assert done.status == 200, done.text
    assert msgspec.convert(done.json(), api_shapes.Done).state == "accepted"
    stale = do(world.signed_in("dispatcher", "street", "colleague"), no, "answer", case.version, text="好的")
    assert (stale.status, stale.json()["reason"]) == (409, "someone_else")
    version = done.json()["version"]
    again = do(clerk, no, "accept", version)
    assert (again.status, again.json()["type"]) == (422, "/errors/not_allowed")
    missing = do(clerk, no, "answer", version)
    assert (missing.status, [one["name"] for one in missing.json()["fields"]]) == (422, ["text"])
    for inputs in ({"text": ["a"]}, {"colour": "red"}):
        assert do(clerk, no, "answer", version, **inputs).status == 400
    assert do(clerk, no, "answer", version, text="二十日换灯").json()["state"] in {"handled", "closed", "visiting"}
    told = world.client().get(f"{V1}{receipt['link']}").json()
    assert told["timeline"][0]["type"] == "answered"
    assert "二十日换灯" in world.client().get(f"{V1}{receipt['link']}").text


def test_nobody_reads_or_changes_what_lies_outside_their_scope_or_role(world: World) -> None:
    no = reported(world)["number"]
    mine = world.places[0].committee
    other = next(one.id for one in world.street.committees if one.id != mine)
    before = steps.events_of(no)
    stranger = world.client()
    assert stranger.get(f"{V1}/cases").status == 401
    assert stranger.get(f"{V1}/cases/{no}").status == 401
    assert do(stranger, no, "accept", 1, csrf="").status == 401
    outside = world.signed_in("committee", f"committee:{other}")
    assert outside.get(f"{V1}/cases/{no}").status == 404
    assert no not in outside.get(f"{V1}/cases").text
    assert do(outside, no, "accept", 1).status == 404
    looking = world.signed_in("deputy", "street")
    blind = msgspec.convert(looking.get(f"{V1}/cases/{no}").json(), api_shapes.StaffCase)
    assert (blind.nickname, blind.phone) == (None, None)
    assert "王阿姨" not in looking.get(f"{V1}/cases/{no}").text
    assert do(looking, no, "accept", 1).status in {403, 422}
    inside = world.signed_in("committee", f"committee:{mine}")
    assert inside.get(f"{V1}/cases/{no}").status == 200
    assert do(inside, no, "accept", 1).status in {403, 422}
    clerk = world.signed_in("dispatcher", "street")
    for token in ("", "0" * 32, looking.get(f"{V1}/cases").json()["csrf"]):
        assert (refused := do(clerk, no, "accept", 1, csrf=token)).status == 403
        assert refused.json()["reason"] == "csrf"
    token = clerk.get(f"{V1}/cases").json()["csrf"]
    sent = {"Content-Type": "application/json", "Origin": "https://elsewhere.example", "X-CSRF": token}
    assert clerk.call("POST", f"{V1}/cases/{no}/accept", b"{}", sent).json()["reason"] == "origin"
    assert do(clerk, no, "reveal", 1).status == 404
    assert do(clerk, no, "no_such", 1).status == 404
    assert do(clerk, "2222-2222-3", "accept", 1).status == 404
    assert steps.events_of(no) == before


def test_figures_and_hints_have_the_shape_that_is_described(world: World) -> None:
    reported(world)
    clerk = world.signed_in("supervisor", "street")
    figures = msgspec.convert(clerk.get(f"{V1}/figures").json(), api_figures.Figures)
    assert figures.received > 0
    assert set(figures.by) >= {"category", "channel"}
    hints = world.client().post_json(f"{V1}/similar", {"code": world.code(), "text": steps.TEXT})
    assert msgspec.convert(hints.json(), api_shapes.Similar).similar
    grant = world.client().post_json(f"{V1}/photos", {"code": world.code(), "key": "a" * 32, "slot": 1})
    assert msgspec.convert(grant.json(), api_shapes.PhotoGrant).slot == 1
