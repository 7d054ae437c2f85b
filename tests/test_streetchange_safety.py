"""What of a changed street file may not go while something hangs on it: each key by itself, over plain values."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from chalicelib.casework.case import Case, ClockRun, Partner, Party, Request
from chalicelib.street import Place, Street
from infra.streetchange import compare, safety
from infra.streetchange.standing import Standing
from infra.streetfile.compile import load
from tests.world import SMALL

msgspec_replace = msgspec.structs.replace


CASE = Case(no="K7M3-9QXA-C", rung="centre", unit="street", zone="z1", committee="c01", community="c01a", category="hardware")
POLICE = Partner(party=Party(id="department@dept:police", name="示例派出所"), lead=True)
POWER = Partner(party=Party(id="contact:power", name="抢修"))
RUN = ClockRun(id="report_in", rung="centre", started="", due="", party="department@dept:police")
STANDING = Standing(
    cases=(
        msgspec_replace(
            CASE,
            state="visiting",
            case_class="simple",
            exit="district",
            partners=(POLICE, POWER),
            clocks=(RUN,),
            requests=(Request(kind="invalid", by="", at=""),),
        ),
    ),
    grants={"committee@committee:c01": 2, "zone_head@zone:z1": 1, "department@dept:police": 1, "grid_worker@community:c01a": 3},
    registers={"c01": 7},
)


def without(street: Street, key: str, name: str) -> Street:
    return msgspec_replace(street, **{key: tuple(one for one in getattr(street, key) if one.id != name)})


def other_rung(street: Street) -> Street:
    rungs = tuple(msgspec_replace(one, role="supervisor") if one.id == "centre" else one for one in street.rungs)
    return msgspec_replace(street, rungs=rungs)


def moved(street: Street) -> Street:
    return msgspec_replace(
        street, committees=tuple(msgspec_replace(one, zone="z2") if one.id == "c01" else one for one in street.committees)
    )


CHANGES: dict[str, tuple[Callable[[Street], Street], tuple[str, ...]]] = {
    "a rung": (lambda street: without(street, "rungs", "centre"), ("rungs.centre: is gone, and 1 open case (K7M3-9QXA-C)",)),
    "a rung's role": (other_rung, ("rungs.centre: ('dispatcher', 'street', 2) → ('supervisor', 'street', 2), and 1 open case",)),
    "a class": (lambda street: without(street, "classes", "simple"), ("classes.simple: is gone",)),
    "a category": (lambda street: without(street, "categories", "hardware"), ("categories.hardware: is gone",)),
    "a register": (lambda street: without(street, "kinds", "rental"), ("kinds.rental: is gone, and 7 registrations stand",)),
    "an exit": (lambda street: without(street, "exits", "district"), ("exits.district: is gone",)),
    "a contact": (lambda street: without(street, "contacts", "power"), ("contacts.power: is gone",)),
    "a department": (
        lambda street: without(street, "departments", "police"),
        (
            "departments.police: is gone, and 1 of the staff hold an office of it (dept:police)",
            "departments.police: is gone, and 1",
        ),
    ),
    "a zone": (
        lambda street: without(street, "zones", "z1"),
        ("zones.z1: is gone, and 1 open case", "zones.z1: is gone, and 1 of"),
    ),
    "a committee": (
        lambda street: without(street, "committees", "c01"),
        (
            "committees.c01: is gone, and 1 open",
            "committees.c01: is gone, and 2 of the staff",
            "committees.c01: is gone, and 7 regis",
        ),
    ),
    "a committee's zone": (moved, ("committees.c01.zone: zone z1 → z2, and 1 open case",)),
    "a community": (
        lambda street: without(street, "communities", "c01a"),
        ("communities.c01a: is gone, and 1 open", "communities.c01a: is gone, and 3 of the staff"),
    ),
    "a clock": (
        lambda street: msgspec_replace(street, clocks={name: one for name, one in street.clocks.items() if name != "report_in"}),
        ("clocks.report_in: is gone, and 1 open case",),
    ),
    "a clock's party": (
        lambda street: msgspec_replace(
            street, clocks={**street.clocks, "report_in": msgspec_replace(street.clocks["report_in"], party=False)}
        ),
        ("clocks.report_in: has another party or end, and 1 open case",),
    ),
    "who visits": (
        lambda street: msgspec_replace(street, follow_up=msgspec_replace(street.follow_up, visitors=("zone_head",))),
        ("follow_up.visitors: [] → ['zone_head'], and 1 open case",),
    ),
    "who approves": (
        lambda street: msgspec_replace(street, approvals=msgspec_replace(street.approvals, invalid=())),
        ("approvals.invalid: ['supervisor'] → [], and 1 open case",),
    ),
}


@pytest.fixture(scope="module")
def small() -> tuple[Street, list[Place]]:
    return load(SMALL)


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_taken_away_is_held_by_what_hangs_on_it_and_by_nothing_else(
    small: tuple[Street, list[Place]], what: str
) -> None:
    street, places = small
    change, wanted = CHANGES[what]
    found = safety.blockers(street, change(street), places, places, STANDING)
    assert len(found) >= len(wanted)
    for start in wanted:
        assert [line for line in found if line.startswith(start)], (start, found)
    assert all(": " in line and line.rpartition(": ")[2] for line in found)
    assert safety.blockers(street, change(street), places, places, Standing()) == []
    assert compare.differences(street, change(street), places, places)


def test_a_door_is_retired_and_never_deleted(small: tuple[Street, list[Place]]) -> None:
    street, places = small
    assert "JNP3NT is gone" in safety.blockers(street, street, places, places[1:], Standing())[0]
    retired = [msgspec_replace(places[0], retired=True), *places[1:]]
    assert safety.blockers(street, street, places, retired, Standing()) == []


def test_a_subscriber_goes_when_it_has_taken_everything(small: tuple[Street, list[Place]]) -> None:
    from tests.test_webhooks import CITY

    street, places = small
    with_city = msgspec_replace(street, webhooks=(CITY,))
    assert safety.blockers(with_city, street, places, places, Standing()) == []
    waiting = Standing(events={"city": 5})
    assert "webhooks.city: is gone, and 5 events wait" in safety.blockers(with_city, street, places, places, waiting)[0]
    assert "WebhooksFromOutbox" in compare.only_deployed(with_city, street, "aws")[0]


def test_what_running_things_make_of_it_is_said(small: tuple[Street, list[Place]]) -> None:
    street, _ = small
    assert compare.notes(street, street) == []
    clock = msgspec_replace(street.clocks["handle"], stop=("handled_confirmed", "closed"))
    kept = msgspec_replace(street.retention, case_days=street.retention.case_days + 1)
    said = compare.notes(street, msgspec_replace(street, clocks={**street.clocks, "handle": clock}, retention=kept))
    assert [line.split(":")[0] for line in said] == ["clocks handle", "retention"]
