"""Erasing who reported a case, on request: the number, the name, every word typed; the case's figures and steps stay.

The history is scrubbed and folded anew, so that state and events agree as they always do. Pictures go with their own retention
(the bucket's rule), messages that went out with theirs, backups after 35 days.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.events import Event, stamp
from chalicelib.casework.folds import fold
from chalicelib.errors import Conflict, FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.models import cases, registers
from chalicelib.models.registers import RegisterItem
from chalicelib.usecases.context import Context
from chalicelib.usecases.privacy import REASON_MAX
from chalicelib.usecases.register_work import bind

# What identifies the reporter, and what was typed freely, wherever it stands in an event.
_WHO = frozenset({"nickname", "phone_mask", "phone_mac", "last4_mac"})
_TYPED = frozenset({"text", "words", "note", "elsewhere", "result", "question", "remark"})


def erase_case(ctx: Context, actor: Actor, no: str, reason: str, attempt: str) -> cases.Stored:
    """Raises `Unknown("case")`, `Forbidden("not_yours")`, `NotAllowed("fields")` without a reason, `Conflict("busy")`."""
    if not any(grant == f"{role}@street" for role in rules.KEEPERS for grant in actor.grants):
        raise Forbidden("not_yours")
    if not reason.strip() or len(reason) > REASON_MAX:
        raise NotAllowed("fields", fields=[FieldError("reason", "required")])
    bound = bind(actor, attempt, "erase_case", {"no": no})
    for _ in range(cases.TRIES):
        stored = cases.get(no)
        if stored is None:
            raise Unknown("case")
        if any(event.attempt == bound for event in stored.events):
            return stored
        try:
            made = cases.write_all([_change(ctx, stored, actor, reason, bound)], bound, ctx.street)
        except cases.Stale:
            continue
        if stored.case.phone_mac:
            RegisterItem(f"P#{stored.case.phone_mac}", f"C#{no}").delete()
        return made
    raise Conflict("busy")


def _change(ctx: Context, stored: cases.Stored, actor: Actor, reason: str, attempt: str) -> cases.Change:
    old = [tuple(scrub(part)) for part in _archives(stored)]
    recent = tuple(scrub(stored.events))
    case = fold(stored.case.no, [event for part in old for event in part] + list(recent))
    scrubbed = msgspec.structs.replace(stored, case=case, events=recent, sealed=None)
    event = Event(
        seq=case.version + 1,
        type="erased",
        at=max(stamp(ctx.clock.civil()), case.updated_at),
        by=actor.id,
        attempt=attempt,
        data={"reason": reason, "who": actor.name, "internal": True},
    )
    rows = [
        cases.CaseItem(cases.key(case.no), f"A#{number:04d}", body=zlib.compress(msgspec.json.encode(part), 6))
        for number, part in enumerate(old, start=1)
    ]
    return cases.Change(scrubbed, [event], rows, ctx.place_of(case))


def _archives(stored: cases.Stored) -> list[list[Event]]:
    """The events that spilled, row by row."""
    if not stored.archived:
        return []
    rows = cases.CaseItem.query(cases.key(stored.case.no), cases.CaseItem.sk.startswith("A#"), consistent_read=True)
    return [msgspec.json.decode(zlib.decompress(row.body), type=list[Event]) for row in rows]


def scrub(events: Iterable[Event]) -> list[Event]:
    return [msgspec.structs.replace(event, data=_clean(event.data)) for event in events]


def _clean(value: Any) -> Any:
    """The same without what names the reporter, and with free words emptied; everything else as it is."""
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if name not in _WHO}
        return {name: "" if name in _TYPED and isinstance(part, str) else _clean(part) for name, part in kept.items()}
    return [_clean(part) for part in value] if isinstance(value, list) else value


def reported(macs: Iterable[str]) -> list[str]:
    """Numbers of the cases that came under these keyed hashes: has this phone reported before?"""
    return sorted({row.removeprefix("C#") for mac in macs for row in registers.found_by(mac) if row.startswith("C#")})
