"""Offers of help as residents make them (`volunteers.toml`), each at its own past instant."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.street import Committee
from chalicelib.usecases import volunteers
from chalicelib.usecases.context import Context

At = Callable[[datetime], Context]

FILE = Path(__file__).with_name("volunteers.toml")


def offer(at: At, now: datetime, key_of: Callable[[str], str], home: Committee, away: Committee) -> int:
    """How many there are. Made under keys of their own: a second start finds them. `at` is the context at an instant."""
    offers = tomllib.loads(FILE.read_text("utf-8"))["offers"]
    for number, entry in enumerate(offers, start=1):
        ctx = at(now - timedelta(hours=entry["ago"]))
        typed = {name: entry.get(name, "") for name in ("other", "nickname", "phone")}
        typed |= {"committee": (away if entry.get("at") == "away" else home).id, "agree": ctx.street.notice_version}
        volunteers.offer(ctx, key_of(f"demo:volunteer:{number}"), typed, entry["skills"], entry["hours"])
    return len(offers)
