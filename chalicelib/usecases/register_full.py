"""The base register with whole ID numbers, phones and names, for those who may export: asked for, made in parts, taken.

It runs in the function `export`, the only one that may write and sign what lies under `full/`, and trusts nobody: session, role
and scope are looked at at every step. Asking puts the reason on record; if that fails nothing is opened. Making goes on in the
background, part by part with the last registration on record, so that whatever stops it, the next call goes on from there.
Every link to a part is on record before it is given out. The bucket deletes the files a day later.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from chalicelib.casework.access import Actor
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.register import Register
from chalicelib.casework.register_card import Row
from chalicelib.errors import DoorstepError, Unknown
from chalicelib.models import registers, shapes
from chalicelib.models.registers import RegisterItem
from chalicelib.ports import Lists, VaultClosed
from chalicelib.usecases import signin
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_export import A_DAY, Export, Taken, begin, keep, may_export
from chalicelib.usecases.register_submit import record_name
from chalicelib.usecases.register_tables import Words, archive, read_all

# Registrations in a file. One takes about 25 ms (a query and a Decrypt), so that a part takes seconds.
PART = 250
# A part is not begun with less time than this.
MARGIN_S = 60.0
# How long links are given out; the bucket's rule deletes the files at about the same time.
KEPT = timedelta(hours=24)


class Unfinished(Exception):
    """The time ran out. Raised through the function, so that AWS calls it again; what is done stays done."""


def handle(
    ctx: Context, lists: Lists, words: Words, event: Mapping[str, str], seconds_left: Callable[[], float]
) -> dict[str, str]:
    """`{do: ask, session, committee, reason, whole, attempt}` → `{id}`; `{do: make, session, committee, id}` → `{state}`;
    `{do: link, session, committee, id, part}` → `{url}`; or `{error, reason}`. Raises `Unfinished`.
    """
    try:
        actor = signin.session(ctx, event["session"]).actor
        committee = event.get("committee", "")
        may_export(ctx, actor, committee, full=True)
        if event.get("do") == "ask":
            asked = begin(
                ctx,
                actor,
                committee,
                event.get("reason", ""),
                event.get("attempt", ""),
                whole=bool(event.get("whole")),
                full=True,
            )
            return {"id": asked.id}
        export = _standing(ctx, committee, event.get("id", ""))
        if event.get("do") == "link":
            return {"url": _link(ctx, lists, actor, export, event.get("part", ""))}
        return {"state": _make(ctx, lists, words, actor, export, seconds_left).state}
    except DoorstepError as error:
        return {"error": type(error).__name__, "reason": error.reason}


def fresh(export: Export, now: datetime) -> bool:
    return now - parse(export.at) < KEPT


def _standing(ctx: Context, committee: str, export_id: str) -> Export:
    """Raises `Unknown("export")` for one that was never put on record, or too long ago."""
    row = registers.item(f"X#{committee}", export_id) if export_id else None
    found = shapes.decode(row.card, Export) if row is not None and row.card else None
    if found is None or not found.full or not fresh(found, ctx.clock.civil()):
        raise Unknown("export")
    return found


def _make(ctx: Context, lists: Lists, words: Words, actor: Actor, export: Export, seconds_left: Callable[[], float]) -> Export:
    """The parts that are missing. Only who asked goes on with it."""
    if actor.id != export.by:
        raise Unknown("export")
    rows = sorted(registers.changed(export.committee, export.since, export.until), key=_place)
    rest = [row for row in rows if _place(row) > export.cursor]
    for start in range(0, len(rest), PART):
        if seconds_left() < MARGIN_S:
            raise Unfinished(f"{export.parts} parts are made")
        export = _part(ctx, lists, words, export, rest[start : start + PART])
        keep(ctx, export)
    if export.state != "done":
        export = msgspec.structs.replace(export, state="done")
        keep(ctx, export)
    return export


def _place(row: Row) -> str:
    """Where a registration stands in the order of the parts. One that changes meanwhile leaves it for the next export."""
    return f"{row.updated_at}|{row.no}"


def _part(ctx: Context, lists: Lists, words: Words, export: Export, rows: list[Row]) -> Export:
    found = read_all([row.no for row in rows])
    opened: dict[tuple[str, str], dict[str, str]] = {}
    closed = 0
    for register in found:
        values, lost = _opened(ctx, register)
        opened |= values
        closed += lost
    part = export.parts + 1
    lists.put(_key(export, part), archive(ctx, words, found, opened), "application/zip")
    return msgspec.structs.replace(export, state="running", parts=part, cursor=_place(rows[-1]), closed=export.closed + closed)


def _opened(ctx: Context, register: Register) -> tuple[dict[tuple[str, str], dict[str, str]], int]:
    """What those who are in the registration gave, and how much of it can't be opened. Who has left stays a mask."""
    if register.state in {"ended", "erased"}:
        return {}, 0
    people = [person for person in register.people if not person.gone and not person.erased]
    wanted = {version for person in people for version in person.sealed.values()}
    sealed = registers.envelopes(register.no) if wanted else {}
    boxes: dict[int, dict[str, str]] = {}
    for version in wanted & set(sealed):
        try:
            boxes[version] = ctx.vault.open(record_name(register.no, version), sealed[version])
        except VaultClosed:
            # Erased or damaged: its mask stands in the list, and the count tells of it.
            continue
    found: dict[tuple[str, str], dict[str, str]] = {}
    lost = 0
    for person in people:
        values = {name: boxes.get(version, {}).get(f"{person.key}.{name}") for name, version in person.sealed.items()}
        found[register.no, person.key] = {name: value for name, value in values.items() if value is not None}
        lost += sum(value is None for value in values.values())
    return found, lost


def _key(export: Export, part: int) -> str:
    return f"{export.committee}/{export.id.rpartition('#')[2]}/{part:03d}.zip"


def _link(ctx: Context, lists: Lists, actor: Actor, export: Export, part: str) -> str:
    """On record first, then signed for minutes. Raises `Unknown("export")` for a part that is not there."""
    # Python refuses to read thousands of digits.
    if not part.isascii() or not part.isdigit() or len(part) > 6 or not 1 <= int(part) <= export.parts:
        raise Unknown("export")
    at = stamp(ctx.clock.civil())
    got = Taken(who=actor.name, by=actor.id, part=int(part), at=at)
    ttl = int(ctx.clock.wall().timestamp()) + ctx.street.retention.log_days * A_DAY
    row = f"{at}#{secrets.token_hex(4)}"
    RegisterItem(f"XT#{export.id}", row, card=shapes.encode(got), ttl=ttl).save()
    return lists.url(_key(export, int(part)), f"register-full-{export.committee}-{export.at[:10]}-{int(part):03d}.zip")
