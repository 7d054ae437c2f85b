"""The base register's exports at the desk: with masks, or with whole numbers by links that are put on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.casework.register_rules import OPENERS
from chalicelib.errors import DoorstepError
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web import present_register as present
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.pages_register_desk import desk_page
from chalicelib.web.views import Viewer

HEADS = ("at", "numbers", "committee", "who", "reason", "since", "count")


@dataclass(frozen=True)
class ExportRow:
    """One export. `url` is the file with masks. With whole numbers: `parts` files are there while `fresh`, `state` is asked,
    running or done, `taken` says who got a link to which part and when; `mine` may go on with what was left unfinished.
    """

    id: str
    committee: str
    name: str
    at: str
    who: str
    reason: str
    since: str
    count: int
    full: bool = False
    url: str = ""
    parts: int = 0
    state: str = "done"
    closed: int = 0
    fresh: bool = False
    mine: bool = False
    taken: tuple[tuple[str, str, int], ...] = ()


def exports(
    look: Look,
    street: Street,
    me: Viewer,
    rows: Sequence[ExportRow],
    committees: Sequence[tuple[str, str]],
    values: Mapping[str, str],
    error: DoorstepError | None = None,
    link: tuple[str, int, str] | None = None,
) -> str:
    """`link` is (export, part, address), shown once."""
    lang = look.lang
    return desk_page(
        replace(look, path="/desk/exports"),
        street,
        me,
        "register_exports.html",
        t(lang, "desk.register.tab.exports"),
        heads=[t(lang, f"desk.register.export.{name}") for name in HEADS],
        rows=[
            {
                "export": row,
                "at": _minute(street, row.at),
                "since": row.since[:10] or "—",
                "taken": [_taken(street, lang, one) for one in row.taken],
            }
            for row in rows
        ],
        empty=t(lang, "desk.register.export.none"),
        committees=committees,
        values={"committee": "", "reason": "", "whole": "", "numbers": "masks"} | dict(values),
        problem=present.problem(lang, "rental", error),
        link=link or ("", 0, ""),
        may_open=any(grant.partition("@")[0] in OPENERS for grant in me.grants),
    )


def _minute(street: Street, instant: str) -> str:
    return dates.local(instant, street.tz).strftime("%Y-%m-%d %H:%M")


def _taken(street: Street, lang: str, one: tuple[str, str, int]) -> str:
    at, who, part = one
    return t(lang, "desk.register.full.taken", at=_minute(street, at), who=who, part=part)
