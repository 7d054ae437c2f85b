"""The demo plays at whichever street is served: people for its whole ladder, cases on every rung, in every state that it has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.casework.access import split_grant
from chalicelib.casework.case import Case
from infra.demo import cases as demo
from infra.demo.roles import ensure_staff, home_of, people
from infra.engine import Engine
from infra.streetfile import vocabulary as words
from infra.streetfile.compile import load
from tests.world import World, open_world

STREETS = Path(__file__).parent.parent / "infra" / "streets"
# Two streets that differ most are played in each run, all of them in the soak.
NAMES = (
    sorted(path.stem for path in STREETS.glob("*.toml")) if os.environ.get("DOORSTEP_SOAK") else ["yuejincun", "zhujing-jinlai"]
)


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
