"""Tables and lists in Markdown, the same for the same values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

DASH = "—"


def cell(text: str) -> str:
    """Without what would end the cell."""
    return text.replace("|", "\\|").replace("\n", " ").strip() or DASH


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(cell(text) for text in row)} |" for row in rows), ""]


def joined(parts: Iterable[str]) -> str:
    """Parts of a cell, each on a line of its own, each once."""
    return "<br>".join(dict.fromkeys(part for part in parts if part))


def mermaid(lines: Iterable[str]) -> list[str]:
    return ["```mermaid", *lines, "```", ""]


def page(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"
