"""A registration is made once, keeps nobody's values in the clear, is changed by its link, and raises a case when it must."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework import register_rules as rules
from chalicelib.casework.events import stamp
from chalicelib.casework.registering import Typed, TypedPerson
from chalicelib.errors import Conflict, Malformed, NotAllowed, Unknown
from chalicelib.models import cases, registers
from chalicelib.usecases import capability, register_link
from chalicelib.usecases.register_tables import read_all
from infra.engine import Engine
from tests import wire
from tests.register_people import LANDLORD, household, id_number, phone, register_world, rental, rows, send, tenant
from tests.world import World

KEY = "ab" * 16


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


@pytest.fixture(params=["moto", "ministack"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "moto":
        with register_world(request.getfixturevalue("moto"), tmp_path) as world:
            yield world
    else:
        engine: Engine = request.getfixturevalue("ministack")
        with register_world(engine.client, tmp_path, engine.endpoint) as world:
            yield world


def stored(no: str) -> registers.Stored:
    found = registers.get(no)
    assert found is not None
    return found


def keep(*people: TypedPerson, **changes: Any) -> Typed:
    """The form as it comes back from its link: the values are not in it."""
    return rental(0, landlord=TypedPerson(key="l"), people=people, **changes)


def test_twenty_people_take_three_calls_and_are_found_again(town: World) -> None:
    town.context.keys.mac("warm", "up")
    with wire.counted() as calls:
        register = send(town, rental(20, area="300", rooms="10"), key=KEY)
    assert sorted(calls) == ["GenerateDataKey", "Query", "TransactWriteItems"]
    assert len(register.living) == 20
    mac = town.context.keys.mac("id-number", id_number(7)).hex()
    assert registers.found_by(mac) == [f"R#{register.no}#p8"]


def test_nothing_personal_is_stored_in_the_clear(town: World) -> None:
    import zlib

    send(town, rental(3))
    found = rows(town)
    texts = [str(item) for item in found] + [
        zlib.decompress(item["body"]["B"].value if hasattr(item["body"]["B"], "value") else item["body"]["B"]).decode()
        for item in found
        if "body" in item
    ]
    whole = "\n".join(texts)
    for number in range(3):
        assert id_number(number) not in whole
        assert id_number(number)[3:16] not in whole
        assert phone(number).replace(" ", "")[-8:] not in whole
        assert tenant(number).name not in whole
    assert LANDLORD.name not in whole


def test_the_same_form_twice_or_at_once_is_one_registration(both: World) -> None:
    typed = rental(2)
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(send(both, typed, key=KEY).no)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    kinds = sorted(item["sk"]["S"].split("#")[-1] for item in rows(both) if item["pk"]["S"].startswith("D#"))
    assert kinds == ["new"]


def test_the_same_key_with_another_form_is_a_conflict(town: World) -> None:
    send(town, rental(1), key=KEY)
    with pytest.raises(Conflict, match="same_key"):
        send(town, rental(1, room="102"), key=KEY)


def test_a_lost_reply_is_no_second_registration(town: World) -> None:
    with wire.reply_lost("TransactWriteItems") as lost:
        first = send(town, rental(1), key=KEY)
    assert lost
    assert send(town, rental(1), key=KEY) == first


def test_wrong_codes_keys_and_forms_are_refused(town: World) -> None:
    from chalicelib.usecases.register_submit import Sent, submit

    with pytest.raises(Malformed):
        send(town, rental(), key="x")
    with pytest.raises(Unknown, match="code_wrong_kind"):
        submit(town.context, Sent(key=KEY, code=town.code(0, "issue"), kind="rental", typed=rental()))
    with pytest.raises(NotAllowed, match="fields"):
        send(town, rental(0))
    assert rows(town) == []


def test_consent_is_asked_for_where_it_is_the_basis_and_recorded_with_its_version(town: World) -> None:
    for agree, code in (("", "consent"), ("2025-01", "consent_changed")):
        with pytest.raises(NotAllowed) as refused:
            send(town, household(agree=agree), "population")
        assert [(problem.name, problem.code) for problem in refused.value.fields] == [("agree", code)]
    register = send(town, household(), "population")
    assert register.consent is not None
    assert (register.consent.version, register.consent.basis, register.consent.separate) == ("2026-11", "consent", True)
    assert register.state == "booked"
    statutory = send(town, rental()).consent
    assert statutory is not None
    assert (statutory.basis, statutory.separate) == ("statutory", False)


def test_the_link_changes_the_form_until_it_is_verified_and_keeps_the_history(town: World) -> None:
    ctx = town.context
    register = send(town, rental(2))
    token = register_link.token_for(ctx, register)
    typed = keep(TypedPerson(key="p1", phone="021-0012 4455"), TypedPerson(key="p2", gone=True), tenant(9), room="103")
    after = register_link.edit(ctx, token, typed, "e" * 32)
    assert (after.room, after.version, [person.key for person in after.living]) == ("103", 2, ["p1", "p3"])
    assert register_link.edit(ctx, token, typed, "e" * 32) == after
    assert [event.type for event in stored(register.no).events] == ["registered", "edited"]
    # Both envelopes are there, each holding what was typed then; the second holds nothing of the first.
    sealed = registers.envelopes(register.no)
    opened = {version: ctx.vault.open(f"register:{register.no}#{version}", one) for version, one in sealed.items()}
    assert opened[1]["p2.id"] == id_number(1)
    assert opened[2] == {
        "p1.phone": "+862100124455",
        "p3.name": tenant(9).name,
        "p3.id": id_number(9),
        "p3.phone": "+862100121009",
    }
    write = registers.Write(stored=stored(register.no), events=[], attempt="v")
    from chalicelib.casework import register_rules as rules

    verified = rules.event(after, "verified", {"result": "verified", "remark": ""}, "staff:X", "v" * 32, ctx.clock.civil())
    import msgspec

    registers.write(msgspec.structs.replace(write, events=[verified]), ctx.street)
    with pytest.raises(NotAllowed, match="register_closed"):
        register_link.edit(ctx, token, typed, "f" * 32)


def test_sending_what_stands_already_changes_nothing(town: World) -> None:
    ctx = town.context
    register = send(town, rental(1))
    same = keep(TypedPerson(key="p1"))
    assert register_link.edit(ctx, register_link.token_for(ctx, register), same, "e" * 32).version == 1


def test_one_id_number_is_one_person_even_where_the_other_is_sealed(town: World) -> None:
    ctx = town.context
    both = replace(LANDLORD, id=id_number(0))
    with pytest.raises(NotAllowed) as refused:
        send(town, rental(2, landlord=both))
    assert [(field.name, field.code) for field in refused.value.fields] == [("p1_id", "twice")]
    token = register_link.token_for(ctx, send(town, rental(2)))
    one, two = TypedPerson(key="p1"), TypedPerson(key="p2")
    for typed, name in (
        (keep(one, two, tenant(0)), "p3_id"),
        (keep(tenant(0)), "p1_id"),
        (keep(replace(one, id=id_number(1)), two), "p1_id"),
        (replace(keep(one, two), landlord=TypedPerson(key="l", id=id_number(1))), "l_id"),
    ):
        with pytest.raises(NotAllowed) as refused:
            register_link.edit(ctx, token, typed, "e" * 32)
        assert [(field.name, field.code) for field in refused.value.fields] == [(name, "twice")]
    # Their own number typed once more, and that of somebody who leaves with the same form.
    again = register_link.edit(ctx, token, keep(replace(one, id=id_number(0)), two), "f" * 32)
    assert len(again.living) == 2
    back = register_link.edit(ctx, token, keep(replace(one, gone=True), two, tenant(0)), "1" * 32)
    assert [person.key for person in back.living] == ["p2", "p3"]


def test_a_changed_text_is_agreed_to_anew(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    ctx = town.context
    register = send(town, household(), "population")
    forms = tuple(msgspec.structs.replace(form, version="2027-01") for form in ctx.street.forms)
    newer = replace(ctx, street=msgspec.structs.replace(ctx.street, forms=forms))
    token = register_link.token_for(ctx, register)
    typed = household(0, people=(TypedPerson(key="p1"), TypedPerson(key="p2")), room="203")
    with pytest.raises(NotAllowed, match="fields"):
        register_link.edit(newer, token, typed, "e" * 32)
    after = register_link.edit(newer, token, replace(typed, agree="2027-01"), "e" * 32)
    assert after.consent is not None
    assert after.consent.version == "2027-01"


def test_a_booked_visit_stays_booked_when_something_else_is_changed(town: World) -> None:
    register = send(town, household(1), "population")
    token = register_link.token_for(town.context, register)
    typed = household(1, room="203室", slot_day="", slot_part="")
    typed = replace(typed, people=(TypedPerson(key=register.people[0].key),))
    after = register_link.edit(town.context, token, typed, "e" * 32)
    assert (after.room, after.state, after.slot) == ("203室", "booked", register.slot)
    moved = replace(typed, slot_day="2026-11-21", slot_part="am")
    later = register_link.edit(town.context, token, moved, "f" * 32)
    assert later.slot is not None
    assert (later.state, later.slot.day, later.slot.part) == ("booked", "2026-11-21", "am")


def test_links_of_cases_and_registrations_open_only_their_own(town: World) -> None:
    ctx = town.context
    register = send(town, rental(1))
    token = register_link.token_for(ctx, register)
    assert register_link.is_one(token)
    assert register_link.open_link(ctx, token.lower()).register == register
    for other in (token[:-1] + ("2" if token[-1] != "2" else "3"), token[:9] + "2" + token[10:], "", "R" * 36, token + "2"):
        with pytest.raises(Unknown, match="link"):
            register_link.open_link(ctx, other)
    with pytest.raises(Unknown, match="link"):
        capability.open_link(ctx, token)


def test_a_crowded_flat_raises_one_case_in_the_same_write(both: World) -> None:
    register = send(both, rental(5, area="24.9", rooms="3"), key=KEY)
    assert register.case
    found = cases.get(register.case)
    assert found is not None
    case = found.case
    assert (case.channel, case.case_class, case.rung, case.unit) == ("register", "group_rental", "verifier", "committee:c01")
    assert {run.id for run in case.clocks} >= {"rental_verify", "rental_correct"}
    assert "101室登记居住5人" in case.text
    assert case.active
    # Sent again, changed, and by another tenant of the same flat: still the one case.
    assert send(both, rental(5, area="24.9", rooms="3"), key=KEY).case == register.case
    token = register_link.token_for(both.context, register)
    more = rental(0, area="24.9", rooms="3", landlord=TypedPerson(key="l"), people=(tenant(30),))
    assert register_link.edit(both.context, token, more, "e" * 32).case == register.case
    other = send(both, rental(1, first=40, area="24.9", rooms="3", room="101"))
    assert other.case == register.case
    assert [item["pk"]["S"] for item in both.stored_items() if item["sk"]["S"] == "CASE"] == [f"C#{register.case}"]


def test_single_leases_of_one_flat_add_up_to_a_case(town: World) -> None:
    made = [send(town, rental(1, first=number, area="18", rooms="2", by="tenant")) for number in range(4)]
    assert [bool(register.case) for register in made] == [False, False, False, True]
    elsewhere = send(town, rental(1, first=9, area="18", rooms="2"), place=1)
    assert not elsewhere.case


def test_every_row_ends_with_the_retention_of_its_kind(town: World) -> None:
    register = send(town, rental(1))
    days = town.street.retention.register_days
    from chalicelib.casework.register_card import kept_until

    end = int(kept_until(register, days).timestamp())
    found = {item["sk"]["S"]: int(item["ttl"]["N"]) for item in rows(town) if not item["pk"]["S"].startswith("D#")}
    assert len(found) > 3
    assert set(found.values()) == {end}
    assert kept_until(register, days).date().isoformat() == "2029-10-30"


def test_a_look_keeps_nothing_longer_and_is_no_change_for_the_next_export(town: World) -> None:
    no = send(town, household(1), "population").no
    before = {(item["pk"]["S"], item["sk"]["S"]): item["ttl"] for item in rows(town)}
    town.clock.advance(days=300)
    for turn, what in enumerate(("revealed", "exported", "link_renewed")):
        look = rules.event(stored(no).register, what, {}, "staff:V", f"{turn}", town.clock.civil())
        registers.write(registers.Write(stored=stored(no), events=[look], attempt=f"{turn}"), town.street)
    assert {(item["pk"]["S"], item["sk"]["S"]): item["ttl"] for item in rows(town)} == before
    since = stamp(town.clock.civil() - timedelta(days=1))
    assert [row.no for row in registers.changed("c01", since, "9")] == []
    assert [register.updated_at for register in read_all([no])] == [stored(no).events[0].at]
    visit = rules.event(stored(no).register, "verified", {"result": "verified", "remark": ""}, "staff:V", "v", town.clock.civil())
    registers.write(registers.Write(stored=stored(no), events=[visit], attempt="v"), town.street)
    assert [row.no for row in registers.changed("c01", since, "9")] == [no]
