"""Lists of other systems' orders at the desk: sending one up, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.casework.orders import SOURCES
from chalicelib.ports import UploadGrant
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.present_offices import grant_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

DESK = ("tokens", "desk")
COUNTS = ("made", "same", "added", "bad")
STATES = ("waiting", "running", "done", "refused")
WHY = ("empty", "heading", "heading_twice", "utf16", "workbook")


class Import(Protocol):
    """An import as stored."""

    @property
    def sk(self) -> str: ...
    @property
    def source(self) -> str | None: ...
    @property
    def who(self) -> str | None: ...
    @property
    def at(self) -> str | None: ...
    @property
    def state(self) -> str | None: ...
    @property
    def why(self) -> str | None: ...
    @property
    def where(self) -> str | None: ...


@dataclass(frozen=True)
class Line:
    id: str
    title: str
    state: str
    meta: str
    counts: tuple[tuple[str, int], ...]


def _line(street: Street, row: Import, lang: str) -> Line:
    at = dates.local(row.at or "", street.tz).strftime("%Y-%m-%d %H:%M")
    done, total = int(getattr(row, "done", 0) or 0), int(getattr(row, "total", 0) or 0)
    state = row.state if row.state in STATES else "waiting"
    return Line(
        id=row.sk,
        title=t(lang, f"channel.{row.source}"),
        state=t(lang, f"desk.orders.state.{state}", done=done, total=total),
        meta=f"{at} · {row.who or ''}",
        counts=tuple((t(lang, f"desk.orders.count.{name}"), int(getattr(row, name, 0) or 0)) for name in COUNTS),
    )


def _page(look: Look, street: Street, me: Viewer, **view: object) -> str:
    lang = look.lang
    return render(
        "orders.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "desk.orders.title")),
        me=me,
        grants=[grant_name(street, grant, lang) for grant in me.grants],
        here="orders",
        total="",
        **{"line": None, "lines": [], "sources": [], "grant": None, "arrived": False, "report": "", "refused": "", **view},
    )


def listing(look: Look, street: Street, me: Viewer, rows: Sequence[Import]) -> str:
    """Which source to send from, and what was sent lately."""
    sources = [(source, t(look.lang, f"channel.{source}")) for source in SOURCES]
    return _page(look, street, me, sources=sources, lines=[_line(street, row, look.lang) for row in rows])


def one(
    look: Look,
    street: Street,
    me: Viewer,
    row: Import,
    grant: UploadGrant | None = None,
    *,
    arrived: bool = False,
    report: str = "",
) -> str:
    """One import: `grant` while its file is awaited, `arrived` once the browser has sent it, `report` when it is over."""
    lang = look.lang
    why = row.why if row.why in WHY else "heading"
    refused = t(lang, f"desk.orders.why.{why}", where=row.where or "—") if row.state == "refused" else ""
    page = replace(look, path=f"/desk/orders/{row.sk}")
    view = {"state": row.state, "report": report, "refused": refused, "arrived": arrived}
    return _page(page, street, me, line=_line(street, row, lang), grant=None if arrived else grant, **view)
