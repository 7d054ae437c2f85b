"""Consent from the form to the record: a guardian's for whoever is under 14, and both again when the text has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.casework.register import Register
from chalicelib.models import registers
from tests.client import Page
from tests.register_people import id_number, phone, register_world
from tests.world import World

CHILD = id_number(0, born=date(2015, 5, 5))
FLAT = {
    "population": {"room": "5", "slot_day": "2026-11-20", "slot_part": "am", "agree": "2026-11"},
    "rental": {
        "room": "5",
        "area": "60",
        "rooms": "2",
        "lease_from": "2026-11-01",
        "lease_to": "2027-10-31",
        "by": "landlord",
        "l_name": "房东甲",
        "l_phone": phone(8),
    },
}


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


def the_only(town: World) -> registers.Stored:
    from chalicelib.models.registers import RegisterItem

    (row,) = [row for row in RegisterItem.scan() if row.sk == "RECORD"]
    found = registers.get(row.pk.removeprefix("R#"))
    assert found is not None
    return found


def new_text(town: World, folder: Path) -> None:
    """The street's texts get a new version, as a deployment brings it."""
    file = folder / "street.json"
    before = file.read_text("utf-8")
    assert '"version":"2026-11"' in before
    file.write_text(before.replace('"version":"2026-11"', '"version":"2027-01"'), "utf-8")
    wiring.use(clock=town.clock)


def filled(town: World, kind: str) -> Page:
    form = town.client().get(f"/Q/{town.code(0, kind)}").form(f"/f/{kind}")
    return form.fill(**FLAT[kind], p1_name="小朋友", p1_id=CHILD).submit()


def told(register: Register) -> tuple[str, list[bool]]:
    assert register.consent is not None
    return register.consent.version, [person.guardian for person in register.living]


@pytest.mark.parametrize("kind", ["population", "rental"])
def test_under_fourteen_a_guardian_agrees_and_after_a_new_text_agrees_again(town: World, tmp_path: Path, kind: str) -> None:
    refused = filled(town, kind)
    assert refused.status == 422
    assert 'href="#f-p1_guardian"' in refused.text
    done = refused.form(f"/f/{kind}").fill(p1_guardian="1").submit()
    assert done.status == 200
    register = the_only(town).register
    assert told(register) == ("2026-11", [True])
    assert register.living[0].minor
    # The same text: nothing is asked again.
    from chalicelib.usecases import register_link

    link = f"/t/{register_link.token_for(town.context, register)}/edit"
    visitor = town.client()
    same = visitor.get(link).form().fill(room="6").submit()
    assert same.status == 200
    assert told(the_only(town).register) == ("2026-11", [True])
    new_text(town, tmp_path)
    page = visitor.get(link)
    boxes = [box for box in page.text.split("<input")[1:] if "_guardian" in box.split(">")[0]]
    assert not [box for box in boxes if " checked" in box.split(">")[0]]
    again = page.form().fill(room="7").submit()
    assert again.status == 422
    assert 'href="#f-p1_guardian"' in again.text
    assert ('href="#f-agree"' in again.text) == (kind == "population")
    assert the_only(town).register.room == "6"
    agreed = {"agree": "2027-01"} if kind == "population" else {}
    assert again.form().fill(p1_guardian="1", **agreed).submit().status == 200
    stored = the_only(town)
    assert (stored.register.room, told(stored.register)) == ("7", ("2027-01", [True]))
    # What was agreed to before stays in the history with its version.
    versions = [
        event.data["register"]["consent"]["version"] for event in stored.events if "consent" in event.data.get("register", {})
    ]
    assert versions == ["2026-11", "2027-01"]
    assert all(event.data["register"]["people"][-1]["guardian"] for event in stored.events)


def test_a_registration_begun_under_the_old_text_is_not_taken_with_it(town: World, tmp_path: Path) -> None:
    form = town.client().get(f"/Q/{town.code(0, 'population')}").form("/f/population")
    form.fill(**FLAT["population"], p1_name="甲乙", p1_id=id_number(1))
    new_text(town, tmp_path)
    late = form.submit()
    assert late.status == 422
    assert 'href="#f-agree"' in late.text
    assert late.form("/f/population").fill(agree="2027-01").submit().status == 200
    assert told(the_only(town).register) == ("2027-01", [False])
