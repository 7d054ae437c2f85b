"""One measured figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """`value` and `against` in one `unit`; their `ratio` is what was promised to reach at most `reach`.

    `of` says in words what `against` is, empty for a limit; under `key` the words about the row stand in words.toml.
    """

    name: str
    value: float
    against: float
    reach: float
    unit: str = "ms"
    of: str = ""
    key: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.against

    @property
    def met(self) -> bool:
        return self.ratio <= self.reach

    @property
    def title(self) -> str:
        return f"{self.name}, against {self.of}" if self.of else self.name

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": round(self.ratio, 3), "met": self.met}


def amount(value: float, unit: str) -> str:
    """With its unit, to four figures at least."""
    shown = f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
    return f"{shown} {unit}"


def table(rows: list[Row]) -> str:
    """For a terminal, one row a line."""
    head = ("what", "value", "against", "", "ratio", "reach", "")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    amounts = (amount(row.value, row.unit), amount(row.against, row.unit), row.of or "(limit)")
    return (row.name, *amounts, f"{row.ratio:.3f}", f"{row.reach:g}", "met" if row.met else "NOT MET")
