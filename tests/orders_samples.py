"""The pages of uploaded lists with made-up imports on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.models.orders import ImportRow
from chalicelib.ports import UploadGrant
from chalicelib.street import Street
from chalicelib.web import pages_orders
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer

GRANT = UploadGrant("https://photos.example/", {"key": "imports/20261118020000-AAAA", "Content-Type": "text/csv"})


def row(state: str, words: str = "", **known: Any) -> ImportRow:
    at = "2026-11-18T02:00:00.000Z"
    return ImportRow(
        "IMPORTS", f"20261118020000-{state}", source="hotline_12345", who=f"调度员{words}", at=at, state=state, **known
    )


def samples(look: Look, street: Street, me: Viewer, words: str) -> dict[str, Callable[[], str]]:
    """Name → the page's HTML."""
    half = row("running", words, done=300, total=1000, made=280, same=10, added=5, bad=5)
    done = row("done", words, done=1000, total=1000, made=900, same=60, added=20, bad=20)
    wrong = row("refused", words, why="heading", where=words or "编号, 内容")
    return {
        "orders": lambda: pages_orders.listing(look, street, me, [half, done, wrong]),
        "orders, none": lambda: pages_orders.listing(look, street, me, []),
        "orders, file awaited": lambda: pages_orders.one(look, street, me, row("waiting", words), GRANT),
        "orders, file there": lambda: pages_orders.one(look, street, me, row("waiting", words), GRANT, arrived=True),
        "orders, running": lambda: pages_orders.one(look, street, me, half),
        "orders, done": lambda: pages_orders.one(look, street, me, done, report="https://photos.example/report"),
        "orders, refused": lambda: pages_orders.one(look, street, me, wrong, report="https://photos.example/report"),
    }
