"""docs/performance.md: the figures of one run, where and when it was, and what is to be said of each."""

from __future__ import annotations

import os
import platform
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.row import Row, amount
from infra.package.build import ROOT

PAGE = ROOT / "docs" / "performance.md"
WORDS = Path(__file__).parent / "words.toml"
HEAD = """# Performance

Written by `make bench`. Each row was measured in one run beside what it is compared with: another machine has other figures, but
much the same ratios.
"""
UNEXPLAINED = "Nobody has looked into it yet."


def machine() -> str:
    """Cores, processor and Python of this run, and how busy the machine is (measuring keeps one core busy, printing all)."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    busy = f"load average {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} cores ({model}), {busy}, {platform.system()}, Python {platform.python_version()}"


def words() -> dict[str, dict[str, str]]:
    """By a row's key: `how`, and `why` while it is not met."""
    return tomllib.loads(WORDS.read_text("utf-8"))


def page(rows: Sequence[Row], everybody: str, now: datetime, where: str) -> str:
    """As Markdown. `everybody` is the table of all who were started."""
    said, missed = words(), [row for row in rows if not row.met]
    parts = [HEAD, f"{now:%Y-%m-%d %H:%M} UTC, {where}.\n", _table(rows)]
    if missed:
        parts += ["## What is not met\n", *(_missed(row, said[row.key]) for row in missed)]
    if everybody:
        parts += ["## Cold starts, everybody\n", f"```\n{everybody}\n```\n"]
    parts += [
        "## How each row is measured\n",
        "\n".join(f"- **{row.title}**: {said[row.key]['how'].strip()}" for row in rows) + "\n",
    ]
    return "\n".join(parts)


def _table(rows: Sequence[Row]) -> str:
    lines = ["| what | figure | against | ratio | to reach | |", "|---|---|---|---|---|---|"]
    for row in rows:
        against = f"{amount(row.against, row.unit)} {row.of or '(limit)'}"
        met = "met" if row.met else "**not met**"
        lines.append(f"| {row.name} | {amount(row.value, row.unit)} | {against} | {row.ratio:.3f} | ≤ {row.reach:g} | {met} |")
    return "\n".join(lines) + "\n"


def _missed(row: Row, said: Mapping[str, str]) -> str:
    return f"**{row.title}**: {row.ratio:.3f}, to reach {row.reach:g}. {said.get('why', UNEXPLAINED).strip()}\n"


def write(rows: Sequence[Row], everybody: str) -> Path:
    PAGE.write_text(page(rows, everybody, datetime.now(UTC), machine()), "utf-8")
    return PAGE
