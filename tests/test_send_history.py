"""What a recipient has got in the past costs nothing when the next message is sent."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from chalicelib.models import outbox
from chalicelib.models.outbox import OutboxRow
from chalicelib.usecases import send
from infra.say import say
from tests import wire
from tests.mail import person, provider, states, tell, templates
from tests.world import World

READS = {"Query", "GetItem", "Scan", "BatchGetItem"}
WAITING, HISTORY = 5, 500


class Units:
    """Consistent read units by AWS's own formula, 4 kB each, of everything the server went through."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.units = 0
        self.looked_at = 0

    def take(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        if model.name in READS:
            items = parsed.get("Items", [parsed["Item"]] if "Item" in parsed else [])
            # A filter would throw away what was read and paid for.
            assert parsed.get("ScannedCount", len(items)) == len(items)
            self.calls[model.name] += 1
            self.looked_at += len(items)
            self.units += max(1, math.ceil(sum(map(size_of, items)) / 4096))


def size_of(item: dict[str, Any]) -> int:
    """As DynamoDB counts an item: names and values, texts in UTF-8."""
    return sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())


def ended(world: World, to: str, count: int) -> None:
    """Messages that recipient got long ago."""
    one = tell(world, to, "new", "OLD-0")
    one.update(
        actions=[
            OutboxRow.state.set("sent"),
            OutboxRow.text.set("【示例小街道】您有新工单" + "某" * 40),
            OutboxRow.pending.remove(),
            OutboxRow.pending_at.remove(),
            OutboxRow.ttl.set(1),
        ]
    )
    one.refresh()
    with OutboxRow.batch_write() as batch:
        for number in range(1, count):
            old = OutboxRow(**{**one.attribute_values, "sk": f"OLD-{number}#00001#new"})
            batch.save(old)


def test_a_look_at_five_waiting_reads_as_much_after_five_hundred_as_after_none(
    engine_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world = engine_world
    sms = provider(world)
    figures = {}
    for number, history in enumerate((0, HISTORY)):
        to = person(world, phone=f"138 0000 002{number}")
        if history:
            ended(world, to, history)
        rows = [tell(world, to, "late", f"CASE-{seq}", seq) for seq in range(1, WAITING + 1)]
        look, delivery = Units(), Units()
        with wire.hooked("after-call.dynamodb", look.take):
            assert len(outbox.waiting(rows[0].pk)) == WAITING
        with wire.hooked("after-call.dynamodb", delivery.take):
            send.deliver(world.context, rows[0].pk)
        figures[history] = [(one.units, one.looked_at, sorted(one.calls.items())) for one in (look, delivery)]
    with capsys.disabled():
        say()
        for history, ((one, _, _), (whole, rows_read, calls)) in figures.items():
            shown = " and ".join(f"{count} {name}" for name, count in calls)
            read = f"{one} read unit for a look, {whole} for sending ({shown}, {rows_read} rows)"
            say(f"  {WAITING} waiting, {history} ended: {read}")
    assert figures[0] == figures[HISTORY]
    assert templates(sms) == ["digest"] * 2


def test_what_was_just_written_is_seen_at_once(both_worlds: World) -> None:
    """The index of what waits is read consistently: a lagging one would lose a message or make a second digest."""
    world = both_worlds
    to = person(world)
    asked: list[Any] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append((params.get("IndexName"), params.get("ConsistentRead")))

    row = tell(world, to, "new")
    with wire.hooked("provide-client-params.dynamodb.Query", note):
        assert [found.sk for found in outbox.waiting(row.pk)] == [row.sk]
    assert asked == [("waiting", True)]
    outbox.move(row, "sent", ttl=1)
    assert outbox.waiting(row.pk) == []
    assert states(world) == ["sent"]
