"""Every route is public because somebody decided so, or has roles; every answer has its guards and the reader's language."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.casework.access import ROLES
from chalicelib.handlers.routing import ROUTES
from tests import steps
from tests.client import FORM, Page, Visitor
from tests.world import World

# Reviewed by hand: what anybody may ask for, and why.
REVIEWED = {
    ("GET", "/"): "the way in by number",
    ("GET", "/Q/{code}"): "a printed code; signed",
    ("GET", "/f/{kind}"): "the form; needs a signed code",
    ("POST", "/f/{kind}"): "a report; needs a signed code",
    ("GET", "/track"): "the way in by number",
    ("POST", "/track"): "number and four digits; locked after five failures",
    ("GET", "/t/{token}"): "a link; 128 bits",
    ("GET", "/t/{token}/{act}"): "a link; 128 bits",
    ("POST", "/t/{token}/{act}"): "a link; 128 bits",
    ("GET", "/openapi.json"): "the description of the API; the same for everybody",
    ("GET", "/api"): "the same as a page",
    ("POST", "/api/v1/reports"): "a report, as the form sends it; needs a signed code",
    ("GET", "/api/v1/t/{token}"): "a link; 128 bits",
    ("POST", "/api/v1/photos"): "an upload for a form; needs a signed code, pinned to the form's key",
    ("POST", "/api/v1/similar"): "what is known about a door; needs a signed code, never another person's words",
    ("POST", "/api/v1/receipts/{provider}/{token}"): "a provider's receipts; 160 bits, marks what it had sent itself",
    ("POST", "/api/v1/orders/{source}"): "another system's order; signed with a secret of its own, within five minutes",
    ("GET", "/faq"): "answered questions, written to be public",
    ("GET", "/sw.js"): "the form without a network; the same for everybody",
    ("GET", "/app.webmanifest"): "name and icons for the home screen",
    ("GET", "/favicon.ico"): "an icon for what is no page",
    ("GET", "/static/{name}"): "styles, scripts, icons",
    ("GET", "/public/property"): "communities whose property service discloses something",
    ("GET", "/public/property/{community}"): "what a property company discloses, written to be public",
    ("GET", "/volunteer"): "offering help: a form",
    ("POST", "/volunteer"): "an offer of help; counted like reports",
    ("GET", "/volunteer/{token}"): "the offer's own link; 128 bits",
    ("POST", "/volunteer/{token}"): "taking the offer back; 128 bits",
    ("GET", "/public"): "the street's public page; counts and sentences without anything personal",
    ("GET", "/open311/discovery.xml"): "where GeoReport is; the same for everybody",
    ("GET", "/open311/discovery.json"): "where GeoReport is; the same for everybody",
    ("GET", "/open311/v2/services.xml"): "the street's categories",
    ("GET", "/open311/v2/services.json"): "the street's categories",
    ("GET", "/open311/v2/services/{file}"): "what may be asked of a category; the same for everybody",
    ("GET", "/open311/v2/requests.xml"): "what the public page may show; neither words nor numbers, at most a thousand rows",
    ("GET", "/open311/v2/requests.json"): "what the public page may show; neither words nor numbers, at most a thousand rows",
    ("GET", "/open311/v2/requests/{file}"): "the same of one case, by an id that is not its number",
    ("GET", "/open311/v2/tokens/{file}"): "the same id once more",
    ("POST", "/open311/v2/requests.xml"): "a report; needs an API key (160 bits), limited as the form is",
    ("POST", "/open311/v2/requests.json"): "a report; needs an API key (160 bits), limited as the form is",
    ("GET", "/desk/signin"): "the desk's door",
    ("POST", "/desk/signin"): "the desk's door; locked after five failures",
    ("GET", "/desk/activate/{token}"): "a one-time link; 192 bits",
    ("POST", "/desk/activate/{token}"): "a one-time link; 192 bits",
}
WITHOUT_SESSION = {"/desk/signin", "/desk/activate/{token}"}


@pytest.fixture
def app(world: World) -> Any:
    return world.app.app


def served(app: Any) -> set[tuple[str, str]]:
    return {(method, path) for path, methods in app.routes.items() for method in methods}


def test_every_served_route_was_declared(app: Any) -> None:
    assert served(app) == {(method, path) for path, method in ROUTES}


def test_every_route_is_reviewed_as_public_or_has_roles(app: Any) -> None:
    public = {(route.method, route.path) for route in ROUTES.values() if not route.roles}
    assert public == set(REVIEWED)
    assert all(route.roles <= ROLES for route in ROUTES.values())


def test_every_desk_route_but_its_door_has_roles() -> None:
    for route in ROUTES.values():
        if route.path.startswith("/desk") and route.path not in WITHOUT_SESSION:
            assert route.roles, route


def test_no_level_has_two_names_of_variables(app: Any) -> None:
    names: dict[str, set[str]] = {}
    for path in app.routes:
        parts = path.split("/")
        for place, part in enumerate(parts):
            if part.startswith("{"):
                names.setdefault("/".join(parts[:place]), set()).add(part)
    assert names
    assert {parent: found for parent, found in names.items() if len(found) > 1} == {}


def test_no_path_needs_more_than_ascii_and_none_is_greedy(app: Any) -> None:
    assert all(re.fullmatch(r"(/|(/[A-Za-z0-9.]+|/\{[a-z]+\})+)", path) for path in app.routes)


def test_every_change_at_the_desk_refuses_without_the_sessions_token(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    before = world.stored_items(), len(steps.rows(world, "StaffTable"))
    changing = [route for route in ROUTES.values() if route.method == "POST" and route.path.startswith("/desk")]
    tried = []
    for route in changing:
        if route.path in WITHOUT_SESSION:
            continue
        path = route.path.format(case=no, act="accept", place="222222", entry="222222", batch="222222", community="c01a")
        sent = urlencode({"attempt": "a" * 32, "version": "1"}).encode("ascii")
        answer = clerk.call("POST", path, sent, {"Content-Type": FORM, "Origin": clerk.origin})
        assert answer.status == 403, route
        tried.append(path)
    assert {f"/desk/cases/{no}/accept", "/desk/signout"} <= set(tried)
    assert (world.stored_items(), len(steps.rows(world, "StaffTable"))) == before


def test_every_roles_route_sends_strangers_to_the_door(world: World) -> None:
    for route in ROUTES.values():
        if route.roles:
            path = route.path.format(
                case="2222-2222-2", act="accept", place="222222", entry="222222", batch="222222", community="c01a"
            )
            kind = "application/json" if route.answers == "json" else FORM
            answer = world.client().call(route.method, path, b"", {"Content-Type": kind})
            if route.method == "GET" and route.answers == "page":
                assert (answer.status, answer.header("Location")) == (303, "/desk/signin")
            else:
                assert answer.status == 401


def guarded(page: Page) -> None:
    """What every answer carries; the desk alone may tell its own pages where a form came from."""
    assert page.header("X-Content-Type-Options") == "nosniff"
    path = page.path.split("?")[0]
    milder = path.startswith("/desk") and "/activate/" not in path
    assert page.header("Referrer-Policy") == ("same-origin" if milder else "no-referrer"), page.path
    # Only a blank form, which says nothing of anybody, may be gone back to with the key that it had.
    blank = page.status == 200 and (page.path.startswith("/Q/") or page.path.startswith("/f/"))
    assert page.header("Cache-Control") == ("private, no-cache" if blank else "no-store"), page.path
    if page.header("Content-Type").startswith("text/html"):
        policy = dict(part.strip().partition(" ")[::2] for part in page.header("Content-Security-Policy").split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["form-action"].startswith("'self' https://")
        assert "unsafe" not in page.header("Content-Security-Policy")


def test_every_answer_carries_its_guards(world: World) -> None:
    no, token = steps.reported(world)
    clerk, visitor = world.signed_in("dispatcher", "street"), world.client()
    paths = ["/", f"/Q/{world.code()}", f"/Q/{world.code(kind='rental')}", "/Q/FORGED", f"/f/issue?c={world.code()}", "/track"]
    paths += [f"/t/{token}{act}" for act in ("", "/received", "/photos", "/rate", "/no_such_page")]
    paths += ["/t/forged", "/desk/signin", "/desk/activate/forged", "/static/no-such-file.css", "/nowhere"]
    pages = [visitor.get(path) for path in paths]
    pages += [clerk.get(path) for path in ("/desk", "/desk?show=scope", f"/desk/cases/{no}", f"/desk/cases/{no}/accept")]
    pages.append(visitor.post_json("/api/v1/photos", {"code": world.code(), "key": "a" * 32, "slot": 1}))
    pages.append(visitor.post_json("/api/v1/photos", {}))
    pages.append(steps.send(visitor, steps.report(world)))
    pages.append(steps.send(visitor, steps.report(world, text="")))
    assert {page.status for page in pages} == {200, 303, 400, 404, 422}
    for page in pages:
        guarded(page)


def test_static_files_are_kept_for_ever_and_never_sniffed(world: World) -> None:
    visitor = world.client()
    text = visitor.get(f"/Q/{world.code()}").text + visitor.get("/desk/signin").text
    names = set(re.findall(r"/static/[A-Za-z0-9._-]+", text))
    assert names
    for name in names:
        page = visitor.get(name)
        assert page.status == 200, name
        assert page.header("Cache-Control") == "public, max-age=31536000, immutable"
        assert page.header("X-Content-Type-Options") == "nosniff"
        assert "html" not in page.header("Content-Type")


def test_what_is_no_page_has_an_icon_too_because_browsers_ask_for_one_and_call_its_absence_an_error(world: World) -> None:
    answer = world.client().get("/favicon.ico")
    assert (answer.status, answer.header("Content-Type")) == (200, "image/svg+xml")


def test_what_fails_outside_every_view_is_called_a_failure_in_the_readers_language(world: World) -> None:
    from chalicelib.handlers.fallback import answer_for

    for path, kind in (("/track", "text/html; charset=utf-8"), ("/api/v1/photos", "application/problem+json")):
        answer = answer_for({"path": path, "headers": {"accept-language": "en"}}, 500)
        assert answer["statusCode"] == 500
        assert answer["headers"]["Content-Type"] == kind
        assert "Something went wrong" in answer["body"]


def test_nothing_but_static_files_is_read(world: World) -> None:
    for name in ("..%2F..%2Fapp.py", "%2Fetc%2Fpasswd", ".", "templates", "%00", "a" * 300):
        assert world.client().get(f"/static/{name}").status == 404, name


REFUSALS = [
    ("GET", "/nowhere/at/all", {}, 404),
    ("GET", "/Q", {}, 404),
    ("GET", "/static/no-such-file.css", {}, 404),
    ("DELETE", "/track", {}, 405),
    ("PUT", "/f/issue", {"Content-Type": FORM}, 405),
    ("POST", "/track", {"Content-Type": "text/plain"}, 415),
    ("POST", "/f/issue", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ("POST", "/f/issue", {"Content-Type": "application/json"}, 415),
    ("POST", "/nowhere", {"Content-Type": FORM}, 404),
]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_what_reaches_no_view_is_answered_in_the_pages_language(world: World, lang: str) -> None:
    for method, path, headers, status in REFUSALS:
        page = world.client(lang=lang).call(method, path, b"a=1", headers)
        assert page.status == status, (method, path)
        assert page.header("Content-Type") == "text/html; charset=utf-8", (method, path, page.headers, page.text[:300])
        assert f'<html lang="{lang}"' in page.text
        assert ("示例二维码" if lang == "zh-CN" else "Sample Code") in page.words
        guarded(page)


API_REFUSALS = [
    ("GET", "/api/v1/nothing", "", 404),
    ("GET", "/api/v1/photos", "", 405),
    ("POST", "/api/v1/photos", FORM, 415),
    ("POST", "/api/v1/photos", "application/json", 400),
]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_under_api_the_same_is_a_problem_object(world: World, lang: str) -> None:
    for method, path, content_type, status in API_REFUSALS:
        headers = {"Content-Type": content_type} if content_type else {}
        page = world.client(lang=lang).call(method, path, b"[" if method == "POST" else b"", headers)
        assert page.status == status, (method, path)
        assert page.header("Content-Type") == "application/problem+json"
        problem = page.json()
        assert {"type", "title", "status", "detail"} <= set(problem)
        assert problem["type"].startswith("/errors/")
        assert problem["status"] == status
        chinese = re.search(r"[\u4e00-\u9fff]", problem["title"] + problem["detail"]) is not None
        assert chinese == (lang == "zh-CN")
        guarded(page)


def test_deployed_under_a_stage_every_link_carries_it(world: World) -> None:
    visitor: Visitor = world.client(stage="V1")
    page = visitor.get(f"/V1/Q/{world.code()}").form("/f/issue").fill(text=steps.TEXT).submit()
    assert page.path.startswith("/V1/t/")
    local = [link for link in page.links if link.startswith("/")]
    assert local
    assert all(link.startswith("/V1/") for link in local)
