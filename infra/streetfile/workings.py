"""The tables around the ladder's steps: departments, ways out, listed reasons, who approves, terms, supervision, follow-ups."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path

from chalicelib.street import (
    Approvals,
    Department,
    Exit,
    FollowUp,
    Label,
    Option,
    PropertyTerms,
    Reasons,
    Supervision,
    Terms,
    Zone,
)
from infra.streetfile import vocabulary as words
from infra.streetfile.reader import Table
from infra.streetfile.tables import no_twins

_DEFAULTS = Path(__file__).with_name("defaults.toml")
_EXIT_NAME_MAX = 20


def departments(tables: list[Table], zones: Sequence[Zone]) -> tuple[Department, ...]:
    found = []
    for table in tables:
        paired = table.texts("zones", [zone.id for zone in zones if zone.id])
        found.append(Department(id=table.id(), name=table.label("name", longest=words.NAME_MAX), zones=paired))
        table.done()
    no_twins(found, tables)
    return tuple(found)


def exits(tables: list[Table]) -> tuple[Exit, ...]:
    found = []
    for table in tables:
        document = table.choice("document", words.DOCUMENTS)
        found.append(Exit(id=table.id(), name=table.label("name", longest=_EXIT_NAME_MAX), document=document))
        table.done()
    no_twins(found, tables)
    return tuple(found)


def reasons(table: Table | None) -> Reasons:
    """The street's own lists; a list that it leaves out is the default one."""
    found = default_reasons()
    if table is None:
        return found
    own = {kind: _options(table.tables(kind)) for kind in words.REASONS if table.has(kind)}
    table.done()
    return Reasons(**{kind: own.get(kind) or found.named(kind) for kind in words.REASONS})


def default_reasons() -> Reasons:
    """The lists of `defaults.toml`."""
    raw = tomllib.loads(_DEFAULTS.read_text("utf-8"))
    return Reasons(
        **{
            kind: tuple(Option(entry["id"], Label(entry["name"]["zh"], entry["name"]["en"])) for entry in raw[kind])
            for kind in words.REASONS
        }
    )


def property_terms(table: Table | None) -> PropertyTerms:
    """The street's own list for the monthly check, or the usual one."""
    own: tuple[Option, ...] = ()
    if table is not None:
        own = _options(table.tables("check"))
        table.done()
    raw = tomllib.loads(_DEFAULTS.read_text("utf-8"))["check"]
    usual = tuple(Option(entry["id"], Label(entry["name"]["zh"], entry["name"]["en"])) for entry in raw)
    return PropertyTerms(check=own or usual)


def _options(tables: list[Table]) -> tuple[Option, ...]:
    found = []
    for table in tables:
        found.append(Option(table.id(), table.label("name", longest=words.NAME_MAX)))
        table.done()
    no_twins(found, tables)
    return tuple(found)


def approvals(table: Table | None) -> Approvals:
    if table is None:
        return Approvals()
    found = Approvals(**{kind: table.texts(kind, words.ROLES) for kind in words.APPROVALS})
    table.done()
    return found


def terms(table: Table | None) -> Terms:
    if table is None:
        return Terms()
    usual = Terms()
    found = Terms(
        refuse=table.duration("refuse", required=False) or usual.refuse,
        refusals=table.whole("refusals", 1, 9, usual.refusals),
        extension_wd=table.whole("extension_wd", 1, 60, usual.extension_wd),
        recurrence_days=table.whole("recurrence_days", 1, 365, usual.recurrence_days),
    )
    table.done()
    return found


def supervision(table: Table | None) -> Supervision:
    if table is None:
        return Supervision()
    found = Supervision(**{rule: table.whole(rule, 0, 99, 0) for rule in Supervision.__struct_fields__})
    table.done()
    return found


def follow_up(table: Table | None, working: Collection[str]) -> FollowUp:
    """`working` are the roles that work a rung: only they can be sent on a return visit."""
    if table is None:
        return FollowUp()
    visitors = table.texts("visitors", words.ROLES)
    for number, role in enumerate(visitors):
        if working and role not in working:
            table.problems.add(
                (*table.path, "visitors", number), "is a role that works no rung", f"use one of: {', '.join(sorted(working))}"
            )
    found = FollowUp(
        preliminary=table.flag("preliminary", False),
        visit=table.flag("visit", False),
        visitors=visitors,
        attempts=table.whole("attempts", 1, 9, 3),
        micro_grid=table.flag("micro_grid", False),
        reopen_once=table.flag("reopen_once", True),
        rate_days=table.whole("rate_days", 1, 365, 30),
        reply_wd=table.whole("reply_wd", 1, 30, 3),
    )
    table.done()
    return found
