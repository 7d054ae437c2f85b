"""One sender at a time for one recipient, and whoever dies in the middle leaves something that the next one finishes, once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import wiring
from chalicelib.errors import ConfigError
from chalicelib.models import outbox, recipient
from chalicelib.ports import Sms, SmsRetry, SmsUnknown
from chalicelib.usecases import send
from tests import steps, wire
from tests.mail import leases, messages, person, provider, resident, states, tell, templates
from tests.strict_sms import StrictSms
from tests.world import World


class Dead(BaseException):
    """The process is gone; nothing that catches exceptions sees this."""


@contextmanager
def dying(call: int, *, after: bool) -> Iterator[list[str]]:
    """Dies at that call to AWS, counted from 1, before it leaves or after it was carried out; no call gets through later on."""
    made: list[str] = []

    def before(event_name: str, **_: Any) -> None:
        made.append(event_name)
        if len(made) > call or (len(made) == call and not after):
            raise Dead

    def behind(**_: Any) -> None:
        if len(made) == call and after:
            raise Dead

    with wire.hooked("before-call", before), wire.hooked("after-call", behind):
        yield made


def run_on(world: World) -> None:
    for _ in range(4):
        world.clock.advance(minutes=10)
        world.deliver()


@pytest.mark.parametrize("after", [False, True], ids=["before the call leaves", "after it was carried out"])
def test_whoever_dies_at_any_call_each_message_goes_out_once(engine_world: World, after: bool) -> None:
    world = engine_world
    sms = provider(world)
    to = person(world)
    call = 0
    while True:
        call += 1
        rows = [tell(world, to, "new", f"CASE-{call}"), tell(world, to, "late", f"CASE-{call}", 2)]
        with dying(call, after=after) as made, suppress(Dead):
            send.deliver(world.context, rows[0].pk)
        died = len(made) >= call
        run_on(world)
        assert states(world) == ["sent"] * 2 * call
        assert templates(sms) == ["new", "late"] * call
        world.clock.advance(days=1)
        if not died:
            break
    assert call > 12, "each message takes a lease, a look, a number, a count, an attempt and its end"


@pytest.mark.parametrize("after", [False, True], ids=["before the call leaves", "after it was carried out"])
def test_whoever_dies_at_any_call_of_an_expansion_or_a_digest_each_is_told_once(engine_world: World, after: bool) -> None:
    world = engine_world
    sms = provider(world)
    person(world, "dispatcher@street")
    call = 0
    while True:
        call += 1
        before = len(sms.out)
        for number in range(5):
            tell(world, "office:dispatcher@street", "late", f"CASE-{call}-{number}")
        with dying(call, after=after) as made, suppress(Dead):
            world.deliver()
        died = len(made) >= call
        run_on(world)
        assert [message.params[1:] for message in sms.out[before:]] == [("5", "5")], f"call {call}"
        assert {row.state for row in messages(world)} == {"expanded", "digested", "sent"}
        world.clock.advance(days=1)
        if not died:
            break
    assert call > 12


@pytest.mark.parametrize("nth", range(1, 6))
def test_a_reply_lost_on_any_of_our_own_writes_costs_no_second_message(world: World, nth: int) -> None:
    sms = provider(world)
    resident(world)
    seen: list[str] = []

    def lose(http_response: Any, **_: Any) -> None:
        if http_response.status_code == 200:
            seen.append("write")
            if len(seen) == nth:
                raise ReadTimeoutError(endpoint_url="https://engine.example", error="lost by a test")

    with wire.hooked("after-call.dynamodb.UpdateItem", lose):
        world.deliver()
    run_on(world)
    assert states(world, "reporter") == ["sent"]
    assert templates(sms) == ["received"]
    assert len(seen) >= 4


def test_twenty_deliveries_at_once_send_each_message_once_and_in_order(engine_world: World) -> None:
    sms, no = provider(engine_world), resident(engine_world)
    for seq in range(2, 9):
        row = tell(engine_world, "reporter", "accepted", no, seq)
        engine_world.clock.advance(seconds=1)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: send.deliver(engine_world.context, row.pk), range(20)))
    assert templates(sms) == ["received"] + ["accepted"] * 7
    assert [message.ref for message in sms.out] == [row.ref for row in messages(engine_world, "reporter")]
    assert max(sms.refs.values()) == 1
    assert states(engine_world, "reporter") == ["sent"] * 8
    assert leases(engine_world) == 0


def test_while_another_acts_for_a_recipient_nothing_is_done_and_after_its_lease_everything(both_worlds: World) -> None:
    world = both_worlds
    sms = provider(world)
    row = tell(world, person(world), "new")
    held = recipient.take(row.pk, world.clock.civil(), world.clock.wall())
    assert held is not None
    assert recipient.take(row.pk, world.clock.civil(), world.clock.wall()) is None
    world.deliver()
    assert sms.calls == 0
    world.clock.advance(minutes=2, seconds=1)
    world.deliver()
    assert templates(sms) == ["new"]
    held.release()
    assert not held.still(world.clock.civil()), "who was overtaken is told so and stops"


def test_a_message_that_comes_while_we_send_is_sent_by_whoever_is_sending(world: World) -> None:
    to = person(world)

    class Arriving(StrictSms):
        def send(self, message: Sms) -> str:
            if not self.out:
                later = tell(world, to, "late", seq=7)
                assert send.deliver(world.context, later.pk) == []
            return super().send(message)

    sms = Arriving()
    wiring.use(clock=world.clock, sms=sms)
    row = tell(world, to, "new")
    send.deliver(world.context, row.pk)
    assert templates(sms) == ["new", "late"]


def test_two_messages_only_when_the_answer_was_lost_and_the_provider_then_denies_it(world: World) -> None:
    sms = provider(world, ("lost", SmsUnknown("timeout")), denies=True)
    resident(world)
    world.deliver()
    assert states(world, "reporter") == ["unknown"]
    run_on(world)
    assert templates(sms) == ["received"] * 2
    assert max(sms.refs.values()) == 1, "under a reference of its own"


def test_nobody_overtakes_a_throttled_message_of_the_same_recipient_but_a_hazard(world: World) -> None:
    sms, to = provider(world, SmsRetry("throttled")), person(world)
    tell(world, to, "new")
    world.clock.advance(seconds=1)
    tell(world, to, "late")
    world.deliver()
    assert states(world) == ["pending", "pending"]
    assert sms.calls == 1
    tell(world, to, "hazard")
    world.deliver()
    assert templates(sms) == ["hazard"]
    world.clock.advance(minutes=2)
    world.deliver()
    assert templates(sms) == ["hazard", "new", "late"]


def test_a_throttled_digest_takes_in_what_comes_meanwhile(world: World) -> None:
    sms, to = provider(world, SmsRetry("throttled")), person(world)
    for _ in range(4):
        tell(world, to, "new")
    world.deliver()
    tell(world, to, "late")
    run_on(world)
    [digest] = sms.out
    assert digest.params[1:] == ("5", "1")


def test_a_provider_that_can_not_be_built_has_sent_nothing(world: World) -> None:
    sms = provider(world, *[ConfigError("no such provider")] * 2)
    resident(world)
    world.deliver()
    assert states(world, "reporter") == ["pending"]
    run_on(world)
    assert templates(sms) == ["received"]


def test_a_sweep_stops_in_time_and_goes_on_the_next_minute(world: World) -> None:
    sms = provider(world)
    for number in range(6):
        tell(world, person(world, phone=f"138 0000 01{number:02d}"), "new")
    left = iter([60.0] * 12)

    assert send.sweep(world.context, lambda: next(left, 3.0)) < 6
    assert 0 < len(sms.out) < 6
    assert leases(world) == 0
    send.sweep(world.context)
    assert len(sms.said) == len(sms.out) == 6


def test_only_what_is_due_is_looked_at(world: World) -> None:
    provider(world)
    world.clock.advance(hours=14)
    steps.reported(world)
    world.deliver()
    with wire.counted() as calls:
        assert send.sweep(world.context) == 0
    assert calls == ["Query"] * outbox.PENDING_SHARDS
