"""`python -m benchmarks [PART …]`: measures, prints a table, writes .local/bench.json; its exit code says whether all is met.

A run of all parts also writes docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import coldstart, idle, life, page, posters, report, size, sweep
from benchmarks.row import Row, table
from infra.package.build import ROOT, Built, build
from infra.say import say

OUT = ROOT / ".local" / "bench.json"
STREETS = ROOT / "infra" / "streets"
# Rows, and a table of more than the rows, or none.
Found = tuple[list[Row], str]


def _coldstart(built: Built) -> Found:
    say(f"cold starts, {coldstart.RUNS} processes of each …")
    compared = coldstart.compare(built, say=say)
    say(f"\n{compared.table()}\n")
    return compared.rows(), compared.table()


def _life(_: Built) -> Found:
    say("a whole case's life …")
    lived = life.live()
    counted = [f"  {name}: {calls} calls" for name, calls in {**lived.submissions, **lived.actions}.items()]
    say("\n".join(counted))
    return lived.rows(), ""


def _sweep(built: Built) -> Found:
    say(f"sweeps among {sweep.FEW:,} to {sweep.MANY:,} cases …")
    return sweep.rows(_file(built)), ""


def _page(built: Built) -> Found:
    return [page.row(_file(built))], ""


def _size(built: Built) -> Found:
    return [size.row(built)], ""


def _posters(built: Built) -> Found:
    say(f"posters of {posters.DOORS:,} doors …")
    return posters.rows(built.street.id), ""


def _idle(built: Built) -> Found:
    return [idle.row(built)], ""


def _file(built: Built) -> Path:
    return STREETS / f"{built.street.id}.toml"


PARTS: dict[str, Callable[[Built], Found]] = {
    "coldstart": _coldstart,
    "life": _life,
    "sweep": _sweep,
    "page": _page,
    "size": _size,
    "posters": _posters,
    "idle": _idle,
}


def main(street: str, parts: list[str], out: Path) -> int:
    built = build(street, say)
    found = [PARTS[part](built) for part in PARTS if not parts or part in parts]
    rows = [row for part, _ in found for row in part]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps([row.to_json() for row in rows], indent=1, ensure_ascii=False) + "\n", "utf-8")
    say(f"\n{table(rows)}\n\nwritten to {os.path.relpath(out)}")
    if not parts:
        say(f"and to {os.path.relpath(report.write(rows, next((extra for _, extra in found if extra), '')))}")
    return 0 if all(row.met for row in rows) else 1


def default_street() -> str:
    """As the Makefile chooses it: what the environment names, or the first there is."""
    return os.environ.get("STREET") or min(path.stem for path in STREETS.glob("*.toml"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measured figures side by side, in one run.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="some parts only")
    sys.exit(main(default_street(), parser.parse_args().parts, OUT))
