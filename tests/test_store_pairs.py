"""Steps on two cases are stored on both or on neither; and who sees a case beside its office has a row of their own."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.casework.access import Actor
from chalicelib.casework.decide import Command
from chalicelib.errors import NotAllowed
from chalicelib.models import cases
from chalicelib.usecases.acting import commit
from tests import refold, steps, wire
from tests.test_store import CLERK, decided, put, read, watchers
from tests.world import World

APPROVER = Actor("staff:A1", "督办人员", ("supervisor@street",))
POLICE = Actor("staff:Y1", "派出所", ("department@dept:police",))
ATTEMPT = "a" * 32
TO_POLICE: dict[str, Any] = {
    "lead": "department@dept:police",
    "co": ["department@dept:housing", "contact:power"],
    "demands": "挪车",
}


def two(world: World) -> tuple[str, str]:
    return steps.reported(world)[0], steps.reported(world)[0]


def step(world: World, no: str, action: str, actor: Actor = CLERK, **data: Any) -> cases.Stored:
    return commit(world.context, read(no), Command(action, secrets.token_hex(16), data), actor)


def merge(world: World, gone: str, stays: str, **data: Any) -> cases.Stored:
    return commit(world.context, read(gone), Command("merge", ATTEMPT, {"other": stays, **data}), CLERK)


def standing(world: World) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return steps.rows(world, "OutboxTable"), world.stored_items()


def test_merging_is_stored_on_both_cases_under_one_attempt(both_worlds: World) -> None:
    gone, stays = two(both_worlds)
    stored = merge(both_worlds, gone, stays)
    assert stored == read(gone)
    assert (stored.case.state, stored.case.merged_into) == ("closed", stays)
    other = read(stays)
    assert [follower.no for follower in other.case.followers] == [gone]
    assert stored.events[-1].attempt == other.events[-1].attempt == stored.attempt == other.attempt
    assert refold.in_another_process(refold.lines_of(both_worlds.stored_items())) == []


def test_a_case_merged_by_mistake_is_reopened_on_both(both_worlds: World) -> None:
    gone, stays = two(both_worlds)
    merge(both_worlds, gone, stays)
    again = step(both_worlds, gone, "reopen", reason="并错了")
    other = read(stays)
    assert (again.case.state, again.case.merged_into, other.case.followers) == ("reopened", "", ())
    assert (again.attempt, steps.events_of(stays)) == (other.attempt, ["submitted", "absorbed", "parted"])
    assert refold.in_another_process(refold.lines_of(both_worlds.stored_items())) == []


@pytest.mark.parametrize("lose", [wire.reply_lost, wire.reply_lost_and_repeated])
def test_a_pair_whose_reply_was_lost_is_found_again_on_both(both_worlds: World, lose: Any) -> None:
    gone, stays = two(both_worlds)
    with lose("TransactWriteItems") as lost:
        merge(both_worlds, gone, stays)
    assert lost
    assert steps.events_of(gone) == ["submitted", "merged"]
    assert steps.events_of(stays) == ["submitted", "absorbed"]
    # The same step once more is answered with what it made.
    assert merge(both_worlds, gone, stays) == read(gone)
    assert steps.events_of(stays) == ["submitted", "absorbed"]


def test_a_pair_that_never_left_is_on_neither(world: World) -> None:
    gone, stays = two(world)
    before = standing(world)
    error = EndpointConnectionError(endpoint_url="https://engine.example")
    with wire.refused("TransactWriteItems", error), pytest.raises(Exception, match="Failed to write"):
        merge(world, gone, stays)
    assert standing(world) == before


@pytest.mark.parametrize("changed", ["first", "second"])
def test_when_either_case_was_written_in_between_neither_is_stored(both_worlds: World, changed: str) -> None:
    world = both_worlds
    gone, stays = two(world)
    stored, other = read(gone), read(stays)
    theirs = gone if changed == "first" else stays
    put(world, read(theirs), decided(world, read(theirs), "renew_link", "theirs"), "theirs")
    before = standing(world)
    changes = [
        cases.Change(stored, decided(world, stored, "renew_link", "mine"), [], None),
        cases.Change(other, decided(world, other, "renew_link", "mine"), [], None),
    ]
    with pytest.raises(cases.Stale) as stale:
        cases.write_all(changes, "mine", world.street)
    assert stale.value.standing == read(gone)
    assert standing(world) == before


def test_a_pair_that_lost_a_race_is_decided_again_on_what_stands(world: World) -> None:
    gone, stays = two(world)
    old = read(gone)
    step(world, gone, "renew_link")
    step(world, stays, "renew_link")
    commit(world.context, old, Command("merge", ATTEMPT, {"other": stays}), CLERK)
    assert steps.events_of(gone) == ["submitted", "link_renewed", "merged"]
    assert steps.events_of(stays) == ["submitted", "link_renewed", "absorbed"]


def test_the_other_number_is_read_as_typed_and_must_be_somebody_elses_case_of_theirs(world: World) -> None:
    gone, stays = two(world)
    for wrong in ("", "K7M3", gone, "K7M3-9QXA-C"):
        with pytest.raises(NotAllowed, match="fields"):
            merge(world, gone, wrong)
    outside = Actor("staff:O1", "另一居委", ("committee@committee:c03",))
    step(world, gone, "allocate", to="committee@committee:c03", reason="")
    step(world, gone, "sign", outside)
    with pytest.raises(NotAllowed, match="fields"):
        commit(world.context, read(gone), Command("merge", ATTEMPT, {"other": stays}), outside)
    assert steps.events_of(stays) == ["submitted"]
    typed = f" {stays.lower().replace('-', '')} "
    other, third = two(world)
    assert merge(world, other, typed).case.merged_into == stays
    assert steps.events_of(third) == ["submitted"]


def test_linking_is_stored_on_both_and_twice_on_neither(world: World) -> None:
    one, two_ = two(world)
    step(world, one, "link", other=two_)
    assert (read(one).case.links, read(two_).case.links) == ((two_,), (one,))
    for again in (one, two_):
        with pytest.raises(NotAllowed, match="fields"):
            step(world, again, "link", other=two_ if again == one else one)


def test_lead_and_co_handlers_see_a_case_until_they_owe_nothing(both_worlds: World) -> None:
    world = both_worlds
    no, _ = steps.reported(world)
    step(world, no, "dispatch", **TO_POLICE)
    # A party without an account has no desk.
    assert watchers(world, no) == ["W#department@dept:housing", "W#department@dept:police"]
    assert [card.no for card in cases.watched("department@dept:police", 10)] == [no]
    step(world, no, "report_in", POLICE)
    step(world, no, "propose", POLICE, outcome="solved", text="已挪车")
    step(world, no, "confirm")
    step(world, no, "close", outcome="solved", text="")
    # Closed, the one who has not reported keeps it in sight, and nobody else.
    assert watchers(world, no) == ["W#department@dept:housing"]
    [card] = cases.watched("department@dept:housing", 10)
    assert (card.state, "owing" in card.marks) == ("closed", True)
    step(world, no, "release", party="department@dept:housing", reason="不再需要")
    assert watchers(world, no) == []


def test_a_request_lies_before_those_who_may_grant_it_until_it_is_decided(both_worlds: World) -> None:
    world = both_worlds
    no, _ = steps.reported(world)
    step(world, no, "accept")
    step(world, no, "extend", days="3", reason=world.street.reasons.extension[0].id, text="等配件")
    assert watchers(world, no) == ["W#approve:dispatcher", "W#approve:supervisor"]
    [card] = cases.watched("approve:supervisor", 10)
    assert "approval" in card.marks
    step(world, no, "approve", APPROVER)
    assert watchers(world, no) == []
    assert "extended" in card_marks(no)


def card_marks(no: str) -> tuple[str, ...]:
    [card] = [card for card in cases.queue("dispatcher@street", 10) if card.no == no]
    return card.marks
