"""Orders of other systems in the Cases table: which case an external number became, and the imports of whole lists.

`X#<channel>#<external number>` / `ORDER` finds the case; it is written in the transaction that makes or changes the case, so that
a number is known exactly when its case is. `X#SEEN` / `<signature's hash>` remembers what was taken, for a while.
`IMPORTS` / `<when>-<id>` is one uploaded list and how far it has come.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.models.base import Row
from chalicelib.models.outbox import refused

SEEN_S = 15 * 60
# How many imports the page lists.
LATEST = 20


class OrderRow(Row):
    """`content` is the keyed hash of what the source said last, `said` of all that it ever said, `changes` how often it changed,
    `batch` the import that it came with.
    """

    class Meta:
        store: ClassVar[str] = "cases"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    case = UnicodeAttribute(null=True)
    content = UnicodeAttribute(null=True)
    said = UnicodeSetAttribute(null=True)
    changes = NumberAttribute(null=True)
    batch = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)


class ImportRow(Row):
    """`state`: waiting for its file, running, done, or refused with `why`. `done` rows of `total` were looked at; `made`, `same`,
    `added` and `bad` count them; `failed` are lines that broke twice. `lease` holds others off until that instant.
    """

    class Meta:
        store: ClassVar[str] = "cases"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True, default="IMPORTS")
    sk = UnicodeAttribute(range_key=True)
    source = UnicodeAttribute(null=True)
    by = UnicodeAttribute(null=True)
    who = UnicodeAttribute(null=True)
    at = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    where = UnicodeAttribute(null=True)
    total = NumberAttribute(null=True)
    done = NumberAttribute(null=True)
    made = NumberAttribute(null=True)
    same = NumberAttribute(null=True)
    added = NumberAttribute(null=True)
    bad = NumberAttribute(null=True)
    failed = UnicodeSetAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)


def key(channel: str, external: str) -> str:
    return f"X#{channel}#{external}"


def get(channel: str, external: str) -> OrderRow | None:
    try:
        return OrderRow.get(key(channel, external), "ORDER", consistent_read=True)
    except OrderRow.DoesNotExist:
        return None


def row_of(channel: str, external: str, case: str, **known: Any) -> OrderRow:
    return OrderRow(key(channel, external), "ORDER", case=case, **known)


def _seen_key(signature: str) -> str:
    return hashlib.sha256(signature.encode()).hexdigest()[:40]


def seen_row(signature: str, wall: float) -> OrderRow:
    return OrderRow("X#SEEN", _seen_key(signature), ttl=int(wall) + SEEN_S)


def is_seen(signature: str) -> bool:
    try:
        OrderRow.get("X#SEEN", _seen_key(signature), consistent_read=True)
    except OrderRow.DoesNotExist:
        return False
    return True


# ---- imports


def import_row(batch: str) -> ImportRow | None:
    try:
        return ImportRow.get("IMPORTS", batch, consistent_read=True)
    except ImportRow.DoesNotExist:
        return None


def imports() -> list[ImportRow]:
    """The latest, newest first."""
    return list(ImportRow.query("IMPORTS", scan_index_forward=False, limit=LATEST))


def lease(row: ImportRow, now: str, until: str) -> bool:
    """Whether this process may go on with it; False while another one does, and when one has ended it meanwhile."""
    mine = f"{until}#{secrets.token_hex(4)}"
    free = ImportRow.lease.does_not_exist() | (ImportRow.lease < now)
    open_still = ImportRow.state.is_in("waiting", "running")
    try:
        row.update(actions=[ImportRow.lease.set(mine), ImportRow.state.set("running")], condition=free & open_still)
    except Exception as error:
        if not refused(error):
            raise
        # The SDK repeats a call whose reply was lost: then the lease that stands is ours.
        standing = import_row(row.sk)
        return standing is not None and standing.lease == mine
    return True


def save(row: ImportRow) -> None:
    """Its own process is the only one that writes it, under the lease."""
    row.save()
