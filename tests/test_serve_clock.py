"""The clock that one machine's owner may move: forward only, through every due instant, one mover at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from chalicelib.casework.events import parse, stamp
from chalicelib.models import cases
from chalicelib.models.cases import CaseItem
from infra.serve import advance
from infra.serve.advance import Ahead, Interrupted, Mover, look
from infra.serve.clock import MovableClock
from infra.serve.clock_page import Refused, target_of
from tests.http_visitor import HttpVisitor
from tests.server import Server
from tests.small_street import small_street
from tests.steps import reported
from tests.world import World

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai


# ---- What may be asked for -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "moved"),
    [
        ({"advance": "5m"}, timedelta(minutes=5)),
        ({"advance": "1h"}, timedelta(hours=1)),
        ({"advance": "3wd"}, timedelta(days=5)),  # over the weekend
        ({"advance": "7d"}, timedelta(days=7)),
        ({"advance": "0m"}, timedelta(0)),
        ({"to": "2026-12-01T09:00:00+08:00"}, datetime(2026, 12, 1, 1, 0, tzinfo=UTC) - NOW),
    ],
)
def test_durations_and_instants_are_understood(wanted: dict[str, str], moved: timedelta) -> None:
    assert target_of(wanted, small_street())(NOW) - NOW == moved


@pytest.mark.parametrize(
    ("wanted", "status", "reason"),
    [
        ({}, 422, "one"),
        ({"advance": "1h", "to": "2026-12-01T09:00:00+08:00"}, 422, "one"),
        ({"advance": "soon"}, 422, "duration"),
        ({"advance": "3 weeks"}, 422, "duration"),
        ({"advance": "9999d"}, 422, "far"),
        ({"advance": "99999wd"}, 422, "far"),
        ({"to": "9999-12-31T23:00:00+00:00"}, 422, "far"),
        ({"to": "tomorrow"}, 422, "instant"),
        ({"to": "2026-12-01T09:00:00"}, 422, "zone"),
        ({"advance": "-1m"}, 409, "back"),
        ({"to": "2026-11-18T09:59:59+08:00"}, 409, "back"),
    ],
)
def test_what_is_no_way_forward_is_refused_with_a_reason(wanted: dict[str, str], status: int, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        target_of(wanted, small_street())(NOW)
    assert (refused.value.status, refused.value.reason) == (status, reason)


# ---- Stepping through ------------------------------------------------------------------------------------------------------


class Trial:
    """A mover on a world, whose sweep is the deployed function, and the instants at which it ran."""

    def __init__(self, world: World, file: Path) -> None:
        from chalicelib import wiring

        self.clock = MovableClock(file)
        wiring.use(clock=self.clock)
        wiring.context()  # binds the models, which the mover reads
        self.app = world.app
        self.swept: list[datetime] = []
        self.mover = Mover(self.clock, self.sweep)

    def sweep(self) -> None:
        from infra.serve.pumps import context

        self.swept.append(self.clock.civil())
        self.app.sweep({}, context("sweep"))

    def by(self, **parts: float) -> int:
        return self.mover.move(lambda now: now + timedelta(**parts)).steps


@pytest.fixture
def trial(world: World, tmp_path: Path) -> Trial:
    return Trial(world, tmp_path / "clock.json")


def events(no: str) -> list[tuple[str, str | None, str]]:
    stored = cases.get(no)
    assert stored is not None
    return [(event.type, event.due, event.at) for event in stored.events]


def test_every_step_is_made_at_the_instant_that_caused_it(trial: Trial, world: World) -> None:
    no, _ = reported(world)
    before = trial.clock.civil()
    assert trial.by(days=30) > 1
    made = events(no)
    assert [kind for kind, _, _ in made[1:3]] == ["reminded", "lapsed"]
    assert all(due == at for _, due, at in made[1:])
    # Nothing that was due is left, and time is where it was asked to be.
    assert look(trial.clock.civil()).due == frozenset()
    assert timedelta(days=30) <= trial.clock.civil() - before < timedelta(days=30, minutes=1)


def test_ten_small_moves_make_what_one_large_one_makes(trial: Trial, world: World) -> None:
    no, _ = reported(world)
    for _ in range(10):
        trial.by(days=3)
    split = [(kind, due == at) for kind, due, at in events(no)[1:]]
    other, _ = reported(world)
    trial.by(days=30)
    assert [(kind, due == at) for kind, due, at in events(other)[1:]] == split


def test_a_case_that_can_not_be_worked_on_stops_neither_time_nor_the_others(trial: Trial, world: World) -> None:
    broken, _ = reported(world)
    sound, _ = reported(world)
    item = CaseItem.get(cases.key(broken), "CASE")
    item.update(actions=[CaseItem.body.set(b"nothing that could be read")])
    trial.by(days=30)
    assert len(trial.swept) < 60
    assert {"reminded", "lapsed"} <= {kind for kind, _, _ in events(sound)}
    left = look(trial.clock.civil()).due
    assert left
    assert all(broken in name for name, _ in left)
    item.delete()  # the run ends with folding every case that can be read


def test_what_lies_ahead_is_the_same_however_much_there_is(trial: Trial, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read at once where it is little, and a shard at a time where it is much: nothing, something to come, and something due that
    must not hide what comes after it.
    """

    def both(at: datetime) -> Ahead:
        assert at_once(at) == by_shards(at)
        return at_once(at)

    def at_once(at: datetime) -> Ahead:
        return look(at)

    def by_shards(at: datetime) -> Ahead:
        with monkeypatch.context() as patch:
            patch.setattr(advance, "FEW", 1)
            return look(at)

    now = trial.clock.civil()
    assert both(now) == Ahead(frozenset(), None)
    for _ in range(3):
        reported(world)
    found = both(now)
    assert found.next is not None
    assert found.next > now
    later = both(found.next)
    assert later.due > found.due
    assert later.next is not None
    assert later.next > found.next
    past = both(now + timedelta(days=400))
    assert past.due > later.due
    assert past.next is None


def test_time_stands_still_while_it_is_moved_and_goes_on_from_there(tmp_path: Path) -> None:
    clock = MovableClock(tmp_path / "clock.json")
    with clock.hold():
        first = clock.civil()
        assert [clock.civil() for _ in range(1000)] == [first] * 1000
        moved = clock.advance_to(first + timedelta(days=1))
        assert clock.civil() == moved == first + timedelta(days=1)
    assert moved <= clock.civil() < moved + timedelta(minutes=1)
    assert MovableClock(tmp_path / "clock.json").civil() >= moved


class OneAtATime(MovableClock):
    """Fails when two hold it at once."""

    inside = Lock()

    @contextmanager
    def hold(self) -> Iterator[None]:
        assert self.inside.acquire(blocking=False), "two movers at once"
        with super().hold():
            yield
        self.inside.release()


def test_movers_take_turns_and_each_moves_by_the_whole_of_what_it_was_asked(trial: Trial, tmp_path: Path) -> None:
    clock = OneAtATime(tmp_path / "other.json")
    mover = Mover(clock, trial.sweep)
    before = clock.civil()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: mover.move(lambda now: now + timedelta(hours=1)), range(16)))
    assert timedelta(hours=16) <= clock.civil() - before < timedelta(hours=16, minutes=1)


def test_a_stop_ends_a_long_move_between_two_instants(trial: Trial, world: World) -> None:
    no, _ = reported(world)
    trial.by(minutes=0)  # what was written on arriving is sent
    reached: list[int] = []

    def sweep() -> None:
        trial.sweep()
        reached.append(1)
        mover.stop()

    mover = Mover(trial.clock, sweep)
    with pytest.raises(Interrupted):
        mover.move(lambda now: now + timedelta(days=30))
    assert reached == [1]
    assert [kind for kind, _, _ in events(no)[1:]] == ["reminded"]


# ---- The page and the endpoint -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("clock"))
    server.start()
    yield server
    server.stop()


def state(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.visitor.get("/clock?format=json").text)
    return found


@pytest.mark.engine
def test_the_endpoint_answers_where_time_is_and_how_many_instants_it_worked_on(served: Server) -> None:
    before = parse(state(served)["now"])
    answer = served.visitor.post_json("/clock", {"advance": "3d"})
    assert (answer.status, set(answer.json())) == (200, {"now", "steps"})
    assert answer.json()["steps"] > 0
    assert timedelta(days=3) <= parse(answer.json()["now"]) - before < timedelta(days=3, minutes=1)
    until = stamp(parse(answer.json()["now"]) + timedelta(hours=2))
    assert served.visitor.post_json("/clock", {"to": until}).json()["now"] == until


@pytest.mark.engine
@pytest.mark.parametrize(
    ("body", "status"), [({"advance": "-1d"}, 409), ({"to": "2020-01-01T00:00:00Z"}, 409), ({"advance": 3}, 422), ([], 400)]
)
def test_what_it_refuses_it_says_why_and_time_stays(served: Server, body: Any, status: int) -> None:
    before = parse(state(served)["now"])
    answer = served.visitor.post_json("/clock", body)
    assert (answer.status, answer.header("Content-Type")) == (status, "application/problem+json")
    assert answer.json()["detail"]
    assert parse(state(served)["now"]) - before < timedelta(minutes=1)


@pytest.mark.engine
def test_the_demo_begins_with_nothing_overdue_and_a_case_that_has_climbed_by_itself(served: Server) -> None:
    found = state(served)
    assert found["next"], found
    assert all(parse(due["at"]) > parse(found["now"]) for due in found["next"])
    messages = json.loads(served.visitor.get("/outbox?format=json").text)
    assert {"near", "late"} <= {message["template"] for message in messages}


@pytest.mark.engine
@pytest.mark.parametrize(("lang", "title"), [("zh-CN", "时钟"), ("en", "Clock")])
def test_the_page_shows_both_times_what_is_due_and_moves(served: Server, lang: str, title: str) -> None:
    visitor = served.visitor
    page = visitor.get(f"/clock?lang={lang}")
    assert (page.status, f'<html lang="{lang}">' in page.text, title in page.words) == (200, True, True)
    assert 'id="civil"' in page.text
    assert 'id="wall"' in page.text
    assert state(served)["next"][0]["case"] in page.text
    before = parse(state(served)["now"])
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": visitor.origin}
    answer = visitor.call("POST", f"/clock?lang={lang}", b"advance=1wd", headers)
    assert (answer.status, answer.header("Location").split("&")[0]) == (303, f"/clock?lang={lang}")
    assert parse(state(served)["now"]) - before >= timedelta(days=1)
    wrong = visitor.call("POST", f"/clock?lang={lang}", b"advance=soon", headers)
    assert (wrong.status, 'role="alert"' in wrong.text) == (422, True)
    assert wrong.header("Content-Security-Policy").startswith("default-src 'none'")


@pytest.mark.engine
def test_another_sites_form_moves_nothing(served: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://elsewhere.example"}
    assert served.visitor.call("POST", "/clock", b"advance=1d", headers).status == 403


@pytest.mark.engine
def test_posts_at_the_same_time_are_served_one_after_the_other(served: Server) -> None:
    before = parse(state(served)["now"])
    visitors = [HttpVisitor(served.demo["base_url"]) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda visitor: visitor.post_json("/clock", {"advance": "1h"}), visitors))
    assert {answer.status for answer in answers} == {200}
    times = sorted(parse(answer.json()["now"]) for answer in answers)
    assert times[-1] - before >= timedelta(hours=6)
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(times))


@pytest.mark.engine
def test_time_stays_moved_over_a_restart(served: Server) -> None:
    served.visitor.post_json("/clock", {"advance": "1d"})
    before = state(served)
    ahead = parse(before["now"]) - parse(before["wall"])
    assert served.stop() == 0
    served.start()
    after = state(served)
    assert parse(after["now"]) - parse(after["wall"]) >= ahead - timedelta(seconds=1)
