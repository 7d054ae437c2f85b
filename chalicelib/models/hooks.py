"""Events for other systems, in the Outbox table beside the messages, written in the case's own transaction.

`HOOK#<subscription>#<case>` / `E#<seq>` is one event; `LEASE` beside them says who is sending (`models.recipient`), and
`HOOK#<subscription>` / `TARGET` how the target answers. An event waits, is tried (recorded before the call), and is sent; or, a
day after it was first tried, parked for a person. What has not been sent stands in the table's indexes: `pending` under
`H#<subscription>` (parked: `HP#<subscription>`) and, whole and never lagging, `waiting` under its own key.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex

from chalicelib.casework.events import parse, stamp
from chalicelib.casework.hooks import Hooked
from chalicelib.models.base import Row
from chalicelib.models.outbox import LEASE, refused

WAITING, TRYING, SENT, PARKED = "waiting", "trying", "sent", "parked"


class HookPending(GlobalSecondaryIndex["HookRow"]):
    class Meta:
        index_name = "pending"
        projection = KeysOnlyProjection()

    pending = UnicodeAttribute(hash_key=True)
    pending_at = UnicodeAttribute(range_key=True)


class HookWaiting(LocalSecondaryIndex["HookRow"]):
    class Meta:
        index_name = "waiting"
        projection = AllProjection()

    pk = UnicodeAttribute(hash_key=True)
    pending = UnicodeAttribute(range_key=True)


class HookRow(Row):
    """`hook` names the subscription, `event` the type, `body` what is sent; gone once it was. `tried` counts attempts, `status`
    and `why` say how the latest ended. `fails`, `since` and `until` belong to a target's row.
    """

    class Meta:
        store: ClassVar[str] = "outbox"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    hook = UnicodeAttribute(null=True)
    event = UnicodeAttribute(null=True)
    body = UnicodeAttribute(null=True)
    at = UnicodeAttribute(null=True)
    stage = UnicodeAttribute(null=True)
    tried = NumberAttribute(null=True)
    first_tried = UnicodeAttribute(null=True)
    status = NumberAttribute(null=True)
    why = UnicodeAttribute(null=True)
    sent_at = UnicodeAttribute(null=True)
    fails = NumberAttribute(null=True)
    since = UnicodeAttribute(null=True)
    until = UnicodeAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    pending_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    pending_index = HookPending()
    waiting_index = HookWaiting()

    @property
    def no(self) -> str:
        return self.pk.split("#", 2)[2]

    @property
    def seq(self) -> int:
        return int(self.sk.removeprefix("E#"))


def queue_key(hook: str, no: str) -> str:
    return f"HOOK#{hook}#{no}"


def row_of(hooked: Hooked, days: int) -> HookRow:
    """`days`: how long it is kept, whatever becomes of it."""
    return HookRow(
        queue_key(hooked.hook, hooked.no),
        f"E#{hooked.seq:06d}",
        hook=hooked.hook,
        event=hooked.type,
        body=hooked.body,
        at=hooked.at,
        stage=WAITING,
        tried=0,
        pending=f"H#{hooked.hook}",
        pending_at=hooked.at,
        ttl=int((parse(hooked.at) + timedelta(days=days)).timestamp()),
    )


def queue(pk: str) -> list[HookRow]:
    """All of a case's events that were not sent yet, in their order, read consistently."""
    return sorted(HookRow.waiting_index.query(pk, consistent_read=True), key=lambda row: row.sk)


def due(hook: str, now: datetime) -> Iterator[str]:
    """Keys of queues with something to look at, one for each event, the oldest first."""
    for row in HookRow.pending_index.query(f"H#{hook}", HookRow.pending_at <= stamp(now)):
        yield row.pk


def parked(hook: str) -> list[HookRow]:
    """What a person has to look at, by case and in order."""
    keys = [(row.pk, row.sk) for row in HookRow.pending_index.query(f"HP#{hook}")]
    found = (get(pk, sk) for pk, sk in sorted(keys))
    return [row for row in found if row is not None and row.stage == PARKED]


def count_parked(hook: str) -> int:
    return HookRow.pending_index.count(f"HP#{hook}")


def waiting(hook: str) -> int:
    return HookRow.pending_index.count(f"H#{hook}")


def get(pk: str, sk: str) -> HookRow | None:
    try:
        return HookRow.get(pk, sk, consistent_read=True)
    except HookRow.DoesNotExist:
        return None


def record(row: HookRow, now: datetime) -> bool:
    """Puts the attempt on record before the call; False when somebody else has moved the row since."""
    first = row.first_tried or stamp(now)
    return _change(
        row,
        TRYING,
        [
            HookRow.tried.set(int(row.tried or 0) + 1),
            HookRow.first_tried.set(first),
            HookRow.pending_at.set(stamp(now + LEASE)),
        ],
    )


def sent(row: HookRow, status: int, now: datetime) -> bool:
    gone = [HookRow.pending.remove(), HookRow.pending_at.remove(), HookRow.body.remove(), HookRow.why.remove()]
    return _change(row, SENT, [HookRow.status.set(status), HookRow.sent_at.set(stamp(now)), *gone])


def again(row: HookRow, at: datetime, why: str, status: int) -> bool:
    return _change(row, WAITING, [HookRow.pending_at.set(stamp(at)), HookRow.why.set(why), HookRow.status.set(status)])


def park(row: HookRow, why: str) -> bool:
    return _change(row, PARKED, [HookRow.pending.set(f"HP#{row.hook}"), HookRow.why.set(why)])


def revive(row: HookRow, now: datetime) -> bool:
    """A parked event waits again, as if it had never been tried; its id stays what it was."""
    if row.stage != PARKED:
        return False
    actions = [HookRow.pending.set(f"H#{row.hook}"), HookRow.pending_at.set(stamp(now)), HookRow.first_tried.remove()]
    return _change(row, WAITING, [*actions, HookRow.tried.set(0)])


def _change(row: HookRow, stage: str, actions: list[Action]) -> bool:
    """One conditional write. After any failure the row is read again: what stands as wanted was only not answered."""
    was = (row.stage, int(row.tried or 0))
    same = (HookRow.stage == was[0]) & (HookRow.tried == was[1])
    try:
        row.update(actions=[HookRow.stage.set(stage), *actions], condition=same)
    except Exception as error:
        standing = get(row.pk, row.sk)
        counted = was[1] + 1 if stage == TRYING else was[1]
        if standing is not None and (standing.stage, int(standing.tried or 0)) == (stage, counted):
            row.attribute_values.update(standing.attribute_values)
            return True
        if refused(error):
            return False
        raise
    return True


# ---- how a target answers


def target(hook: str) -> HookRow:
    """The target's own row; a fresh one where it never failed."""
    return get(f"HOOK#{hook}", "TARGET") or HookRow(f"HOOK#{hook}", "TARGET", fails=0)


def failed(row: HookRow, now: datetime, until: datetime, why: str) -> None:
    """Counted blindly: nothing hangs on the exact number."""
    actions: list[Any] = [
        HookRow.fails.set(int(row.fails or 0) + 1),
        HookRow.since.set(row.since or stamp(now)),
        HookRow.until.set(stamp(until)),
        HookRow.why.set(why),
    ]
    row.update(actions=actions)


def well(row: HookRow) -> None:
    """It answers: nothing is held back any more."""
    if row.fails:
        row.update(actions=[HookRow.fails.set(0), HookRow.since.remove(), HookRow.until.remove(), HookRow.why.remove()])
