"""What every answer tells the browser, whoever made it and whatever it is."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie

import pytest

from chalicelib import wiring
from infra.template.gateway import gateway_responses
from tests import steps
from tests.client import FORM, Page, Visitor
from tests.test_signin import raw
from tests.world import World

YEAR_S = 365 * 24 * 3600


def policy(page: Page) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in page.header("Content-Security-Policy").split(";"))
    return {name: rest for name, _, rest in parts}


ASKED: list[Page] = []


def asked(world: World) -> list[Page]:
    """One answer of every kind: pages, redirects, JSON, XML, text, pictures, scripts, files, refusals. Asked for once."""
    if not ASKED:
        ASKED.extend(_asked(world))
    return ASKED


def _asked(world: World) -> list[Page]:
    _, token = steps.reported(world)
    clerk, visitor = world.signed_in("street_admin", "street"), world.client()
    static = next(link for link in visitor.get(f"/Q/{world.code()}").text.split('"') if link.startswith("/static/"))
    paths = ["/", f"/Q/{world.code()}", f"/t/{token}", "/faq", "/public", "/openapi.json", "/api", "/sw.js", "/app.webmanifest"]
    paths += ["/favicon.ico", static, "/static/none.css", "/nowhere", "/api/v1/nothing", "/open311/discovery.xml", "/desk/signin"]
    paths += ["/open311/v2/services.json", "/open311/v2/requests/0.xml", f"/api/v1/t/{token}", "/api/v1/t/forged", "/desk"]
    desk = ["/desk", "/desk/account", "/desk/figures", "/desk/cases/2222-2222-2", "/desk/figures.csv", "/desk/nothing"]
    pages = [*map(visitor.get, paths), *map(clerk.get, desk)]
    pages.append(visitor.call("DELETE", "/track", b"", {}))
    pages.append(visitor.call("POST", "/track", b"\xff", {"Content-Type": FORM}))
    pages.append(visitor.post_json("/api/v1/photos", {}))
    pages.append(visitor.call("POST", "/desk/signout", b"", {"Content-Type": FORM}))
    return pages


def test_every_answer_is_https_only_never_sniffed_and_never_framed(world: World) -> None:
    pages = asked(world)
    assert {200, 401, 404, 405, 400} <= {page.status for page in pages}
    kinds = {page.header("Content-Type").split(";")[0] for page in pages}
    assert {"text/html", "application/json", "application/problem+json", "text/javascript", "image/svg+xml"} <= kinds
    for page in pages:
        seconds, _, rest = page.header("Strict-Transport-Security").partition(";")
        assert int(seconds.removeprefix("max-age=")) >= YEAR_S, page.path
        assert rest.strip() == "includeSubDomains"
        assert page.header("X-Content-Type-Options") == "nosniff", page.path
        assert page.header("Referrer-Policy") in {"no-referrer", "same-origin"}, page.path
        said = policy(page)
        assert said["default-src"] == "'none'", page.path
        assert said.get("frame-ancestors") == "'none'", page.path
        assert "unsafe" not in str(said)
        if page.header("Content-Type").startswith("text/"):
            assert "charset=utf-8" in page.header("Content-Type") or not page.text, page.path


def test_only_what_is_the_same_for_everybody_is_kept_by_anybody(world: World) -> None:
    for page in asked(world):
        kept = page.header("Cache-Control")
        path = page.path.split("?")[0]
        same = path.startswith("/static/") and page.status == 200
        # A blank form, which only who goes back in their own browser sees once more.
        blank = path.startswith("/Q/") and page.status == 200 and kept == "private, no-cache"
        assert kept == "no-store" or same or blank or path in {"/sw.js", "/app.webmanifest", "/favicon.ico"}, (path, kept)


def test_another_origin_reads_nothing_but_what_is_public(world: World) -> None:
    for page in asked(world):
        if page.header("Access-Control-Allow-Origin"):
            assert page.path.startswith(("/open311/", "/openapi.json")), page.path
            assert page.header("Access-Control-Allow-Origin") == "*"
            assert not page.header("Access-Control-Allow-Credentials")


def test_every_cookie_is_bound_to_this_host_and_https(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOORSTEP_COOKIE")
    wiring.use(clock=world.clock)
    name = world.hire("dispatcher", "street")
    clerk = world.client()
    answers = [clerk.get("/?lang=en&large=1")]
    answers.append(raw(clerk, "/desk/signin", {"username": name, "password": world.passwords[name]}))
    held: SimpleCookie = SimpleCookie()
    for answer in answers:
        for line in every(answer, "Set-Cookie"):
            held.load(line)
    assert set(held) == {"__Host-lang", "__Host-large", "__Host-doorstep"}
    for morsel in held.values():
        assert morsel["secure"]
        assert morsel["httponly"]
        assert morsel["path"] == "/"
        assert not morsel["domain"]
        assert morsel["samesite"] in {"Lax", "Strict"}
        assert len(morsel.key) + len(morsel.value) < 4096
    # And what was chosen is found again under that name.
    assert '<html lang="en"' in clerk.get("/").text


def every(page: Page, name: str) -> list[str]:
    return [value for key, value in page.headers if key.lower() == name.lower()]


def test_signing_out_takes_what_the_browser_kept(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    gone = raw(clerk, "/desk/signout", clerk.get("/desk").form("/signout").fields)
    assert gone.header("Clear-Site-Data") == '"cache"'


def test_what_the_gateway_answers_itself_is_https_only_and_never_framed(world: World) -> None:
    for kind, answer in gateway_responses(world.street).items():
        said = {name.rpartition(".")[2]: value.strip("'") for name, value in answer["responseParameters"].items()}
        assert said["Strict-Transport-Security"].startswith("max-age=63072000"), kind
        assert said["X-Frame-Options"] == "DENY"
        assert said["X-Content-Type-Options"] == "nosniff"
        assert said["Cache-Control"] == "no-store"
        assert "$context" not in json.dumps(said)


def test_no_verb_but_those_declared_is_answered(world: World) -> None:
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "CONNECT"):
        assert world.client().call(method, "/track", b"", {}).status in {404, 405}, method


def test_a_redirect_leads_to_a_path_of_ours_whatever_was_asked(world: World) -> None:
    visitor: Visitor = world.client()
    for path in ("//evil.example", "/desk?next=https://evil.example", "/\\evil.example", "/desk/signin?next=//evil.example"):
        where = visitor.call("GET", path, b"", {}).header("Location")
        assert where in {"", "/desk/signin"}, (path, where)
