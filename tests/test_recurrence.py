"""The same trouble at the same place again: pointed at from the new case, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.models import cases
from tests import steps
from tests.wire import refused
from tests.world import World


def recurs(no: str) -> str:
    found = cases.get(no)
    assert found is not None
    return found.case.recurs


def persons(number: int) -> str:
    return f"021-0012 {7100 + number}"


def test_a_second_report_of_the_same_kind_at_the_same_place_points_at_the_first(both_worlds: World) -> None:
    first, _ = steps.reported(both_worlds, phone=persons(1))
    assert recurs(first) == ""
    both_worlds.clock.advance(hours=1)
    second, token = steps.reported(both_worlds, phone=persons(2))
    assert recurs(second) == first
    clerk = both_worlds.signed_in("dispatcher", "street")
    page = clerk.get(f"/desk/cases/{second}")
    assert "再次发生" in page.words
    assert f"/desk/cases/{first}" in page.links
    assert "再次发生" in clerk.get("/desk").words
    # Whoever reports the second time learns nothing about the first.
    assert first not in both_worlds.client().get(f"/t/{token}").text


@pytest.mark.parametrize(
    "changes", [{"category": "property"}, {"category": ""}, {"elsewhere": "北门外"}], ids=["other kind", "no kind", "elsewhere"]
)
def test_another_matter_is_not_taken_for_a_recurrence(world: World, changes: dict[str, str]) -> None:
    steps.reported(world, phone=persons(1))
    other, _ = steps.reported(world, phone=persons(2), **changes)
    assert recurs(other) == ""


def test_another_door_is_another_matter(world: World) -> None:
    steps.reported(world, phone=persons(1))
    other, _ = steps.reported(world, phone=persons(2), code=world.code(1))
    assert recurs(other) == ""


def test_what_was_told_of_elsewhere_is_no_matter_of_the_door(world: World) -> None:
    steps.reported(world, phone=persons(1), elsewhere="北门外")
    other, _ = steps.reported(world, phone=persons(2))
    assert recurs(other) == ""


def test_a_closed_case_counts_until_the_streets_term_is_over(world: World) -> None:
    first, _ = steps.reported(world, phone=persons(1))
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, first, "close", outcome="out_of_scope", text="请找供电公司")
    days = world.street.terms.recurrence_days
    world.clock.advance(days=days, minutes=-1)
    second, _ = steps.reported(world, phone=persons(2))
    assert recurs(second) == first
    steps.act(world.signed_in("dispatcher", "street"), second, "close", outcome="duplicate", text="重复")
    world.clock.advance(days=days, minutes=1)
    third, _ = steps.reported(world, phone=persons(3))
    assert recurs(third) == ""


def test_the_same_form_again_is_no_recurrence_of_itself(world: World) -> None:
    fields = steps.report(world)
    no = steps.number_of(steps.token_of(steps.send(world.client(), fields)))
    assert steps.number_of(steps.token_of(steps.send(world.client(), fields))) == no
    assert recurs(no) == ""


def test_a_report_is_worth_more_than_pointing_at_an_earlier_one(world: World) -> None:
    steps.reported(world, phone=persons(1))
    with refused("Query", ReadTimeoutError(endpoint_url="https://engine.example", error="no answer from the index")):
        page = steps.send(world.client(), steps.report(world, phone=persons(2)))
    assert page.status == 303
    assert recurs(steps.number_of(steps.token_of(page))) == ""
