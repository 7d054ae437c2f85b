"""The demo plays at whichever street is served: people for its whole ladder, cases on every rung, in every state that it has."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.casework.access import Actor, split_grant
from chalicelib.casework.case import Case
from chalicelib.casework.idcards import age, normalise_id
from chalicelib.casework.property import DISCLOSURES
from chalicelib.models import cases, classes, ideas, registers
from chalicelib.models import property as books
from chalicelib.usecases import register_digest_pages, register_household, register_work, volunteers
from infra.demo import cases as demo
from infra.demo import matters
from infra.demo import registers as demo_registers
from infra.demo.roles import ensure_staff, home_of, neighbour_of, people
from infra.demo.rooms import furnish
from infra.engine import Engine
from infra.streetfile import vocabulary as words
from infra.streetfile.compile import load
from tests.register_people import rows
from tests.world import World, open_world

STREETS = Path(__file__).parent.parent / "infra" / "streets"
# Two streets that differ most are played in each run, all of them in the soak.
NAMES = sorted(path.stem for path in STREETS.glob("*.toml")) if os.environ.get("DOORSTEP_SOAK") else ["zhujing-jinlai"]


@pytest.fixture(params=NAMES)
def served(request: pytest.FixtureRequest, ministack: Engine, tmp_path: Path) -> Iterator[World]:
    file = STREETS / f"{request.param}.toml"
    with open_world(ministack.client, tmp_path, endpoint=ministack.endpoint, street_file=file) as world:
        ensure_staff(world.context, tmp_path / "passwords.json")
        yield world


# States that every street's demo shows; the rest hangs on what the street has.
EVERYWHERE = {
    "received",
    "accepted",
    "dispatched",
    "signed",
    "returned",
    "handling",
    "waiting",
    "long_run",
    "closed",
    "reopened",
    "invalid",
}


@pytest.mark.engine
@pytest.mark.timeout(400)
def test_it_shows_cases_on_every_rung_in_every_state_made_by_people_who_may(served: World) -> None:
    street = served.street
    played = demo.play(served.context)
    found: list[Case] = [entry.case for entry in played]
    states = {case.state for case in found}
    expected = EVERYWHERE | {"visiting" if street.follow_up.visit else "handled"}
    expected |= {"referred"} if street.exits else set()
    expected |= {"observing"} if any(one.observe for one in street.classes) else set()
    assert expected - states == set()
    assert {case.rung for case in found} == set(street.rung_by_id)
    assert {case.channel for case in found} >= {"qr", "phone", "hotline_12345"}
    assert any(case.supervised for case in found)
    assert [entry.case for entry in demo.play(served.context)] == found, "playing it again changed something"
    assert any(case.extended for case in found)
    assert any(case.owing for case in found)
    assert {case.outcome for case in found if case.case_class == "idea"} == {"adopted", "not_adopted", None}
    assert len(ideas.latest(10)) == 2


@pytest.mark.parametrize("name", NAMES)
def test_everybody_whom_the_ladder_needs_around_the_home_is_there(name: str) -> None:
    street, places = load(STREETS / f"{name}.toml")
    home = home_of(street, places)
    found = people(street, home)
    committee = street.committee_by_id[home.committee]
    units = {
        "street": "street",
        "zone": f"zone:{committee.zone}",
        "committee": f"committee:{committee.id}",
        "community": f"community:{home.community}",
    }
    held = {person.grant for person in found}
    assert {f"{rung.role}@{units[rung.scope]}" for rung in street.rungs} <= held
    assert {f"department@dept:{department.id}" for department in street.departments} <= held
    needed = {role for rung in street.rungs for role in (*rung.assign, *rung.lead, *rung.dispatch)} - {"contact"}
    needed |= {role for clock in street.clocks.values() for role in clock.tell}
    needed |= {role for kind in words.APPROVALS for role in street.approvals.roles(kind)}
    assert needed <= {split_grant(grant)[0] for grant in held}
    assert len({person.username for person in found}) == len(found)
    assert len({person.phone for person in found}) == len(found)
    assert len(held) == len(found)


# ---- Class cases, and the rooms beside --------------------------------------------------------------------------------


def test_it_shows_class_cases_as_the_machine_finds_them_offers_of_help_and_what_a_property_company_discloses(
    moto: Any, tmp_path: Path
) -> None:
    with open_world(moto, tmp_path, street_file=STREETS / "changqiao.toml") as world:
        home, now = home_of(world.street, world.places), world.clock.civil()
        ensure_staff(world.context, tmp_path / "passwords.json")
        furnish(world.context)
        caller = Actor("staff:C1", "居委会", (f"committee@committee:{home.committee}",))
        offers = volunteers.listed(world.context, caller, home.committee, "")
        assert [one.phone_mask[:4] for one in offers] == ["021-"] * 3
        book = books.read(home.community)
        assert (set(book.disclosures), len(book.checks), len(book.ratings)) == (set(DISCLOSURES), 2, 1)
        raised = [cases.get(mark.case) for check in book.checks for mark in check.marks.values() if mark.case]
        assert [one.case.channel for one in raised if one] == ["patrol"]
        before = world.stored_items()
        furnish(world.context)
        assert world.stored_items() == before, "doing it again changed something"

        centre = Actor("staff:D1", "调度员", ("dispatcher@street",))
        words = [entry["word"] for entry in tomllib.loads(matters.FILE.read_text("utf-8"))["matters"]]
        for number, entry in enumerate(tomllib.loads(demo.FILE.read_text("utf-8"))["cases"]):
            if any(word in entry["text"] for word in words):
                at = demo.PastClock(now - timedelta(hours=entry["ago"]), now)
                demo._come(replace(world.context, clock=at), f"demo:{number}", entry, (), [centre])
        for instant, act in sorted(matters.turns(world.context, [centre], now), key=lambda pair: pair[0]):
            act(replace(world.context, clock=demo.PastClock(instant, now)))
        found = classes.every(world.street.id)
        assert sorted((one.state, len(one.committees), len(one.needs)) for one in found) == [("done", 3, 3), ("open", 3, 3)]
        assert all(one.lead for one in found)
        assert "24组晾衣架" in world.client().get("/public").words
        assert matters.turns(world.context, [centre], now) == []


# ---- Registrations --------------------------------------------------------------------------------------------------


def play_registers(world: World, staff: list[Actor]) -> None:
    """The registrations' part of the demo alone, on its own past clock."""
    ctx, now = world.context, world.clock.civil()
    doors = partial(demo.place_of, ctx)
    agenda = demo_registers.turns(ctx, staff, now, doors, demo.key_of, wiring.house().lists)
    clock = demo.PastClock(now, now)
    for at, act in sorted(agenda, key=lambda pair: pair[0]):
        clock.instant = at
        act(replace(ctx, clock=clock))


def test_it_shows_registrations_in_every_state_that_a_desk_meets_and_the_case_that_one_raised(moto: Any, tmp_path: Path) -> None:
    with open_world(moto, tmp_path, street_file=STREETS / "changqiao.toml") as world:
        home = home_of(world.street, world.places)
        neighbour = neighbour_of(world.street, home)
        assert neighbour is not None
        verifier = Actor("staff:V1", "核实人员", (f"verifier@committee:{home.committee}", f"verifier@committee:{neighbour.id}"))
        play_registers(world, [verifier])
        waiting = register_work.queue(world.context, verifier)
        assert {row.state for row in waiting} == {"submitted", "booked", "wrong", "not_found"}
        assert {row.kind for row in waiting} == {"rental", "population"}
        assert {row.committee for row in waiting} == {home.committee, neighbour.id}
        day = world.clock.civil().astimezone(world.street.tz).date()
        soon = (day + timedelta(days=world.street.register.ending_days)).isoformat()
        assert [row.state for row in registers.leases(home.committee, day.isoformat(), soon)] == ["verified"]
        crowded = next(row for row in waiting if row.case)
        raised = cases.get(crowded.case)
        assert raised is not None
        assert (raised.case.case_class, raised.case.channel) == ("group_rental", "register")
        household = register_household.household(world.context, verifier, crowded.place, crowded.room)
        assert len(household.registrations) == 2
        assert household.visits
        digests = register_digest_pages.digests(world.context, verifier)
        assert {one.committee for one in digests} == {home.committee, neighbour.id}
        assert sum(one.new for one in digests) >= 6
        # Nobody in it can be anybody: the numbers pass every check, and nobody was ever that old.
        for number in range(200):
            found = normalise_id(demo_registers.id_number(number, day))
            assert found is not None
            assert found[14:17] == "000"
            assert 125 < age(found, day) <= 130
        before = world.stored_items(), rows(world)
        play_registers(world, [verifier])
        assert (world.stored_items(), rows(world)) == before, "playing it again changed something"


@pytest.mark.parametrize("name", NAMES)
def test_a_street_without_registers_has_no_registrations_in_its_demo(name: str, moto: Any, tmp_path: Path) -> None:
    with open_world(moto, tmp_path, street_file=STREETS / f"{name}.toml") as world:
        assert world.street.kind("rental") is None
        assert demo_registers.turns(world.context, [], world.clock.civil(), lambda *_: 1 / 0, demo.key_of, None) == []  # type: ignore[arg-type]  # nothing of it is used
