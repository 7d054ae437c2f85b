"""What tests share: no way out, two emulators, a street on each, a browser. Helpers with code in them stand in their own
modules.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from chalicelib.adapters.aws import Aws
from infra.engine import REGION, Engine, isolate
from tests import chromium, refold
from tests.quick import begin_quickly, read_templates_as_json
from tests.world import STORED_CASES, World, open_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Files that take longest begin first: one that is left for the end has a worker to itself while the other stands idle.
LONGEST = (
    "test_sweep",
    "test_axe",
    "test_faults",
    "test_faults_rooms",
    "test_faults_people",
    "test_climb",
    "test_demo",
    "test_walk",
    "test_coldstart",
    "test_victim",
    "test_serve",
    "test_serve_clock",
    "test_sweep_beside",
    "test_store_long",
    "test_machine",
    "test_register_desk",
    "test_scenarios",
    "test_send_crash",
    "test_submit",
    "test_rehearsal",
    "test_webhook_faults",
    "test_package_streets",
    "test_streetfile_wrong",
)
LOOPBACK = ("127.", "::1", "localhost")
COULD_NOT_RUN = "COULD NOT RUN"
# How long an example takes says how busy the machine is.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def nowhere_else() -> Iterator[None]:
    """No test reaches a real account, nor any other machine: sockets connect to this one only."""
    patch = pytest.MonkeyPatch()
    isolate(os.environ)
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(host, str) and host and not host.startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", guarded)
    patch.setattr(Aws, "validates", True)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    """What is the same for every street is read once in a process."""
    patch = pytest.MonkeyPatch()
    begin_quickly(patch)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def folded_again() -> Iterator[None]:
    """At the end of the run another process folds every case that the tests stored, and finds the stored state."""
    yield
    assert not STORED_CASES or refold.in_another_process(STORED_CASES) == []


@pytest.fixture(scope="session")
def atomic_moto() -> Iterator[None]:
    """moto's DynamoDB made atomic: without the lock, two writers can both win one conditional put."""
    from moto.dynamodb.responses import DynamoHandler

    lock = threading.RLock()
    original = DynamoHandler.call_action

    def serialised(self: Any) -> Any:
        with lock:
            return original(self)

    patch = pytest.MonkeyPatch()
    patch.setattr(DynamoHandler, "call_action", serialised)
    read_templates_as_json(patch)
    yield
    patch.undo()


@cache
def boto3_client(service: str) -> Any:
    import boto3

    return boto3.client(service, region_name=REGION)


@pytest.fixture
def moto(atomic_moto: None) -> Iterator[Any]:
    """An empty AWS in this process; `moto("s3")` is a boto3 client of it, the process's one: what a test hooks into it, it must
    unhook.
    """
    from moto import mock_aws

    with mock_aws():
        yield boto3_client


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The second engine, as a child process of this test process: `.endpoint`, `.client(name)`."""
    engine = Engine(tmp_path_factory.mktemp("ministack"), persist=False)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def world(moto: Any, tmp_path: Path) -> Iterator[World]:
    """A small street on moto."""
    with open_world(moto, tmp_path) as made:
        yield made


@pytest.fixture
def engine_world(ministack: Engine, tmp_path: Path) -> Iterator[World]:
    """A small street on ministack, which is atomic and enforces presigned policies."""
    with open_world(ministack.client, tmp_path, endpoint=ministack.endpoint) as made:
        yield made


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counters that never fill, for tests that send more from one place than a building does; limits have tests of their own."""
    from chalicelib.usecases import limits

    for name, bucket in limits.BUCKETS.items():
        monkeypatch.setitem(limits.BUCKETS, name, limits.Bucket(bucket.seconds, hot=10**6))


@pytest.fixture(params=["moto", "ministack"])
def both_worlds(request: pytest.FixtureRequest) -> World:
    """The same street on one emulator and then on the other."""
    made: World = request.getfixturevalue("world" if request.param == "moto" else "engine_world")
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium. It fails, and is named in the last lines of the run, where there is none."""
    from playwright.sync_api import sync_playwright

    try:
        executable = chromium.find()
    except chromium.NoBrowser as reason:
        pytest.fail(f"{COULD_NOT_RUN}: {reason}", pytrace=False)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=executable, args=[*chromium.ARGS, *chromium.OFFLINE])
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's window. What the page's own script throws, and what its policy blocks, fails the test."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    # As on phones of before 2022, which have it not: what a page sends by itself has to go out there too.
    context.add_init_script("delete HTMLFormElement.prototype.requestSubmit")
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield made
    context.close()
    assert wrong == []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they come; the order of tests in a file stays."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONGEST)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says at the very end what could not be run, so that it can't be overlooked among passes."""
    reports = [report for kind in ("error", "failed") for report in terminalreporter.stats.get(kind, ())]
    missing = [report for report in reports if COULD_NOT_RUN in str(getattr(report, "longrepr", ""))]
    if missing:
        terminalreporter.section(COULD_NOT_RUN, sep="!", red=True, bold=True)
        terminalreporter.line(str(missing[0].longrepr))
        for report in missing:
            terminalreporter.line(f"  {report.nodeid}")
