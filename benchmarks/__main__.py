"""`python -m benchmarks`: measures, prints a table, writes .local/bench.json; its exit code says whether all was reached."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from benchmarks import coldstart, posters, size
from benchmarks.row import Row, table
from infra.package.build import ROOT, build
from infra.say import say

OUT = ROOT / ".local" / "bench.json"


def main(street: str, out: Path) -> int:
    built = build(street, say)
    rows: list[Row] = []
    say("package size …")
    rows.append(size.row(built))
    say(f"cold start, {coldstart.RUNS} runs of each …")
    compared = coldstart.compare(built)
    rows.append(compared.row(reach=0.35))
    rows.append(Row("AWS calls of a submission, warm", _calls(compared), 1, 3, unit="calls"))
    say(f"posters, {posters.DOORS} doors …")
    rows += posters.rows(street)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps([row.to_json() for row in rows], indent=1) + "\n", "utf-8")
    say(f"\n{table(rows)}\n\nwritten to {os.path.relpath(out)}")
    return 0 if all(row.met for row in rows) else 1


def _calls(compared: coldstart.Compared) -> float:
    """Of the first submission, without the one read of the street's secrets that a process does once."""
    return float(max(len(run.calls) for run in compared.built) - 1)


if __name__ == "__main__":
    named = os.environ.get("STREET", "")
    if not named:
        sys.exit("STREET is not set; `make bench` names one, or use STREET=… python -m benchmarks")
    sys.exit(main(named, OUT))
