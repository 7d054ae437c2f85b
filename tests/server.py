"""`make serve` as a process of its own, for the tests that use it as people do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from infra.engine import free_port
from tests.http_visitor import HttpVisitor

ROOT = Path(__file__).parent.parent
START_S, STOP_S = 90.0, 30.0
STREET, SHANGHAI = "changqiao", ZoneInfo("Asia/Shanghai")


class Server:
    """The process, and what it has printed. `module` is what runs in it, with `more` in its environment."""

    module = "infra.serve"

    def __init__(self, local: Path) -> None:
        self.local = local
        self.port = free_port()
        self.lines: list[str] = []
        self.more: dict[str, str] = {}
        self._ready = threading.Event()

    def by_day(self) -> Server:
        """Sets civil time to the next morning when it is evening or night in the street: residents get no message then."""
        now = datetime.now(UTC)
        local = now.astimezone(SHANGHAI)
        if not 8 <= local.hour < 20:
            morning = local.replace(hour=10, minute=0) + timedelta(days=1 if local.hour >= 20 else 0)
            clock = self.local / STREET / "clock.json"
            clock.parent.mkdir(parents=True, exist_ok=True)
            clock.write_text(json.dumps({"offset_seconds": (morning - local).total_seconds(), "latest": now.isoformat()}))
        return self

    def without_demo(self) -> Server:
        """Staff and codes, and no cases: as if what the demo shows had been played and had ended."""
        marker = self.local / STREET / "demo-played"
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        return self

    def start(self) -> None:
        self._ready.clear()
        self.lines.clear()
        environ = {**os.environ, "PORT": str(self.port), "STREET": STREET, "DOORSTEP_LOCAL": str(self.local), **self.more}
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._ready.wait(START_S), "not ready:\n" + "".join(self.lines)
        assert self.process.poll() is None, "".join(self.lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("serve: ready") or "address" in line:
                self._ready.set()
        self._ready.set()

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self._ended()

    def kill(self) -> None:
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        code = self.process.wait(STOP_S)
        self._reader.join(STOP_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    @property
    def demo(self) -> dict[str, Any]:
        # The last line of a start names the file, which is complete by then.
        found: dict[str, Any] = json.loads((self.local / "demo.json").read_text("utf-8"))
        return found

    @property
    def visitor(self) -> HttpVisitor:
        return HttpVisitor(self.demo["base_url"])

    def signed_in(self, username: str) -> HttpVisitor:
        visitor = self.visitor
        person = next(entry for entry in self.demo["staff"] if entry["username"] == username)
        page = visitor.get("/desk/signin").form().fill(username=username, password=person["password"]).submit()
        assert (page.status, page.path) == (200, "/desk")
        return visitor
