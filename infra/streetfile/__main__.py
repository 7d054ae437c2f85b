"""`python -m infra.streetfile infra/streets/<id>.toml [--out DIR]`: says ok with counts, or every problem and exits 2."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.casework.calendar import days_left
from infra.streetfile.compile import load, write
from infra.streetfile.problems import StreetFileError

WARN_DAYS = 60


def main(argv: list[str], now: datetime) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.streetfile", description="Check a street file and its places.")
    parser.add_argument("file", type=Path, help="the street's TOML; its places CSV stands beside it")
    parser.add_argument("--out", type=Path, help="write street.json and places.json into this directory")
    options = parser.parse_args(argv)
    try:
        street, places = load(options.file)
        if options.out:
            write(options.file, options.out)
    except StreetFileError as error:
        sys.stderr.write(f"{error}\n{options.file}: refused, {len(error.problems)} to mend\n")
        return 2
    counts = (
        f"{len(street.zones)} zones, {len(street.committees)} committees, {len(street.communities)} communities, "
        f"{len(places)} places, {len(street.rungs)} rungs, {len(street.classes)} classes, {len(street.clocks)} clocks"
    )
    sys.stdout.write(f"{options.file}: ok: {street.name.zh}, {counts}\n")
    left = days_left(now, street.calendar, street.tz)
    if left < WARN_DAYS:
        sys.stdout.write(
            f"{options.file}: warning: days off are published to {street.calendar.known_to} only, {left} days from now; "
            "update chinesecalendar, or add next year's days to [calendar] with their own known_to\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], datetime.now(UTC)))
