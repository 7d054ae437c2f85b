"""The description of the API: valid by itself, and true of every route, of what is sent and of what comes back."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.handlers.openapi_operations import OPERATIONS, STARTS
from chalicelib.handlers.routing import ROUTES
from chalicelib.usecases import apikeys
from tests import steps
from tests.client import FORM
from tests.open311_world import town

if TYPE_CHECKING:
    from tests.client import Page, Visitor
    from tests.world import World

Json = dict[str, Any]


@pytest.fixture(scope="module")
def world(atomic_moto: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with town(tmp_path_factory.mktemp("street")) as made:
        yield made


@pytest.fixture(scope="module")
def document(world: World) -> Json:
    page = world.client(lang="en").get("/openapi.json")
    assert (page.status, page.header("Content-Type")) == (200, "application/json")
    found: Json = page.json()
    return found


def test_it_is_valid_in_both_languages(world: World, document: Json) -> None:
    for found in (document, world.client(lang="zh-CN").get("/openapi.json").json()):
        assert found["openapi"] == "3.1.0"
        assert [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    assert found["info"]["title"] != document["info"]["title"]
    assert world.client(stage="V1").get("/V1/openapi.json").json()["servers"] == [{"url": "/V1"}]


def test_every_route_of_the_api_is_in_it_and_nothing_else(document: Json) -> None:
    declared = {(route.method, route.path) for route in ROUTES.values() if route.path.startswith(STARTS)}
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert declared - set(OPERATIONS) == set(), "describe it in handlers/openapi_operations.py, and call it below"
    assert described == declared == set(OPERATIONS)
    for (path, method), route in ROUTES.items():
        if path.startswith(STARTS):
            it = document["paths"][path][method.lower()]
            assert bool(it["security"]) == bool(route.roles), path
            assert [one["name"] for one in it["parameters"] if one["in"] == "path"] == re.findall(r"\{([a-z]+)\}", path)
            assert ("requestBody" in it) == (method == "POST"), path


class Witness:
    """Calls the API and holds every body that goes and comes against the document."""

    def __init__(self, world: World, document: Json, who: Visitor | None = None) -> None:
        self.world, self.document, self.who = world, document, who or world.client()
        self.seen: set[tuple[str, str, str]] = set()

    def _holds(self, schema: Json, body: Any, what: str) -> None:
        whole = {"components": self.document["components"], **schema}
        errors = [error.message for error in Draft202012Validator(whole).iter_errors(body)]
        assert errors == [], what

    def call(self, method: str, template: str, body: Any = None, query: str = "", **params: str) -> Page:
        it = self.document["paths"][template][method.lower()]
        headers, raw = {"Origin": self.who.origin}, b""
        if body is not None:
            (kind,) = it["requestBody"]["content"]
            self._holds(it["requestBody"]["content"][kind]["schema"], body, f"{template} takes {body}")
            raw = json.dumps(body).encode() if kind == "application/json" else urlencode(body).encode("ascii")
            headers["Content-Type"] = kind
        if it["security"]:
            headers["X-CSRF"] = self.who.get("/api/v1/cases").json()["csrf"]
        page = self.who.call(method, template.format(**params) + query, raw, headers)
        known = it["responses"]
        assert str(page.status) in known, (template, page.status, page.text)
        kind = page.header("Content-Type").split(";")[0]
        assert kind in known[str(page.status)]["content"], (template, kind)
        if kind != "text/xml":
            self._holds(known[str(page.status)]["content"][kind]["schema"], page.json(), f"{template} gives {page.text}")
        self.seen.add((method, template, str(page.status)))
        return page


def test_what_goes_and_comes_is_as_described(world: World, document: Json) -> None:
    anyone = Witness(world, document)
    report = {"key": secrets.token_hex(16), "code": world.code(), "text": steps.TEXT, "category": "hardware", "photos": [1]}
    receipt = anyone.call("POST", "/api/v1/reports", report).json()
    assert anyone.call("POST", "/api/v1/reports", report).status == 200
    assert anyone.call("POST", "/api/v1/reports", {**report, "text": "别的"}).status == 409
    assert anyone.call("POST", "/api/v1/reports", {**report, "text": ""}).status == 422
    assert anyone.call("POST", "/api/v1/reports", {**report, "code": "X"}).status == 404
    anyone.call("POST", "/api/v1/photos", {"code": world.code(), "key": "a" * 32, "slot": 2})
    anyone.call("POST", "/api/v1/similar", {"code": world.code(), "text": steps.TEXT})
    anyone.call("GET", "/api/v1/t/{token}", token=receipt["link"].removeprefix("/t/"))
    assert anyone.call("GET", "/api/v1/t/{token}", token="2" * 36).status == 404
    assert anyone.call("POST", "/api/v1/receipts/{provider}/{token}", [{}], provider="aliyun", token="x" * 32).status == 404

    order = {"external": "SH-1", "text": steps.TEXT, "place": world.places[0].id}
    # Signed orders have tests of their own; the document holds for both answers.
    assert anyone.call("POST", "/api/v1/orders/{source}", order, source="petition").status == 401

    clerk = Witness(world, document, world.signed_in("dispatcher", "street"))
    clerk.call("GET", "/api/v1/cases")
    no = receipt["number"]
    version = clerk.call("GET", "/api/v1/cases/{case}", case=no).json()["version"]
    step = {"attempt": secrets.token_hex(16), "version": version, "inputs": {"note": "收到"}}
    assert clerk.call("POST", "/api/v1/cases/{case}/{act}", step, case=no, act="accept").status == 200
    assert clerk.call("POST", "/api/v1/cases/{case}/{act}", {**step, "attempt": "b" * 32}, case=no, act="accept").status == 422
    assert clerk.call("GET", "/api/v1/cases/{case}", case="2222-2222-3").status == 404
    clerk.call("GET", "/api/v1/figures", query="?from=2026-11-01")

    form = {"api_key": apikeys.make(world.context, "应用")[1], "service_code": "property", "address_id": world.places[0].id}
    for fmt in ("json", "xml"):
        anyone.call("GET", f"/open311/discovery.{fmt}")
        anyone.call("GET", f"/open311/v2/services.{fmt}")
        filed = anyone.call("POST", f"/open311/v2/requests.{fmt}", {**form, "description": f"门坏了{fmt}"})
        assert filed.status == 201
        found = re.search(r"service_request_id\W+([2-9A-Z]{11})", filed.text)
        assert found
        for path, name in (("services", "hardware"), ("requests", found[1]), ("tokens", found[1])):
            assert anyone.call("GET", f"/open311/v2/{path}/{{file}}", file=f"{name}.{fmt}").status == 200
            assert anyone.call("GET", f"/open311/v2/{path}/{{file}}", file=f"nothing.{fmt}").status == 404
        assert len(anyone.call("GET", f"/open311/v2/requests.{fmt}", query="?status=open&page_size=2").text) > 100
        assert anyone.call("GET", f"/open311/v2/requests.{fmt}", query="?status=lost").status == 400
        assert anyone.call("POST", f"/open311/v2/requests.{fmt}", {**form, "api_key": "x"}).status == 403
    called = {(method, path) for method, path, _ in anyone.seen | clerk.seen}
    assert called == set(OPERATIONS), "every operation was called"


def test_what_the_schema_refuses_the_application_refuses(world: World, document: Json) -> None:
    schema = {"components": document["components"], "$ref": "#/components/schemas/Report"}
    good = {"key": "a" * 32, "code": world.code(), "text": steps.TEXT}
    assert Draft202012Validator(schema).is_valid(good)
    wrong: list[Json] = [{"key": "A" * 32}, {"text": 7}, {"photos": "1"}, {"colour": "red"}, {"reporter": None}]
    for change in wrong:
        assert not Draft202012Validator(schema).is_valid({**good, **change}), change
        assert world.client().post_json("/api/v1/reports", {**good, **change}).status == 400, change


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_page_says_the_same_without_any_script(world: World, document: Json, lang: str) -> None:
    page = world.client(lang=lang).get("/api")
    assert page.status == 200
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page.text, path
    for name in document["components"]["schemas"]:
        assert f'id="shape-{name}"' in page.text
    assert "<script" not in page.text
    assert "script-src 'self'" in page.header("Content-Security-Policy")
    targets = set(re.findall(r'href="#([^"]+)"', page.text))
    assert targets <= set(re.findall(r'id="([^"]+)"', page.text))


def test_a_form_is_described_as_what_reads_it(document: Json) -> None:
    it = document["paths"]["/open311/v2/requests.xml"]["post"]
    assert list(it["requestBody"]["content"]) == [FORM]
    fields = document["components"]["schemas"]["Filing"]["properties"]
    assert {"api_key", "service_code", "lat", "long", "media_url", "attribute[submission]"} <= set(fields)
