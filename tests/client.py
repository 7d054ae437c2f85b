"""A visitor without JavaScript: sends what a browser sends, through API Gateway's events, and fills in the forms it is shown.

Stricter than Chalice's own test client: it builds the event that the gateway builds, keeps cookies as a browser does (Path,
Secure,
Max-Age=0), follows 303 with a GET only, refuses answers that API Gateway would refuse, and submits a form with exactly its own
fields. `Visitor.call` takes any method, body and header for the requests no browser makes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from chalice.local import LambdaContext

from infra.proxy import LIMIT, Routes, body_bytes, response_headers, rest_event
from infra.serve.threads import thread_safe
from tests.least import acting

HOST = "small.example"
FORM = "application/x-www-form-urlencoded"
JUMPS = 5


@dataclass
class Form:
    """A form as the page shows it, with its fields' present values. `fill` and `submit` act like a person."""

    visitor: Visitor
    page: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    enctype: str = FORM

    def fill(self, **values: str) -> Form:
        """Raises AssertionError for a field that the form does not have, or a choice that it does not offer."""
        for name, value in values.items():
            known = {*self.fields, *self.choices}
            if name not in known:
                raise AssertionError(f"the form at {self.page} has no field {name!r}; it has {sorted(known)}")
            if name in self.choices and value not in self.choices[name]:
                raise AssertionError(f"{name!r} does not offer {value!r}; it offers {self.choices[name]}")
            self.fields[name] = value
        return self

    def submit(self, **headers: str) -> Page:
        """Sends it and follows the 303."""
        target = urljoin(self.page, self.action or self.page)
        if self.method == "get":
            return self.visitor.get(f"{urlsplit(target).path}?{urlencode(self.fields)}")
        return self.visitor.post(target, self.fields, headers)


@dataclass(frozen=True)
class Page:
    """An answer. `path` is where following ended."""

    visitor: Visitor
    status: int
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def forms(self) -> list[Form]:
        reader = _Reader(self)
        reader.feed(self.text)
        reader.close()
        return reader.forms

    def form(self, ending: str = "") -> Form:
        """The first form whose action ends so. Raises AssertionError when there is none."""
        found = [form for form in self.forms if form.action.split("?")[0].endswith(ending) and form.method == "post"]
        if not found:
            actions = [form.action for form in self.forms]
            raise AssertionError(f"{self.path} ({self.status}) has no form ending in {ending!r}; it has {actions}")
        return found[0]

    @property
    def links(self) -> list[str]:
        reader = _Reader(self)
        reader.feed(self.text)
        return reader.links

    @property
    def words(self) -> str:
        """What a person reads, without markup, white space folded."""
        reader = _Reader(self)
        reader.feed(self.text)
        return " ".join(" ".join(reader.words).split())


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._form: Form | None = None
        self._select = ""
        self._area = ""
        self._option_taken = False
        self._silent = 0
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag in {"style", "script"}:
            self._silent += 1
        elif tag == "a" and "href" in has:
            self.links.append(has["href"])
        elif tag == "form":
            self._form = Form(
                visitor=self._page.visitor,
                page=self._page.path,
                action=has.get("action", ""),
                method=has.get("method", "get").lower(),
                enctype=has.get("enctype", FORM),
            )
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, has)

    def _field(self, form: Form, tag: str, has: Mapping[str, str]) -> None:
        name = has.get("name", "")
        if tag == "option" and self._select:
            value = has.get("value", "")
            form.choices[self._select].append(value)
            if "selected" in has or not self._option_taken:
                form.fields[self._select] = value
                self._option_taken = True
        elif not name or "disabled" in has:
            return
        elif tag == "textarea":
            self._area = name
            form.fields[name] = ""
        elif tag == "select":
            self._select, self._option_taken = name, False
            form.choices[name] = []
        elif tag == "input":
            self._input(form, name, has)

    def _input(self, form: Form, name: str, has: Mapping[str, str]) -> None:
        kind = has.get("type", "text")
        if kind in {"radio", "checkbox"}:
            value = has.get("value", "on")
            form.choices.setdefault(name, []).append(value)
            if "checked" in has:
                form.fields[name] = value
        elif kind not in {"submit", "button", "image", "reset"}:
            form.fields[name] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script"}:
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            # HTML drops one line break right after the opening tag.
            self._form.fields[self._area] += data if self._form.fields[self._area] else data.removeprefix("\n")
        elif not self._silent:
            self.words.append(data)


class Visitor:
    """One browser. `stage` as in an execute-api address ("V1"), or "" for a domain of its own."""

    def __init__(
        self, app: Any, *, stage: str = "", address: str = "192.0.2.1", scheme: str = "https", lang: str = "zh-CN"
    ) -> None:
        thread_safe(app)
        self._app = app
        self._routes = Routes(app.routes)
        self._address = address
        self._scheme = scheme
        self.stage = stage
        self.lang = lang
        self.cookies: dict[str, str] = {}

    @property
    def origin(self) -> str:
        return f"{self._scheme}://{HOST}"

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Page:
        return self._follow(self.call("GET", target, headers=headers))

    def post(self, target: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Page:
        """A form's post, with Origin as browsers send it."""
        sent = {"Content-Type": FORM, "Origin": self.origin, **(headers or {})}
        return self._follow(self.call("POST", target, urlencode(fields).encode("ascii"), sent))

    def post_json(self, target: str, value: Any, headers: Mapping[str, str] | None = None) -> Page:
        sent = {"Content-Type": "application/json", "Origin": self.origin, **(headers or {})}
        return self.call("POST", target, json.dumps(value).encode(), sent)

    def _follow(self, page: Page) -> Page:
        for _ in range(JUMPS):
            if page.status != 303:
                return page
            where = urlsplit(urljoin(page.path, page.header("Location")))
            page = self.call("GET", where.path + (f"?{where.query}" if where.query else ""))
        raise AssertionError(f"more than {JUMPS} redirects, the last to {page.path}")

    def call(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Page:
        """One request, not followed."""
        url = urlsplit(target)
        prefix = f"/{self.stage}" if self.stage else ""
        path = url.path.removeprefix(prefix) or "/"
        inside = path + (f"?{url.query}" if url.query else "")
        event = rest_event(
            method,
            inside,
            self._headers(headers or {}),
            body,
            match=self._routes.match(path),
            client_ip=self._address,
            stage=self.stage,
        )
        if len(json.dumps(event)) > LIMIT:
            raise AssertionError("Lambda takes no event over 6 MB; the gateway answers 413 before it")
        response = self._answer(event)
        _check(response)
        made = tuple(response_headers(response))
        self._keep(made)
        return Page(self, int(response["statusCode"]), prefix + inside, made, body_bytes(response))

    def _answer(self, event: dict[str, Any]) -> dict[str, Any]:
        if self._routes.match(event["path"]) is None:
            from chalicelib.handlers.fallback import answer_for

            return answer_for(event, 404)
        with acting("APIHandler"):
            response: dict[str, Any] = self._app(event, LambdaContext("tests", memory_size=1024, max_runtime_ms=29_000))
        return response

    def _headers(self, own: Mapping[str, str]) -> list[tuple[str, str]]:
        sent = {
            "Host": HOST,
            "User-Agent": "tests",
            "Accept": "text/html",
            "Accept-Language": self.lang,
            "X-Forwarded-For": self._address,
            "X-Forwarded-Proto": self._scheme,
            **({"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}),
            **own,
        }
        return list(sent.items())

    def _keep(self, headers: tuple[tuple[str, str], ...]) -> None:
        for name, value in headers:
            if name.lower() != "set-cookie":
                continue
            for key, morsel in SimpleCookie(value).items():
                if key.startswith("__Host-") and not (morsel["secure"] and morsel["path"] == "/" and not morsel["domain"]):
                    raise AssertionError(f"a browser refuses the cookie {key}: {value}")
                if morsel["secure"] and self._scheme != "https":
                    continue
                if morsel["max-age"] == "0":
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = morsel.value


def _check(response: Mapping[str, Any]) -> None:
    """What API Gateway insists on in a proxy answer."""
    if not isinstance(response.get("statusCode"), int):
        raise AssertionError(f"no status code: {response}")
    body = response.get("body")
    if body is not None and not isinstance(body, str):
        raise AssertionError(f"the body is {type(body).__name__}; API Gateway takes text, or base64 with isBase64Encoded")
    for name, value in response_headers(response):
        if "\r" in value or "\n" in value:
            raise AssertionError(f"a line break in the header {name}")
    json.dumps(response)
