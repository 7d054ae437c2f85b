"""A case's rows: written whole or not at all, found by the right indexes at every station, and never written over."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.casework.access import Actor
from chalicelib.casework.decide import Command, decide
from chalicelib.casework.events import Event
from chalicelib.errors import Conflict
from chalicelib.models import cases
from chalicelib.usecases.acting import commit
from chalicelib.usecases.telling import rows_for
from tests import steps, wire
from tests.world import World

CLERK = Actor("staff:T1", "某同事", ("dispatcher@street",))


def read(no: str) -> cases.Stored:
    stored = cases.get(no)
    assert stored is not None
    return stored


def decided(world: World, stored: cases.Stored, action: str, attempt: str, **data: Any) -> list[Event]:
    return decide(stored.case, Command(action, attempt, data), CLERK, world.clock.civil(), world.street)


def put(world: World, stored: cases.Stored, events: list[Event], attempt: str) -> cases.Stored:
    return cases.write(stored, events, [], attempt, world.street, world.context.place_of(stored.case))


def item_of(world: World, no: str) -> dict[str, Any]:
    return next(item for item in world.stored_items() if (item["pk"]["S"], item["sk"]["S"]) == (f"C#{no}", "CASE"))


def found_by(world: World, index: str, hash_name: str, value: str) -> list[str]:
    answer = world.aws("dynamodb").query(
        TableName=world.outputs["CasesTable"],
        IndexName=index,
        KeyConditionExpression="#h = :v",
        ExpressionAttributeNames={"#h": hash_name},
        ExpressionAttributeValues={":v": {"S": value}},
    )
    assert all("body" not in item for item in answer["Items"])
    return [item["pk"]["S"].removeprefix("C#") for item in answer["Items"]]


def watchers(world: World, no: str) -> list[str]:
    return sorted(item["pk"]["S"] for item in world.stored_items() if item["pk"]["S"].startswith("W#") and item["sk"]["S"] == no)


def test_of_two_writes_on_the_same_version_the_second_is_stale(both_worlds: World) -> None:
    no, _ = steps.reported(both_worlds)
    stored = read(no)
    put(both_worlds, stored, decided(both_worlds, stored, "accept", "first"), "first")
    with pytest.raises(cases.Stale) as stale:
        put(both_worlds, stored, decided(both_worlds, stored, "accept", "second"), "second")
    # It brings what stands there, so that nobody has to read again.
    assert stale.value.standing == read(no)
    assert steps.events_of(no) == ["submitted", "accepted"]


def test_a_write_that_loses_takes_its_messages_and_rows_with_it(both_worlds: World) -> None:
    no, _ = steps.reported(both_worlds)
    stored = read(no)
    put(both_worlds, stored, decided(both_worlds, stored, "renew_link", "first"), "first")
    before = steps.rows(both_worlds, "OutboxTable"), both_worlds.stored_items()
    events = decided(both_worlds, stored, "accept", "second")
    rows = rows_for(both_worlds.context, stored.case, events)
    assert rows
    with pytest.raises(cases.Stale):
        cases.write(stored, events, rows, "second", both_worlds.street, None)
    assert (steps.rows(both_worlds, "OutboxTable"), both_worlds.stored_items()) == before


def test_a_case_is_never_made_over_another(both_worlds: World) -> None:
    no, _ = steps.reported(both_worlds)
    stored = read(no)
    again = cases.Stored(case=type(stored.case)(no=no), events=(), submission="other", fingerprint="other")
    submitted = msgspec.structs.replace(stored.events[0], attempt="other")
    with pytest.raises(cases.Stale):
        put(both_worlds, again, [submitted], "other")
    assert read(no) == stored


@pytest.mark.parametrize("lose", [wire.reply_lost, wire.reply_lost_and_repeated])
@pytest.mark.parametrize(("action", "operation"), [("renew_link", "PutItem"), ("accept", "TransactWriteItems")])
def test_a_write_without_a_reply_is_found_by_its_attempt(both_worlds: World, lose: Any, action: str, operation: str) -> None:
    no, _ = steps.reported(both_worlds)
    with lose(operation) as lost:
        stored = commit(both_worlds.context, read(no), Command(action, "a" * 32, {}), CLERK)
    assert lost
    assert stored == read(no)
    assert len(stored.events) == 2


def test_a_write_without_a_reply_that_others_wrote_upon_is_still_ours(world: World) -> None:
    no, _ = steps.reported(world)
    stored = read(no)
    mine = decided(world, stored, "accept", "mine")
    first = put(world, stored, mine, "mine")
    put(world, first, decided(world, first, "renew_link", "theirs"), "theirs")
    assert put(world, stored, mine, "mine") == read(no)
    assert steps.events_of(no) == ["submitted", "accepted", "link_renewed"]


def test_a_write_that_never_left_is_an_error_and_nothing_else(world: World) -> None:
    no, _ = steps.reported(world)
    error = EndpointConnectionError(endpoint_url="https://engine.example")
    with wire.refused("PutItem", error), pytest.raises(Exception, match="Could not connect") as raised:
        commit(world.context, read(no), Command("renew_link", "a" * 32, {}), CLERK)
    assert not isinstance(raised.value, cases.Stale | Conflict)
    assert steps.events_of(no) == ["submitted"]


def test_a_step_that_lost_a_race_is_decided_again_on_what_stands(world: World) -> None:
    no, _ = steps.reported(world)
    old = read(no)
    commit(world.context, old, Command("renew_link", secrets.token_hex(16), {}), CLERK)
    stored = commit(world.context, old, Command("accept", secrets.token_hex(16), {}), CLERK)
    assert [event.type for event in stored.events] == ["submitted", "link_renewed", "accepted"]
    colleague = replace(CLERK, id="staff:OTHER1")
    with pytest.raises(Conflict, match="someone_else"):
        commit(world.context, old, Command("accept", secrets.token_hex(16), {}), colleague, seen=1)


def test_indexes_follow_a_case_from_office_to_office_and_let_it_go(both_worlds: World) -> None:
    world = both_worlds
    no, _ = steps.reported(world)
    centre, committee, zone = "Q#dispatcher#street", "Q#committee#committee:c01", "Z#z1"
    item = item_of(world, no)
    timer, month = item["timer"]["S"], item["month"]["S"]
    assert month.startswith("M#2026-11#")
    assert found_by(world, "desk", "queue", centre) == [no]
    assert found_by(world, "open", "open_zone", zone) == [no]
    assert found_by(world, "timers", "timer", timer) == [no]
    assert item["timer_at"]["S"] == "2026-11-18T02:15:00.000Z"  # the first reminder
    assert item["deadline"]["S"] == "2026-11-18T02:30:00.000Z"

    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "allocate", to="committee@committee:c01")
    assert found_by(world, "desk", "queue", centre) == []
    assert found_by(world, "desk", "queue", committee) == [no]
    assert found_by(world, "timers", "timer", timer) == [no]

    steps.act(world.signed_in("committee", "committee:c01"), no, "sign")
    steps.act(world.signed_in("committee", "committee:c01"), no, "close", outcome="duplicate", text="重复")
    assert found_by(world, "desk", "queue", committee) == []
    assert found_by(world, "open", "open_zone", zone) == []
    assert found_by(world, "timers", "timer", timer) == []
    # The month's figures keep it.
    assert found_by(world, "ledger", "month", month) == [no]
    closed = item_of(world, no)
    assert not {"timer", "timer_at", "queue", "deadline", "open_zone", "open_deadline"} & set(closed)
    figures = msgspec.json.decode(closed["figures"]["S"])
    assert (figures["state"], figures["outcome"], figures["zone"]) == ("closed", "duplicate", "z1")

    steps.act(world.signed_in("committee", "committee:c01"), no, "reopen", reason="又坏了")
    assert found_by(world, "desk", "queue", committee) == [no]
    assert found_by(world, "ledger", "month", month) == [no]


def test_a_month_is_the_streets_own(world: World) -> None:
    world.clock.instant = world.clock.instant.replace(day=30, hour=15, minute=59)
    november, _ = steps.reported(world)
    world.clock.advance(minutes=2)
    december, _ = steps.reported(world)
    assert item_of(world, november)["month"]["S"].startswith("M#2026-11#")
    assert item_of(world, december)["month"]["S"].startswith("M#2026-12#")


def test_a_watch_row_comes_and_goes_with_the_assignee(both_worlds: World) -> None:
    no, _ = steps.reported(both_worlds)
    clerk = both_worlds.signed_in("dispatcher", "street")
    both_worlds.signed_in("department", "street")
    steps.act(clerk, no, "accept")
    assert watchers(both_worlds, no) == []
    parties = {role: steps.choice(clerk, no, "assign", "to", f"{role}@street") for role in ("department", "dispatcher")}
    ids = {role: value.split("~")[0] for role, value in parties.items()}
    steps.act(clerk, no, "assign", to=parties["department"])
    assert watchers(both_worlds, no) == [f"W#staff:{ids['department']}"]
    assert [card.no for card in cases.watched(f"staff:{ids['department']}", 10)] == [no]
    steps.act(clerk, no, "assign", to=parties["dispatcher"])
    assert watchers(both_worlds, no) == [f"W#staff:{ids['dispatcher']}"]
    steps.act(clerk, no, "propose", outcome="solved", text="换了灯泡")
    steps.act(clerk, no, "confirm")
    [card] = cases.watched(f"staff:{ids['dispatcher']}", 10)
    assert (card.state, card.owner) == ("handled", "street dispatcher")
    steps.act(clerk, no, "close", outcome="solved")
    assert watchers(both_worlds, no) == []


def test_a_card_holds_nothing_of_the_reporter(world: World) -> None:
    no, _ = steps.reported(world)
    item = item_of(world, no)
    for listed in (item["card"]["S"], item["figures"]["S"]):
        assert "王阿姨" not in listed
        assert "7788" not in listed
