"""Cold start: import and first submission, CPU of the process, the built package beside its sources, the floor and peers.

All run in turn, so that a busy minute of the machine hits everybody; what is compared are figures of one turn, the middle one.
All speak TLS with one stub.
"""

from __future__ import annotations

import json
import os
import ssl
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from benchmarks import stub, tls
from benchmarks.contender import Contender
from benchmarks.contenders import BUILT, CHALICE, FASTAPI, FLOOR, SDK, SOURCE, laid_out
from benchmarks.row import Row
from chalicelib import codes
from chalicelib.street import read_places
from infra.package.build import Built

RUNS = 15
WARM = 40
RUN_S = 60
# See other: the case's own page.
ACCEPTED = 303
CHILD = Path(__file__).parent / "coldstart_child.py"


@dataclass(frozen=True)
class Run:
    """CPU milliseconds of one process: the interpreter's own start, the import, the first request, and one of many more.

    `calls` are the AWS operations of the process, each with what was asked.
    """

    start_ms: float
    import_ms: float
    request_ms: float
    warm_ms: float
    status: int
    location: str
    body: str
    calls: tuple[tuple[str, Any], ...]

    @property
    def total_ms(self) -> float:
        """Import and first request."""
        return self.import_ms + self.request_ms

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(operation for operation, _ in self.calls)


@dataclass(frozen=True)
class Compared:
    """Each contender's runs by name; `warm` those of the processes that went on."""

    cold: Mapping[str, tuple[Run, ...]]
    warm: Mapping[str, tuple[Run, ...]]

    def cold_ms(self, name: str) -> float:
        return statistics.median(run.total_ms for run in self.cold[name])

    def warm_ms(self, name: str) -> float:
        return statistics.median(run.warm_ms for run in self.warm[name])

    def rows(self) -> list[Row]:
        def cold(of: str) -> tuple[float, float]:
            return in_the_middle(self.cold[BUILT], self.cold[of], "total_ms")

        return [
            Row("cold start, built package", *cold(FLOOR), 3.5, of=FLOOR, key="cold_floor"),
            Row("cold start, built package", *cold(FASTAPI), 0.5, of=FASTAPI, key="cold_peer"),
            Row("cold start, built package", *cold(SOURCE), 0.35, of=SOURCE, key="cold_source"),
            Row("warm submission", *in_the_middle(self.warm[BUILT], self.warm[CHALICE], "warm_ms"), 1.6, of=CHALICE, key="warm"),
        ]

    def table(self) -> str:
        """Everybody, as multiples of the floor."""
        floor = self.cold_ms(FLOOR)
        lines = []
        for name, runs in self.cold.items():
            parts = [statistics.median(getattr(run, part) for run in runs) for part in ("start_ms", "import_ms", "request_ms")]
            warm = f"{self.warm_ms(name):.2f}" if name in self.warm else ""
            shown = " ".join(f"{part:8.1f}" for part in (*parts, self.cold_ms(name)))
            lines.append(f"{name:<42} {shown} {self.cold_ms(name) / floor:8.2f} {warm:>8}".rstrip())
        head = " ".join(f"{title:>8}" for title in ("start", "import", "request", "both", "floors", "warm"))
        return "\n".join([f"{'CPU ms, medians':<42} {head}", *lines])


def in_the_middle(ours: Sequence[Run], theirs: Sequence[Run], figure: str) -> tuple[float, float]:
    """Both figures of the turn whose ratio is the median: a machine changes its speed from one turn to the next, and the median
    of ours would be set against a median of theirs from other minutes.
    """
    turns = [(getattr(our, figure), getattr(their, figure)) for our, their in zip(ours, theirs, strict=True)]
    return sorted(turns, key=lambda turn: turn[0] / turn[1])[len(turns) // 2]


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """The address of a stub of our own, with the certificate in `folder`."""
    command = [sys.executable, "-I", "-S", stub.__file__, str(folder / "stub.pem")]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own file, by an argument list
    try:
        if child.stdout is None:
            raise RuntimeError("the stub has no output")
        yield f"https://{tls.HOST}:{int(child.stdout.readline())}"
    finally:
        child.terminate()
        child.communicate(timeout=10)


def submission(package: Path) -> dict[str, Any]:
    """The event of a resident's form, with a phone and a code signed by the stub's key, as API Gateway hands it over."""
    place = next(place for place in read_places(package / "chalicelib" / "places.json").values() if not place.retired)
    fields = {
        "key": "0123456789abcdef0123456789abcdef",
        "code": codes.sign("issue", place.id, stub.CODE_VERSION, stub.SECRET),
        "text": "楼道的灯坏了三天，晚上上下楼看不见台阶。",
        "phone": "13900000000",
        "nickname": "",
    }
    headers = {"host": "door.example", "content-type": "application/x-www-form-urlencoded", "x-forwarded-proto": "https"}
    return {
        "resource": "/f/{kind}",
        "path": "/f/issue",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"kind": "issue"},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/f/{kind}",
            "httpMethod": "POST",
            "path": "/V1/f/issue",
            "stage": "V1",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": urlencode(fields),
        "isBase64Encoded": False,
    }


def environment(endpoint: str) -> dict[str, str]:
    """What the template sets, against the stub."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "AWS_REGION": "cn-north-1",
        "AWS_DEFAULT_REGION": "cn-north-1",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "DOORSTEP_ENDPOINT": endpoint,
        "DOORSTEP_CASES_TABLE": "Cases",
        "DOORSTEP_OUTBOX_TABLE": "Outbox",
        "DOORSTEP_STAFF_TABLE": "Staff",
        "DOORSTEP_REGISTERS_TABLE": "Registers",
        "DOORSTEP_KEYS_TABLE": "Keys",
        "DOORSTEP_PHOTOS_BUCKET": "photos",
        "DOORSTEP_CODES_BUCKET": "codes",
        "DOORSTEP_KMS_KEY": "alias/vault",
        "DOORSTEP_REVEAL_FUNCTION": "reveal",
        "DOORSTEP_EXPORT_FUNCTION": "export",
    }


@dataclass(frozen=True)
class Bench:
    """What a run needs: the stub's address and its certificate's authority, and the file of the event."""

    endpoint: str
    authority: Path
    event: Path

    def one(self, contender: Contender, warm: int = 0) -> Run:
        """One process. Raises `RuntimeError` with its words when it fails."""
        folders = [str(folder) for folder in contender.folders]
        done = subprocess.run(  # noqa: S603 - our own file, by an argument list
            [sys.executable, "-I", "-S", "-B", str(CHILD), contender.module, str(self.event), str(warm), *folders],
            env={**environment(self.endpoint), **contender.environ},
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{contender.name}: {done.stderr.strip()}")
        found = cast(dict[str, Any], json.loads(done.stdout))
        if not found.pop("module").startswith(folders[0]):
            raise RuntimeError(f"{contender.name}: another module was imported")
        if found["status"] != ACCEPTED:
            raise RuntimeError(f"{contender.name}: the submission was answered {found['status']}: {found['body']}")
        return Run(**found, calls=tuple((operation, asked) for operation, asked in self._calls()))

    def _calls(self) -> list[tuple[str, Any]]:
        context = ssl.create_default_context(cafile=str(self.authority))
        with urllib.request.urlopen(f"{self.endpoint}/calls", timeout=5, context=context) as answer:  # noqa: S310 - our stub
            return cast(list[tuple[str, Any]], json.load(answer))


@contextmanager
def opened(built: Built, only: Sequence[str], say: Callable[[str], None]) -> Iterator[tuple[Bench, list[Contender]]]:
    """Everybody (or `only` those) laid out, and the stub that they call."""
    with laid_out(built, only, say) as (scratch, wanted), service(scratch) as endpoint:
        event = scratch / "event.json"
        event.write_text(json.dumps(submission(scratch / "package")), "utf-8")
        yield Bench(endpoint, scratch / "authority.pem", event), wanted


def compare(
    built: Built,
    runs: int = RUNS,
    warm: int = WARM,
    only: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Compared:
    """`runs` processes of each (or of `only` those), in turn; then as many again of those that go on for `warm` requests."""
    with opened(built, only, say) as (bench, wanted):
        # The first of each reads the files into the page cache and is not counted.
        for contender in wanted:
            bench.one(contender)
        cold = [{one.name: bench.one(one) for one in wanted} for _ in range(runs)]
        going = [one for one in wanted if warm and one.name in {BUILT, FLOOR, SDK, CHALICE, FASTAPI}]
        on = [{one.name: bench.one(one, warm) for one in going} for _ in range(runs)]
    return Compared(
        {one.name: tuple(turn[one.name] for turn in cold) for one in wanted},
        {one.name: tuple(turn[one.name] for turn in on) for one in going},
    )
