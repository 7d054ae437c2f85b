"""Walking through every room that links lead to, in a real browser, listening to its console and to what it asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import Error

from tests.browser_checks import watched

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

# What a page's address is made of besides its kind: case numbers, codes, ids of places, links, signed addresses.
_VARIABLE = re.compile(r"/(?:[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]|[IRP][0-9A-Z]{20}|[0-9A-Z]{6})(?=/|$)|/t/[^/]+")
EACH = 1
MOST = 60


def kind_of(url: str) -> str:
    """The page's kind: its path without what varies, and the names of its parameters."""
    parts = urlsplit(url)
    names = sorted(pair.split("=")[0] for pair in parts.query.split("&") if pair)
    shown = [pair for pair in parts.query.split("&") if pair.startswith("show=")]
    return "?".join([_VARIABLE.sub("/*", parts.path), *shown, *names])


def crawl(context: BrowserContext, starts: list[str], own: str, bucket: str) -> tuple[set[str], list[str]]:
    """Follows links from `starts` inside `own`, one page of each kind: the kinds seen, and everything that was wrong."""
    page = context.new_page()
    wrong: list[str] = []
    watched(page, wrong, (own + "/", bucket + "/"))
    seen: dict[str, int] = {}
    waiting, done = list(starts), set(starts)
    while waiting and len(done) < 50 * MOST:
        url = waiting.pop(0)
        kind = kind_of(url)
        if seen.get(kind, 0) >= EACH or sum(seen.values()) >= MOST:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        before = len(wrong)
        try:
            answer = page.goto(url)
        except Error as error:
            # A file is no page: the browser says so instead of showing one.
            if "Download is starting" in error.message:
                continue
            raise
        if answer is None or answer.status >= 400:
            wrong.append(f"answered {answer.status if answer else 'nothing'}")
        wrong[before:] = [f"{kind}: {one}" for one in wrong[before:]]
        for link in page.eval_on_selector_all("a[href]", "all => all.map((one) => one.href)"):
            address = link.split("#")[0]
            if address.startswith(own + "/") and address not in done:
                done.add(address)
                waiting.append(address)
    page.close()
    return set(seen), wrong
