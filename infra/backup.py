"""`python -m infra.backup export --stack S FILE` and `… restore --stack S FILE`: a street's tables as one file, and back.

Beside DynamoDB's own recovery of any second of the last 35 days, which makes new tables: this copies what stands in tables (those
of a stack, or recovered ones named by `--table Cases=NAME`) into the empty tables of a stack, byte for byte. Two things are
not copied as they were, so that nothing is done twice: messages that were waiting come back parked (`python -m infra.messages`
shows and revives them), and sessions and activation links don't come back at all.

The file is gzipped JSON, a row a line, ends with a count, and holds ciphertext and masks as the tables do: keep it as safe as
those. What is sealed opens only under the same KMS key, which outlives its stack. Photos stay in their bucket.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from infra.errors import InfraError
from infra.say import say
from infra.template.data import outputs_of

TABLES = ("Cases", "Outbox", "Staff", "Registers", "Keys")
# Messages in these states wait, or nobody knows whether they went out.
WAITING = frozenset({"pending", "held", "sending", "unknown"})
BATCH = 25
# What a stack's schedules and a first visitor write by themselves (a page's summary, notes of what was looked through, empty
# digests of the day, failed sign-ins): a stack that holds no more than these has not been used.
IDLE = {"Cases": ("F#public", "TIDY-AT"), "Outbox": ("SWEEP",), "Staff": ("TRY#",), "Registers": ("G#",), "Keys": ("KEYS",)}
Row = dict[str, Any]


class Dynamo(Protocol):
    """What is called of the DynamoDB client."""

    def scan(self, **kwargs: Any) -> Any: ...
    def batch_write_item(self, **kwargs: Any) -> Any: ...


def export(dynamo: Dynamo, tables: Mapping[str, str], path: Path) -> dict[str, int]:
    """Writes every row of these tables (name → table); returns how many of each. The file appears when it is complete."""
    counts = dict.fromkeys(tables, 0)
    part = path.with_name(path.name + ".part")
    # The street's root secrets are in it.
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with gzip.open(part, "wt", encoding="utf-8") as out:
        for name, table in tables.items():
            for item in _rows(dynamo, table):
                out.write(json.dumps({"table": name, "item": _packed(item)}, ensure_ascii=False) + "\n")
                counts[name] += 1
        out.write(json.dumps({"counts": counts}) + "\n")
    part.replace(path)
    return counts


def _rows(dynamo: Dynamo, table: str) -> Iterator[Row]:
    start: Row = {}
    while True:
        page = dynamo.scan(TableName=table, ConsistentRead=True, **({"ExclusiveStartKey": start} if start else {}))
        yield from page["Items"]
        start = page.get("LastEvaluatedKey", {})
        if not start:
            return


def _packed(value: Any) -> Any:
    """DynamoDB's JSON with bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _packed(part) for name, part in value.items()}
    return [_packed(part) for part in value] if isinstance(value, list) else value


def _unpacked(item: Row) -> Row:
    """Back again: a `B` holds base64, a `BS` a list of it."""
    found: Row = {}
    for name, typed in item.items():
        ((kind, value),) = typed.items()
        if kind == "B":
            value = base64.b64decode(value)
        elif kind == "BS":
            value = [base64.b64decode(one) for one in value]
        found[name] = {kind: value}
    return found


def restore(dynamo: Dynamo, tables: Mapping[str, str], path: Path) -> dict[str, int]:
    """Fills the empty tables; returns how many rows of each came back. Safe to repeat after it broke off.

    Raises `InfraError` for a file that is not whole, and for a table that holds something the file does not.
    """
    expected = check(path)
    for name, table in tables.items():
        _empty_or_ours(dynamo, name, table, path)
    counts = dict.fromkeys(tables, 0)
    waiting: dict[str, list[Row]] = {name: [] for name in tables}
    for name, item in read(path):
        if name in tables:
            rows = returned(name, item)
            waiting[name] += rows
            counts[name] += len(rows)
            if len(waiting[name]) >= BATCH:
                _write(dynamo, tables[name], waiting[name])
                waiting[name] = []
    for name, rows in waiting.items():
        _write(dynamo, tables[name], rows)
    missing = sorted(set(tables) - set(expected))
    if missing:
        raise InfraError(f"{path.name} holds nothing of {', '.join(missing)}")
    return counts


def check(path: Path) -> dict[str, int]:
    """The counts at the file's end. Raises `InfraError` when it is cut short, or its rows are not as many."""
    counted: dict[str, int] = {}
    told: dict[str, int] | None = None
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                if "counts" in entry:
                    told = entry["counts"]
                else:
                    counted[entry["table"]] = counted.get(entry["table"], 0) + 1
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise InfraError(f"{path.name} can't be read to its end ({type(error).__name__}): take another copy") from error
    if told is None or any(counted.get(name, 0) != count for name, count in told.items()):
        raise InfraError(f"{path.name} is cut short: take another copy")
    return told


def read(path: Path) -> Iterator[tuple[str, Row]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if "item" in entry:
                yield entry["table"], _unpacked(entry["item"])


def returned(name: str, item: Row) -> list[Row]:
    """What a row comes back as: itself, nothing, or a parked message with the note by which it is counted."""
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    if name == "Staff" and (pk.startswith(("SS#", "AC#")) or sk.startswith("SS#")):
        return []
    if name == "Outbox" and item.get("state", {}).get("S") in WAITING and "template" in item:
        kept = {key: value for key, value in item.items() if key not in {"pending", "pending_at", "lease"}}
        note = {"pk": {"S": "PARKED"}, "sk": {"S": f"{pk}|{sk}"}, "at": item.get("at", {"S": ""})}
        return [{**kept, "state": {"S": "parked"}, "why": {"S": "restored"}}, note]
    return [item]


def _empty_or_ours(dynamo: Dynamo, name: str, table: str, path: Path) -> None:
    keys = ((row["pk"]["S"], row["sk"]["S"]) for row in _rows(dynamo, table))
    standing = {(pk, sk) for pk, sk in keys if not pk.startswith(IDLE.get(name, ())) and not sk.startswith("~RUN#")}
    if standing:
        ours = {(row["pk"]["S"], row["sk"]["S"]) for one, item in read(path) if one == name for row in returned(one, item)}
        if standing - ours:
            raise InfraError(
                f"table {name} ({table}) is not empty: restore into a new stack, or into tables that nobody has used"
            )


def _write(dynamo: Dynamo, table: str, rows: Sequence[Row]) -> None:
    """In batches; what DynamoDB leaves for later is sent again."""
    unique = {(row["pk"]["S"], row["sk"]["S"]): row for row in rows}
    puts = [{"PutRequest": {"Item": row}} for row in unique.values()]
    for start in range(0, len(puts), BATCH):
        left: Any = {table: puts[start : start + BATCH]}
        while left:
            left = dynamo.batch_write_item(RequestItems=left).get("UnprocessedItems")


def tables_of(outputs: Mapping[str, str], named: Sequence[str] = ()) -> dict[str, str]:
    """The stack's tables by name, some of them replaced by `Cases=NAME`."""
    found = {name: outputs[f"{name}Table"] for name in TABLES}
    for one in named:
        name, _, table = one.partition("=")
        if name not in found or not table:
            raise InfraError(f"--table {one}: write NAME=TABLE, NAME one of {', '.join(TABLES)}")
        found[name] = table
    return found


def main(argv: Sequence[str]) -> int:
    import boto3

    parser = argparse.ArgumentParser(prog="python -m infra.backup", description="A street's tables as one file, and back.")
    parser.add_argument("do", choices=("export", "restore"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--stack", required=True, help="name of the street's CloudFormation stack")
    parser.add_argument("--region")
    parser.add_argument("--endpoint", help="address of an engine other than AWS")
    parser.add_argument(
        "--table", action="append", default=[], metavar="NAME=TABLE", help="a recovered table in place of the stack's"
    )
    options = parser.parse_args(argv)
    made = {"region_name": options.region, "endpoint_url": options.endpoint}
    try:
        stacks = boto3.client("cloudformation", **made).describe_stacks(StackName=options.stack)["Stacks"]
        tables = tables_of(outputs_of(stacks[0]), options.table)
        work = export if options.do == "export" else restore
        counts = work(boto3.client("dynamodb", **made), tables, options.file)
    except InfraError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    say(f"{options.do}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
