"""What was tried under faults and lived at random: `.local/faults.json`, and `docs/faults.md` written from it.

`python -m tests.fault_record` writes the page. Figures are kept a scenario at a time, so that a run that is broken off loses
nothing, and samples apart from whole runs, which they never replace.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults import KINDS

ROOT = Path(__file__).parent.parent
FIGURES = ROOT / ".local" / "faults.json"
LIVES = ROOT / ".local" / "lives"
PAGE = ROOT / "docs" / "faults.md"
SOAK = os.environ.get("DOORSTEP_SOAK", "")
# Which part of all faults `make test` tries: the same each time, so that a change is what turns it red and never a day.
SEED = int(os.environ.get("DOORSTEP_SEED") or 739942)
COUNTED = ("calls", "faults", "struck", "violations")


@contextmanager
def _kept() -> Iterator[dict[str, Any]]:
    """The file's content, written back at the end of the block; one process at a time."""
    FIGURES.parent.mkdir(exist_ok=True)
    with (FIGURES.parent / "faults.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            kept = json.loads(FIGURES.read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        if "whole" not in kept:
            kept = {"kinds": KINDS, "whole": {}, "sampled": {}, "lives": []}
        yield kept
        kept["total"] = {
            part: {name: sum(one[name] for one in kept[part].values()) for name in COUNTED} for part in ("whole", "sampled")
        }
        part = FIGURES.with_suffix(".part")
        part.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
        part.replace(FIGURES)


def keep_scenario(name: str, figures: dict[str, int], seconds: float) -> None:
    """One scenario's figures, of all its faults in a soak, of a sample otherwise."""
    with _kept() as kept:
        kept["whole" if SOAK else "sampled"][name] = {**figures, **_circumstances(seconds), "seed": SEED}


def keep_lives(lives: int, steps: int, seed: int, violations: int, seconds: float) -> None:
    with _kept() as kept:
        kept["lives"].append({"lives": lives, "steps": steps, "seed": seed, "violations": violations, **_circumstances(seconds)})


def _circumstances(seconds: float) -> dict[str, Any]:
    return {"seconds": round(seconds, 1), "date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": machine()}


def machine() -> str:
    """What it ran on, without its name."""
    model = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def page(kept: dict[str, Any]) -> str:
    """The page: every whole run, and the lives."""
    whole, total = kept["whole"], kept["total"]["whole"]
    machines = sorted({one["machine"] for one in [*whole.values(), *kept["lives"]]})
    lines = [
        "# Faults",
        "",
        "Written by `python -m tests.fault_record` from the runs on record in `.local/faults.json`; nothing is typed by hand.",
        "",
        "Each scenario is what one person or one event does to the system. It is run once as it is, which counts the calls that",
        "it makes of AWS, and then once more for every call and every kind of fault. After each run the process starts again,",
        "whoever had no answer asks again, time runs on, and everything that is promised is looked at: nothing lost, nothing",
        "doubled, no message or event twice, no half of a pair of rows, no word left of who was erased.",
        "",
        f"Kinds: {', '.join(f'`{kind}`' for kind in kept['kinds'])}:",
        "the process dies before the call leaves or after it was carried out; the answer is lost once, or for good; AWS is too",
        "busy; the call never arrives.",
        "",
        f"**{len(whole)} scenarios, {total['calls']:,} calls, {total['faults']:,} faults tried, "
        f"{total['violations']:,} violations.** On {'; '.join(machines) or 'no machine yet'}.",
        "",
        "Again, all of it (hours) or some:",
        "",
        "```sh",
        "make soak",
        "DOORSTEP_SOAK=1 .venv/bin/python -m pytest --timeout 0 tests/test_faults*.py -k merge",
        ".venv/bin/python -m tests.fault_record",
        "```",
        "",
        "| scenario | calls | faults tried | violations | seconds | on |",
        "|---|--:|--:|--:|--:|---|",
        *(
            f"| {name} | {one['calls']} | {one['faults']:,} | {one['violations']} | {one['seconds']:.0f} | {one['date']} |"
            for name, one in whole.items()
        ),
        "",
        *_not_whole(kept),
        "`make test` tries a sample of them, the same each time (`DOORSTEP_SEED=n` tries another; a failure prints which).",
        "",
        "## Lives",
        "",
        "A street lives: residents, staff of eight offices, time, sweeps, deliveries, crashes and faults in an order that nobody",
        "chose; after each step every promise is looked at. A life that breaks one is written to `.local/lives/` with its seed",
        "and its steps.",
        "",
        "| lives × steps | seed | violations | seconds | on |",
        "|---|--:|--:|--:|---|",
        *(
            f"| {one['lives']} × {one['steps']} | {one['seed']} | {one['violations']} | {one['seconds']:.0f} | {one['date']} |"
            for one in kept["lives"]
        ),
        "",
        "```sh",
        "DOORSTEP_SOAK=300x50 DOORSTEP_SEED=1 .venv/bin/python -m pytest --timeout 0 tests/test_machine.py",
        "```",
        "",
    ]
    return "\n".join(lines)


def _not_whole(kept: dict[str, Any]) -> list[str]:
    """What has not been run to its end, with the last sample of it."""
    from tests import fault_outside, fault_registers, fault_rooms, fault_scenarios

    every = (*fault_scenarios.SCENARIOS, *fault_registers.SCENARIOS, *fault_rooms.SCENARIOS, *fault_outside.SCENARIOS)
    missing = [scenario.name for scenario in every if scenario.name not in kept["whole"]]
    if not missing:
        return []
    lines = ["Not run to the end yet; of these the latest sample:", "", "| scenario | calls | faults tried | violations | on |"]
    lines += ["|---|--:|--:|--:|---|"]
    for name in missing:
        one = kept["sampled"].get(name)
        tried = (one["calls"], f"{one['faults']} of {one['calls'] * len(KINDS):,}", one["violations"], one["date"]) if one else ()
        lines.append(f"| {name} | {' | '.join(map(str, tried or ('', 'none', '', '')))} |")
    return [*lines, ""]


def main() -> int:
    with _kept() as kept:
        pass
    PAGE.write_text(page(kept), "utf-8")
    total = kept["total"]["whole"]
    sys.stdout.write(f"docs/faults.md: {total['calls']} calls, {total['faults']} faults, {total['violations']} violations\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
