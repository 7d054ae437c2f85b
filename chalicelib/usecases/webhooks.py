"""Events for other systems, sent: each at least once under the same id, in order for each case, however long a target is down.

The discipline of the messages: one sender for a case and target at a time, under a lease; the attempt on record before the call;
the result after it. No answer is no knowledge: it is sent again under the same id, by which a receiver tells repeats. Between
attempts it waits longer and longer. A target that doesn't answer is left alone as a whole; one that refuses an event only keeps
that case waiting. What was tried for a day is parked, and all that follows of its case behind it, until a person says `replay`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from chalicelib.casework import signing
from chalicelib.casework.events import parse, stamp
from chalicelib.casework.hooks import event_id
from chalicelib.models import hooks, recipient
from chalicelib.models.hooks import HookRow
from chalicelib.ports import Poster, PostFailed, Secrets
from chalicelib.street import Webhook
from chalicelib.usecases.context import Context
from chalicelib.usecases.delivering import forever

log = logging.getLogger("doorstep")

# A post takes five seconds at most, and a few writes; no other is begun with less than this left.
MARGIN_S = 8.0
FIRST = timedelta(minutes=1)
# How long a case's events, and a whole target, are left alone at most.
LONGEST, LONGEST_TARGET = timedelta(hours=1), timedelta(minutes=15)
GIVE_UP = timedelta(days=1)
# Statuses by which a target says that it, and not the event, is the trouble.
_TROUBLE = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Sending:
    """What one invocation sends with. `closed` are the targets that are left alone meanwhile."""

    ctx: Context
    secrets: Secrets
    poster: Poster
    seconds_left: Callable[[], float] = forever
    closed: set[str] = field(default_factory=set)

    def may_go_on(self) -> bool:
        return self.seconds_left() >= MARGIN_S


def on_stream(sending: Sending, event: Mapping[str, Any]) -> dict[str, Any]:
    """Records of the outbox's stream; answers which of them have to come again. What is not sent now is the sweep's."""
    first: dict[str, str] = {}
    for record in event.get("Records", ()):
        data = record.get("dynamodb", {})
        image = data.get("NewImage", {})
        if image.get("stage", {}).get("S") == hooks.WAITING and int(image.get("tried", {}).get("N", 0)) == 0:
            first.setdefault(image["pk"]["S"], data.get("SequenceNumber", ""))
    by_id = {hook.id: hook for hook in sending.ctx.street.webhooks}
    failed = []
    for pk, number in first.items():
        hook = by_id.get(pk.split("#")[1])
        try:
            if hook is not None and _open(sending, hook):
                deliver(sending, hook, pk)
        except Exception as error:
            log.error("a case's events failed: %s", type(error).__name__)
            failed.append({"itemIdentifier": number})
    return {"batchItemFailures": failed}


def sweep(sending: Sending) -> int:
    """One pass over what is due. Returns how many events were sent."""
    done = 0
    for hook in sending.ctx.street.webhooks:
        try:
            if not _open(sending, hook):
                continue
            for pk in list(dict.fromkeys(hooks.due(hook.id, sending.ctx.clock.civil()))):
                if hook.id in sending.closed or not sending.may_go_on():
                    break
                done += _guarded(sending, hook, pk)
        except Exception as error:
            # One target's trouble holds up no other.
            log.error("a target's events failed: %s", type(error).__name__)
    return done


def _guarded(sending: Sending, hook: Webhook, pk: str) -> int:
    try:
        return deliver(sending, hook, pk)
    except Exception as error:
        log.error("a case's events failed: %s", type(error).__name__)
        return 0


def _open(sending: Sending, hook: Webhook) -> bool:
    """Whether the target may be tried now; one small read."""
    if hook.id in sending.closed:
        return False
    standing = hooks.target(hook.id)
    if standing.until and standing.until > stamp(sending.ctx.clock.civil()):
        sending.closed.add(hook.id)
        return False
    return True


def deliver(sending: Sending, hook: Webhook, pk: str) -> int:
    """Sends what a case has for a target, in order, as far as it goes now. Returns how many events went."""
    ctx = sending.ctx
    lease = recipient.take(pk, ctx.clock.civil(), ctx.clock.wall())
    if lease is None:
        return 0
    done = 0
    try:
        while sending.may_go_on() and lease.still(ctx.clock.civil()):
            row = _head(pk, ctx.clock.civil())
            if row is None or not _try(sending, hook, row):
                break
            done += 1
    finally:
        lease.release()
    return done


def _head(pk: str, now: datetime) -> HookRow | None:
    """The case's next event, if it is due. Behind a parked one everything is parked: order is never broken by itself."""
    rows = hooks.queue(pk)
    if any(row.stage == hooks.PARKED for row in rows):
        first = next(number for number, row in enumerate(rows) if row.stage == hooks.PARKED)
        for row in rows[first:]:
            if row.stage != hooks.PARKED:
                hooks.park(row, "behind")
        rows = rows[:first]
    return rows[0] if rows and (rows[0].pending_at or "") <= stamp(now) else None


def _try(sending: Sending, hook: Webhook, row: HookRow) -> bool:
    """One attempt. True when it was sent."""
    ctx = sending.ctx
    if not hooks.record(row, ctx.clock.civil()):
        return False
    why, status, trouble = "", 0, False
    try:
        status = _post(sending, hook, row)
        trouble = status >= 500 or status in _TROUBLE
        why = "" if 200 <= status < 300 else f"status_{status}"
    except PostFailed as error:
        why, trouble = error.why, True
    now = ctx.clock.civil()
    if not why:
        hooks.sent(row, status, now)
        hooks.well(hooks.target(hook.id))
        return True
    log.warning("an event was not taken by %s: %s", hook.id, why)
    until = now + _pause(int(row.tried or 1), row.pk, LONGEST)
    if trouble:
        standing = hooks.target(hook.id)
        until = now + _pause(int(standing.fails or 0) + 1, hook.id, LONGEST_TARGET)
        hooks.failed(standing, now, until, why)
        sending.closed.add(hook.id)
    if now - parse(row.first_tried or stamp(now)) >= GIVE_UP:
        hooks.park(row, why)
    else:
        hooks.again(row, until, why, status)
    return False


def _post(sending: Sending, hook: Webhook, row: HookRow) -> int:
    """Raises `PostFailed`, also where there is no secret to sign with."""
    valid = sending.secrets.valid(hook.secret)
    if not valid:
        raise PostFailed("no_secret", ours=True)
    timestamp = str(int(sending.ctx.clock.wall().timestamp()))
    body = (row.body or "").encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Doorstep-Webhooks/1",
        signing.EVENT: event_id(row.no, row.seq),
        signing.TIMESTAMP: timestamp,
        signing.SIGNATURE: signing.signature(valid, timestamp, body),
    }
    return sending.poster.post(hook.url, headers, body)


def _pause(fails: int, name: str, longest: timedelta) -> timedelta:
    """Twice as long each time up to `longest`, and up to half of it less, so that not everything comes back at once."""
    whole: timedelta = min(FIRST * 2 ** min(fails - 1, 20), longest)
    return whole * (1 - (crc32(f"{name}|{fails}".encode()) % 1000) / 2000)


# ---- for operators


def replay(ctx: Context, hook_id: str, no: str = "") -> int:
    """All that is parked for a target, or of one case, waits again under the same ids, in order; the target is tried at once."""
    now = ctx.clock.civil()
    found = [row for row in hooks.parked(hook_id) if no in {"", row.no}]
    done = sum(hooks.revive(row, now) for row in found)
    if done:
        hooks.well(hooks.target(hook_id))
    return done
