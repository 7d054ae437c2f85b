"""One form behind one address: its page, its scripts, its upload door and a bucket, as a server that tests can make fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from chalicelib.web import csp, pages, static
from chalicelib.web.look import Look
from tests.page_samples import place, street
from tests.picture_files import jpeg

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEYS = ("a" * 32, "b" * 32)
TEXT = "三楼的灯不亮"


class Door(ThreadingHTTPServer):
    """One form, its script, its upload door and a bucket, all at one address. `fail` makes the bucket refuse that many photos,
    `lose` makes that many reports get lost on their way. `works` gives the page its service worker.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.sent: list[dict[str, list[str]]] = []
        self.uploads: list[bytes] = []
        self.granted: list[dict[str, object]] = []
        self.asked: list[dict[str, object]] = []
        self.known: dict[str, object] = {}
        self.views = 0
        self.fail = 0
        self.lose = 0
        self.works = False
        self.large = False
        self.lost = threading.Semaphore(0)
        self.hold = threading.Event()
        self.hold.set()
        self.base = f"http://127.0.0.1:{self.server_address[1]}"

    def form(self, text: str = "") -> str:
        key = KEYS[min(self.views, len(KEYS) - 1)]
        self.views += 1
        return pages.form(
            Look("zh-CN", self.large, "", "/form"), street(), "issue", place(), "I2AAAAAA", key, {"text": text} if text else {}
        )


class Answer(BaseHTTPRequestHandler):
    server: Door

    def _say(self, body: bytes, kind: str, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _page(self, html: str) -> None:
        self._say(html.encode(), "text/html; charset=utf-8", Content_Security_Policy=csp.csp(html, self.server.base))

    def do_GET(self) -> None:
        found = static.read_static(self.path.removeprefix("/static/"))
        if found:
            self._say(*found)
        elif self.path == "/sw.js":
            script = static.worker() if self.server.works else ""
            self._say(script.encode(), "text/javascript", 200 if script else 404)
        elif self.path.startswith("/app.webmanifest"):
            self._say(b"{}", "application/manifest+json")
        elif self.path.startswith("/Q/R"):
            self._page("<!doctype html><title>.</title><p>another kind's form</p>")
        elif self.path == "/received":
            scripts = _script("kept.js") + _script("page.js")
            words = '<p data-sent="ds:issue:AAAAAA">ok</p><a data-next hidden>next</a>'
            words += '<b id="no">K7M3-9QXA-C</b><button data-copy="no" data-done="done" hidden><span>copy</span></button>'
            self._page(f"<!doctype html><title>.</title>{words}{scripts}")
        else:
            self._page(self.server.form("退回来的话" if self.path == "/refused" else ""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/v1/photos":
            asked = json.loads(body)
            self.server.granted.append(asked)
            grant = {"url": f"{self.server.base}/bucket", "fields": {"key": f"k{asked['slot']}"}, "slot": asked["slot"]}
            self._say(json.dumps(grant).encode(), "application/json")
        elif self.path == "/api/v1/similar":
            self.server.asked.append(json.loads(body))
            self._say(json.dumps(self.server.known).encode(), "application/json")
        elif self.path == "/bucket":
            self.server.hold.wait(20)
            self.server.fail -= 1
            self.server.uploads.append(body)
            self._say(b"", "text/plain", 403 if self.server.fail >= 0 else 204)
        elif self.server.lose:
            # No word of an answer until the page is gone.
            self.server.lose -= 1
            self.server.lost.release()
            self.rfile.read(1)
        else:
            self.server.sent.append(parse_qs(body.decode(), keep_blank_values=True))
            self._say(b"", "text/plain", 303, Location="/received")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _script(name: str) -> str:
    return f'<script src="{static.static_url(name)}" defer></script>'


@contextmanager
def open_door() -> Iterator[Door]:
    server = Door()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


def photo(name: str = "a.jpg") -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg()}


def add(page: Page, *photos: dict[str, object]) -> None:
    page.set_input_files("input[type=file]", list(photos))  # type: ignore[arg-type]  # the payload's shape is Playwright's own
