"""Counters of submissions, in the Cases table beside what they guard: `B#<kind>#<keyed hash>` / `<window>`.

A counter is raised inside the transaction that stores the case, under the condition that it is below its ceiling: counting costs
no call of its own, and what was not stored was not counted. DynamoDB can't compute a bucket's level within a condition, so a
bucket is refilled at once at the beginning of each window instead of drop by drop.
"""

from __future__ import annotations

from dataclasses import dataclass

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.models.cases import CaseItem


@dataclass(frozen=True)
class Guard:
    """One counter of a write: its row, what is done to it, and the condition."""

    name: str
    row: CaseItem
    actions: tuple[Action, ...]
    condition: Condition | None


def guard(name: str, who: str, now: int, seconds: int, ceiling: int | None) -> Guard:
    """`who` is a keyed hash; `now` is wall time in epoch seconds. Without a ceiling it only counts."""
    window = now // seconds
    row = CaseItem(f"B#{name}#{who}", f"{window}")
    actions = (CaseItem.failures.add(1), CaseItem.ttl.set((window + 2) * seconds))
    condition = None if ceiling is None else CaseItem.failures.does_not_exist() | (CaseItem.failures < ceiling)
    return Guard(name, row, actions, condition)
