"""Messages go out at once and once: whoever delivers, however often, and whatever the provider answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.models import outbox
from chalicelib.ports import SmsRefused, SmsRetry, SmsUnknown, VaultBusy
from chalicelib.usecases import signin
from infra.serve.pumps import StreamPump, stream_record
from tests import steps, wire
from tests.strict_sms import StrictSms
from tests.world import World

REPORTER = "+862100127788"


def provider(world: World, *answers: Any, mute: bool = False) -> StrictSms:
    made = StrictSms(answers, mute=mute)
    wiring.use(clock=world.clock, sms=made)
    return made


def rows(world: World) -> dict[str, dict[str, Any]]:
    """Outbox rows by whom they are for; these tests make one of each."""
    return {row["to"]["S"]: row for row in steps.rows(world, "OutboxTable")}


def state(world: World, to: str = "reporter") -> str:
    return str(rows(world)[to]["state"]["S"])


def records(world: World) -> dict[str, Any]:
    """What Lambda's event source hands over for rows that were just written."""
    images = steps.rows(world, "OutboxTable")
    made = [
        {"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": str(n)}} for n, image in enumerate(images, 1)
    ]
    return {"Records": [stream_record(record, "arn:aws:dynamodb:example:stream") for record in made]}


def test_what_the_stream_brings_is_sent_at_once(both_worlds: World) -> None:
    sms = provider(both_worlds)
    no, _ = steps.reported(both_worlds)
    assert both_worlds.app.notify(records(both_worlds), None) == {"batchItemFailures": []}
    assert sms.to == [(REPORTER, "received")]
    row = rows(both_worlds)["reporter"]
    assert row["state"]["S"] == "sent"
    assert row["text"]["S"].startswith("【示例小街道】您反映的事项已收到")
    assert no in row["text"]["S"]
    assert row["mask"]["S"] == "021-****7788"
    assert row["provider_id"]["S"].startswith("id-")
    assert not {"pending", "pending_at", "lease"} & set(row)


def test_the_engines_own_stream_reaches_the_function(engine_world: World) -> None:
    sms = provider(engine_world)
    engine_world.hire("dispatcher", "street")
    pump = StreamPump(engine_world.aws("dynamodbstreams"), engine_world.outputs["OutboxStreamArn"], engine_world.app.notify)
    steps.reported(engine_world)
    for _ in range(3):
        pump.step()
    assert sorted(template for _, template in sms.to) == ["new", "received"]


def test_records_that_are_no_news_are_passed_over(world: World) -> None:
    sms = provider(world)
    steps.reported(world)
    event = records(world)
    world.app.notify(event, None)
    image = event["Records"][0]["dynamodb"]["NewImage"]
    news = [
        *event["Records"],
        {"eventName": "REMOVE", "dynamodb": {"Keys": {"pk": image["pk"], "sk": image["sk"]}}},
        {"eventName": "MODIFY", "dynamodb": {"NewImage": {**image, "state": {"S": "sent"}}}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {**image, "pk": {"S": "TO#GONE"}}}},
    ]
    assert world.app.notify({"Records": news}, None) == {"batchItemFailures": []}
    assert sms.calls == 1


def test_a_record_that_fails_comes_again_and_the_sweep_is_the_net(world: World) -> None:
    sms = provider(world)
    steps.reported(world)
    event = {"Records": [r for r in records(world)["Records"] if r["dynamodb"]["NewImage"]["to"]["S"] == "reporter"]}
    with wire.refused("UpdateItem", RuntimeError("no way out")):
        answer = world.app.notify(event, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["dynamodb"]["SequenceNumber"]}]}
    assert sms.calls == 0
    world.deliver()
    assert sms.to == [(REPORTER, "received")]


def test_a_claim_whose_reply_was_lost_is_still_ours(both_worlds: World) -> None:
    sms = provider(both_worlds)
    steps.reported(both_worlds)
    wiring.house()
    with wire.reply_lost_and_repeated("UpdateItem") as lost:
        both_worlds.app.notify(records(both_worlds), None)
    assert lost
    assert sms.to == [(REPORTER, "received")]


def at_once(work: Callable[[], object], times: int) -> list[object]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: work(), range(times)))


def test_an_offices_message_reaches_each_of_its_people_once_however_often_it_is_delivered(both_worlds: World) -> None:
    sms = provider(both_worlds)
    for name in ("甲", "乙", "丙"):
        both_worlds.hire("dispatcher", "street", username=f"clerk.{ord(name):x}")
    steps.reported(both_worlds, phone="")
    event = records(both_worlds)
    answers = at_once(lambda: both_worlds.app.notify(event, None), 6)
    assert answers == [{"batchItemFailures": []}] * 6
    for _ in range(3):
        both_worlds.app.notify(event, None)
        at_once(both_worlds.deliver, 4)
    assert sorted(sms.to) == sorted((phone, "new") for phone in {phone for phone, _ in sms.to})
    assert len(sms.to) == 3
    assert state(both_worlds, "office:dispatcher@street") == "expanded"


def test_who_holds_two_offices_is_told_once_and_holds_up_nobody(world: World) -> None:
    sms = provider(world)
    grants = ("dispatcher@street", "zone_head@zone:z1")
    signin.create_staff(world.context, username="both", name="两个岗", grants=grants, phone="021-0012 4001")
    world.hire("zone_head", "zone:z1")
    steps.reported(world, phone="")
    [first] = steps.rows(world, "OutboxTable")
    second = {**first, "pk": {"S": "TO#ANOTHER"}, "to": {"S": "office:zone_head@zone:z1"}}
    world.aws("dynamodb").put_item(TableName=world.outputs["OutboxTable"], Item=second)
    world.deliver()
    assert len(sms.to) == len(set(sms.to)) == 2
    assert {row["state"]["S"] for row in steps.rows(world, "OutboxTable")} == {"sent", "expanded"}


def test_an_office_without_people_is_parked_where_it_is_seen(world: World) -> None:
    sms = provider(world)
    steps.reported(world, phone="")
    world.deliver()
    assert state(world, "office:dispatcher@street") == "parked"
    assert sms.calls == 0


def test_of_many_sweeps_at_once_one_sends(both_worlds: World) -> None:
    sms = provider(both_worlds)
    for last in "123":
        steps.reported(both_worlds, phone=f"021-0012 778{last}")
    at_once(both_worlds.deliver, 6)
    assert sorted(sms.to) == [(f"+86210012778{last}", "received") for last in "123"]


def test_a_message_without_an_answer_is_asked_for_and_not_sent_again(world: World) -> None:
    sms = provider(world, ("lost", SmsUnknown("timeout")))
    steps.reported(world)
    world.deliver()
    assert state(world) == "unknown"
    world.clock.advance(minutes=5)
    world.deliver()
    assert (state(world), sms.calls, sms.asked) == ("sent", 1, 1)


def test_a_message_that_never_went_out_is_sent_again_under_a_new_reference(world: World) -> None:
    sms = provider(world, SmsUnknown("timeout"))
    steps.reported(world)
    world.deliver()
    assert (state(world), len(sms.out)) == ("unknown", 0)
    world.deliver()
    assert sms.asked == 0, "the provider is given a moment before it is asked"
    world.clock.advance(minutes=5)
    world.deliver()
    assert (state(world), sms.to) == ("sent", [(REPORTER, "received")])


def test_what_the_provider_can_not_say_either_stays_unknown_and_is_a_persons_after_a_day(world: World) -> None:
    sms = provider(world, SmsUnknown("timeout"), mute=True)
    steps.reported(world)
    for _ in range(24):
        world.deliver()
        assert state(world) == "unknown"
        assert "pending_at" in rows(world)["reporter"]
        world.clock.advance(minutes=60)
    world.clock.advance(minutes=30)
    world.deliver()
    assert (state(world), sms.calls) == ("parked", 1)
    assert rows(world)["reporter"]["why"]["S"] == "unknown"


def test_a_sender_that_died_in_the_middle_is_taken_over_after_its_lease(world: World) -> None:
    sms = provider(world)
    steps.reported(world)
    row = next(row for row in outbox.every() if row.to == "reporter")
    assert outbox.record(row, "f" * 16, world.clock.civil(), outbox.message_of(row).params)
    for _ in range(2):
        world.deliver()
    assert (sms.calls, sms.asked) == (0, 0)
    world.clock.advance(minutes=3)
    world.deliver()
    assert (state(world), sms.to, sms.asked) == ("sent", [(REPORTER, "received")], 1)


def test_a_message_that_is_refused_for_good_is_parked_and_not_tried_again(world: World) -> None:
    sms = provider(world, SmsRefused("opted out"))
    steps.reported(world)
    for _ in range(3):
        world.deliver()
    assert (state(world), sms.calls) == ("parked", 1)


def test_a_message_that_is_refused_for_now_is_tried_five_times_and_then_parked(world: World) -> None:
    sms = provider(world, *[SmsRetry("throttled")] * 9)
    steps.reported(world)
    for minutes in (1, 5, 15, 60, 60, 60):
        assert state(world) == ("pending" if sms.calls < 5 else "parked")
        world.deliver()
        world.deliver()
        world.clock.advance(minutes=minutes)
    assert (state(world), sms.calls) == ("parked", 5)
    assert rows(world)["reporter"]["tries"]["N"] == "5"


def test_a_busy_vault_costs_neither_a_try_nor_a_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sms = provider(world)
    steps.reported(world)

    def busy(record: str, envelope: bytes) -> dict[str, str]:
        raise VaultBusy("throttled")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.context.vault, "open", busy)
        world.deliver()
        assert (state(world), sms.calls) == ("pending", 0)
    assert rows(world)["reporter"]["tries"]["N"] == "0"
    world.clock.advance(minutes=2)
    world.deliver()
    assert state(world) == "sent"


def test_one_message_that_fails_holds_up_no_other(world: World, caplog: pytest.LogCaptureFixture) -> None:
    sms = provider(world)
    no, _ = steps.reported(world)
    table = world.outputs["OutboxTable"]
    poison = next(row for row in steps.rows(world, "OutboxTable") if row["to"]["S"] == "reporter")
    world.aws("dynamodb").put_item(TableName=table, Item={**poison, "params": {"S": "no list"}})
    accept = {**poison, "sk": {"S": f"{no}#00009#accepted"}, "template": {"S": "accepted"}}
    accept["params"] = {"S": '["K7M3-9QXA-C","示例居委会","11月24日16:00"]'}
    world.aws("dynamodb").put_item(TableName=table, Item=accept)
    world.deliver()
    assert sms.to == [(REPORTER, "accepted")]
    standing = next(row for row in steps.rows(world, "OutboxTable") if row["sk"] == poison["sk"] and row["to"]["S"] == "reporter")
    assert standing["state"]["S"] == "parked"
    assert "7788" not in caplog.text


@pytest.mark.parametrize("how", ["the envelope is gone", "the key is gone"])
def test_an_erased_number_gets_nothing_and_nothing_is_kept_waiting(world: World, how: str) -> None:
    sms = provider(world)
    no, _ = steps.reported(world)
    with ExitStack() as undo:
        if how == "the envelope is gone":
            key = {"pk": {"S": f"C#{no}"}, "sk": {"S": "CASE"}}
            table = world.outputs["CasesTable"]
            world.aws("dynamodb").update_item(TableName=table, Key=key, UpdateExpression="REMOVE sealed")
        else:
            patch = undo.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(world.context.vault, "_street", "another")
        world.deliver()
    assert (state(world), sms.calls) == ("dropped", 0)


def test_who_left_no_number_is_told_nothing(world: World) -> None:
    provider(world)
    steps.reported(world, phone="")
    assert set(rows(world)) == {"office:dispatcher@street"}


def test_all_messages_to_one_number_lie_under_one_recipient(world: World) -> None:
    steps.reported(world)
    steps.reported(world, text="另一件")
    steps.reported(world, phone="021-0012 9999")
    recipients = [row["pk"]["S"] for row in steps.rows(world, "OutboxTable") if row["to"]["S"] == "reporter"]
    assert sorted(recipients.count(pk) for pk in set(recipients)) == [1, 2]
