"""Everything that waits for one recipient, brought as far as it goes now.

One sender acts for a recipient at a time, under a short lease, so that order, digests and caps hold: read what waits, decide,
send, settle. Whoever dies in between leaves rows that say how far they came, and the next one goes on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from chalicelib.casework import sending_rules
from chalicelib.casework.events import stamp
from chalicelib.casework.sending_rules import ALONE, AT_ONCE, DIGEST, HAZARD, LATE, Load
from chalicelib.models import behind, outbox, recipient, together
from chalicelib.models.outbox import OutboxRow
from chalicelib.ports import VaultBusy
from chalicelib.usecases import attempts, recipients
from chalicelib.usecases.attempts import Number
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep")

# A message takes a key, a provider's time-out and a few writes; no other is begun with less than this left.
MARGIN_S = 18.0
# What arrives while we send to somebody is sent before we leave them, so often.
ROUNDS = 5


def forever() -> float:
    return float("inf")


@dataclass(frozen=True)
class Turn:
    """One look at a recipient's messages under the lease. `held` says whether digests wait; `now` is when it began."""

    ctx: Context
    lease: recipient.Lease
    seconds_left: Callable[[], float]
    held: Callable[[], bool]
    now: datetime

    def may_go_on(self) -> bool:
        return self.seconds_left() >= MARGIN_S and self.lease.still(self.ctx.clock.civil())


def digestible(to: str, template: str) -> bool:
    """Whether it may go into a digest, and waits for it while the sweeps are behind."""
    return sending_rules.kind_of(to) == "staff" and template not in ALONE


def deliver(
    ctx: Context, pk: str, seconds_left: Callable[[], float] = forever, held: Callable[[], bool] | None = None
) -> list[str]:
    """Returns the recipients that an office's messages went on to. `held`: whether the sweeps are behind; looked up without it.

    Returns at once while another sender acts for this one: that sender looks again before it leaves.
    """
    onward: dict[str, None] = {}
    held = held or cache(partial(behind.holds, ctx.clock.civil()))
    for _ in range(ROUNDS):
        lease = recipient.take(pk, ctx.clock.civil(), ctx.clock.wall())
        if lease is None:
            break
        try:
            moved = _look(Turn(ctx, lease, seconds_left, held, ctx.clock.civil()), onward)
        finally:
            lease.release()
        # A message that came in meanwhile found the lease taken; only a look after giving it back is the last one.
        if not moved or seconds_left() < MARGIN_S or not outbox.due_of(outbox.waiting(pk), ctx.clock.civil()):
            break
    return list(onward)


def _look(turn: Turn, onward: dict[str, None]) -> bool:
    """True when anything was done, so that another look is worth it."""
    rows = sorted(outbox.waiting(turn.lease.pk), key=lambda row: (row.template != HAZARD, row.at, row.sk))
    due = outbox.due_of(rows, turn.now)
    if not due:
        return False
    if sending_rules.kind_of(due[0].to) == "office":
        return _expand(turn, due, onward)
    moved = False
    for row in due:
        if row.state in {"sending", "unknown"} and turn.may_go_on():
            _guarded(turn, row, partial(attempts.ask, turn.ctx, row))
            moved = True
    ready = _ready(turn, rows)
    return _send(turn, rows, ready) or moved


def _expand(turn: Turn, due: Sequence[OutboxRow], onward: dict[str, None]) -> bool:
    """All of an office's messages go to the same people, as many of them at a time as fit into a transaction."""
    people = recipients.told(turn.ctx, due[0].to)
    many = together.room_for(len(people))
    for start in range(0, len(due), many):
        group = due[start : start + many]
        if not turn.may_go_on():
            return False
        if len(group) > 1 and people and _all_to_people(turn, group, people, onward):
            continue
        for row in group:
            if not turn.may_go_on():
                return False
            _guarded(turn, row, partial(_to_people, turn, row, people, onward))
    return True


def _all_to_people(turn: Turn, rows: Sequence[OutboxRow], people: Sequence[str], onward: dict[str, None]) -> bool:
    try:
        onward.update(dict.fromkeys(recipients.expand_all(turn.ctx, rows, people)))
    except Exception as error:
        # The reply may be lost, a row ill, somebody told already by another office: each by itself says what it is.
        log.warning("messages to an office go one by one: %s", type(error).__name__)
        return False
    return True


def _to_people(turn: Turn, row: OutboxRow, people: Sequence[str], onward: dict[str, None]) -> None:
    onward.update(dict.fromkeys(recipients.expand(turn.ctx, row, people)))


def _ready(turn: Turn, rows: Iterable[OutboxRow]) -> list[OutboxRow]:
    """What may be sent now, in order. None but a hazard overtakes a message of the same recipient that is on its way or was
    throttled.
    """
    now, found = stamp(turn.now), []
    blocked = False
    for row in rows:
        if row.state == "sending" or (row.state == "pending" and row.pending_at > now and row.why == "retry"):
            blocked = True
        elif row.state in {"pending", "held"} and row.pending_at <= now and (not blocked or row.template == HAZARD):
            found.append(row)
    return found


def _send(turn: Turn, rows: Iterable[OutboxRow], ready: list[OutboxRow]) -> bool:
    ctx = turn.ctx
    quiet = sending_rules.quiet_until(turn.now, ctx.street.tz, ctx.street.sms)
    going = []
    for row in ready:
        kind = sending_rules.kind_of(row.to)
        if quiet is not None and sending_rules.can_wait(kind, row.template, urgent=row.why == "urgent"):
            attempts.hold(ctx, row, quiet, "quiet")
        else:
            going.append(row)
    kept = [row for row in going if digestible(row.to, row.template)]
    if kept and turn.held():
        going = [row for row in going if not digestible(row.to, row.template)]
    else:
        kept = []
        if going and sending_rules.kind_of(going[0].to) == "staff":
            going = _for_staff(turn, rows, going)
    for row in going:
        if not turn.may_go_on() or not _guarded(turn, row, partial(_one, turn, row)):
            break
    return len(ready) > len(kept)


def _one(turn: Turn, row: OutboxRow) -> bool:
    number = attempts.number_of(turn.ctx, row)
    if number is not None:
        return attempts.attempt(turn.ctx, row, number)
    if recipients.only_takes_calls(turn.ctx, row):
        outbox.move(row, "dropped", ttl=recipients.end_of(turn.ctx), why=attempts.NOT_MOBILE)
    elif sending_rules.kind_of(row.to) == "contact":
        # The street's own file names a contact without a number: somebody has to look.
        outbox.move(row, "parked", why="nobody")
    else:
        outbox.move(row, "dropped", ttl=recipients.end_of(turn.ctx), why="nobody")
    return True


def _guarded(turn: Turn, row: OutboxRow, work: Callable[[], bool | None]) -> bool:
    """Runs one message's work. What breaks is counted on that message alone; False when the others should wait too."""
    try:
        return work() is not False
    except VaultBusy:
        attempts.busy(row, turn.now)
        return False
    except Exception as error:
        log.error("message %s failed: %s", row.sk, type(error).__name__)
        if row.state in {"sending", "unknown"}:
            # Its attempt is on record; when that is old enough it is asked for.
            return False
        attempts.failed(row, turn.now)
        return True


def _for_staff(turn: Turn, rows: Iterable[OutboxRow], going: list[OutboxRow]) -> list[OutboxRow]:
    """What of it is sent now: each by itself, or one digest for all that are not hazards."""
    plain = [row for row in going if row.template not in ALONE]
    if not plain:
        return going
    alone = [row for row in going if row.template in ALONE]
    try:
        number = attempts.number_of(turn.ctx, plain[0])
    except VaultBusy:
        attempts.busy(plain[0], turn.now)
        return alone
    except Exception as error:
        # It is the recipient's trouble and not one message's: the others wait for the first, and all go together.
        log.error("message %s failed: %s", plain[0].sk, type(error).__name__)
        attempts.failed(plain[0], turn.now, "retry")
        return alone
    digest = next((row for row in rows if _takes_more(row)), None)
    if number is None:
        return going
    if digest is None:
        load = _load(turn, plain, alone, number)
        if not sending_rules.together(load, turn.ctx.street.sms.few):
            return going
        until, why = sending_rules.digest_from(load, turn.now, turn.ctx.street.tz, turn.ctx.street.sms)
        if until > turn.now:
            for row in plain:
                attempts.hold(turn.ctx, row, until, why)
            return alone
        digest = outbox.new_digest(turn.lease.pk, plain[0].to, turn.now)
    _gather(turn, digest, plain)
    return [*(row for row in alone if row is not digest), *outbox.due_of([digest], turn.now)]


def _takes_more(row: OutboxRow) -> bool:
    """A digest that has not gone out. One that waits for the morning is no place for what disturbs at night."""
    return row.template == DIGEST and row.state in {"pending", "held"} and row.why != "quiet"


def _load(turn: Turn, plain: Collection[OutboxRow], alone: Iterable[OutboxRow], number: Number) -> Load:
    today = recipient.today(number.counted, sending_rules.day_of(turn.now, turn.ctx.street.tz))
    # Who is counted already, because a try came to nothing, keeps the place; those that go by themselves go first.
    counted = sum(outbox.id_of(row) in today.taken for row in plain)
    ahead = sum(outbox.id_of(row) not in today.taken for row in alone)
    return Load(
        waiting=len(plain),
        held=sum(row.why == "cap" for row in plain),
        left=turn.ctx.street.sms.per_number_per_day - len(today.taken) + counted - ahead,
        digested=today.digested,
    )


def _gather(turn: Turn, digest: OutboxRow, plain: Sequence[OutboxRow]) -> None:
    cases = {*(digest.cases or ()), *(row.case for row in plain)}
    late = {*(digest.late or ()), *(row.case for row in plain if row.template == LATE)}
    params = sending_rules.digest_params(turn.now, turn.ctx.street.tz, cases, late)
    urgent = any(row.template in AT_ONCE for row in plain)
    together.gather(digest, plain, params, recipients.end_of(turn.ctx), urgent=urgent)
