"""What an operator hears of: late steps, messages that wait or are parked, days off running out; and nothing on a good day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.casework import calendar
from chalicelib.models import outbox
from chalicelib.models.outbox import OutboxRow
from chalicelib.usecases import watching
from chalicelib.usecases.watching import Attention, watch
from infra import messages
from tests import packages, steps
from tests.packages import of_type
from tests.world import World


def found(world: World) -> str:
    try:
        watch(world.context)
    except Attention as error:
        return str(error)
    return ""


@pytest.fixture
def calm(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A street whose days off are known for long, with somebody at its centre."""
    world.hire("dispatcher", "street")
    monkeypatch.setattr(calendar, "days_left", lambda *_: 365)
    return world


def test_a_good_day_is_silent(calm: World) -> None:
    steps.reported(calm)
    calm.deliver()
    assert found(calm) == ""


def test_steps_that_nobody_makes_are_heard_of_after_half_an_hour(calm: World) -> None:
    steps.reported(calm)
    calm.deliver()
    calm.clock.advance(minutes=40)
    assert found(calm) == ""
    calm.clock.advance(minutes=10)
    assert "steps are due since" in found(calm)
    assert "schedule" in found(calm)


def test_a_message_that_waits_is_heard_of_after_a_night(calm: World) -> None:
    steps.reported(calm)
    calm.clock.advance(hours=11)
    assert "message waits" not in found(calm)
    calm.clock.advance(hours=2)
    assert "a message waits since" in found(calm)


def test_parked_messages_are_counted_until_they_are_revived(calm: World) -> None:
    steps.reported(calm)
    rows = [row for row in outbox.every() if row.state == "pending"]
    for row in rows:
        assert outbox.move(row, "parked", why="refused", ttl=int(datetime.now(UTC).timestamp()) + 86_400)
    assert f"{len(rows)} messages are parked" in found(calm)
    assert "infra.messages" in found(calm)
    # Nothing of whom they are for, and no word of theirs.
    assert all(row.pk not in found(calm) and (row.mask or "none") not in found(calm) for row in rows)
    messages.revive(None)
    assert "parked" not in found(calm)
    assert list(OutboxRow.query(outbox.PARKED)) == []


def test_a_note_of_what_was_never_parked_is_no_alarm(calm: World) -> None:
    """Whoever died between note and change left only the note."""
    steps.reported(calm)
    row = next(iter(outbox.every()))
    OutboxRow(outbox.PARKED, f"{row.pk}|{row.sk}", at=row.at).save()
    assert found(calm) == ""
    assert list(OutboxRow.query(outbox.PARKED)) == []


def test_days_off_that_run_out_are_heard_of_sixty_days_before(world: World) -> None:
    last = datetime.fromisoformat(world.street.calendar.known_to).replace(hour=4, tzinfo=UTC)
    world.clock.instant = last - timedelta(days=watching.CALENDAR_DAYS)
    assert found(world) == ""
    world.clock.advance(days=1)
    assert f"{world.street.calendar.known_to}" in found(world)
    assert "[calendar]" in found(world)


@pytest.mark.parametrize("partition", packages.PARTITIONS)
def test_every_alarm_says_what_to_do_and_goes_to_the_topic_if_there_is_one(partition: str) -> None:
    template: dict[str, Any] = packages.template(partition)
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert len(alarms) <= 8, "each costs every month"
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
    for name, alarm in alarms.items():
        properties = alarm["Properties"]
        assert properties["AlarmActions"] == properties["OKActions"] == topic, name
        assert len(properties["AlarmDescription"]) > 20, name
    # No metrics but those that AWS keeps anyway: one of our own costs a third of a dollar a month.
    assert {alarm["Properties"]["Namespace"] for alarm in alarms.values()} == {"AWS/Lambda", "AWS/ApiGateway"}
    (dashboard,) = of_type(template, "AWS::CloudWatch::Dashboard").values()
    assert dashboard["Condition"] == "HasDashboard"
    assert template["Parameters"]["Dashboard"]["Default"] == "no"
    assert len(json.loads(dashboard["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]) == 5
