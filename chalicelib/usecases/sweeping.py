"""The step timers: every minute, whatever is due and nothing else.

The sharded, sparse index `timers` names the cases on which something is due; each is read again consistently, because the index
lags and because another sweep may have been there. A write is conditional on the version, so a step is made once however many
sweeps run. One pass over the index, never until it is empty; what does not fit into the time budget goes on the next
minute. Costs follow what is due, not what is open.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from chalicelib.casework.card import TIMER_SHARDS
from chalicelib.casework.events import Event, stamp
from chalicelib.casework.sending_rules import kind_of
from chalicelib.casework.tick import tick
from chalicelib.models import behind, cases
from chalicelib.models.outbox import OutboxRow
from chalicelib.usecases.context import Context
from chalicelib.usecases.telling import rows_for

log = logging.getLogger("doorstep")

# A case takes two calls; this is left for the last one and for answering.
MARGIN_S = 5.0


@dataclass(frozen=True)
class Swept:
    """`cases` were moved on, `steps` made on them, `failed` raised; `finished` is False when the time ran out first.

    `offices` are the recipients' keys of those that were told of it.
    """

    cases: int
    steps: int
    failed: int
    finished: bool
    offices: frozenset[str]

    @property
    def stepped(self) -> bool:
        """Nothing is left that was due: what failed comes again the next minute."""
        return self.finished and not self.failed


@dataclass
class Pass:
    """What one pass has come upon so far."""

    ctx: Context
    offices: set[str] = field(default_factory=set)
    late: bool = False

    def meets(self, events: Sequence[Event]) -> None:
        """Called before they are stored. The first that should have been made long ago puts it on record that we are behind."""
        now = self.ctx.clock.civil()
        if not self.late and any(event.due is not None and event.due < stamp(now - behind.OVERDUE) for event in events):
            behind.found(now)
            self.late = True


def sweep(ctx: Context, seconds_left: Callable[[], float]) -> Swept:
    """One pass over everything due now. Never raises for a single case: the others are not to wait for it."""
    moved = steps = failed = 0
    finished, this = True, Pass(ctx)
    for no in _due(ctx):
        if seconds_left() < MARGIN_S:
            finished = False
            break
        try:
            made = turn(this, no)
        except cases.Stale:
            continue
        except Exception:
            # The case stays in the index and comes again; its number says which one, nothing of what is in it.
            log.exception("sweep: case %s could not be moved on", no)
            failed += 1
            continue
        moved += made > 0
        steps += made
    return Swept(moved, steps, failed, finished, frozenset(this.offices))


def _due(ctx: Context) -> Iterator[str]:
    """Shards in a random order, so that sweeps running side by side do not race each other for the same cases."""
    now = ctx.clock.civil()
    shards = list(range(TIMER_SHARDS))
    secrets.SystemRandom().shuffle(shards)
    for shard in shards:
        yield from cases.due(shard, now)


def turn(this: Pass, no: str) -> int:
    """Makes what is due on one case and stores it with its messages; returns how many steps. Raises `cases.Stale`."""
    ctx, stored = this.ctx, cases.get(no)
    if stored is None:
        return 0
    attempt = secrets.token_hex(16)
    events = tick(stored.case, ctx.clock.civil(), ctx.street, attempt)
    if events:
        this.meets(events)
        rows = rows_for(ctx, stored.case, events)
        cases.write(stored, events, rows, attempt, ctx.street, ctx.place_of(stored.case))
        this.offices.update(row.pk for row in rows if isinstance(row, OutboxRow) and kind_of(row.to) == "office")
    return len(events)
