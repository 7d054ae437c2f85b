"""docs/load.md: one storm's figures, and what to make of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.load.alone import CALLS, CONCURRENT, SIZES, VCPU_MB, Alone
from benchmarks.sweep import CALL_S
from infra.package.build import ROOT

WORDS = Path(__file__).parent / "words.toml"
PAGE = ROOT / "docs" / "load.md"
Json = Mapping[str, Any]


def table(found: Json) -> str:
    """The three kinds of requests."""
    lines = ["| | answered | a second | p50 | p95 | p99 |", "|---|---|---|---|---|---|"]
    for name, key in (("submissions", "submissions"), ("steps of staff", "steps"), ("pages of the desk", "pages")):
        one = found[key]
        times = " | ".join(f"{one[part] * 1000:,.0f} ms" for part in ("p50", "p95", "p99"))
        lines.append(f"| {name} | {one['count']:,} | {one['rate']:.1f} | {times} |")
    return "\n".join(lines)


def counts(found: Json) -> str:
    """What was counted over the tables afterwards."""
    verdict = found["verdict"]
    lines = [f"| {name} | {count:,} |" for name, count in verdict["counts"].items()]
    wrong = verdict["wrong"]
    said = (
        f"**{len(wrong)} things are wrong**: " + "; ".join(wrong[:20]) if wrong else "**Nothing was lost and nothing doubled.**"
    )
    return "\n".join(["| counted | |", "|---|---|", *lines, "", said])


def page(found: Json, alone: Alone | None) -> str:
    wanted, cpu = found["wanted"], found["cpu"]
    said: Json = tomllib.loads(WORDS.read_text("utf-8"))
    head = said["head"].format(**{**wanted, **found})
    who = said["limited"]["server" if cpu["server"] > cpu["engine"] else "engine"]
    posts = found["posts"]
    parts = [head, table(found) + "\n", "## Counted afterwards\n", counts(found) + "\n", said["held"]]
    parts.append(
        said["abuse"].format(
            abuse=sum(found["abused"].values()),
            taken=found["abused"].get("303", 0),
            hot=wanted["hot"] or 600,
            refused=found["refused"],
            meanwhile=found["served_meanwhile"],
            others=found["others_refused"] or "none",
        )
    )
    per_post: dict[str, float] = {"per_post": cpu["server"] / posts * 1000, "engine_post": cpu["engine"] / posts * 1000}
    counts_of = found["verdict"]["counts"]
    per_post |= {"sent": counts_of["messages sent"], "messages": counts_of["messages"], "waiting": found["waiting"]}
    parts.append(said["limit"].format(seconds=found["seconds"], cores=found["machine"].split()[0], who=who, **per_post, **cpu))
    if alone:
        parts.append(_alone(said["alone"], alone, found["reports"]))
    return "\n".join(parts)


def _alone(words: str, alone: Alone, reports: int) -> str:
    said = words.format(
        warm=alone.warm_ms,
        cold=alone.cold_ms,
        memory=alone.memory_mb,
        share=min(alone.memory_mb / VCPU_MB, 1),
        vcpu=VCPU_MB,
        lasts=alone.warm_s * 1000,
        calls=CALLS,
        call=CALL_S * 1000,
        concurrent=CONCURRENT,
        rate=alone.rate,
        gate=alone.gateway_rate,
        burst=alone.gateway_burst,
        reports=reports,
        through=reports / min(alone.rate, alone.gateway_rate),
    )
    head = ("memory", "of a processor", "a warm submission", f"a second of {CONCURRENT:,} executions")
    rows = [
        (
            f"{size:,} MB",
            f"{min(size / VCPU_MB, 1):.0%}",
            f"{alone.lasts(size) * 1000:.0f} ms",
            f"{CONCURRENT / alone.lasts(size):,.0f}",
        )
        for size in SIZES
    ]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return said + "\n" + "\n".join(lines) + "\n"


def write(found: Json, alone: Alone | None, path: Path = PAGE) -> Path:
    path.write_text(page(found, alone), "utf-8")
    return path
