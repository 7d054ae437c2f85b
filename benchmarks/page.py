"""The form's first view on the wire: everything that comes before "send" works, compressed, with the headers of the answer."""

from __future__ import annotations

import gzip
from pathlib import Path

from benchmarks import emulated
from benchmarks.row import Row
from chalicelib.web.i18n import LANGUAGES
from tests.client import Page

LIMIT = 14 * 1024
# What the gateway adds to each answer, in the lengths it has there.
GATEWAY = {
    "Date": "Wed, 18 Nov 2026 02:00:00 GMT",
    "Content-Length": "12345",
    "Connection": "keep-alive",
    "Content-Encoding": "gzip",
    "x-amzn-RequestId": "00000000-0000-0000-0000-000000000000",
    "x-amz-apigw-id": "AAAAAAAAAAAAAAA=",
    "X-Amzn-Trace-Id": "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0;Lineage=1:00000000:0",
}


def row(source: Path) -> Row:
    """Of the street in that file, in its heavier language. Nothing else is needed: scripts are deferred, the style is inline."""
    with emulated.street(source) as world:
        code = world.code()
        pages = [world.client(lang=language).get(f"/Q/{code}") for language in LANGUAGES]
    return Row("form page, first view", max(map(weight, pages)) / 1024, LIMIT / 1024, 1, unit="KiB", key="page")


def weight(page: Page) -> int:
    """Bytes of the answer as sent. Raises `RuntimeError` when the page needs more than itself."""
    if page.status != 200 or "<style>" not in page.text or any(mark in page.text for mark in ('rel="stylesheet"', "@import")):
        raise RuntimeError(f"{page.path} is not the form, or no longer one answer")
    if page.text.count("<script") != page.text.count("defer"):
        raise RuntimeError(f"{page.path} waits for a script")
    headers = [*page.headers, *GATEWAY.items()]
    head = len("HTTP/1.1 200 OK\r\n") + sum(len(f"{name}: {value}\r\n".encode()) for name, value in headers) + 2
    return head + len(gzip.compress(page.body, 6))
