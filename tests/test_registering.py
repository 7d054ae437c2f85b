"""The registers' forms as pure rules: what is taken, what is refused beside which field, and what a change keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.casework import register_rules as rules
from chalicelib.casework.events import Event
from chalicelib.casework.idcards import age, born, mask_id, normalise_id
from chalicelib.casework.register import Person, Register, apply, fold
from chalicelib.casework.register_card import digest_day, keys_of, room_key, row_of
from chalicelib.casework.registering import Typed, TypedPerson, read
from chalicelib.street import RegisterTerms
from tests.register_people import LANDLORD, household, id_number, rental, tenant, with_check
from tests.world import NOW

TODAY = date(2026, 11, 18)
TERMS = RegisterTerms()


def wrong(typed: Typed, kind: str = "rental") -> dict[str, str]:
    return {problem.name: problem.code for problem in read(typed, kind, TODAY)[1]}


def mac(what: str, value: str) -> str:
    return f"{what}:{hash(value) & 0xFFFFFFFF:08x}:" + "0" * 40


def registered(typed: Typed, kind: str = "rental", no: str = "2222-2222-2") -> tuple[Register, tuple[Event, ...]]:
    filled, problems = read(typed, kind, TODAY)
    assert problems == []
    empty = Register(no=no)
    facts = rules.facts(filled, rules.people_of(filled, 1, mac)) | {
        "kind": kind,
        "committee": "c01",
        "place": "JNP3NT",
        "consent": {"version": "1", "basis": "statutory", "separate": False},
    }
    event = rules.event(empty, "registered", {"register": facts}, "reporter", "a" * 32, NOW)
    return apply(empty, event), (event,)


def changed(
    register: Register, events: tuple[Event, ...], typed: Typed, event_type: str = "edited"
) -> tuple[Register, tuple[Event, ...]]:
    filled, problems = read(typed, register.kind, TODAY, register)
    assert problems == []
    told = rules.facts(filled, rules.people_of(filled, register.version + 1, mac))
    event = rules.event(register, event_type, {"register": told}, "reporter", "b" * 32, NOW)
    return apply(register, event), (*events, event)


def test_the_usual_forms_are_taken() -> None:
    assert wrong(rental(20, area="300", rooms="10")) == {}
    assert wrong(household(20), "population") == {}


def test_everything_wrong_is_said_at_once_beside_its_field() -> None:
    typed = rental(
        room="",
        area="0",
        rooms="51",
        lease_from="2026-02-30",
        lease_to="",
        by="",
        landlord=TypedPerson(),
        people=(tenant(0, name="", id="310104196001010009"), tenant(1, phone="12345")),
    )
    assert wrong(typed) == {
        "room": "required",
        "area": "range",
        "rooms": "range",
        "lease_from": "date",
        "lease_to": "required",
        "by": "required",
        "l_name": "required",
        "l_phone": "required",
        "p1_name": "required",
        "p1_id": "id_number",
        "p2_phone": "phone",
    }


@pytest.mark.parametrize(
    ("changes", "name", "code"),
    [
        ({"area": "0.05"}, "area", "range"),
        ({"area": "2000.1"}, "area", "range"),
        ({"area": "-5"}, "area", "range"),
        ({"area": "１２0㎡ 米"}, "area", "range"),
        ({"rooms": "0"}, "rooms", "range"),
        ({"rooms": "1.5"}, "rooms", "range"),
        ({"lease_to": "2026-11-01"}, "lease_to", "order"),
        ({"lease_to": f"2027-{'9' * 20}-01"}, "lease_to", "date"),
        ({"lease_to": "2026-10-01"}, "lease_to", "order"),
        ({"lease_to": "2059-10-01"}, "lease_to", "too_many"),
        ({"lease_from": "2015-01-01"}, "lease_from", "far"),
        ({"lease_from": "2029-01-01", "lease_to": "2030-01-01"}, "lease_from", "far"),
        ({"lease_from": "2025-01-01", "lease_to": "2026-01-01"}, "lease_to", "past"),
        ({"by": "agent"}, "by", "choice"),
        ({"room": "长" * 21}, "room", "too_long"),
        ({"people": ()}, "people", "people"),
        ({"people": tuple(tenant(number) for number in range(21))}, "people", "people"),
        ({"people": (tenant(0), tenant(1, id=id_number(0)))}, "p2_id", "twice"),
        ({"people": (tenant(0, name="A1"),)}, "p1_name", "letters"),
    ],
)
def test_what_can_not_be_is_refused(changes: dict[str, Any], name: str, code: str) -> None:
    assert wrong(replace(rental(), **changes)) == {name: code}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"area": "７５．５㎡"}, ("area", "75.5")),
        ({"area": "75平方米"}, ("area", "75")),
        ({"area": "2000"}, ("area", "2000")),
        ({"area": "0.1"}, ("area", "0.1")),
        ({"rooms": "１２"}, ("rooms", 12)),
        ({"lease_from": "２０２６年１１月１日"}, ("lease_from", "2026-11-01")),
        ({"lease_from": "2026/11/1"}, ("lease_from", "2026-11-01")),
        ({"room": " １０１ 室 "}, ("room", "101 室")),
    ],
)
def test_full_width_digits_and_the_ways_people_write_are_put_into_one_form(
    changes: dict[str, Any], expected: tuple[str, object]
) -> None:
    filled, problems = read(replace(rental(), **changes), "rental", TODAY)
    assert problems == []
    assert getattr(filled, expected[0]) == expected[1]


@pytest.mark.parametrize("dot", "··•‧∙⋅●・･")
def test_the_dot_of_a_transcribed_name_is_one_however_it_is_typed(dot: str) -> None:
    filled, problems = read(rental(people=(tenant(0, name=f"买买提{dot}吐尔逊"),)), "rental", TODAY)
    assert (problems, filled.people[1].fresh["name"]) == ([], "买买提·吐尔逊")


def test_an_id_number_is_taken_however_it_is_typed() -> None:
    number = id_number(3)
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number)
    for typed in (number, number.lower(), wide, f" {number[:6]} {number[6:14]} {number[14:]} "):
        filled, problems = read(rental(people=(tenant(0, id=typed),)), "rental", TODAY)
        assert problems == []
        assert filled.people[1].fresh["id"] == number


@pytest.mark.parametrize(
    ("region", "year"),
    [
        ("310228", 1950),  # Jinshan as a county: given out in the eighties to whoever lived there
        ("310113", 1965),  # Baoshan, a district since 1988
        ("310119", 1971),  # Nanhui, a district for eight years
        ("510202", 1958),  # Chongqing before it was a municipality
        ("512222", 1996),
        ("310157", 2026),  # a district that is founded tomorrow
        ("810000", 1990),  # a residence permit of Hong Kong's
    ],
)
def test_where_a_number_was_given_out_need_not_have_existed_at_the_birth_nor_exist_today(region: str, year: int) -> None:
    number = id_number(born=date(year, 2, 1), region=region)
    assert normalise_id(number) == number


@pytest.mark.parametrize("region", ["000000", "100101", "991501"])
def test_a_number_of_no_province_is_none(region: str) -> None:
    assert normalise_id(id_number(1, region=region)) is None


@pytest.mark.parametrize(("day", "there"), [("20120229", True), ("20110229", False), ("19610431", False), ("20001301", False)])
def test_a_number_tells_a_day_that_there_was(day: str, there: bool) -> None:
    assert (normalise_id(with_check(f"310104{day}000")) is not None) is there


@given(number=st.integers(0, 20_000), place=st.integers(0, 17), digit=st.sampled_from("0123456789X"))
def test_no_single_wrong_character_passes_for_an_id_number(number: int, place: int, digit: str) -> None:
    right = id_number(number)
    assert normalise_id(right) == right
    other = right[:place] + digit + right[place + 1 :]
    assert (normalise_id(other) == other) is (other == right) or normalise_id(other) is None


@given(number=st.integers(0, 20_000), ahead=st.integers(0, 40_000))
def test_age_and_mask_tell_no_more_than_they_should(number: int, ahead: int) -> None:
    right = id_number(number)
    day = born(right) + timedelta(days=ahead)
    years = age(right, day)
    assert 0 <= years <= ahead // 365
    assert right[3:16] not in mask_id(right)
    assert sum(char == "*" for char in mask_id(right)) == 13


def test_who_is_under_fourteen_needs_a_guardian_on_the_very_day() -> None:
    child = id_number(born=date(2012, 11, 19))
    grown = id_number(born=date(2012, 11, 18))
    assert wrong(household(people=(tenant(0, id=child, phone=""),)), "population") == {"p1_guardian": "guardian"}
    assert wrong(household(people=(tenant(0, id=child, phone="", guardian=True),)), "population") == {}
    assert wrong(household(people=(tenant(0, id=grown, phone=""),)), "population") == {}
    filled, _ = read(household(people=(tenant(0, id=child, guardian=True),)), "population", TODAY)
    assert (filled.people[0].minor, filled.people[0].guardian) == (True, True)


def test_a_field_left_empty_keeps_what_is_sealed_and_only_saying_so_makes_somebody_leave() -> None:
    register, events = registered(rental(3))
    same = rental(0, landlord=TypedPerson(key="l"), people=tuple(TypedPerson(key=f"p{n}") for n in (1, 2, 3)))
    filled, problems = read(same, "rental", TODAY, register)
    assert (problems, rules.changed(register, filled)) == ([], False)
    unnamed, _ = read(replace(same, people=(TypedPerson(key="p1"),)), "rental", TODAY, register)
    assert not rules.changed(register, unnamed)
    one_less = replace(same, people=(TypedPerson(key="p1", phone="021-0012 1777"), TypedPerson(key="p2", gone=True), tenant(9)))
    after, events = changed(register, events, one_less)
    by_key = {person.key: person for person in after.people}
    assert by_key["p1"].sealed == {"name": 1, "id": 1, "phone": 2}
    assert by_key["p2"].gone
    assert by_key["p4"].sealed == {"name": 2, "id": 2, "phone": 2}
    assert [person.key for person in after.living] == ["p1", "p4", "p3"]
    assert rules.to_seal(read(one_less, "rental", TODAY, register)[0]).keys() == {"p1.phone", "p4.name", "p4.id", "p4.phone"}
    assert fold(after.no, events) == after


def test_somebody_elses_key_in_a_row_is_somebody_new() -> None:
    register, _ = registered(rental(1))
    typed = rental(
        0,
        landlord=TypedPerson(key="l"),
        people=(TypedPerson(key="p1"), tenant(5, key="p1"), tenant(6, key="l"), tenant(7, key="p77")),
    )
    filled, problems = read(typed, "rental", TODAY, register)
    assert problems == []
    assert [person.key for person in filled.people] == ["l", "p1", "p2", "p3", "p4"]


@given(rooms=st.integers(1, 50), tenths=st.integers(1, 20_000), people=st.integers(1, 20))
def test_a_flat_is_crowded_exactly_when_rooms_or_floor_do_not_allow_it(rooms: int, tenths: int, people: int) -> None:
    area = f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
    living = tuple(Person(key=f"p{n}", part="tenant", id_mac=f"{n:064x}"[::-1]) for n in range(people))
    register = Register(no="n", kind="rental", rooms=rooms, area=area, people=(*living, Person(key="l", part="landlord")))
    found = rules.crowding(register, (), TERMS)
    assert (found is not None) == (people > rooms * 2 or tenths < people * 50)
    if found:
        assert found["people"] == people


def test_people_of_several_leases_of_one_flat_count_together_and_each_once() -> None:
    first, _ = registered(rental(2, area="15", rooms="2"))
    landlord_too, _ = registered(rental(2, area="15", rooms="2"), no="3333-3333-3")
    second, _ = registered(rental(2, first=5, area="15", rooms="2"), no="4444-4444-4")
    assert rules.crowding(first, [row_of(landlord_too)], TERMS) is None
    crowd = rules.crowding(second, [row_of(first), row_of(landlord_too)], TERMS)
    assert crowd is not None and (crowd["people"], crowd["rule"]) == (4, "area")
    over = msgspec.structs.replace(first, state="ended")
    assert rules.crowding(second, [row_of(over)], TERMS) is None
    later, _ = registered(rental(2, first=5, area="15", rooms="2", lease_from="2027-10-31", lease_to="2028-10-30"))
    assert rules.crowding(later, [row_of(first)], TERMS) is None


def test_who_moves_out_before_another_moves_in_are_not_in_a_flat_together() -> None:
    flat: dict[str, Any] = {"area": "15", "rooms": "2"}
    stays, _ = registered(rental(1, **flat))
    before, _ = registered(rental(2, first=3, **flat, lease_to="2027-04-30"), no="3333-3333-3")
    after, _ = registered(rental(2, first=6, **flat, lease_from="2027-04-30"), no="4444-4444-4")
    assert rules.crowding(stays, [row_of(before), row_of(after)], TERMS) is None
    meets, _ = registered(rental(2, first=6, **flat, lease_from="2027-04-29"), no="4444-4444-4")
    crowd = rules.crowding(stays, [row_of(before), row_of(meets)], TERMS)
    assert crowd is not None and crowd["people"] == 5


def test_a_digest_tells_of_what_came_before_its_hour() -> None:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    shanghai = ZoneInfo("Asia/Shanghai")
    before, at = datetime(2026, 11, 18, 8, 59, 59, tzinfo=UTC), datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    assert digest_day(before, shanghai, "17:00") == "2026-11-18"
    assert digest_day(at, shanghai, "17:00") == "2026-11-19"


def test_a_room_is_the_same_flat_however_it_is_written() -> None:
    assert {room_key(room) for room in ("101", "101室", "１０１ 室", "101号室", "101房")} == {"101"}
    assert room_key("3A-201") != room_key("3A-202")
    assert room_key("室") == "室"


def test_booked_visits_wait_in_front_by_their_half_day() -> None:
    early, _ = registered(household(slot_part="am"), "population")
    late, _ = registered(household(slot_part="evening"), "population")
    unbooked, _ = registered(rental())
    assert [keys_of(one).pending_at or "" for one in (early, late, unbooked)] == sorted(
        keys_of(one).pending_at or "" for one in (early, late, unbooked)
    )
    ended = msgspec.structs.replace(unbooked, state="ended")
    assert (keys_of(ended).pending, keys_of(ended).lease) == (None, None)


@given(
    people=st.integers(1, 4),
    edits=st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=4),
    gone=st.sets(st.sampled_from(["l", "p1", "p2", "p3", "p9"])),
    flat=st.booleans(),
)
def test_erasing_leaves_nothing_of_a_person_in_any_version(
    people: int, edits: list[tuple[int, bool]], gone: set[str], flat: bool
) -> None:
    register, events = registered(rental(people))
    number = 50
    for who, leaves in edits:
        number += 1
        row = TypedPerson(key=f"p{who}", phone=f"021-0012 {2000 + number}", gone=leaves)
        typed = rental(0, landlord=TypedPerson(key="l"), people=(row, tenant(number)))
        known = {person.key for person in register.people if not person.gone}
        if row.key in known:
            register, events = changed(register, events, typed)
    keys = frozenset(gone)
    scrubbed = rules.scrub(events, keys, flat=flat)
    data = {} if flat else {"keys": sorted(keys)}
    last = rules.event(register, "erased" if flat else "person_erased", data, "staff:S", "c" * 32, NOW)
    state = apply(register, last)
    assert fold(register.no, (*scrubbed, last)) == state
    text = msgspec.json.encode((scrubbed, state)).decode()
    lost = [person for person in register.people if flat or person.key in keys]
    for person in lost:
        for secret in (person.id_mac, person.phone_mac):
            assert not secret or secret not in text
    assert (state.kind, state.committee, state.created_at) == (register.kind, register.committee, register.created_at)


def test_the_landlord_is_no_tenant() -> None:
    register, _ = registered(rental(2))
    assert [person.part for person in register.people] == ["landlord", "tenant", "tenant"]
    assert len(register.living) == 2
    assert LANDLORD.id == ""
