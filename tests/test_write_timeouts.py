"""A write whose answer never comes is a time-out to whoever asked for it, wherever it was made, and not some other error.

botocore gives a time-out a `response` that is None; whoever looks there for AWS's code has to expect it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from pynamodb.exceptions import PutError, PynamoDBException, UpdateError

from chalicelib import wiring
from chalicelib.casework.access import Actor
from chalicelib.casework.decide import Command, decide
from chalicelib.models import cases, outbox, photos, recipient, staff
from chalicelib.models.base import code_of
from chalicelib.models.staff import StaffItem
from chalicelib.usecases.telling import rows_for
from tests import steps, wire
from tests.faults import impatient
from tests.mail import person, resident, tell
from tests.world import World

CLERK = Actor("staff:T1", "某同事", ("dispatcher@street",))
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
WALL = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
REF = "7K3MPQ9XA2W7K3MPQ9XA2W22"


@contextmanager
def timing_out() -> Iterator[list[str]]:
    """No write ever arrives; reads do. The writes that were tried, repeats of the SDK included."""
    tried: list[str] = []

    def lose(request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.rsplit(".", 1)[-1]
        if operation in WRITES:
            tried.append(operation)
            raise ReadTimeoutError(endpoint_url=request.url, error="never arrived")

    with impatient(), wire.hooked("before-send.dynamodb", lose):
        yield tried


def a_session(world: World) -> Callable[[], object]:
    wiring.house()
    session = StaffItem("SS#1", "SESSION", staff_id="S1", seen=1)
    session.save()
    return lambda: staff.touch(session, 2)


def a_wrong_password(world: World) -> Callable[[], object]:
    return lambda: staff.count_try("U#somebody", 1, 60)


def a_new_password(world: World) -> Callable[[], object]:
    return lambda: staff.set_password("S1", "hash", "AC#1")


def a_claimed_photo(world: World) -> Callable[[], object]:
    return lambda: photos.claim(REF, 1, source="d", at="-", now=1, lease=2, ttl=3)


def a_settled_photo(world: World) -> Callable[[], object]:
    return lambda: photos.settle(REF, 1, source="d", status="refused", code="size")


def a_case(action: str) -> Callable[[World], Callable[[], object]]:
    def prepare(world: World) -> Callable[[], object]:
        no = resident(world)
        stored = cases.get(no)
        assert stored is not None
        events = decide(stored.case, Command(action, "a" * 32, {}), CLERK, world.clock.civil(), world.street)
        rows = rows_for(world.context, stored.case, events)
        return lambda: cases.write(stored, events, rows, "a" * 32, world.street, None)

    return prepare


def an_attempt(world: World) -> Callable[[], object]:
    row = tell(world, person(world), "new")
    return lambda: outbox.record(row, "ref", world.clock.civil(), ())


def an_end(world: World) -> Callable[[], object]:
    row = tell(world, person(world), "new")
    return lambda: outbox.move(row, "sent")


def a_lease(world: World) -> Callable[[], object]:
    return lambda: recipient.take("TO#1", world.clock.civil(), WALL)


def a_place(world: World) -> Callable[[], object]:
    return lambda: recipient.reserve(recipient.Place(b"number", "2026-11-18", "id", 10), WALL)


@pytest.mark.parametrize(
    "prepare",
    [
        a_session,
        a_wrong_password,
        a_new_password,
        a_claimed_photo,
        a_settled_photo,
        pytest.param(a_case("renew_link"), id="a_case_alone"),
        pytest.param(a_case("accept"), id="a_case_with_messages"),
        an_attempt,
        an_end,
        a_lease,
        a_place,
    ],
)
def test_a_write_that_times_out_says_so(world: World, prepare: Callable[[World], Callable[[], object]]) -> None:
    write = prepare(world)
    with timing_out() as tried, pytest.raises(PynamoDBException) as raised:
        write()
    assert tried
    assert isinstance(raised.value.cause, ReadTimeoutError)
    assert code_of(raised.value) is None


def test_a_lease_that_can_not_be_given_back_in_time_is_left_to_end(world: World) -> None:
    wiring.house()
    lease = recipient.take("TO#1", world.clock.civil(), WALL)
    assert lease is not None
    with timing_out() as tried:
        lease.release()
    assert set(tried) == {"DeleteItem"}


def test_what_aws_said_is_told_from_what_it_did_not(world: World) -> None:
    steps.reported(world)
    with pytest.raises(UpdateError) as refused:
        StaffItem("S#nobody", "STAFF").update(actions=[StaffItem.seen.set(1)], condition=StaffItem.pk.exists())
    assert code_of(refused.value) == "ConditionalCheckFailedException"
    assert code_of(ValueError("of our own")) is None
    assert code_of(PutError(cause=ReadTimeoutError(endpoint_url="https://engine.example", error="x"))) is None
