"""`make fuzz`: 10,000 cases of the described API and 100,000 of everything else, new ones each time; findings end it with 1.

`ARGS='--described 1000 --bytes 5000'` for fewer, `--seed N` for the ones of an earlier run, `--only "desk forms"` for a surface.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from infra.engine import isolate


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzzes the application in this process.")
    parser.add_argument("--described", type=int, default=10_000, help="cases of schemathesis")
    parser.add_argument("--bytes", type=int, default=100_000, help="cases of everything else together, or of each --only")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--few", action="store_true", help="a short story to begin from, as in `make test`")
    parser.add_argument("--minutes", type=float, default=0, help="ends it then, wherever it is; what was done is said")
    parser.add_argument("--only", action="append", default=[], help="a surface by name; again for another")
    options = parser.parse_args(argv)
    isolate(os.environ)
    warnings.simplefilter("ignore")
    logging.disable(logging.INFO)
    from tests.fuzz.run import Plan, run
    from tests.quick import begin_quickly, read_templates_as_json

    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    plan = Plan(
        options.described, options.bytes, seed, options.seed is None, not options.few, tuple(options.only), options.minutes
    )
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        begin_quickly(patch)
        read_templates_as_json(patch)
        report = run(plan, Path(folder), lambda line: sys.stderr.write(f"fuzz: {line}\n"))
    sys.stdout.write("\n".join(report.lines) + "\n")
    return 1 if report.oracle.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
