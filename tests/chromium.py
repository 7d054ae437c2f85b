"""The browser that the tests drive: found, or fetched by `make test` (`python -m tests.chromium --get`).

On Debian as root the distribution's own, with a Chinese font, so that pictures of pages show what residents see; otherwise
Playwright's
download. Tests that need a browser fail, and say so in the last lines, where none can be had: they are never skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium", "fonts-wqy-microhei")
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# Every name but this machine's resolves to nothing.
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",)
MISSING = (
    "no Chromium: install it (on Debian `apt-get install chromium`), or let `python -m playwright install chromium` fetch one; "
    "every test marked `browser` needs it"
)


class NoBrowser(Exception):
    """There is none and none could be had."""


def find() -> str:
    """The path of an executable Chromium. Raises `NoBrowser`."""
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    downloaded = _playwrights_own()
    if downloaded:
        return downloaded
    raise NoBrowser(MISSING)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def get() -> str | None:
    """Finds one or fetches one; None, with the reason on standard error, when neither works."""
    try:
        return find()
    except NoBrowser:
        pass
    if _is_debian_root():
        say(f"tests: installing {' and '.join(PACKAGES)} with apt-get")
        run("apt-get", "update", "-qq")
        if run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES):
            return find()
    say("tests: fetching Chromium with Playwright")
    run(sys.executable, "-m", "playwright", "install", "chromium")
    try:
        return find()
    except NoBrowser as reason:
        say(f"tests: COULD NOT GET A BROWSER: {reason}")
        return None


def _is_debian_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def run(*command: str) -> bool:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode == 0


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    found = get()
    if "--get" not in sys.argv and found is None:
        sys.exit(1)
    if found:
        sys.stdout.write(f"tests: browser {found}\n")
