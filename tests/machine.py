"""A street lives: residents, staff of several offices, time, sweeps, sends and crashes, in any order.

People do what they may and what they may not, on old pages, twice, and while something else runs in between; at any call AWS
may go wrong or the process die. After every rule the promises hold, and each case has exactly the steps that were answered.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.casework import ladder
from chalicelib.casework.access import REPORTER, Actor
from chalicelib.casework.case import Case
from chalicelib.models import cases
from chalicelib.usecases import capability
from tests import steps
from tests.faults import KINDS, Fault, Watch
from tests.faulty_sms import MEMORIES, WAYS
from tests.machine_fields import RESIDENT_FIELDS, SURE, ways
from tests.promises import broken, people_did
from tests.town import REPORTER_PHONE, Answer, Fields, Moment, Town, number_in, token_in, tried
from tests.town_built import OFFICES

Act = Callable[[], Answer]
DONE = frozenset({200, 303})
REFUSED = frozenset({403, 404, 409, 422})
RESIDENTS = ("reply", "add", "rate", "withdraw")
STAFF_ACTIONS = tuple(step.action for step in ladder.LADDER if step.action not in RESIDENTS)
# Minutes: moments, a working day, over a weekend.
SPANS = (1, 4, 16, 31, 70, 600, 1440, 4400)

maybe_fault = st.none() | st.none() | st.builds(Fault, st.integers(1, 16), st.sampled_from(KINDS))
# What another process does before that call of ours leaves.
maybe_between = st.none() | st.none() | st.tuples(st.integers(1, 12), st.sampled_from(("sweep", "stream")))


Rule = TypeVar("Rule", bound=Callable[..., None])


def lived(step: Rule) -> Rule:
    """Every step is written down as it begins, so that a life that broke can be told to its end."""

    @wraps(step)
    def run(self: Life, **given: Any) -> None:
        self.story.append(f"{step.__name__} {given}")
        step(self, **given)

    return run  # type: ignore[return-value]  # the same but for the note


@dataclass
class Known:
    """A case as its people know it: the form it came by, and every step that was answered as done."""

    form: dict[str, str]
    no: str
    done: set[tuple[Any, ...]] = field(default_factory=set)


class Life(RuleBasedStateMachine):
    """`town` and `start` are set once; every example begins at `start`. `told` gets the steps of a life that broke and why."""

    town: ClassVar[Town]
    start: ClassVar[Moment]
    told: ClassVar[Callable[[list[str], BaseException], None]]

    def __init__(self) -> None:
        super().__init__()
        self.story: list[str] = []
        self.town.back_to(self.start)
        self.known: list[Known] = []
        self.made = 0

    # ---- how anything is done

    def _done(self, act: Act, fault: Fault | None, between: tuple[int, str] | None = None) -> Answer:
        """The act under a fault, repeated after a restart until there is an answer, as people and Lambda do."""
        watch = Watch(fault)
        if between is not None:
            watch.at, watch.between = between[0], partial(self._turn, between[1])
        with self.town.aws.watched(watch):
            answer = tried(act)
        if fault is None:
            assert 0 < answer.status < 500, answer
        if watch.dead:
            self.town.restart()
        for _ in range(3):
            if answer.status and answer.status < 500:
                break
            answer = tried(act)
        assert answer.status in DONE | REFUSED, answer
        return answer

    def _turn(self, what: str) -> None:
        getattr(self.town, what)()

    def _fresh(self) -> str:
        self.made += 1
        return f"{self.made:032d}"

    def _link(self, case: Case) -> str:
        """As the reporter has it now: the desk may have taken an older one back."""
        return capability.token_for(self.town.world.context, case.no, case.generation)

    def _case(self, index: int) -> tuple[Known, Case]:
        known = self.known[index % len(self.known)]
        stored = cases.get(known.no)
        assert stored is not None
        return known, stored.case

    # ---- residents

    @rule(phone=st.sampled_from((REPORTER_PHONE, "021-0012 7799", "")), place=st.integers(0, 4), fault=maybe_fault)
    @lived
    def submit(self, phone: str, place: int, fault: Fault | None) -> None:
        form = steps.report(self.town.world, key=self._fresh(), phone=phone, code=self.town.world.code(place))
        answer = self._done(partial(self.town.reported, form), fault)
        assert answer.status == 303
        self.known.append(Known(form, number_in(answer), {("submitted",)}))

    @precondition(lambda self: self.known)
    @rule(index=st.integers(0, 9), other=st.booleans(), fault=maybe_fault)
    @lived
    def submit_again(self, index: int, other: bool, fault: Fault | None) -> None:
        """The same form is the same case; the same key with other words is refused."""
        known, case = self._case(index)
        form = {**known.form, "text": "别的事"} if other else known.form
        answer = self._done(partial(self.town.reported, form), fault)
        assert answer.status == (409 if other else 303)
        assert other or token_in(answer) == self._link(case)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), index=st.integers(0, 9), fault=maybe_fault, between=maybe_between, twice=st.booleans())
    @lived
    def resident_acts(
        self, data: st.DataObject, index: int, fault: Fault | None, between: tuple[int, str] | None, twice: bool
    ) -> None:
        known, case = self._case(index)
        open_now = _open(case, Actor(REPORTER), self.town)
        action = data.draw(st.sampled_from(open_now or RESIDENTS) if data.draw(st.booleans()) else st.sampled_from(RESIDENTS))
        fields = data.draw(st.sampled_from(RESIDENT_FIELDS[action]))
        attempt = self._fresh()
        act = partial(self.town.post, REPORTER, f"/t/{self._link(case)}/{action}", {"attempt": attempt, **fields})
        self._step(known, (attempt, REPORTER, action), act, fault, between, twice, None if between else action in open_now)

    # ---- staff

    @precondition(lambda self: self.known)
    @rule(data=st.data(), index=st.integers(0, 9), fault=maybe_fault, between=maybe_between, twice=st.booleans())
    @lived
    def staff_do_what_is_open(
        self, data: st.DataObject, index: int, fault: Fault | None, between: tuple[int, str] | None, twice: bool
    ) -> None:
        known, case = self._case(index)
        ways = [(who, action) for who in OFFICES for action in _open(case, self._actor(who), self.town)]
        ways = [way for way in ways if self._choices(known, case, way[1])]
        if not ways:
            return
        who, action = data.draw(st.sampled_from(ways))
        fields = data.draw(st.sampled_from(self._choices(known, case, action)))
        may = True if action in SURE and not between else None
        self._at_desk(known, who, action, fields, case.version, fault, between, twice, may)

    @precondition(lambda self: self.known)
    @rule(
        data=st.data(),
        index=st.integers(0, 9),
        who=st.sampled_from(sorted(OFFICES)),
        action=st.sampled_from(STAFF_ACTIONS),
        behind=st.integers(0, 3),
        fault=maybe_fault,
    )
    @lived
    def staff_do_anything(self, data: st.DataObject, index: int, who: str, action: str, behind: int, fault: Fault | None) -> None:
        """Also from an old page, also what is not theirs."""
        known, case = self._case(index)
        fields = data.draw(st.sampled_from(self._choices(known, case, action) or [{}]))
        may = None if behind or action in _open(case, self._actor(who), self.town) else False
        self._at_desk(known, who, action, fields, max(case.version - behind, 0), fault, None, False, may)

    def _at_desk(
        self,
        known: Known,
        who: str,
        action: str,
        fields: Fields,
        version: int,
        fault: Fault | None,
        between: tuple[int, str] | None,
        twice: bool,
        may: bool | None,
    ) -> None:
        attempt = self._fresh()
        act = partial(self.town.desk, who, known.no, action, attempt, version, fields)
        self._step(known, (attempt, who, action), act, fault, between, twice, may, str(fields.get("other", "")))

    def _step(
        self,
        known: Known,
        command: tuple[Any, ...],
        act: Act,
        fault: Fault | None,
        between: tuple[int, str] | None,
        twice: bool,
        may: bool | None,
        beside: str = "",
    ) -> None:
        """`may`: it has to be done (True) or refused (False); None when both are right. `beside`: another case it changes."""
        self.story.append(f"  {command} on {known.no}")
        answer = self._done(act, fault, between)
        if may is not None:
            assert (answer.status in DONE) == may, (command, answer)
        if answer.status in DONE:
            known.done.add(command)
            # Two cases change in one step, or none.
            for other in self.known:
                if other.no == beside:
                    other.done.add(command)
            if twice:
                assert self._done(act, None).status in DONE

    def _actor(self, who: str) -> Actor:
        person = self.town.people[who]
        return Actor(f"staff:{person.id}", who, (person.grant,))

    def _choices(self, known: Known, case: Case, action: str) -> list[Fields]:
        """Ways to fill in the form of an action; none when it can't be filled in."""
        return ways(self.town, case, action, [other.no for other in self.known if other is not known])

    # ---- time and the machinery

    @rule(minutes=st.sampled_from(SPANS))
    @lived
    def time_goes_by(self, minutes: int) -> None:
        self.town.world.clock.advance(minutes=minutes)

    @rule(fault=maybe_fault, between=maybe_between)
    @lived
    def sweep(self, fault: Fault | None, between: tuple[int, str] | None) -> None:
        """Also two that run into each other."""
        self._done(partial(_quietly, self.town.sweep), fault, between)

    @rule(fault=maybe_fault, between=maybe_between)
    @lived
    def stream(self, fault: Fault | None, between: tuple[int, str] | None) -> None:
        self._done(partial(_quietly, self.town.stream), fault, between)

    @rule(ways=st.lists(st.sampled_from(WAYS), max_size=4), memory=st.sampled_from(MEMORIES))
    @lived
    def provider_changes(self, ways: list[str], memory: str) -> None:
        self.town.sms.ways, self.town.sms.memory = list(ways), memory

    @rule()
    @lived
    def process_starts_again(self) -> None:
        self.town.restart()

    # ---- what must hold

    @invariant()
    def promises_hold(self) -> None:
        assert broken(self.town, at_rest=False) == []

    @invariant()
    def each_answered_step_is_there_once(self) -> None:
        made = people_did(self.town)
        assert set(made) == {known.no for known in self.known}
        for known in self.known:
            attempts = {event.attempt for event in made[known.no]}
            assert len(attempts) == len(known.done), (known, made[known.no])

    def teardown(self) -> None:
        """The faults end, and the system comes to rest. A life that broke before is told first."""
        broke = sys.exc_info()[1]
        if isinstance(broke, Exception):
            Life.told(self.story, broke)
            return
        try:
            self._rest()
        except Exception as error:
            Life.told([*self.story, "it came to rest"], error)
            raise

    def _rest(self) -> None:
        self.town.sms.ways, self.town.sms.memory = [], "honest"
        self.town.restart()
        self.town.stream()
        self.town.run_on()
        assert broken(self.town) == []


def _quietly(work: Callable[[], object]) -> Answer:
    work()
    return Answer(200)


def _open(case: Case, actor: Actor, town: Town) -> list[str]:
    street = town.world.street
    return [step.action for step, held in ladder.allowed(case, actor, street, town.world.clock.civil()) if held is None]
