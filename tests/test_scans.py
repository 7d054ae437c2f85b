"""Scans of codes are counted a door and a day, and never stand between a resident and the form."""

from __future__ import annotations

from datetime import date

import pytest
from pynamodb.exceptions import UpdateError

from chalicelib.casework.figures_period import Period
from chalicelib.models import ledger
from tests import steps
from tests.world import World

MONTH = Period(date(2026, 11, 1), date(2026, 12, 1))


def test_scans_are_counted_by_door_and_day_and_shown_beside_what_came_of_them(world: World) -> None:
    visitor, here, there = world.client(), world.places[0], world.places[3]
    for _ in range(3):
        assert visitor.get(f"/Q/{world.code()}").status == 200
    world.clock.advance(days=1)
    visitor.get(f"/Q/{world.code(3)}")
    # A forged code hangs at no door, a page opened by its address was not scanned, and a page keeping itself is nobody.
    visitor.get(f"/Q/{world.code()[:-1]}2")
    visitor.get(f"/f/issue?c={world.code()}")
    visitor.call("GET", f"/Q/{world.code()}", b"", {"X-Doorstep": "keep"})
    assert ledger.scans(MONTH) == {here.id: 3, there.id: 1}
    assert ledger.scans(Period(date(2026, 11, 19), date(2026, 11, 20))) == {there.id: 1}
    assert ledger.scans(Period(date(2026, 10, 1), date(2026, 11, 1))) == {}
    steps.reported(world)
    street = world.signed_in("dispatcher", "street").get("/desk/figures").text
    row = street[street.index("扫码次数") :]
    assert "<td>3</td>" in row
    committee = world.signed_in("committee", "committee:c01").get("/desk/figures").text
    shown = committee[committee.index("扫码次数") :]
    shown = shown[: shown.index("</table>")]
    assert "<td>3</td>" in shown
    assert "<td>4</td>" not in shown


def test_a_table_that_does_not_answer_costs_nobody_the_form(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise UpdateError("no answer")

    monkeypatch.setattr(ledger, "count_scan", broken)
    page = world.client().get(f"/Q/{world.code()}")
    assert page.status == 200
    assert page.form("/f/issue").fields["code"] == world.code()


def test_scans_are_told_to_other_systems_apart_from_what_was_sent_by_code(world: World) -> None:
    for _ in range(3):
        world.client().get(f"/Q/{world.code()}")
    steps.reported(world)
    told = world.signed_in("dispatcher", "street").get("/api/v1/figures").json()
    assert told["scans"] == {world.places[0].id: 3}
    assert told["sent_by_code"] == 1
