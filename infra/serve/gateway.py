"""What stands in front of the function on AWS, on this machine: Chalice's own threaded local server, made to behave as API
Gateway does.

Against `chalice local` it takes a thousand waiting connections instead of five, compresses, refuses bodies over 6 MB, answers
unknown
addresses the way the application does, tells the visitor's real address, sends files as bytes, answers HEAD, and writes log
lines without addresses (they carry tokens): the resource's pattern, the status and the time it took.
"""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING, Any

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LambdaContext, LocalDevServer, ThreadedHTTPServer

from infra.proxy import LIMIT, Event, Match, Routes, body_bytes, response_headers, rest_event
from infra.serve.threads import thread_safe

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger("doorstep.serve")

COMPRESS_FROM = 1024
COMPRESSIBLE = ("text/", "application/json", "application/javascript", "application/problem+json", "application/xml", "image/svg")
DEADLINE_MS = 29_000
IDLE_S = 75
# After refusing a body we still read this much of it: a client that is cut off while sending never sees the answer.
DRAIN = 64 * 1024 * 1024
# A length of more digits is nobody's, and Python makes no number of thousands of them.
DIGITS_MAX = 18

Response = dict[str, Any]
# A page of this machine only, by path: gets method and event.
LocalPage = Callable[[Event], Response]


class Gateway:
    """One application behind it. `pages` are answered here, before the application, and are never part of the package.

    `refuse` makes the application's own page for a status that the gateway has to answer itself (404, 413).
    """

    def __init__(self, app: Any, refuse: Callable[[Event, int], Response], pages: Mapping[str, LocalPage]) -> None:
        thread_safe(app)
        self.app = app
        self.refuse = refuse
        self.pages = pages
        self.routes = Routes(app.routes)

    def answer(self, event: Event, match: Match | None) -> Response:
        if event["path"] in self.pages:
            return self.pages[event["path"]](event)
        if match is None:
            return self.refuse(event, 404)
        context = LambdaContext("doorstep-local", memory_size=1024, max_runtime_ms=DEADLINE_MS)
        response: Response = self.app(event, context)
        return response


class Handler(ChaliceRequestHandler):
    """One connection, kept alive between requests."""

    timeout = IDLE_S
    # Headers and body leave in one piece; otherwise Nagle and delayed acknowledgements cost 40 ms an answer.
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True
    server: Server

    def version_string(self) -> str:
        return "Doorstep"

    def _generic_handle(self) -> None:
        with self.server.busy():
            self._handle()

    def _handle(self) -> None:
        started = time.perf_counter()
        gateway = self.server.gateway
        match = gateway.routes.match(self.path.split("?")[0])
        length = self._length()
        if length is None:
            return
        if length > LIMIT:
            response = gateway.refuse(self._event(match, b""), 413)
            self._drain(length)
            self.close_connection = True
        else:
            response = self._answer(gateway, match, self.rfile.read(length))
        self._send(response)
        spent = (time.perf_counter() - started) * 1000
        place = match.resource if match else "(unknown)"
        LOG.info("%s %s %s %.0f ms", self.command, place, response["statusCode"], spent)

    def _answer(self, gateway: Gateway, match: Match | None, body: bytes) -> Response:
        try:
            response = gateway.answer(self._event(match, body), match)
        except Exception:
            LOG.exception("the application raised on %s", match.resource if match else "(unknown)")
            return {"statusCode": 502, "headers": {"Content-Type": "text/plain"}, "body": "502"}
        if len(body_bytes(response)) > LIMIT:
            LOG.error("the answer of %s is over 6 MB, which Lambda refuses", match.resource if match else "(unknown)")
            return {"statusCode": 502, "headers": {"Content-Type": "text/plain"}, "body": "502"}
        return response

    def _length(self) -> int | None:
        """Bytes that follow; None when the request can't be read, which has then been answered."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self.close_connection = True
            self.send_error(411)
            return None
        text = self.headers.get("Content-Length", "0")
        if not text.isascii() or not text.isdigit() or len(text) > DIGITS_MAX:
            self.close_connection = True
            self.send_error(400)
            return None
        return int(text)

    def _event(self, match: Match | None, body: bytes) -> Event:
        client, port = self.client_address[0], self.server.server_address[1]
        # Set by the gateway on AWS, whatever the visitor claimed.
        ours = {"x-forwarded-for": client, "x-forwarded-proto": "http", "x-forwarded-port": str(port)}
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in ours]
        headers += [("X-Forwarded-For", client), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", str(port))]
        method = "GET" if self.command == "HEAD" else self.command
        return rest_event(method, self.path, headers, body, match=match, client_ip=client)

    def _drain(self, length: int) -> None:
        left = min(length, DRAIN)
        while left > 0:
            piece = self.rfile.read(min(left, 64 * 1024))
            if not piece:
                return
            left -= len(piece)

    def _send(self, response: Response) -> None:
        body = body_bytes(response)
        headers = response_headers(response)
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        if len(body) > COMPRESS_FROM and kind.startswith(COMPRESSIBLE):
            headers.append(("Vary", "Accept-Encoding"))
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body = gzip.compress(body, 6, mtime=0)
                headers.append(("Content-Encoding", "gzip"))
        self.send_response(int(response["statusCode"]))
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the base class would write addresses, which carry tokens."""

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle


class Server(ThreadedHTTPServer):
    request_queue_size = 1024
    allow_reuse_address = True
    gateway: Gateway

    def __init__(self, *args: Any) -> None:
        self._active = 0
        self._change = Condition()
        super().__init__(*args)

    @contextmanager
    def busy(self) -> Iterator[None]:
        with self._change:
            self._active += 1
        try:
            yield
        finally:
            with self._change:
                self._active -= 1
                self._change.notify_all()

    def finish(self, seconds: float) -> bool:
        """Waits for requests that are being answered; False when some still were after that time."""
        with self._change:
            return self._change.wait_for(lambda: self._active == 0, seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug("connection ended early", exc_info=True)


def make_server(gateway: Gateway, host: str, port: int) -> LocalDevServer:
    """Raises OSError when the port is taken."""
    local = LocalDevServer(gateway.app, Config(), host, port, handler_cls=Handler, server_cls=Server)
    local.server.gateway = gateway
    return local
