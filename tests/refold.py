"""Folds stored cases again, in a process of its own: `python -m tests.refold` reads them from standard input.

One JSON object a line: `{"no": …, "body": …, "archive": […]}`, the bytes of the item and of its archive rows as base64, as they
lie in the table. What is wrong with a case is said on standard output, a line each, and the exit status is 1 then. It knows the
pure rules and the stored form alone: neither the tables nor the street.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.casework import lifts
from chalicelib.casework.case import Case
from chalicelib.casework.events import VERSION
from chalicelib.casework.folds import fold

ROOT = Path(__file__).parent.parent
ITEM_LIMIT = 400_000  # bytes of a DynamoDB item


def problem(no: str, body: bytes, archive: Iterable[bytes]) -> str:
    """What is wrong with one stored case; empty when folding its events gives its state."""
    kept = json.loads(zlib.decompress(body))
    old = [event for row in archive for event in json.loads(zlib.decompress(row))]
    events = lifts.events([*old, *kept["events"]])
    if [event.seq for event in events] != list(range(1, len(events) + 1)):
        return f"{no}: its events are numbered {[event.seq for event in events]}"
    if sorted(event.at for event in events) != [event.at for event in events]:
        return f"{no}: time runs backwards in it"
    stored, folded = msgspec.convert(kept["state"], Case), fold(no, events)
    # What an earlier version folded is folded anew when it is read.
    if stored == folded or kept["v"] < VERSION:
        return ""
    names = [name for name in Case.__struct_fields__ if getattr(stored, name) != getattr(folded, name)]
    return f"{no}: stored and folded differ in {', '.join(names)}"


def lines_of(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """The cases among raw items of the Cases table, a line each."""
    bodies: dict[str, bytes] = {}
    archives: dict[str, dict[str, bytes]] = {}
    for item in items:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if sk == "CASE":
            bodies[pk] = item["body"]["B"]
        elif sk.startswith("A#"):
            archives.setdefault(pk, {})[sk] = item["body"]["B"]
    return [_line(pk, body, archives.get(pk, {})) for pk, body in bodies.items()]


def _line(pk: str, body: bytes, archive: Mapping[str, bytes]) -> str:
    rows = [base64.b64encode(archive[sk]).decode() for sk in sorted(archive)]
    return json.dumps({"no": pk.removeprefix("C#"), "body": base64.b64encode(body).decode(), "archive": rows})


def in_another_process(lines: Iterable[str]) -> list[str]:
    """What `python -m tests.refold` says about these cases."""
    given = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(
        [sys.executable, "-m", "tests.refold"], cwd=ROOT, input=given, capture_output=True, text=True, check=False, timeout=100
    )
    said = done.stdout.splitlines()
    if done.returncode != (1 if said else 0):
        said.append(f"tests.refold ended with {done.returncode}: {done.stderr[-2000:]}")
    return said


def main() -> int:
    found = []
    for line in sys.stdin:
        case = json.loads(line)
        found.append(problem(case["no"], base64.b64decode(case["body"]), map(base64.b64decode, case["archive"])))
    wrong = [said for said in found if said]
    sys.stdout.writelines(f"{said}\n" for said in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
