"""`python -m benchmarks.load [--reports N]`: a storm, its figures, and whether anything was lost or doubled.

A whole one also measures the function by itself and writes docs/load.md; `--small` is what `make test` has of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load.run import Wanted, blow
from benchmarks.report import machine
from infra.package.build import ROOT
from infra.say import say

OUT = ROOT / ".local" / "load.json"
SMALL = Wanted(reports=60, sessions=8, clerks=2, abuse=25, hot=10, sweep_s=1.5, early=2)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description="A street's storm on this machine.")
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--sessions", type=int, default=16)
    parser.add_argument("--clerks", type=int, default=3)
    parser.add_argument("--abuse", type=int, default=1500, help="posts of one address")
    parser.add_argument("--small", action="store_true", help="some seconds of it, figures as JSON, no page")
    options = parser.parse_args(argv)
    wanted = SMALL if options.small else Wanted(options.reports, options.sessions, options.clerks, options.abuse)
    with tempfile.TemporaryDirectory(prefix="doorstep-load-") as folder:
        figures = blow(Path(folder), wanted, (lambda _: None) if options.small else say)
    found = {**asdict(figures), "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "machine": machine()}
    if options.small:
        say(json.dumps(found))
    else:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 1 if figures.verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
