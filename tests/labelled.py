"""The labelled reports, and how well a way of grouping finds their matters again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "labelled_texts.txt"
ALONE = "-"


@dataclass(frozen=True)
class Labelled:
    """`label` is empty for a report whose matter nobody else tells of."""

    part: str
    label: str
    category: str
    text: str


@dataclass(frozen=True)
class Score:
    """Over all pairs of reports: of those put together how many belong together, and of those that belong how many were."""

    precision: float
    recall: float

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f}, F1 {self.f1:.3f}"

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def labelled(part: str = "") -> list[Labelled]:
    found: list[Labelled] = []
    head = ("", "", "")
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            now, label, category = line.strip("[]").split()
            head = (now, "" if label == ALONE else label, "" if category == "mixed" else category)
        elif line and not line.startswith("#") and part in {"", head[0]}:
            found.append(Labelled(head[0], head[1], "" if line[0] == "?" else head[2], line.lstrip("?")))
    return found


def _pairs(sizes: Counter[object]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes.values())


def score(reports: Sequence[Labelled], groups: Sequence[Sequence[int]]) -> Score:
    """`groups` are indexes; a report that is in none stands alone."""
    together = _pairs(Counter({at: len(group) for at, group in enumerate(groups)}))
    belong = _pairs(Counter(one.label for one in reports if one.label))
    right = sum(_pairs(Counter(reports[at].label for at in group if reports[at].label)) for group in groups)
    return Score(right / together if together else 1.0, right / belong)
