"""A whole list of orders taken in: in parts, going on where it stopped, twice without doubling anything.

The file lies in the bucket until it is done. Each part's end is put on record, and every row is an order of its own under its own
number, so that a process may die anywhere. The report of rows that could not be taken is made at the end by reading the file
again, which tells the same of every row; nothing of it is kept meanwhile.
"""

from __future__ import annotations

import csv
import io
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.casework.access import Actor
from chalicelib.casework.events import stamp
from chalicelib.casework.numbers import ALPHABET
from chalicelib.casework.orders import SOURCES
from chalicelib.errors import FieldError, NotAllowed, Unknown
from chalicelib.models import orders as rows
from chalicelib.models.orders import ImportRow
from chalicelib.ports import Imports, Lists
from chalicelib.usecases import orders, orders_csv
from chalicelib.usecases.context import Context
from chalicelib.usecases.delivering import forever
from chalicelib.usecases.orders_csv import Row, Unreadable

log = logging.getLogger("doorstep")

IMPORTERS = frozenset({"dispatcher", "street_admin"})
PART = 100
# No part is begun with less left; the part's own time is well below it.
MARGIN_S = 15.0
LEASE = timedelta(minutes=2)
KEEP_DAYS = 30
# An import's own name is shorter; a table refuses to be asked for a key over a kilobyte.
BATCH_MAX = 64
# The words of a report, by their key in the catalogues.
Words = Callable[..., str]
HEADS = ("行 line", "编号 number", "结果 result", "说明 why")
RESULTS = ("refused", "failed", "left_out")
# Why a row is none, and what a reason or something left out is about.
REASONS = ("columns_few", "columns_many", "quotes", "encoding", "date", "too_many", "again")
COLUMNS = ("external", "text", "place", "received", "name", "address", "phone", "category", "class")


@dataclass
class Counts:
    made: int = 0
    same: int = 0
    added: int = 0
    bad: int = 0


def begin(ctx: Context, actor: Actor, source: str) -> ImportRow:
    """An import that waits for its file. Raises `NotAllowed("fields")` for a source that is none."""
    if source not in SOURCES:
        raise NotAllowed("fields", fields=[FieldError("source", "choice")])
    now = ctx.clock.civil()
    batch = f"{now:%Y%m%d%H%M%S}-{''.join(secrets.choice(ALPHABET) for _ in range(10))}"
    ttl = int((ctx.clock.wall() + timedelta(days=KEEP_DAYS)).timestamp())
    row = ImportRow("IMPORTS", batch, source=source, by=actor.id, who=actor.name, at=stamp(now), state="waiting", done=0, ttl=ttl)
    rows.save(row)
    return row


def imports(ctx: Context, actor: Actor) -> list[ImportRow]:
    return rows.imports()


def found(ctx: Context, batch: str) -> ImportRow:
    """Raises `Unknown("page")`."""
    row = rows.import_row(batch) if len(batch) <= BATCH_MAX else None
    if row is None:
        raise Unknown("page")
    return row


def report_key(batch: str) -> str:
    return f"orders/{batch}.csv"


def run(
    ctx: Context, files: Imports, lists: Lists, words: Words, batch: str, seconds_left: Callable[[], float] = forever
) -> dict[str, str]:
    """Goes on with an import as far as the time allows. Answers its state; `running` asks to be called again. `words` looks up
    what the report says.
    """
    row = found(ctx, batch)
    now = ctx.clock.wall()
    if row.state in {"done", "refused"} or not rows.lease(row, stamp(now), stamp(now + LEASE)):
        return {"state": row.state or ""}
    raw = files.read(batch, orders_csv.MAX_BYTES)
    if raw is None:
        return _ended(row, "waiting")
    try:
        read = list(orders_csv.read(raw, ctx.street.tz))
    except Unreadable as error:
        row.why, row.where = error.why, error.where
        lists.put(
            report_key(batch),
            _csv([(1, "", "refused", words(f"desk.orders.why.{error.why}", where=error.where))], words),
            "text/csv; charset=utf-8",
        )
        files.delete(batch)
        return _ended(row, "refused")
    row.total = len(read)
    counts = Counts(*(int(getattr(row, name) or 0) for name in ("made", "same", "added", "bad")))
    failed = set(row.failed or ())
    before = {one.external.strip() for one in read[: int(row.done or 0)]}
    for start in range(int(row.done or 0), len(read), PART):
        if seconds_left() < MARGIN_S:
            return _ended(row, "running")
        for one in read[start : start + PART]:
            _take(ctx, str(row.source), one, batch, counts, failed, before)
        row.done = min(start + PART, len(read))
        row.made, row.same, row.added, row.bad = counts.made, counts.same, counts.added, counts.bad
        row.failed = failed or None
        row.lease = stamp(ctx.clock.wall() + LEASE)
        rows.save(row)
    lists.put(report_key(batch), _csv(_wrong(ctx, words, read, failed), words), "text/csv; charset=utf-8")
    answer = _ended(row, "done")
    files.delete(batch)
    return answer


def _ended(row: ImportRow, state: str) -> dict[str, str]:
    row.state, row.lease = state, None
    rows.save(row)
    return {"state": state}


def _take(ctx: Context, source: str, row: Row, batch: str, counts: Counts, failed: set[str], before: set[str]) -> None:
    """One row. What breaks twice without being the row's fault is told as failed, and holds up no other. `before` are the numbers
    of the file's rows up to here: what one of them made, a later one finds.
    """
    if row.order is None:
        counts.bad += 1
        return
    for attempt in range(2):
        try:
            result = orders.receive(ctx, source, row.order, batch=batch).result
        except NotAllowed:
            counts.bad += 1
        except Exception as error:
            log.warning("a row of an import broke: %s", type(error).__name__)
            if attempt == 0:
                continue
            failed.add(str(row.line))
            counts.bad += 1
        else:
            result = orders.SAME if result == orders.MADE and row.external.strip() in before else result
            setattr(counts, result, getattr(counts, result) + 1)
            before.add(row.external.strip())
        return


def _wrong(ctx: Context, words: Words, read: list[Row], failed: set[str]) -> Iterator[tuple[int, str, str, str]]:
    """Rows that were not taken, and what of taken rows was left out."""
    for row in read:
        if row.order is None:
            yield row.line, row.external, "refused", words(f"desk.orders.row.{row.why}")
            continue
        try:
            left_out = orders.read(ctx, row.order).left_out
        except NotAllowed as error:
            said = (
                f"{words(f'desk.orders.column.{one.name}')}: {words(f'field.{one.code}', **one.params)}" for one in error.fields
            )
            yield row.line, row.external, "refused", "; ".join(said)
            continue
        if str(row.line) in failed:
            yield row.line, row.external, "failed", words("desk.orders.row.again")
        elif left_out:
            yield row.line, row.external, "left_out", ", ".join(words(f"desk.orders.column.{name}") for name in left_out)


def _csv(lines: Iterable[tuple[int, str, str, str]], words: Words) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADS)
    for line, external, result, why in lines:
        said = words(f"desk.orders.result.{result}")
        writer.writerow([line, orders_csv.harmless(external[:60]), said, orders_csv.harmless(why)])
    return text.getvalue().encode("utf-8-sig")
