"""`python -m benchmarks.load [--reports N]`: a storm, its figures, and whether anything was lost or doubled.

A whole one also measures the function by itself, keeps its figures in .local/load.json and writes docs/load.md; `--page` writes
the page again from what is kept. `--small` is what `make test` has of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.load import page
from benchmarks.load.alone import measured
from benchmarks.load.run import Wanted, blow
from benchmarks.report import machine
from infra.package.build import ROOT
from infra.say import say
from tests.server import STREET

OUT = ROOT / ".local" / "load.json"
SMALL = Wanted(reports=60, sessions=8, clerks=2, abuse=25, hot=10, sweep_s=1.5, early=2)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description="A street's storm on this machine.")
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--sessions", type=int, default=16)
    parser.add_argument("--clerks", type=int, default=3)
    parser.add_argument("--abuse", type=int, default=900, help="posts of one address")
    parser.add_argument("--minutes", type=float, default=60, help="who has not come by then does not come")
    parser.add_argument("--small", action="store_true", help="some seconds of it, figures as JSON, no page")
    parser.add_argument("--page", action="store_true", help="no storm: the page again, of the last one's figures")
    options = parser.parse_args(argv)
    if options.page:
        return _told(json.loads(OUT.read_text("utf-8")))
    wanted = (
        SMALL
        if options.small
        else Wanted(options.reports, options.sessions, options.clerks, options.abuse, minutes=options.minutes)
    )
    with tempfile.TemporaryDirectory(prefix="doorstep-load-", ignore_cleanup_errors=True) as folder:
        figures = blow(Path(folder), wanted, (lambda _: None) if options.small else say)
    text = json.dumps({**asdict(figures), "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "machine": machine()}, ensure_ascii=False)
    if options.small:
        say(text)
        return 1 if figures.verdict.wrong else 0
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(f"{text}\n", "utf-8")
    return _told(json.loads(text))


def _told(found: dict[str, Any]) -> int:
    """Prints the figures and writes the page; 1 when anything is wrong."""
    alone = measured(STREET, say)
    written = page.write(found, alone)
    say(f"\n{page.page(found, alone)}\nwritten to {os.path.relpath(written)}")
    return 1 if found["verdict"]["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
