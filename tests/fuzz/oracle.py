"""What must never happen, whatever is sent: a 5xx, an exception in the log, an answer that can't be given, another's markup.

One `Oracle` sends everything that is sent over HTTP, as API Gateway's events, and keeps counts and findings by surface.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from chalice.local import LambdaContext

from chalicelib.handlers.fallback import answer_for
from infra.proxy import LIMIT, Routes, body_bytes, response_headers, rest_event
from infra.serve.threads import thread_safe
from tests.least import acting

HOST = "small.example"
ORIGIN = f"https://{HOST}"
# Where a text of ours stands in an answer as markup, it was not escaped.
MARK = "<fuzz-mark"
# Nothing takes a second here; what takes ten has no bound.
SLOW_S = 10.0
SHOWN = 400
# A provider of messages is told by it to come again; the description of the API says so.
ALLOWED_503 = "/api/v1/receipts/"
TELLING = ("a row of an import broke",)

# What is another in each line of the log: the reference, and the address.
_EACH_TIME = re.compile(r"ref=\w+ |route=|(?<=path )\S+(?=:)")

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Sent:
    """`cookies` as a header's value; `headers` in order, names may come twice. `twisted` replaces parts of the event itself."""

    method: str
    target: str
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    twisted: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        body = repr(self.body[:SHOWN]) if self.body else ""
        return f"{self.method} {self.target[:SHOWN]!r} {self.headers!r:.{SHOWN}} {body} {self.twisted or ''}".strip()


@dataclass(frozen=True)
class Got:
    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class _Listener(logging.Handler):
    """Everything that was logged as an error, with where it was raised."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.levelno >= logging.ERROR or record.exc_info or said.startswith(TELLING):
            self.heard.append(f"{said}{_place(record.exc_info)}")


def _place(info: Any) -> str:
    """The exception's kind and the last places of ours on its way; what it says differs with what was sent."""
    if not info or info[1] is None:
        return ""
    frames = traceback.extract_tb(info[2])
    ours = [f"{one.filename.rsplit('/', 1)[-1]}:{one.lineno}" for one in frames if "site-packages" not in one.filename]
    return f": {type(info[1]).__name__} at {' '.join(ours[-4:])}"


class Oracle:
    """`counts` and `findings` by surface; each finding once, with what was sent the first time."""

    def __init__(self, app: Any, tell: Callable[[str], Any] = lambda _: None) -> None:
        thread_safe(app)
        self.tell = tell
        self._app = app
        self._routes = Routes(app.routes)
        self._listener = _Listener()
        self.counts: Counter[str] = Counter()
        self.statuses: dict[str, Counter[int]] = {}
        self.findings: dict[tuple[str, str], str] = {}
        self.repeats: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Chalice's own logger keeps what it says to itself, so both are listened to."""
        loggers = [logging.getLogger(name) for name in ("", "doorstep")]
        before = [(list(one.handlers), one.propagate) for one in loggers]
        loggers[0].addHandler(self._listener)
        loggers[1].handlers = []
        loggers[1].propagate = True
        try:
            yield
        finally:
            for one, (handlers, propagate) in zip(loggers, before, strict=True):
                one.handlers, one.propagate = handlers, propagate

    def found(self, surface: str, what: str, sent: object) -> None:
        if (surface, what) not in self.findings:
            self.findings[surface, what] = str(sent)
            self.tell(f"FOUND {surface}: {what}")
        self.repeats[surface, what] += 1

    @contextmanager
    def watching(self, surface: str, sent: object) -> Iterator[None]:
        """One case: counted, timed, and whatever was logged or raised meanwhile is found."""
        self.counts[surface] += 1
        self._listener.heard.clear()
        began = time.process_time()
        try:
            yield
        except Exception as error:
            self.found(surface, f"raised{_place((type(error), error, error.__traceback__))}", sent)
        if time.process_time() - began > SLOW_S:
            self.found(surface, f"took more than {SLOW_S:.0f} s", sent)
        for said in self._listener.heard:
            # References are new each time.
            self.found(surface, "logged " + _EACH_TIME.sub("", said), sent)

    def send(self, surface: str, sent: Sent) -> Got | None:
        """One request and everything that must hold of its answer. None where no answer could be read."""
        got: Got | None = None
        with self.watching(surface, sent):
            got = self._answered(sent)
            self.statuses.setdefault(surface, Counter())[got.status] += 1
            for wrong in self._wrong(sent, got):
                self.found(surface, wrong, sent)
        return got

    def event(self, sent: Sent) -> dict[str, Any]:
        made = rest_event(
            sent.method,
            sent.target,
            _sent_headers(sent.headers),
            sent.body,
            match=self._routes.match(sent.target.split("?")[0].split("#")[0]),
            client_ip="192.0.2.1",
        )
        return {**made, **sent.twisted}

    def _answered(self, sent: Sent) -> Got:
        event = self.event(sent)
        with acting("APIHandler"):
            if len(json.dumps(event)) > LIMIT:
                # More than Lambda takes: the gateway refuses it by itself.
                made = answer_for({**event, "body": None}, 413)
            elif event["requestContext"]["resourcePath"] not in self._app.routes:
                made = answer_for(event, 404)
            else:
                made = self._app(event, LambdaContext("fuzz", memory_size=1024, max_runtime_ms=29_000))
        # Lambda's own runtime writes the answer so: half a surrogate pair would end it there.
        json.dumps(made, ensure_ascii=False).encode("utf-8")
        headers = tuple(response_headers(made))
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        return Got(int(made["statusCode"]), kind.split(";")[0], body_bytes(made), headers)

    @staticmethod
    def _wrong(sent: Sent, got: Got) -> Iterator[str]:
        if got.status >= 500 and not (got.status == 503 and sent.target.startswith(ALLOWED_503)):
            yield f"answered {got.status}"
        for name, value in got.headers:
            if not value.isascii() or any(ord(sign) < 32 for sign in value):
                yield f"a header {name} that HTTP has no room for"
        names = {name.lower() for name, _ in got.headers}
        if not {"x-content-type-options", "referrer-policy"} <= names:
            yield "an answer without its guards"
        if got.kind in {"text/html", "text/xml", "image/svg+xml"} and MARK.encode() in got.body:
            yield "what was typed stands in the page as markup"
        if got.kind == "text/html" and "content-security-policy" not in names:
            yield "a page without a policy"
        if got.kind == "text/xml":
            # A client gives up on XML that is none; signs that XML has no room for make it so.
            expat.ParserCreate().Parse(got.body, True)
        if got.kind.endswith("json"):
            problem = json.loads(got.body)
            if got.status >= 400 and got.kind == "application/problem+json" and problem["status"] != got.status:
                yield "a problem object of another status"


def _sent_headers(own: Sequence[tuple[str, str]]) -> Headers:
    usual = {"host": ("Host", HOST), "x-forwarded-proto": ("X-Forwarded-Proto", "https")}
    named = {name.lower() for name, _ in own}
    return [pair for name, pair in usual.items() if name not in named] + list(own)
