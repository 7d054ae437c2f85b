"""The pure rules of sending: quiet hours, mornings, what becomes a digest; and the least that senders are allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.casework import sending_rules
from chalicelib.casework.sending_rules import BACKOFF, Load, digest_from, later, quiet_until, together
from chalicelib.street import Sms
from infra.serve.pumps import context as lambda_context
from infra.template.policies import statements
from tests import mail, steps, wire
from tests.world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
minutes = st.integers(0, 1439)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def street(begin: int, end: int) -> Sms:
    return Sms(provider="local", sign="示例街道", quiet_from=clock(begin), quiet_to=clock(end))


@given(now=minutes, begin=minutes, end=minutes)
def test_quiet_hours_end_at_their_next_end_and_hold_for_exactly_their_length(now: int, begin: int, end: int) -> None:
    local = datetime(2026, 11, 18, tzinfo=SHANGHAI) + timedelta(minutes=now)
    until = quiet_until(local.astimezone(UTC), SHANGHAI, street(begin, end))
    inside = (now - begin) % 1440 < (end - begin) % 1440
    assert (until is not None) == inside
    if until is not None:
        assert timedelta() < until - local <= timedelta(days=1)
        assert f"{until.astimezone(SHANGHAI):%H:%M}" == clock(end)


@given(now=minutes, end=minutes)
def test_the_next_morning_is_always_the_next_local_days(now: int, end: int) -> None:
    local = datetime(2026, 12, 31, tzinfo=SHANGHAI) + timedelta(minutes=now)
    morning = sending_rules.next_morning(local.astimezone(UTC), SHANGHAI, street(0, end)).astimezone(SHANGHAI)
    assert (f"{morning:%Y-%m-%d %H:%M}") == f"2027-01-01 {clock(end)}"


@given(waiting=st.integers(1, 60), held=st.integers(0, 60), left=st.integers(-5, 10))
def test_singles_always_leave_one_place_for_a_digest(waiting: int, held: int, left: int) -> None:
    load = Load(waiting=waiting, held=min(held, waiting), left=left, digested=None)
    if not together(load, few=3):
        assert waiting <= min(3, left - 1)


def test_a_digest_waits_for_its_hour_or_for_a_new_day() -> None:
    now = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    sms = street(22 * 60, 7 * 60)
    ago = now - timedelta(minutes=20)
    assert digest_from(Load(9, 0, 5, None), now, SHANGHAI, sms) == (now, "")
    assert digest_from(Load(9, 0, 5, ago), now, SHANGHAI, sms) == (ago + timedelta(hours=1), "digest")
    assert digest_from(Load(9, 0, 0, ago), now, SHANGHAI, sms) == (datetime(2026, 11, 18, 23, 0, tzinfo=UTC), "cap")


def test_five_tries_and_no_sixth() -> None:
    now = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    assert [later(tries, now) for tries in range(1, 6)] == [*(now + wait for wait in BACKOFF), None]


# ---- What senders are allowed -------------------------------------------------------------------------------------------------

_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


@contextmanager
def used(world: World) -> Iterator[set[tuple[str, str]]]:
    """(table, action) of every call to DynamoDB, as IAM sees it: a transaction needs the rights of what is in it."""
    names = {physical: logical for logical, physical in world.outputs.items() if logical.endswith("Table")}
    found: set[tuple[str, str]] = set()

    def note(params: dict[str, Any], event_name: str, **_: Any) -> None:
        if not event_name.startswith("before-parameter-build.dynamodb."):
            return
        operation = event_name.rsplit(".", 1)[-1]
        if operation == "TransactWriteItems":
            inside = [entry for item in params["TransactItems"] for entry in item.items()]
            found.update((names[request["TableName"]], _ACTIONS[kind]) for kind, request in inside)
        else:
            found.add((names[params["TableName"]], operation))

    with wire.hooked("before-parameter-build", note):
        yield found


def allowed(world: World, function: str) -> set[tuple[str, str]]:
    return {
        (statement["Sid"], action.removeprefix("dynamodb:"))
        for statement in statements(function, world.street, "aws")
        if re.fullmatch(r"\w+Table", statement["Sid"])
        for action in statement["Action"]
    }


@pytest.mark.parametrize("function", ["Notify", "Sweep"])
def test_senders_are_allowed_exactly_what_they_do(world: World, function: str) -> None:
    mail.provider(world)
    worker = mail.person(world, "dispatcher@street", "grid_worker@committee:c01")
    mail.resident(world)
    for number in range(5):
        mail.tell(world, worker, "new", f"CASE-{number}")
    mail.tell(world, "office:dispatcher@street", "new")
    images = [
        {"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": "1"}}
        for image in steps.rows(world, "OutboxTable")
    ]
    # A process of its own: it has read no secret yet.
    wiring.use(clock=world.clock)
    wiring.house()
    with used(world) as made:
        if function == "Notify":
            world.app.notify({"Records": images}, lambda_context("notify"))
        else:
            world.clock.advance(hours=1)
            world.app.sweep({}, lambda_context("sweep"))
    # Besides: a case that goes up by itself leaves its worker's list.
    rare = {("CasesTable", "DeleteItem")} if function == "Sweep" else set()
    assert made | rare == allowed(world, function)
