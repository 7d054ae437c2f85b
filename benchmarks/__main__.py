"""`python -m benchmarks [PART …]`: measures, prints a table, writes .local/bench.json; its exit code says whether all is met."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import coldstart, posters, size
from benchmarks.row import Row, table
from infra.package.build import ROOT, Built, build
from infra.say import say

OUT = ROOT / ".local" / "bench.json"


def _coldstart(built: Built) -> list[Row]:
    say(f"cold start, {coldstart.RUNS} processes of each …")
    compared = coldstart.compare(built, say=say)
    say(f"\n{compared.table()}\n")
    return compared.rows()


def _size(built: Built) -> list[Row]:
    return [size.row(built)]


def _posters(built: Built) -> list[Row]:
    say(f"posters, {posters.DOORS} doors …")
    return posters.rows(built.street.id)


PARTS: dict[str, Callable[[Built], list[Row]]] = {"coldstart": _coldstart, "size": _size, "posters": _posters}


def main(street: str, parts: list[str], out: Path) -> int:
    built = build(street, say)
    rows = [row for part in PARTS if not parts or part in parts for row in PARTS[part](built)]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps([row.to_json() for row in rows], indent=1, ensure_ascii=False) + "\n", "utf-8")
    say(f"\n{table(rows)}\n\nwritten to {os.path.relpath(out)}")
    return 0 if all(row.met for row in rows) else 1


def default_street() -> str:
    """As the Makefile chooses it: what the environment names, or the first there is."""
    return os.environ.get("STREET") or sorted(path.stem for path in (ROOT / "infra" / "streets").glob("*.toml"))[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measured figures side by side, in one run.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="some parts only")
    sys.exit(main(default_street(), parser.parse_args().parts, OUT))
