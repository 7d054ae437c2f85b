"""Many sweeps beside each other make each step once and each message once, on the engine that is atomic as AWS is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from chalicelib.models.outbox import every
from chalicelib.usecases import send, sweeping
from tests.strict_sms import StrictSms
from tests.sweep_cases import BUDGET_S, DISPATCHER, Many, Story, due_now, steps_of, told
from tests.world import NOW, World

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

PARALLEL = 20


def digested(world: World, sms: StrictSms, climbed: Sequence[str]) -> None:
    """The one person of the office above got one digest of all of them, and nothing by itself, then or an hour later."""
    for _ in range(2):
        assert sms.wrong == []
        assert [(message.phone, message.template, message.params[1]) for message in sms.out] == [
            (DISPATCHER, "digest", str(len(climbed)))
        ]
        world.clock.advance(hours=1, minutes=1)
        while send.sweep(world.context):
            pass
    states = Counter(row.state for row in every() if row.to.startswith("staff:") and row.template == "new")
    assert states == {"digested": len(climbed)}


def test_twenty_sweeps_at_once_make_each_step_once_and_each_message_once(engine_world: World) -> None:
    world, now = engine_world, NOW
    sms = told(world)
    due = 1_000
    climbing = Many(world).write([Story("committee", now - timedelta(days=3, minutes=number % 50)) for number in range(due)])
    world.clock.instant = now
    ctx = world.context
    start = Barrier(PARALLEL)

    def sweep(_: int) -> sweeping.Swept:
        start.wait(30)
        return sweeping.sweep(ctx, lambda: BUDGET_S)

    with ThreadPoolExecutor(PARALLEL) as pool:
        swept = list(pool.map(sweep, range(PARALLEL)))
    assert [one.failed for one in swept] == [0] * PARALLEL
    assert sum(one.cases for one in swept) == due
    made = steps_of(climbing)
    expected = ("reminded handle", "lapsed handle", "passed_up handle")
    assert Counter(map(tuple, made.values())) == {expected: due}
    assert list(due_now(now)) == []
    rows = Counter((row.case, row.template, row.to) for row in every())
    assert rows == {(no, "new", "office:dispatcher@street"): 1 for no in climbing}

    # The senders beside each other too: one person, one digest, whoever of them gets there first.
    def deliver(_: int) -> int:
        return send.sweep(ctx)

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(deliver, range(PARALLEL)))
    digested(world, sms, climbing)
