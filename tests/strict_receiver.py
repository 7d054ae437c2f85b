"""A receiver of events as strict as a city platform would be: on this machine, over real http, with moods."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalicelib.casework import signing


@dataclass
class Receiver:
    """`moods` are used one after another, the last one again and again: a status, or `lose` (takes it and never says so), or
    `redirect`. It refuses the cases in `refuses`. `kept` is what it took, each id once; `wrong` is what it would have complained
    about.
    """

    secrets: list[str]
    url: str = ""
    moods: list[int | str] = field(default_factory=lambda: [200])
    kept: list[dict[str, Any]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    asked: int = 0
    again: int = 0
    wrong: list[str] = field(default_factory=list)

    def mood(self) -> int | str:
        return self.moods.pop(0) if len(self.moods) > 1 else self.moods[0]

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Checks as a receiver has to, and keeps it unless it has it already."""
        said = json.loads(body)
        timestamp = headers[signing.TIMESTAMP.lower()]
        if not any(signing.genuine(headers[signing.SIGNATURE.lower()], [secret], timestamp, body) for secret in self.secrets):
            self.wrong.append(f"{said['id']} is not signed")
        if headers[signing.EVENT.lower()] != said["id"]:
            self.wrong.append(f"{said['id']} has another id outside")
        if any(one["id"] == said["id"] for one in self.kept):
            self.again += 1
            if said not in self.kept:
                self.wrong.append(f"{said['id']} came again with other words")
            return
        if any(one["case"] == said["case"] and one["seq"] > said["seq"] for one in self.kept):
            self.wrong.append(f"{said['id']} came after what follows it")
        self.kept.append(said)


@contextmanager
def receiver(*secrets: str) -> Iterator[Receiver]:
    made = Receiver(list(secrets))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            mood = 422 if json.loads(body or b"{}").get("case") in made.refuses else made.mood()
            made.asked += 1
            if mood == 200 or mood == "lose":
                made.take({name.lower(): value for name, value in self.headers.items()}, body)
            if mood == "lose":
                self.close_connection = True
                return
            self.send_response(307 if mood == "redirect" else int(mood))
            if mood == "redirect":
                self.send_header("Location", made.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/in?from=doorstep"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
