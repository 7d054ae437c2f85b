"""The cable between a browser and the world, which a test can pull out: a forward proxy for plain http.

Playwright's own `set_offline` reaches a page but not its service worker. Behind the cable everything of that browser is cut.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

HEAD_MAX, CHUNK = 65_536, 65_536


class Cable:
    """`address` is the proxy's, for `launch(proxy=…)`."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.plugged = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """One request: its first line names the whole address, and servers want the path alone."""
        with client:
            try:
                head = b""
                while b"\r\n\r\n" not in head and len(head) < HEAD_MAX:
                    head += client.recv(CHUNK)
                line, _, rest = head.partition(b"\r\n")
                method, target, version = line.decode("ascii").split(" ")
                url = urlsplit(target)
                if not self.plugged or url.hostname is None:
                    return
                with socket.create_connection((url.hostname, url.port or 80)) as server:
                    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
                    kept = b"\r\n".join(one for one in rest.split(b"\r\n") if not one.lower().startswith(b"proxy-connection"))
                    server.sendall(f"{method} {path} {version}\r\nConnection: close\r\n".encode() + kept)
                    up = threading.Thread(target=self._pipe, args=(client, server), daemon=True)
                    up.start()
                    self._pipe(server, client)
                    client.shutdown(socket.SHUT_RDWR)
                    up.join()
            except (OSError, ValueError):
                return

    def _pipe(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while self.plugged and (data := source.recv(CHUNK)):
                target.sendall(data)
        except OSError:
            return

    def close(self) -> None:
        self._listening.close()


@contextmanager
def cable() -> Iterator[Cable]:
    made = Cable()
    yield made
    made.close()
