"""How a reader wants a page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """`root` is the stage prefix ("" or "/V1"), `path` this page's own path and query."""

    lang: str
    large: bool
    root: str
    path: str
