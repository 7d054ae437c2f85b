"""Records that have grown long: what spilled ends with its record, and nobody can jam a case or a registration."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.register import fold
from chalicelib.casework.registering import TypedPerson
from chalicelib.errors import NotAllowed
from chalicelib.models import cases, registers, store
from chalicelib.usecases import privacy, register_link
from tests import steps
from tests.refold import ITEM_LIMIT
from tests.register_people import LANDLORD, register_world, rental, rows, send, tenant
from tests.test_refold import add, noise, size
from tests.world import World

KEEPER = Actor("staff:K1", "管理员", ("street_admin@street",))


@pytest.fixture
def town(moto: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(store, "SPILL_BYTES", 6_000)
    with register_world(moto, tmp_path) as world:
        yield world


def ends(items: list[dict[str, Any]], prefix: str, no: str) -> dict[str, int | None]:
    """When the record's own rows go, by what they are; None for never."""
    own = [item for item in items if item["pk"]["S"] == f"{prefix}#{no}" and not item["sk"]["S"].startswith(("TRY", "E#"))]
    return {item["sk"]["S"]: int(item["ttl"]["N"]) if "ttl" in item else None for item in own}


def test_what_spilled_of_a_case_ends_with_it_and_stays_when_it_opens_again(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TOGETHER", 1)
    no, token = steps.reported(town)
    said = [noise(300) for _ in range(12)]
    assert {add(town, token, text) for text in said} == {200}
    open_rows = ends(town.stored_items(), "C", no)
    assert len(open_rows) > 2, "more archive rows than go into one transaction"
    assert set(open_rows.values()) == {None}
    clerk = town.signed_in("dispatcher", "street")
    steps.act(clerk, no, "close", outcome="duplicate", text="重复")
    closed = ends(town.stored_items(), "C", no)
    assert closed.keys() >= open_rows.keys()
    assert None not in closed.values()
    assert len(set(closed.values())) == 1
    town.clock.advance(days=1)
    steps.act(clerk, no, "reopen", reason="又坏了")
    again = ends(town.stored_items(), "C", no)
    assert set(again.values()) == {None}
    stored = cases.get(no)
    assert stored is not None
    assert [event.data["text"] for event in (*cases.archived_events(no), *stored.events) if event.type == "added"] == said


def look(world: World, no: str, note: str) -> registers.Stored:
    """Somebody opens a person's number: logged, as often as they like."""
    stored = registers.get(no)
    assert stored is not None
    attempt = secrets.token_hex(16)
    said = {"person": "p1", "reason": "other", "note": note, "who": "核实人员"}
    event = rules.event(stored.register, "revealed", said, "staff:V1", attempt, world.clock.civil())
    return registers.write(registers.Write(stored=stored, events=[event], attempt=attempt), world.street)


def test_nobody_can_jam_a_registration(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change that a link allows, each with new people, and more looks than any desk takes: read, folded, ended, erased."""
    monkeypatch.setattr(store, "SPILL_BYTES", 12_000)
    monkeypatch.setattr(store, "TOGETHER", 2)
    ctx = town.context
    register = send(town, rental(3))
    token = register_link.token_for(ctx, register)
    for turn in range(1, register_link.CHANGES_MAX + 1):
        gone = tuple(TypedPerson(key=person.key, gone=True) for person in register.living)
        fresh = tuple(tenant(3 * turn + number) for number in range(3))
        typed = rental(0, landlord=TypedPerson(key="l"), people=(*gone, *fresh))
        register = register_link.edit(ctx, token, typed, secrets.token_hex(16))
        look(town, register.no, noise(200))
    refused = rental(0, landlord=TypedPerson(key="l"), people=(TypedPerson(key="p91"), tenant(200)))
    with pytest.raises(NotAllowed, match="too_many_changes"):
        register_link.edit(ctx, token, refused, secrets.token_hex(16))
    for _ in range(10):
        last = look(town, register.no, noise(200))
    stored = registers.get(register.no)
    assert stored == last
    assert len(stored.spilled) > store.TOGETHER, "more archive rows than go into one transaction"
    assert len(stored.events) == 1 + 30 * 2 + 10
    assert fold(register.no, stored.events) == stored.register
    found = [item for item in rows(town) if item["pk"]["S"] == f"R#{register.no}"]
    assert max(map(size, found)) < 60_000 < ITEM_LIMIT
    kept = ends(found, "R", register.no)
    assert len(kept) == 1 + len(stored.spilled)
    assert len(set(kept.values())) == 1, "archive rows end when the registration does"

    after = privacy.erase(ctx, KEEPER, register.no, (), "本人要求", "e" * 32)
    assert after.register.state == "erased"
    assert len(after.events) == len(stored.events) + 1
    assert msgspec.structs.replace(after, attempt="") == msgspec.structs.replace(registers.get(register.no), attempt="")  # type: ignore[type-var]  # a None would be unequal
    left = "\n".join(
        str(item) + zlib.decompress(getattr(item["body"]["B"], "value", item["body"]["B"])).decode()
        if "body" in item
        else str(item)
        for item in rows(town)
    )
    assert "租客" not in left
    assert LANDLORD.name not in left
    assert not any(item["pk"]["S"].startswith("P#") for item in rows(town)), "nobody of them is found any more"
    for person in stored.register.people:
        assert person.id_mac not in left or not person.id_mac
        assert not person.phone_mac or person.phone_mac not in left


def test_a_full_form_replaced_again_and_again_fits_into_its_transactions(town: World) -> None:
    """More people than a transaction takes rows have been in it when it is erased."""
    ctx = town.context
    register = send(town, rental(20, area="300", rooms="10"))
    token = register_link.token_for(ctx, register)
    for turn in range(1, 6):
        gone = tuple(TypedPerson(key=person.key, gone=True) for person in register.living)
        fresh = tuple(tenant(20 * turn + number) for number in range(20))
        typed = rental(0, landlord=TypedPerson(key="l"), area="300", rooms="10", people=(*gone, *fresh))
        register = register_link.edit(ctx, token, typed, secrets.token_hex(16))
    assert len(register.people) == 121
    assert privacy.erase(ctx, KEEPER, register.no, (), "本人要求", "e" * 32).register.state == "erased"
    assert not any(item["pk"]["S"].startswith("P#") for item in rows(town))
