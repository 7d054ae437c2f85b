"""For the city's base register (一标三实): addresses, people, houses and units, as changed since the last time.

Four tables in one archive, with masks: the pages' role can open nothing, so no export of it can hold more (`register_full` has
the one with whole numbers, in a function of its own). Who exports, why, and from when to when is on record before the file is
written, and that record is where the next export begins.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from chalicelib.casework import personal
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.events import stamp
from chalicelib.errors import FieldError, Forbidden, NotAllowed
from chalicelib.models import registers, shapes
from chalicelib.models.base import code_of
from chalicelib.models.registers import RegisterItem
from chalicelib.ports import Lists
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_tables import Words, archive, read_all
from chalicelib.usecases.register_work import bind

REASON_MAX = 200
LATEST = 20
A_DAY = 86_400
# The index of changes lags by moments: what is younger than this belongs to the next export.
SETTLED = timedelta(minutes=1)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asked for the link to a part of an export with whole numbers."""

    who: str
    by: str
    part: int
    at: str


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One export as it is on record. `since` is empty for a whole one; `key` is the file of one with masks.

    `id` names it, `state` is asked, running or done. `full` has whole numbers: `parts` are the files that are there, `cursor` is
    the last registration in them, `closed` counts values that the vault no longer opens.
    """

    committee: str
    by: str
    who: str
    reason: str
    since: str
    until: str
    count: int
    at: str
    key: str = ""
    id: str = ""
    full: bool = False
    state: str = "done"
    parts: int = 0
    cursor: str = ""
    closed: int = 0
    taken: tuple[Taken, ...] = ()


def exports(ctx: Context, actor: Actor) -> list[Export]:
    """What has been exported of the actor's committees, the latest first."""
    found: list[Export] = []
    for committee in rules.committees_of(actor, rules.EXPORTERS, ctx.street):
        found += latest(committee)
    newest = sorted(found, key=lambda one: one.at, reverse=True)[:LATEST]
    return [msgspec.structs.replace(one, taken=taken(one)) if one.full else one for one in newest]


def latest(committee: str) -> list[Export]:
    rows = RegisterItem.query(f"X#{committee}", scan_index_forward=False, limit=LATEST, consistent_read=True)
    return list(shapes.each(rows, lambda row: shapes.decode(row.card, Export)))


def taken(export: Export) -> tuple[Taken, ...]:
    rows = RegisterItem.query(f"XT#{export.id}", consistent_read=True)
    return tuple(shapes.each(rows, lambda row: shapes.decode(row.card, Taken)))


def may_export(ctx: Context, actor: Actor, committee: str, *, full: bool = False) -> None:
    """Raises `Forbidden("not_yours")`."""
    roles = rules.OPENERS if full else rules.EXPORTERS
    if not rules.holds(actor, roles, committee, ctx.street) or committee not in ctx.street.committee_by_id:
        raise Forbidden("not_yours")


def begin(ctx: Context, actor: Actor, committee: str, reason: str, attempt: str, *, whole: bool, full: bool) -> Export:
    """Puts an export on record; the same form sent again is the same one.

    Raises `Forbidden("not_yours")` and `NotAllowed("fields")` without a reason.
    """
    may_export(ctx, actor, committee, full=full)
    said = personal.hide(" ".join(reason.split()))
    if not said or len(said) > REASON_MAX:
        raise NotAllowed("fields", fields=[FieldError("reason", "required")])
    bound = bind(actor, attempt, "export", {"committee": committee, "reason": said, "whole": whole, "full": full})
    before = latest(committee)
    again = next((one for one in before if one.id.endswith(f"#{bound}")), None)
    if again is not None:
        return again
    since = "" if whole else next((one.until for one in before if one.full == full and one.state == "done"), "")
    now = ctx.clock.civil()
    made = Export(
        committee=committee,
        by=actor.id,
        who=actor.name,
        reason=said,
        since=since,
        until=max(stamp(now - SETTLED), since),
        count=0,
        at=stamp(now),
        id=f"{stamp(now)}#{bound}",
        full=full,
        state="asked",
    )
    rows = registers.changed(committee, made.since, made.until)
    made = msgspec.structs.replace(made, count=len(rows))
    if not full:
        mac = ctx.keys.mac("export", committee, made.at, said).hex()[:24]
        made = msgspec.structs.replace(made, key=f"export/{committee}/{made.at[:10]}-{mac}.zip")
    keep(ctx, made, fresh=True)
    return made


def keep(ctx: Context, made: Export, *, fresh: bool = False) -> None:
    """Writes the record. A fresh one never takes another's place; the same one again is no fault."""
    ttl = int(ctx.clock.wall().timestamp()) + ctx.street.retention.log_days * A_DAY
    row = RegisterItem(f"X#{made.committee}", made.id, card=shapes.encode(made), ttl=ttl)
    try:
        row.save(condition=RegisterItem.pk.does_not_exist() if fresh else None)
    except Exception as error:
        if not fresh or code_of(error) != "ConditionalCheckFailedException":
            raise


def export(
    ctx: Context, lists: Lists, words: Words, actor: Actor, committee: str, reason: str, attempt: str, *, whole: bool
) -> Export:
    """Writes one with masks. Raises like `begin`."""
    # On record first: a file without its record must not be. A record without its file shows an attempt, and the next export
    # does not begin where that one was to end.
    made = begin(ctx, actor, committee, reason, attempt, whole=whole, full=False)
    found = read_all([row.no for row in registers.changed(committee, made.since, made.until)])
    lists.put(made.key, archive(ctx, words, found), "application/zip")
    if made.state != "done":
        made = msgspec.structs.replace(made, state="done")
        keep(ctx, made)
    return made
