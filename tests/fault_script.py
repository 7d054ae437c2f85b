"""What scenarios under faults are written with: one case and its way to the moment, and the one act that is to go wrong.

Acts are handed over as a browser or Lambda would repeat them: the same form with the same key or attempt, the same event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chalicelib.models import cases
from chalicelib.usecases import work
from tests.town import Answer, Town, number_in, token_in

Act = Callable[[], Answer]
ATTEMPT = "a1" * 16
POLICE = "department@dept:police"
KEY = "b2" * 16
NEW_PASSWORD = "a new long enough secret"
OK = frozenset({200, 303})
DONE = {"outcome": "solved", "text": "换了灯泡"}


def nothing_more(town: Town, answers: Sequence[Answer]) -> list[str]:
    return []


def nothing(town: Town) -> object:
    return None


@dataclass(frozen=True)
class Scenario:
    """`ways` and `memory` are the provider's from the act on. `final` are the answers that people don't ask again after.
    `gathers`: what it sends are digests, and a fault may divide what is in them. `after` is what others do or what runs when the
    act is done; what is `seen` at the end is the same as without a fault. Who asks again waits `pause` minutes.
    `hourly`: what a fault left undone is done by the machinery within hours, in its own name.
    """

    name: str
    prepare: Callable[[Town], Act]
    ways: tuple[str, ...] = ()
    memory: str = "honest"
    final: frozenset[int] = OK
    holds: Callable[[Town, Sequence[Answer]], list[str]] = nothing_more
    gathers: bool = False
    after: Callable[[Town], object] = nothing
    seen: Callable[[Town], object] = nothing
    pause: int = 0
    hourly: bool = False


@dataclass
class Script:
    """One case and its way to the moment."""

    town: Town
    no: str = ""
    token: str = ""
    steps: int = 0

    def reported(self, phone: bool = True, **more: Any) -> Script:
        answer = self.town.report(**more) if phone else self.town.report(phone="", **more)
        self.no, self.token = number_in(answer), token_in(answer)
        return self

    def do(self, who: str, action: str, **fields: str) -> Script:
        self.steps += 1
        answer = self.act(who, action, f"{self.steps:032d}", fields)()
        if answer.status not in OK:
            raise AssertionError(f"{who} could not {action}: {answer.status}")
        return self

    def act(self, who: str, action: str, attempt: str = ATTEMPT, fields: dict[str, str] | None = None) -> Act:
        """The step as a form that may be sent again and again."""
        sent = fields or {}
        if who == "reporter":
            return partial(self.town.post, who, f"/t/{self.token}/{action}", {"attempt": attempt, **sent})
        stored = cases.get(self.no)
        version = stored.case.version if stored else 0
        return partial(self.town.desk, who, self.no, action, attempt, version, sent)

    def party(self, who: str) -> str:
        """The value of that person in the form for assigning."""
        stored = cases.get(self.no)
        if stored is None:
            raise AssertionError("no case")
        wanted = self.town.people[who].id
        return next(value for value, party in work.parties(self.town.world.context, stored.case) if party.id == wanted)

    def at_committee(self) -> Script:
        return self.reported().do("centre", "allocate", to="committee@committee:c01", reason="")

    def elsewhere(self) -> Script:
        """With a committee that the place does not belong to: it can read the case only while it has it."""
        return self.reported().do("centre", "allocate", to="committee@committee:c03", reason="")

    def accepted(self) -> Script:
        return self.at_committee().do("committee", "sign", note="")

    def assigned(self) -> Script:
        return self.accepted().do("committee", "assign", to=self.party("worker"), note="")

    def handled(self) -> Script:
        return self.assigned().do("worker", "propose", **DONE).do("committee", "confirm", note="")


def step(way: Callable[[Script], Script], who: str, action: str, **fields: str) -> Callable[[Town], Act]:
    """That step on a case that came this way; what it told people before is delivered."""

    def prepare(town: Town) -> Act:
        script = way(Script(town))
        town.calm()
        return script.act(who, action, fields=fields)

    return prepare
