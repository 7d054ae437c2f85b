"""Load → decide → store: the one way in which a case changes after it was made."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import msgspec

from chalicelib.casework.access import Actor
from chalicelib.casework.decide import Command, decide
from chalicelib.casework.events import Event
from chalicelib.errors import Conflict
from chalicelib.models import cases
from chalicelib.usecases.context import Context
from chalicelib.usecases.telling import rows_for


def commit(ctx: Context, stored: cases.Stored, command: Command, actor: Actor, seen: int | None = None) -> cases.Stored:
    """Decides on the case as read and stores the events with their messages.

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
        events = decide(stored.case, command, actor, ctx.clock.civil(), ctx.street)
        try:
            rows = rows_for(ctx, stored.case, events)
            return cases.write(stored, events, rows, command.attempt, ctx.street, ctx.place_of(stored.case))
        except cases.Stale as stale:
            if stale.standing is None:
                raise
            stored = stale.standing
    raise Conflict("busy")


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
