"""Whether the sweeps are behind: one row of the outbox table, `SWEEP`/`BEHIND`.

After an outage thousands of steps are made within minutes. Until all of them are made, and every office's messages have become
its people's, whatever goes to staff in digests waits, so that each of them gets one. The row says so to the sweep and to what the
stream feeds. It is read before such messages only, and written only in a minute in which something is found long overdue.

It begins with the first find after a while without any. So a case that can never be moved on holds digests up once, for a quarter
of an hour, though it is found in every minute from then on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.casework.events import parse, stamp
from chalicelib.models import outbox
from chalicelib.models.outbox import OutboxRow

PK, SK = "SWEEP", "BEHIND"
# Sweeps come every minute: what is later than this was left lying.
OVERDUE = timedelta(minutes=5)
# However much there is to catch up on, nobody waits for longer.
LONGEST = timedelta(minutes=15)
OPEN, OVER = "behind", "over"


def found(now: datetime) -> None:
    """Something overdue is about to be moved on. Has to be on record before that is."""
    row = outbox.get(PK, SK)
    if row is not None and now - parse(row.tried_at) <= OVERDUE:
        row.update(actions=[OutboxRow.tried_at.set(stamp(now))])
    else:
        OutboxRow(PK, SK, state=OPEN, at=stamp(now), lease=stamp(now + LONGEST), tried_at=stamp(now)).save()


def standing(now: datetime) -> OutboxRow | None:
    """The row while the sweeps are behind."""
    row = outbox.get(PK, SK)
    return row if row is not None and row.state == OPEN and stamp(now) < row.lease else None


def holds(now: datetime) -> bool:
    return standing(now) is not None


def over(row: OutboxRow) -> None:
    """All is caught up on that began with this row."""
    try:
        row.update(actions=[OutboxRow.state.set(OVER)], condition=OutboxRow.at == row.at)
    except Exception as error:
        if not outbox.refused(error):
            raise
