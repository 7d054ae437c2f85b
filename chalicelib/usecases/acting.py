"""Load → decide → store: the one way in which a case changes after it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from chalicelib.casework import access, numbers
from chalicelib.casework.access import Actor
from chalicelib.casework.decide import Command, counterpart, decide, parting
from chalicelib.casework.events import Event
from chalicelib.errors import Conflict, FieldError, NotAllowed
from chalicelib.models import cases
from chalicelib.usecases import ideas
from chalicelib.usecases.context import Context
from chalicelib.usecases.telling import rows_for

# Steps that take another case: its number is in the command's `other`.
PAIRING = frozenset({"merge", "link"})


def commit(ctx: Context, stored: cases.Stored, command: Command, actor: Actor, seen: int | None = None) -> cases.Stored:
    """Decides on the case as read and stores the events with their messages. A step on two cases is stored on both or none.

    A repeat of the same attempt is answered with what it made the first time. `seen` is the version on the actor's page: when a
    colleague has acted since, the command is refused with `Conflict("someone_else")` naming who and what, and nothing changes.
    When only the write lost a race, it is decided again on what now stands.
    """
    command = _bound(command, actor)
    for _ in range(cases.TRIES):
        if _is_in(stored, command):
            return stored
        overtaken = _overtaken_by(stored, actor, seen)
        if overtaken is not None:
            raise Conflict("someone_else", params={"event": overtaken.type, "by": overtaken.by, "at": overtaken.at})
        try:
            return cases.write_all(_changes(ctx, stored, command, actor), command.attempt, ctx.street)
        except cases.Stale as stale:
            if stale.standing is None:
                raise
            stored = stale.standing
    raise Conflict("busy")


def _changes(ctx: Context, stored: cases.Stored, command: Command, actor: Actor) -> list[cases.Change]:
    now = ctx.clock.civil()
    if command.action not in PAIRING:
        made = decide(stored.case, command, actor, now, ctx.street)
        host = cases.get(stored.case.merged_into) if stored.case.merged_into else None
        parted = parting(stored.case, made, host.case, actor, now, ctx.street) if host else []
        return [_change(ctx, stored, made), *([_change(ctx, host, parted)] if host and parted else [])]
    other = _other(ctx, str(command.data.get("other", "")), actor)
    paired = replace(command, data={**command.data, "other": other.case if other else None})
    events = decide(stored.case, paired, actor, now, ctx.street)
    if other is None:
        raise NotAllowed("fields", fields=[FieldError("other", "choice")])
    answer = counterpart(command, stored.case, other.case, actor, now, ctx.street)
    return [_change(ctx, stored, events), _change(ctx, other, answer)]


def _other(ctx: Context, typed: str, actor: Actor) -> cases.Stored | None:
    """The other case as typed; none when it is not there, or not theirs to see."""
    no = numbers.normalise_number(typed)
    found = cases.get(no) if no else None
    return found if found is not None and access.may_read(actor, found.case, ctx.street) else None


def _change(ctx: Context, stored: cases.Stored, events: Sequence[Event]) -> cases.Change:
    rows = [*rows_for(ctx, stored.case, events), *ideas.rows_for(ctx, stored.case, events)]
    return cases.Change(stored, events, rows, ctx.place_of(stored.case))


def repeats(stored: cases.Stored, command: Command, actor: Actor) -> bool:
    """Whether the case has that very step of the actor's already."""
    return _is_in(stored, _bound(command, actor))


def _is_in(stored: cases.Stored, bound: Command) -> bool:
    return any(event.attempt == bound.attempt for event in stored.events)


def _bound(command: Command, actor: Actor) -> Command:
    """The attempt's id, bound to who does what with which words.

    All forms of a page share the page's id, and a page may be gone back to: only the very same step is a repeat. Otherwise a
    second addition would be lost, and a reveal could pass for an earlier step and leave no log.
    """
    said = msgspec.json.encode((command.attempt, actor.id, command.action, command.data), order="sorted")
    return replace(command, attempt=hashlib.sha256(said).hexdigest()[:32])


# What may have come in between without changing what the page offered.
ASIDE = frozenset({"added", "revealed", "reminded", "lapsed"})


def _overtaken_by(stored: cases.Stored, actor: Actor, seen: int | None) -> Event | None:
    """The latest thing that somebody else did since the actor's page was made. One's own step in another tab is for the rules."""
    if seen is None or seen >= stored.case.version:
        return None
    later = [event for event in stored.events if event.seq > seen and event.type not in ASIDE and event.by != actor.id]
    return later[-1] if later else None
