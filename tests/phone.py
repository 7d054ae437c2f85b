"""A phone for tests: a browser whose profile outlives it, behind a cable that can be pulled, and what its network log says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import chromium
from tests.cable import Cable, cable

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

SOON_S = 45.0
# 400 kbit/s both ways, 400 ms for every answer.
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}


class Phone:
    """A browser whose profile outlives it, behind a cable."""

    def __init__(self, browser: Browser, profile: Path, wire: Cable) -> None:
        self.browser, self.profile, self.wire = browser, profile, wire
        self.context: BrowserContext | None = None

    def open(self) -> Page:
        """Starts the browser, a new process each time; without a network its pages know that they have none."""
        self.context = self.browser.browser_type.launch_persistent_context(
            str(self.profile),
            executable_path=chromium.find(),
            args=[*chromium.ARGS, *chromium.OFFLINE],
            proxy={"server": self.wire.address},
            locale="zh-CN",
            viewport={"width": 360, "height": 740},
            offline=not self.wire.plugged,
        )
        return self.context.pages[0]

    def close(self) -> None:
        if self.context is not None:
            self.context.close()
            self.context = None

    def cut(self) -> None:
        assert self.context is not None
        self.wire.plugged = False
        self.context.set_offline(True)

    def mend(self) -> None:
        assert self.context is not None
        self.wire.plugged = True
        self.context.set_offline(False)


@contextmanager
def a_phone(browser: Browser, profile: Path) -> Iterator[Phone]:
    with cable() as wire:
        made = Phone(browser, profile, wire)
        yield made
        made.close()


@dataclass
class Wire:
    """What the browser's own network log says: when each answer began, and its bytes with headers."""

    begun: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    started: float = 0.0

    def watch(self, session: CDPSession) -> None:
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", lambda said: self.begun.update({said["requestId"]: said["timestamp"]}))
        session.on("Network.loadingFinished", lambda said: self.bytes.update({said["requestId"]: said["encodedDataLength"]}))

    def _sent(self, said: dict[str, Any]) -> None:
        self.started = self.started or said["timestamp"]
        self.paths[said["requestId"]] = said["request"]["url"]

    def before(self, seconds: float) -> dict[str, int]:
        """Address → bytes of everything that had begun to arrive so long after the first request."""
        return {
            self.paths[one]: self.bytes.get(one, 0)
            for one, at in self.begun.items()
            if at - self.started <= seconds and not self.paths[one].startswith("data:")
        }


def cached(page: Page) -> list[str]:
    """The paths that the page's worker has kept."""
    found: list[str] = page.evaluate(
        """async () => {
          const all = [];
          for (const name of await caches.keys()) {
            for (const one of await (await caches.open(name)).keys()) all.push(new URL(one.url).pathname);
          }
          return all;
        }"""
    )
    return found


def until(page: Page, seen: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON_S
    while not seen():
        assert time.monotonic() < end, page.inner_text("body")
        page.wait_for_timeout(50)


def ready(page: Page, address: str) -> None:
    """The form has loaded, and can be opened without a network from here on."""
    page.goto(address)
    until(page, lambda: any(path.startswith("/Q/") for path in cached(page)))


def photos_kept(page: Page) -> int:
    found: int = page.evaluate("kept.all(document.getElementById('report').dataset.draft).then((all) => all.length)")
    return found
