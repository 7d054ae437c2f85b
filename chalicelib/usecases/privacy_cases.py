"""Erasing who reported a case, on request: the number, the name, every word typed, the photos; the case's figures and steps stay.

One write scrubs the history, folds it anew (so that state and events agree as they always do), takes the person's hash out of the
cases that this one was merged into, and notes what is left to do: photos, messages, the row that finds the person. The first part
of that is done at once; the function `tidy` finishes it, whatever happened in between, and looks again two hours later for an
upload that was under way. Backups keep what they held for up to 35 days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from chalicelib.casework import personal
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import REPORTER, Actor
from chalicelib.casework.events import Event, parse, stamp
from chalicelib.casework.folds import fold
from chalicelib.errors import Conflict, FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.models import cases, faq, outbox, photos, registers, shapes
from chalicelib.models.outbox import OutboxRow
from chalicelib.models.registers import RegisterItem
from chalicelib.models.store import ARCHIVE, archive_key, pack, read_events
from chalicelib.ports import PhotoFiles, VaultClosed
from chalicelib.usecases.context import Context
from chalicelib.usecases.privacy import REASON_MAX
from chalicelib.usecases.register_work import bind

# What identifies the reporter, and what was typed freely, wherever it stands in an event.
_WHO = frozenset({"nickname", "phone_mask", "last4_mac"})
_TYPED = frozenset({"text", "words", "note", "elsewhere", "result", "question", "remark", "sentence"})
# Chosen from a list or typed; a resident's own words come back as the reason why a case was opened again.
_REASONS = frozenset({"reason", "basis", "demands"})
_LISTED = re.compile(r"[a-z][a-z0-9_]*")
# What a reporter types, by its name in their events; they choose from no list of reasons.
_WORDS = frozenset({"text", "words", "reason", "note", "elsewhere", "remark"})
# Cases above one another by merging; more than anybody merges.
CHAIN = 20
# An upload that was granted before may arrive so long afterwards.
AGAIN = timedelta(hours=2)
_TODO = "TIDY"

Clean = Callable[[Any], Any]


class Todo(msgspec.Struct, frozen=True):
    """What is left of a case that was erased at `at` (wall time): photos under `ref`, rows and messages under the hash `mac`."""

    no: str
    ref: str
    mac: str
    at: str


def erase_case(ctx: Context, actor: Actor, no: str, reason: str, attempt: str) -> cases.Stored:
    """Raises `Unknown("case")`, `Forbidden("not_yours")`, `NotAllowed("fields")` without a reason, `Conflict("busy")`."""
    may_keep(actor)
    if not reason.strip() or len(reason) > REASON_MAX:
        raise NotAllowed("fields", fields=[FieldError("reason", "required")])
    bound = bind(actor, attempt, "erase_case", {"no": no})
    for _ in range(cases.TRIES):
        stored = cases.get(no)
        if stored is None:
            raise Unknown("case")
        if stored.has(bound):
            made = stored
        else:
            try:
                made = cases.write_all(_changes(ctx, stored, actor, reason, bound), bound, ctx.street)
            except cases.Stale:
                continue
        for todo in todos():
            if todo.no == no:
                clear_rows(ctx, todo)
        return made
    raise Conflict("busy")


def may_keep(actor: Actor) -> None:
    """Raises `Forbidden("not_yours")` unless the actor answers for people's rights in the whole street."""
    if not any(grant == f"{role}@street" for role in rules.KEEPERS for grant in actor.grants):
        raise Forbidden("not_yours")


def _changes(ctx: Context, stored: cases.Stored, actor: Actor, reason: str, bound: str) -> list[cases.Change]:
    """The case itself first, then those that it was merged into."""
    case, now = stored.case, ctx.clock.civil()
    todo = Todo(case.no, case.photo_ref, case.phone_mac, stamp(ctx.clock.wall()))
    noted = cases.CaseItem(_TODO, case.no, card=shapes.encode(todo))
    said = {"reason": personal.hide(reason), "who": actor.name, "internal": True}

    def erased(part: cases.Stored, data: dict[str, Any]) -> Event:
        at = max(stamp(now), part.case.updated_at)
        return Event(seq=part.case.version + 1, type="erased", at=at, by=actor.id, attempt=bound, data=data)

    own, rows = _rewritten(stored, lambda value: clean(value, case.phone_mac))
    changes = [
        cases.Change(msgspec.structs.replace(own, sealed=None), [erased(stored, said)], [*rows, noted], ctx.place_of(case))
    ]
    for above in _above(stored) if case.phone_mac or case.external else ():
        kept, rows = _rewritten(above, lambda value: _without(value, case.no))
        changes.append(cases.Change(kept, [erased(above, {**said, "no": case.no})], rows, ctx.place_of(above.case)))
    return changes


def _above(stored: cases.Stored) -> list[cases.Stored]:
    """The cases that this one was ever merged into, one after another: each keeps the hash of everybody below it, and goes on
    keeping it when the case below is opened again.
    """
    found: list[cases.Stored] = []
    seen, waiting = {stored.case.no}, _merged_into(stored)
    while waiting and len(found) < CHAIN:
        into = waiting.pop(0)
        above = cases.get(into) if into not in seen else None
        seen.add(into)
        if above is not None:
            found.append(above)
            waiting += _merged_into(above)
    return found


def _merged_into(stored: cases.Stored) -> list[str]:
    events = [*(event for part in _archives(stored) for event in part), *stored.events]
    return [event.data["into"] for event in events if event.data.get("into")]


def _rewritten(stored: cases.Stored, clean: Clean) -> tuple[cases.Stored, list[cases.CaseItem]]:
    """The case with every event cleaned and folded anew, and its archive rows."""
    old = [scrub(part, clean) for part in _archives(stored)]
    recent = tuple(scrub(stored.events, clean))
    case = fold(stored.case.no, [event for part in old for event in part] + list(recent))
    key = cases.key(case.no)
    rows = [cases.CaseItem(key, archive_key(number), body=pack(part)) for number, part in enumerate(old, start=1)]
    return msgspec.structs.replace(stored, case=case, events=recent), rows


def _archives(stored: cases.Stored) -> list[list[Event]]:
    """The events that spilled, row by row."""
    if not stored.archived:
        return []
    rows = cases.CaseItem.query(cases.key(stored.case.no), cases.CaseItem.sk.startswith(ARCHIVE), consistent_read=True)
    return [read_events(row.body) for row in rows]


def scrub(events: Iterable[Event], clean: Clean) -> list[Event]:
    return [msgspec.structs.replace(event, data=clean(event.data)) for event in events]


def clean(value: Any, mac: str) -> Any:
    """The same without what names the reporter, and with free words emptied. Hashes of other people, who are answered with this
    case, stay.
    """
    if isinstance(value, dict):
        kept = {name: part for name, part in _without_own(value, mac).items() if name not in _WHO}
        return {name: _emptied(name, part) if isinstance(part, str) else clean(part, mac) for name, part in kept.items()}
    return [clean(part, mac) for part in value] if isinstance(value, list) else value


def _emptied(name: str, value: str) -> str:
    """Nothing of what was typed; a reason chosen from a list is an identifier, and stays."""
    return "" if name in _TYPED or (name in _REASONS and not _LISTED.fullmatch(value)) else value


def _without(value: Any, no: str) -> Any:
    """The same without the hash of that case's reporter and what an order said after it was merged, and nothing else changed. The
    same person's own cases keep theirs: they are erased by their own numbers.
    """
    if isinstance(value, dict):
        mine = value.get("no") == no
        kept = {name: "" if mine and name == "text" else part for name, part in value.items() if not mine or name != "phone_mac"}
        return {name: _without(part, no) for name, part in kept.items()}
    return [_without(part, no) for part in value] if isinstance(value, list) else value


def _without_own(value: dict[str, Any], mac: str) -> dict[str, Any]:
    return {name: part for name, part in value.items() if name != "phone_mac" or part != mac}


def todos() -> list[Todo]:
    """What is left of erased cases, read consistently."""
    rows = cases.CaseItem.query(_TODO, consistent_read=True)
    return list(shapes.each(rows, lambda row: shapes.decode(row.card, Todo)))


def clear_rows(ctx: Context, todo: Todo) -> None:
    """What finds the person, shows the photos or tells everybody what the case was answered. May be repeated."""
    faq.forget_case(ctx.street.id, todo.no)
    if todo.mac:
        RegisterItem(f"P#{todo.mac}", f"C#{todo.no}").delete()
    for row in photos.rows(todo.ref) if todo.ref else ():
        row.delete()


def finish(ctx: Context, todo: Todo, files: PhotoFiles) -> bool:
    """Everything that is left. True when that was the last look; until then the note stays. May be repeated."""
    clear_rows(ctx, todo)
    if todo.mac:
        to = outbox.recipient_key(ctx.keys.mac("recipient", todo.mac))
        # Sent ones too: they hold a mask. Those not sent yet can't be any more, their number is gone.
        for row in OutboxRow.query(to, OutboxRow.sk.startswith(f"{todo.no}#"), consistent_read=True):
            row.delete()
    if todo.ref:
        for prefix in (f"ready/{todo.ref}/", f"incoming/{todo.ref}/"):
            for key, _ in files.listed(prefix, "", 100):
                files.delete(key)
    if ctx.clock.wall() - parse(todo.at) < AGAIN:
        return False
    cases.CaseItem(_TODO, todo.no).delete()
    return True


def hand_out(ctx: Context, actor: Actor, macs: Sequence[str], reason: str, attempt: str) -> list[dict[str, str]]:
    """What is kept of the reporter of these numbers' cases, for that person; each case logs it before it is opened. `photos` are
    `<ref>/<slot>`, a space between: whoever shows the record signs their links, the function that makes it may not read them.
    """
    found = []
    for no in reported(macs):
        stored = _logged(ctx, actor, no, reason, attempt)
        if stored is None or stored.case.phone_mac not in macs:
            # Erased meanwhile.
            continue
        case = stored.case
        events = [*(event for part in _archives(stored) for event in part), *stored.events]
        own = (event for event in events if event.by == REPORTER and not event.data.get("internal"))
        said = [words for event in own for words in _said(event.data)]
        told = {"no": no, "kind": case.kind, "place": case.place, "state": case.state, "created_at": case.received_at}
        try:
            phone = ctx.vault.open(f"case:{no}", stored.sealed).get("phone", "") if stored.sealed else ""
        except VaultClosed:
            phone = ""
        text = "\n".join(dict.fromkeys(words for words in (case.text, *said) if words != case.elsewhere))
        pictures = " ".join(f"{case.photo_ref}/{slot}" for slot in _own_photos(ctx, stored))
        told |= {"name": case.nickname, "phone": phone, "text": text, "elsewhere": case.elsewhere, "photos": pictures}
        found.append(told)
    return found


def _said(value: Any) -> list[str]:
    """Everything that was typed, wherever it stands in what the reporter did."""
    if isinstance(value, dict):
        own = [part for name, part in value.items() if name in _WORDS and isinstance(part, str) and part]
        return own + [words for part in value.values() for words in _said(part)]
    return [words for part in value for words in _said(part)] if isinstance(value, list | tuple) else []


def _own_photos(ctx: Context, stored: cases.Stored) -> list[int]:
    """The places of the reporter's photos that can be shown."""
    rows = photos.list_photos(stored.case.photo_ref, ctx.clock.wall()) if stored.case.photo_ref else []
    return [row.slot for row in rows if row.status == "ready" and row.by in {None, "", REPORTER}]


def _logged(ctx: Context, actor: Actor, no: str, reason: str, attempt: str) -> cases.Stored | None:
    bound = bind(actor, attempt, "hand_out_case", {"no": no, "reason": reason})
    for _ in range(cases.TRIES):
        stored = cases.get(no)
        if stored is None or stored.has(bound):
            return stored
        said = {"reason": "other", "note": reason, "who": actor.name, "internal": True}
        at = max(stamp(ctx.clock.civil()), stored.case.updated_at)
        event = Event(seq=stored.case.version + 1, type="revealed", at=at, by=actor.id, attempt=bound, data=said)
        try:
            return cases.write(stored, [event], (), bound, ctx.street, ctx.place_of(stored.case))
        except cases.Stale:
            continue
    raise Conflict("busy")


def reported(macs: Sequence[str]) -> list[str]:
    """Numbers of the cases that came under these keyed hashes: has this phone reported before?"""
    return sorted({row.removeprefix("C#") for mac in macs for row in registers.found_by(mac) if row.startswith("C#")})
