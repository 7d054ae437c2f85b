"""A whole case through the application's own pages, on an emulated street: calls of a request, and write units of all.

Calls are counted as they leave for AWS, repeats included; units by AWS's own formulas from what is sent (`tests/units.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from benchmarks import emulated
from benchmarks.row import Row
from tests import steps, wire
from tests.client import Page, Visitor
from tests.life import lived
from tests.units import metered
from tests.world import World

MOST_CALLS, MOST_UNITS = 3, 100
_ACTION = re.compile(r"/desk/cases/[^/]+/([a-z_]+)$")


@dataclass(frozen=True)
class Asked:
    """A request and the calls that it made."""

    method: str
    path: str
    calls: tuple[str, ...]

    @property
    def action(self) -> str:
        """The staff action; empty for none."""
        found = _ACTION.search(self.path)
        return found[1] if found and self.method == "POST" else ""


@dataclass(frozen=True)
class Lived:
    """Write units of one whole life; calls of each way to send a report, and of each staff action."""

    units: int
    submissions: dict[str, int]
    actions: dict[str, int]

    def rows(self) -> list[Row]:
        submission, action = max(self.submissions.values()), max(self.actions.values())
        return [
            Row("AWS calls of a submission", submission, MOST_CALLS, 1, unit="calls", key="calls_submission"),
            Row("AWS calls of a staff action", action, MOST_CALLS, 1, unit="calls", key="calls_action"),
            Row("write units of a whole case life", self.units, MOST_UNITS, 1, unit="units", key="life"),
        ]


def live() -> Lived:
    with emulated.street() as world, _recorded() as asked:
        clerk, worker = world.signed_in("dispatcher", "street"), world.signed_in("department", "street")
        submissions = _submissions(world, asked)
        # Messages of what was tried above are not this case's.
        world.deliver()
        asked.clear()
        with metered(world) as meter:
            lived(world, clerk, worker)
        _more(world, clerk)
        actions: dict[str, int] = {}
        for one in asked:
            if one.action:
                actions[one.action] = max(actions.get(one.action, 0), len(one.calls))
    return Lived(meter.write, submissions, actions)


def _submissions(world: World, asked: list[Asked]) -> dict[str, int]:
    """Calls of a report as it mostly comes, of the same sent again, and of a plain one; a warm process's."""
    fields = steps.report(world)
    steps.send(world.client(), steps.report(world))
    found = {}
    plain = steps.report(world, phone="", category="")
    for name, sent in (("with category and phone", fields), ("the same again", fields), ("neither category nor phone", plain)):
        asked.clear()
        steps.send(world.client(), sent)
        found[name] = len(asked[-1].calls)
    return found


def _more(world: World, clerk: Visitor) -> None:
    """Actions that such a life lacks."""
    no, _ = steps.reported(world)
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "answer", text="已经修好")
    no, _ = steps.reported(world)
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "propose", outcome="solved", text="换了灯泡")
    steps.act(clerk, no, "confirm")
    steps.act(clerk, no, "reopen", reason="又坏了")


@contextmanager
def _recorded() -> Iterator[list[Asked]]:
    """Every request of every visitor while the block runs."""
    seen: list[Asked] = []
    original = Visitor.call

    def call(self: Visitor, method: str, target: str, *more: Any, **named: Any) -> Page:
        with wire.counted() as calls:
            page = original(self, method, target, *more, **named)
        seen.append(Asked(method, target, tuple(calls)))
        return page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Visitor, "call", call)
        yield seen
