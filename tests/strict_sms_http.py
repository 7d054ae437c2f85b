"""The wire of the strict SMS server: a real port on this machine, connections that break, hang and trickle."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.strict_sms_server import StrictServer


@contextmanager
def serving(server: StrictServer) -> Iterator[StrictServer]:
    """The server on a port of its own until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                way, status, said = server.answer(headers["host"], self.path, headers, body)
            except Exception as error:
                server.wrong.append(f"{type(error).__name__}: {error}")
                way, status, said = "dropped", 500, {}
            self.close_connection = True
            if way in {"lost", "dropped"}:
                return
            if way == "hangs":
                server.let_go.wait(5)
                return
            data = b"<html>gateway</html>" if way == "garbage" else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            for byte in data:
                if way == "slow" and server.let_go.wait(0.05):
                    return
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return

        def log_message(self, *_: Any) -> None:
            return

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Clients that hung up."""

    listener = Listener(("127.0.0.1", 0), Handler)
    server.port = listener.server_address[1]
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
