"""GeoReport v2: what is told of whom, what a request needs, and how what is wrong is said, in both formats."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from chalicelib.casework import numbers
from chalicelib.casework.access import Actor
from chalicelib.casework.card import place_name
from chalicelib.models import cases
from chalicelib.usecases import apikeys, intake, open311_ids, open311_reading
from infra import apikeys as command
from infra.errors import InfraError
from tests import steps
from tests.client import FORM, Page
from tests.open311_world import town
from tests.world import World

V2 = "/open311/v2"


@pytest.fixture(scope="module")
def world(atomic_moto: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with town(tmp_path_factory.mktemp("street")) as made:
        yield made


@pytest.fixture(scope="module")
def key(world: World) -> str:
    return apikeys.make(world.context, "测试应用")[1]


def post(world: World, key: str, fmt: str = "json", **fields: str) -> Page:
    sent = {"api_key": key, "service_code": "hardware", "description": secrets.token_hex(6), **fields}
    body = urlencode({name: value for name, value in sent.items() if value}).encode("ascii")
    return world.client().call("POST", f"{V2}/requests.{fmt}", body, {"Content-Type": FORM})


def filed(world: World, key: str, **fields: str) -> str:
    page = post(world, key, **({} if {"address_string", "lat"} & set(fields) else {"address_id": world.places[0].id}), **fields)
    assert page.status == 201, page.text
    (answer,) = page.json()
    assert set(answer) == {"service_request_id", "service_notice", "account_id"}
    found: str = answer["service_request_id"]
    return found


def case_of(world: World, request_id: str) -> Any:
    stored = cases.get(open311_ids.number(world.context, request_id) or "")
    assert stored is not None
    return stored.case


def listed(world: World, **query: str) -> list[dict[str, Any]]:
    page = world.client().get(f"{V2}/requests.json?{urlencode(query)}")
    assert page.status == 200, page.text
    found: list[dict[str, Any]] = page.json()
    return found


def ids(world: World, **query: str) -> list[str]:
    return [one["service_request_id"] for one in listed(world, **query)]


def test_discovery_services_and_definitions_say_the_same_in_both_formats(world: World) -> None:
    visitor = world.client(lang="en")
    said = visitor.get("/open311/discovery.json").json()
    assert said["endpoints"][0]["url"].endswith(V2)
    assert said["endpoints"][0]["formats"] == ["text/xml", "application/json"]
    page = visitor.get("/open311/discovery.xml")
    assert page.header("Content-Type") == "text/xml; charset=utf-8"
    tree = ElementTree.fromstring(page.body)  # noqa: S314 - our own answer
    assert (tree.tag, tree.findtext("endpoints/endpoint/url")) == ("discovery", said["endpoints"][0]["url"])
    assert [one.text for one in tree.findall("endpoints/endpoint/formats/format")] == ["text/xml", "application/json"]
    assert page.header("Access-Control-Allow-Origin") == "*"
    services = visitor.get(f"{V2}/services.json?jurisdiction_id=small").json()
    tree = ElementTree.fromstring(visitor.get(f"{V2}/services.xml").body)  # noqa: S314 - our own answer
    names = [(one.findtext("service_code"), one.findtext("service_name"), one.findtext("metadata")) for one in tree]
    assert names == [(one["service_code"], one["service_name"], "true") for one in services]
    assert services[0]["service_name"] == "Community facilities"
    for service in services:
        told = visitor.get(f"{V2}/services/{service['service_code']}.json").json()
        tree = ElementTree.fromstring(visitor.get(f"{V2}/services/{service['service_code']}.xml").body)  # noqa: S314 - ours
        assert tree.tag == "service_definition"
        assert [one.findtext("code") for one in tree.findall("attributes/attribute")] == [
            one["code"] for one in told["attributes"]
        ]
        assert [one["variable"] for one in told["attributes"]] == [False, True, True, True]
        reporters = tree.findall("attributes/attribute/values/value/key")
        assert [one.text for one in reporters] == ["resident", "merchant", "unit"]


WRONG = [
    ("GET", "services/no_such.{}", {}, 404),
    ("GET", "services.{}", {"jurisdiction_id": "chicago"}, 404),
    ("GET", "requests/22222222222.{}", {}, 404),
    ("GET", "tokens/22222222222.{}", {}, 404),
    ("GET", "requests.{}", {"service_code": "hardware,nothing"}, 404),
    ("GET", "requests.{}", {"status": "open,lost"}, 400),
    ("GET", "requests.{}", {"start_date": "yesterday"}, 400),
    ("GET", "requests.{}", {"start_date": "0001-01-01T00:00:00+14:00"}, 400),
    ("GET", "requests.{}", {"start_date": "2026-01-01", "end_date": "2026-11-01"}, 400),
    ("GET", "requests.{}", {"start_date": "2026-11-02", "end_date": "2026-11-01"}, 400),
    ("GET", "requests.{}", {"page": "0"}, 400),
    ("GET", "requests.{}", {"page_size": "²"}, 400),
    ("GET", "requests.{}", {"service_request_id": ",".join("2" * n for n in range(1, 102))}, 400),
    ("POST", "requests.{}", {"api_key": ""}, 403),
    ("POST", "requests.{}", {"api_key": "no such key"}, 403),
    ("POST", "requests.{}", {"service_code": ""}, 400),
    ("POST", "requests.{}", {"service_code": "nothing"}, 404),
    ("POST", "requests.{}", {"jurisdiction_id": "chicago"}, 404),
    ("POST", "requests.{}", {"address_id": ""}, 400),
    ("POST", "requests.{}", {"address_id": "222222"}, 400),
    ("POST", "requests.{}", {"description": "字" * 4001}, 400),
    ("POST", "requests.{}", {"phone": "12"}, 400),
    ("POST", "requests.{}", {"lat": "31.1"}, 400),
    ("POST", "requests.{}", {"lat": "north", "long": "2"}, 400),
    ("POST", "requests.{}", {"lat": "nan", "long": "2"}, 400),
    ("POST", "requests.{}", {"lat": "91", "long": "2"}, 400),
    ("POST", "requests.{}", {"media_url": "javascript:alert(1)"}, 400),
    ("POST", "requests.{}", {"attribute[colour]": "red"}, 400),
    ("POST", "requests.{}", {"attribute[reporter]": "dog"}, 400),
    ("POST", "requests.{}", {"attribute[submission]": "short"}, 400),
    ("PUT", "requests.{}", {}, 405),
    ("GET", "nothing.{}", {}, 404),
]


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_what_is_wrong_is_said_in_the_format_that_was_asked_for(world: World, key: str, fmt: str) -> None:
    before = len(world.stored_items())
    for method, path, fields, status in WRONG:
        if method == "POST":
            page = post(world, key, fmt, **{"address_id": world.places[0].id, **fields})
        else:
            page = world.client().call(method, f"{V2}/{path.format(fmt)}?{urlencode(fields)}")
        assert page.status == status, (method, path, fields, page.text)
        assert page.header("Access-Control-Allow-Origin") == "*"
        if fmt == "json":
            assert page.header("Content-Type") == "application/json; charset=utf-8"
            said = [(one["code"], one["description"]) for one in page.json()]
        else:
            assert page.header("Content-Type") == "text/xml; charset=utf-8"
            tree = ElementTree.fromstring(page.body)  # noqa: S314 - our own answer
            assert tree.tag == "errors"
            said = [(int(one.findtext("code") or 0), one.findtext("description")) for one in tree]
        assert said
        assert all(code == status and text for code, text in said), (method, path, fields)
    assert len(world.stored_items()) == before
    page = world.client().call("POST", f"{V2}/requests.{fmt}", b"x", {"Content-Type": "multipart/form-data; boundary=x"})
    assert (page.status, "<errors>" in page.text) == (415, fmt == "xml")
    for odd in ("requests/22222222222", "requests/22222222222.txt", "services/hardware.html", "tokens/.xml", "services.txt"):
        page = world.client().get(f"{V2}/{odd}")
        assert (page.status, page.header("Content-Type")) == (404, "text/xml; charset=utf-8"), odd


def test_nothing_that_is_told_says_who_reported_what(world: World, key: str) -> None:
    secret = {"description": "三楼李家漏水", "first_name": "李", "last_name": "秘密", "phone": "021-0012 9321"}
    also = {"email": "li@secret.example", "device_id": "device-secret", "media_url": "https://pictures.example/secret.jpg"}
    request_id = filed(world, key, **secret, **also, lat="31.123456", long="121.654321")
    case = case_of(world, request_id)
    assert case.text.startswith("三楼李家漏水\n")
    assert "https://pictures.example/secret.jpg" in case.text
    assert "31.123456, 121.654321" in case.text
    assert "测试应用" in case.text
    assert (case.nickname, case.channel, case.place, case.active) == ("李 秘密", "open311", world.places[0].id, False)
    rows = json.dumps(world.stored_items(), default=repr)
    assert "li@secret" not in rows
    assert "device-secret" not in rows
    scan, _ = steps.reported(world, text="二楼张家很吵", elsewhere="桂花路口的亭子")
    told = world.client().get(f"{V2}/requests.json").text + world.client().get(f"{V2}/requests.xml").text
    told += world.client().get(f"{V2}/requests/{request_id}.json").text
    private = [
        "李",
        "张家",
        "亭子",
        "王阿姨",
        "9321",
        "7788",
        "secret",
        "31.12",
        "测试应用",
        case.no,
        scan,
        scan.replace("-", ""),
    ]
    assert [words for words in private if words in told] == []
    assert re.search(f'"{request_id}"', told)
    elsewhere = next(one for one in listed(world) if one["service_request_id"] == open311_ids.public(world.context, scan))
    assert (elsewhere["address"], elsewhere["address_id"]) == ("上海市徐汇区示例小街道", "small")
    # A fetch by the server would have met the guard on sockets: nothing but the loopback can be reached.


def test_a_description_may_be_as_long_as_the_specification_says(world: World, key: str) -> None:
    text, far = "字" * 3999 + "尾", "https://pictures.example/" + "p" * 475
    case = case_of(world, filed(world, key, description=text, media_url=far, lat="31.123456", long="121.654321"))
    assert case.text.startswith(f"{text}\n") and case.text.endswith("p")
    clerk = world.signed_in("dispatcher", "street")
    assert "尾" in clerk.get(f"/desk/cases/{case.no}").words


def test_an_id_is_the_cases_own_and_gives_no_number_away(world: World) -> None:
    ctx = world.context
    taken = {numbers.case_number(secrets.randbits(40)) for _ in range(200)}
    ids = {no: open311_ids.public(ctx, no) for no in taken}
    assert len(set(ids.values())) == len(taken)
    assert all(open311_ids.number(ctx, one.lower()) == no for no, one in ids.items())
    assert all(numbers.normalise_number(one) is None for one in ids.values())
    one = next(iter(ids.values()))
    altered = {one[:at] + other + one[at + 1 :] for at in range(len(one)) for other in "2Z" if other != one[at]}
    # Three characters of tag: of about twenty changed ones none should be one of ours.
    assert {open311_ids.number(ctx, other) for other in altered} == {None}


def test_the_same_form_again_is_the_same_case_and_a_named_submission_is_so_for_good(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = filed(world, key, description="漏水")
    assert filed(world, key, description="漏水") == first
    assert filed(world, key, description="漏水", account_id="7") != first
    wall = world.clock.wall()
    monkeypatch.setattr(type(world.clock), "wall", lambda _: wall + timedelta(seconds=600))
    assert filed(world, key, description="漏水") == first
    monkeypatch.setattr(type(world.clock), "wall", lambda _: wall + timedelta(seconds=1300))
    assert filed(world, key, description="漏水") != first
    monkeypatch.undo()
    named = filed(world, key, description="井盖", **{"attribute[submission]": "order-4711"})
    monkeypatch.setattr(type(world.clock), "wall", lambda _: wall + timedelta(days=3))
    assert filed(world, key, description="井盖", **{"attribute[submission]": "order-4711"}) == named
    other = post(world, key, address_id=world.places[0].id, description="路灯", **{"attribute[submission]": "order-4711"})
    assert other.status == 409
    _, another = apikeys.make(world.context, "另一个应用")
    assert filed(world, another, description="井盖", **{"attribute[submission]": "order-4711"}) != named


def test_where_it_is_comes_from_a_place_an_address_or_the_office_of_the_whole_street(world: World, key: str) -> None:
    place = next(one for one in world.places if one.community)
    community = world.street.community_by_id[place.community].name.zh
    at = case_of(world, filed(world, key, address_string=f"{community} {place.name}"))
    assert (at.place, at.elsewhere) == (place.id, "")
    near = case_of(world, filed(world, key, address_string=f"上海市 {community} 后面的花园"))
    assert (near.community, near.elsewhere) == (place.community, f"上海市 {community} 后面的花园")
    nobody_knows = case_of(world, filed(world, key, lat="31.15", long="121.44"))
    rung = world.street.rung_by_id[nobody_knows.rung]
    assert (rung.scope, nobody_knows.unit, nobody_knows.elsewhere) == ("street", "street", "31.150000, 121.440000")
    (told,) = listed(world, service_request_id=open311_ids.public(world.context, nobody_knows.no))
    assert told["address_id"] == "small"
    silent = case_of(world, filed(world, key, description=""))
    assert "没有填写说明" in silent.text


def test_a_geocoders_long_address_is_no_reason_to_lose_a_request(world: World, key: str) -> None:
    long = "Room 1203, Building 7, Lane 1234, A Very Long Road, " * 9
    case = case_of(world, filed(world, key, address_string=long, lat="31.17", long="121.41"))
    assert case.elsewhere == f"{long[:99]}…" and long.strip() in case.text
    near = case_of(world, filed(world, key, address_string=f"{place_name(world.street, world.places[0])} {long}"))
    assert near.place == world.places[0].id and len(near.elsewhere) == 100
    refused = post(world, key, address_string=long * 2)
    assert (refused.status, "address_string" in refused.text) == (400, True)


def test_filters_pages_and_the_bound_hold(world: World, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.models.open311.PAGE", 2)
    old = filed(world, key, service_code="property")
    world.clock.advance(days=20)
    start = world.clock.civil().isoformat()
    made = []
    for minute in range(5):
        world.clock.advance(minutes=1)
        made.append(filed(world, key, service_code="property" if minute % 2 else "other", description=f"第{minute}件"))
    clerk = world.signed_in("dispatcher", "street")
    no = case_of(world, made[0]).no
    steps.act(clerk, no, "accept", **{"class": "consult"})
    steps.act(clerk, no, "answer", text="可以办理")
    assert ids(world, start_date=start) == made[::-1]
    assert ids(world, start_date=start, service_code="property") == [made[3], made[1]]
    assert ids(world, start_date=start, status="closed") == [made[0]]
    assert ids(world, start_date=start, status="open", page="2", page_size="3") == [made[1]]
    assert ids(world, start_date=start, status="open,closed", page="2", page_size="2") == [made[2], made[1]]
    assert ids(world, end_date=start, service_code="property")[0] == old
    assert listed(world, page="1000000", page_size="1000") == []
    assert ids(world, service_request_id=f"{old},nothing,{made[2]}", status="closed") == [old, made[2]]
    closed = listed(world, service_request_id=made[0])[0]
    assert (closed["status"], closed["expected_datetime"]) == ("closed", None)
    assert closed["updated_datetime"] > closed["requested_datetime"]
    monkeypatch.setattr(open311_reading, "LOOKED_THROUGH", 3)
    assert ids(world, start_date=start) == made[:1:-1]


def test_what_offices_found_and_what_verifiers_look_into_is_told_to_nobody(world: World) -> None:
    me = Actor(id="staff:222222", name="网格", grants=("grid_worker@street",))
    patrol = intake.Taken(key=secrets.token_hex(16), channel="patrol", place=world.places[0].id, text="巡查发现的线索")
    hidden = open311_ids.public(world.context, intake.take_in(world.context, me, patrol).no)
    assert world.client().get(f"{V2}/requests/{hidden}.json").status == 404
    assert hidden not in world.client().get(f"{V2}/requests.json").text
    assert listed(world, service_request_id=hidden) == []


def test_only_the_published_sentence_is_told(world: World, key: str) -> None:
    request_id = filed(world, key, description="门厅灯")
    no = case_of(world, request_id).no
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept", **{"class": "consult"})
    page = steps.act(clerk, no, "answer", text="已答复:三楼李家的事")
    assert listed(world, service_request_id=request_id)[0]["description"] == ""
    assert page.status == 200
    steps.act(clerk, no, "publish", sentence="门厅换了新灯")
    assert listed(world, service_request_id=request_id)[0]["description"] == "门厅换了新灯"


def test_keys_are_made_listed_and_revoked_by_command(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["create", "  城市 随手拍 "]) == 0
    app_id, key = capsys.readouterr().out.split()
    assert key not in json.dumps(steps.rows(world, "StaffTable"), default=repr)
    assert post(world, key, address_id=world.places[0].id).status == 201
    assert command.main(["list"]) == 0
    assert f"{app_id} " in capsys.readouterr().out
    assert command.main(["revoke", app_id.lower()]) == 0
    assert post(world, key, address_id=world.places[0].id).status == 403
    assert command.main(["revoke", app_id]) == 2
    assert "there is no key" in capsys.readouterr().err
    with pytest.raises(InfraError, match="1 to 40 characters"):
        command.create(" ")
