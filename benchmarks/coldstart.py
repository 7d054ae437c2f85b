"""Cold start: import and first submission, CPU of the process, the built package beside the same code as it comes from wheels.

Both run in turn, so that a busy minute of the machine hits both; medians are compared.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from benchmarks import stub
from benchmarks.row import Row
from chalicelib import codes
from chalicelib.street import read_places
from infra.package import wheels
from infra.package.build import ROOT, Built

RUNS = 11
RUN_S = 60
# See other: the case's own page.
ACCEPTED = 303
CHILD = Path(__file__).parent / "coldstart_child.py"


@dataclass(frozen=True)
class Run:
    """CPU milliseconds of one process; `calls` are the AWS operations of its one submission."""

    import_ms: float
    request_ms: float
    total_ms: float
    status: int
    location: str
    body: str
    calls: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """`built` and `source`, each `RUNS` runs long."""

    built: tuple[Run, ...]
    source: tuple[Run, ...]

    def row(self, reach: float) -> Row:
        return Row("cold start, built package against source", _median(self.built), _median(self.source), reach)


def _median(runs: tuple[Run, ...]) -> float:
    return statistics.median(run.total_ms for run in runs)


@contextmanager
def unpacked(built: Built) -> Iterator[tuple[Path, Path]]:
    """Two folders: the package as Lambda unpacks it, and the same app with every file of its wheels and no byte code."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as scratch:
        package, source = Path(scratch) / "package", Path(scratch) / "source"
        with zipfile.ZipFile(built.zip) as archive:
            archive.extractall(package)
        source.mkdir()
        shutil.copyfile(package / "app.py", source / "app.py")
        for own in ("chalicelib", "chalice"):
            shutil.copytree(package / own, source / own, ignore=shutil.ignore_patterns("__pycache__"))
        target = wheels.runtime()
        wanted = wheels.requirements(ROOT / "pyproject.toml")
        for wheel in wheels.fetch(wanted, target, ROOT / ".local", lambda _: None):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(source)
        yield package, source


@contextmanager
def service() -> Iterator[str]:
    """The address of a stub of our own."""
    child = subprocess.Popen(  # noqa: S603 - our own file, by an argument list
        [sys.executable, "-I", "-S", stub.__file__], stdout=subprocess.PIPE, text=True
    )
    try:
        if child.stdout is None:
            raise RuntimeError("the stub has no output")
        yield f"http://127.0.0.1:{int(child.stdout.readline())}"
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


def one(folder: Path, event: Path, environ: Mapping[str, str], endpoint: str) -> Run:
    """One process. Raises `RuntimeError` with its words when it fails."""
    done = subprocess.run(  # noqa: S603 - our own file, by an argument list
        [sys.executable, "-I", "-S", "-B", str(CHILD), str(folder), str(event)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{folder}: {done.stderr.strip()}")
    found = cast(dict[str, Any], json.loads(done.stdout))
    if not found.pop("app").startswith(str(folder)):
        raise RuntimeError(f"{folder}: another app.py was imported")
    if found["status"] != ACCEPTED:
        raise RuntimeError(f"{folder}: the submission was answered {found['status']}: {found['body']}")
    with urllib.request.urlopen(f"{endpoint}/calls", timeout=5) as answer:  # noqa: S310 - our stub's address
        return Run(**found, calls=tuple(json.load(answer)))


def compare(built: Built, runs: int = RUNS) -> Compared:
    """`runs` of each, in turn."""
    with unpacked(built) as (package, source), service() as endpoint:
        event = package.parent / "event.json"
        event.write_text(json.dumps(submission(package)), "utf-8")
        environ = environment(endpoint)
        # The first of each reads the files into the page cache and is not counted.
        for folder in (package, source):
            one(folder, event, environ, endpoint)
        pairs = [(one(package, event, environ, endpoint), one(source, event, environ, endpoint)) for _ in range(runs)]
    return Compared(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))
