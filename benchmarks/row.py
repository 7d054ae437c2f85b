"""One measured figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """`value` and `against` in one `unit`; their `ratio` is what was promised to reach at most `reach`.

    `of` says in words what `against` is; empty for a limit.
    """

    name: str
    value: float
    against: float
    reach: float
    unit: str = "ms"
    of: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.against

    @property
    def met(self) -> bool:
        return self.ratio <= self.reach

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": round(self.ratio, 3), "met": self.met}


def table(rows: list[Row]) -> str:
    """For a terminal, one row a line."""
    head = ("what", "value", "against", "", "ratio", "reach", "")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    figures = (
        f"{row.value:.4g} {row.unit}",
        f"{row.against:.4g} {row.unit}",
        row.of or "at most",
        f"{row.ratio:.3f}",
        f"{row.reach:g}",
    )
    return (row.name, *figures, "met" if row.met else "NOT MET")
