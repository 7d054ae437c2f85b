"""`python -m benchmarks.scale`: read units of sweep and desk among 10³ to 10⁶ open cases, into infra/scale/metered.toml.

The application's own code asks; what answers below its SDK is simulated (`benchmarks.held`), since no machine of a developer's
holds a million cases: each index answers in pages, each item with the weight that the application would store, counted as AWS
counts.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.held import PAGE_BYTES, READ_BYTES, Held, size_of
from benchmarks.sweep import BUDGET_S, NOW, answering, idle, opened
from chalicelib import wiring
from chalicelib.casework import numbers
from chalicelib.casework.access import Actor
from chalicelib.casework.figures_period import Period
from chalicelib.models import cases, ledger
from chalicelib.models.cases import Stored
from chalicelib.street import Street
from chalicelib.usecases import sweeping, work
from infra.package.build import ROOT
from infra.say import say

OUT = ROOT / "infra" / "scale" / "metered.toml"
STREETS = ROOT / "infra" / "streets"
OPEN = (1_000, 10_000, 100_000, 1_000_000)
DUE = 100
# A month of cases is read whole for its figures; beyond this many what was read is multiplied.
MONTH_MOST = 10_000
# What the indexes project beside their keys.
SHOWN = {
    "desk": ("queue", "deadline", "card"),
    "open": ("open_zone", "open_deadline", "card"),
    "ledger": ("month", "month_at", "card", "figures"),
}
Json = dict[str, Any]


class Answering(Held):
    """With the desk's and the ledger's indexes too: every open case stands in the one queue, by zone and in this month."""

    def query(self, asked: Json) -> Json:
        index = asked.get("IndexName", "")
        if index not in SHOWN:
            return super().query(asked)
        shown = SHOWN[index]
        values = [value["S"] for value in asked["ExpressionAttributeValues"].values()]
        among = self._among(index, next(value for value in values if value.startswith(("Q#", "Z#", "M#"))))
        begin = int(asked["ExclusiveStartKey"]["sk"]["S"].partition("@")[2]) if "ExclusiveStartKey" in asked else 0
        items: list[Json] = []
        weight, position = 0, begin
        while position < among and weight < PAGE_BYTES and len(items) < asked.get("Limit", among):
            story = self._shown[position % len(self._shown)]
            items.append({name: story[name] for name in ("pk", "sk", *shown) if name in story})
            weight += size_of(items[-1])
            position += 1
        last = {**items[-1], "sk": {"S": f"CASE@{position}"}} if position < among else None
        return self._page(items, max(math.ceil(weight / READ_BYTES), 1) * 0.5, last)

    def _among(self, index: str, key: str) -> int:
        """How many cases stand under that key."""
        if index == "ledger":
            return self.opened // 4 if key.startswith(f"M#{NOW:%Y-%m}") else 0
        if index == "open":
            return self.opened // len(self.street.zones)
        return self.opened

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shown = [self._item(story) for story in self.stories]

    def _item(self, story: Stored) -> Json:
        named = msgspec.structs.replace(story, case=msgspec.structs.replace(story.case, no="2222-2222-2"))
        item, _ = cases.item_of(named, story.attempt, self.street, None)
        return {name: dict(value) for name, value in item.serialize().items() if "B" not in value}


@dataclass(frozen=True)
class Metered:
    """Read units, by what was asked."""

    open: int
    sweep_idle: float
    sweep_due: float
    my_queue: float
    whole_street: float
    case: float
    figures: float


def metered(street: Street, stories: Sequence[Stored], count: int) -> Metered:
    few = Answering(stories, street, NOW, 0, 0)
    few.opened = count
    actor = Actor("staff:222222", "dispatcher", ("dispatcher@street", "street_admin@street"))

    def units(ask: Any) -> float:
        with answering(few):
            few.read_units = 0.0
            ask()
            return few.read_units

    month = min(count, MONTH_MOST)
    queue = units(lambda: work.my_queue(wiring.context(), actor))
    street_list = units(lambda: work.in_scope(wiring.context(), actor))
    one = units(lambda: cases.get(numbers.case_number(7)))
    few.opened = month
    period = Period(date(NOW.year, NOW.month, 1), date(NOW.year, NOW.month, 28))
    figures = units(lambda: sum(1 for _ in ledger.texts(period, street))) * (count / month)
    due = Held(stories, street, NOW, count, DUE)
    with answering(due):
        due.read_units = 0.0
        swept = sweeping.sweep(wiring.context(), lambda: BUDGET_S)
    if swept.cases != DUE:
        raise RuntimeError(f"{DUE} were due, and {swept.cases} were swept")
    return Metered(count, idle(Held(stories, street, NOW, count, 0)), due.read_units, queue, street_list, one, figures)


def measured(counts: Sequence[int] = OPEN) -> list[Metered]:
    logging.getLogger("doorstep").setLevel(logging.WARNING)
    with opened(min(STREETS.glob("*.toml"))) as (street, stories):
        return [metered(street, stories, count) for count in counts]


def text(rows: Sequence[Metered]) -> str:
    lines = ["# Written by `python -m benchmarks.scale`: read units, by how many cases are open.", f"due = {DUE}"]
    for row in rows:
        lines += ["", "[[among]]", *(f"{name} = {value}" for name, value in vars(row).items())]
    return "\n".join(lines) + "\n"


def main(path: Path = OUT) -> int:
    rows = measured()
    path.write_text(text(rows), "utf-8")
    for row in rows:
        say(", ".join(f"{name} {value:,g}" for name, value in vars(row).items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
