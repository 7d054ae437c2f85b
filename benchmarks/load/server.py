"""The one-machine server as a child, fresh and without demo cases, and what its processes spend."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.load.child import HOT, SWEEP
from chalicelib import wiring
from chalicelib.casework.events import parse
from chalicelib.codes import sign
from chalicelib.models import cases
from chalicelib.settings import Settings
from infra.engine import CREDENTIALS, HOST, REGION
from infra.serve.home import Home
from infra.serve.local import set_environment
from infra.serve.stack import STACK
from infra.template.data import outputs_of
from tests.http_visitor import HttpVisitor
from tests.server import STREET, Server

PATIENCE_S = 900.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """Seconds spent so far: by the server (pages, sweeps, messages), the emulator, and those who storm."""

    server: float
    engine: float
    storm: float

    def since(self, before: Cpu) -> Cpu:
        return Cpu(self.server - before.server, self.engine - before.engine, self.storm - before.storm)


class Served:
    """`start()`, then everything else, then `stop()`. This process reads the same street and tables as the server does."""

    def __init__(self, folder: Path, hot: int = 0, sweep_s: float = 0) -> None:
        self.home = Home(STREET, folder)
        self.server = Server(folder).by_day()
        self.server.module = "benchmarks.load.child"
        self.server.more = {name: str(value) for name, value in ((HOT, hot), (SWEEP, sweep_s)) if value}

    def start(self) -> None:
        # Cases are the storm's alone.
        self.home.folder.mkdir(parents=True, exist_ok=True)
        self.home.played.touch()
        self.server.start()
        endpoint = self.home.endpoint.read_text("utf-8")
        self._endpoint = endpoint
        self.outputs = outputs_of(self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0])
        set_environment(self.outputs, endpoint, self.home.compiled)
        wiring.use(settings=Settings.from_environ(os.environ))

    def stop(self) -> None:
        """At once, the emulator too, which would save its tables for minutes: nothing of them is needed again."""
        if self.server.process.poll() is None:
            engines = self._children()
            self.server.kill()
            for pid in engines:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                while Path(f"/proc/{pid}").exists():
                    time.sleep(0.05)

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self._endpoint,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """The server stands still while its tables are read, with whatever it was at; the emulator goes on."""
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.process.send_signal(signal.SIGCONT)

    @property
    def port(self) -> int:
        return self.server.port

    def codes(self) -> list[str]:
        """What hangs on the doors, for reports."""
        ctx = wiring.context()
        version = ctx.keys.current_code_version()
        key = ctx.keys.code_keys()[version]
        return [sign("issue", place.id, version, key) for place in ctx.places.values() if not place.retired]

    def submission(self, key: str) -> str:
        """What a case keeps of the key that it was sent under."""
        return wiring.context().keys.mac("submission", key).hex()

    def received(self, no: str) -> datetime:
        stored = cases.get(no)
        if stored is None:
            raise RuntimeError(f"{no} was answered, and is not there")
        return parse(stored.case.received_at)

    def was_reminded(self, no: str) -> bool:
        stored = cases.get(no)
        return stored is not None and any(event.type == "reminded" for event in stored.events)

    def clerks(self, count: int) -> list[HttpVisitor]:
        return [self.server.signed_in("dispatcher") for _ in range(count)]

    def pass_time(self, until: datetime) -> None:
        """Civil time moves on, as on the page `/clock`, which answers when everything that was due has been swept."""
        connection = HTTPConnection(HOST, self.port, timeout=PATIENCE_S)
        connection.request("POST", "/clock", json.dumps({"to": until.isoformat()}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"/clock answered {answer.status}: {said!r}")

    def waiting(self) -> int:
        """Messages that wait."""
        from infra.serve.advance import waiting

        return waiting()

    def logged(self, level: str) -> list[str]:
        return [line for line in self.home.log.read_text("utf-8").splitlines() if f" {level} " in line]

    def cpu(self) -> Cpu:
        own = os.times()
        return Cpu(_spent(self.server.process.pid), sum(map(_spent, self._children())), own.user + own.system)

    def _children(self) -> list[int]:
        """The emulator, and what else the server began."""
        pid = self.server.process.pid
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text("ascii").split()]


def _spent(pid: int) -> float:
    """CPU seconds of a process, user and system, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
