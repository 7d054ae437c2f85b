"""A case number can be read aloud, typed on any keyboard, and a slip of the finger is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.casework.numbers import ALPHABET, case_number, check_character, encode, is_text, normalise_number

forty_bits = st.integers(min_value=0, max_value=2**40 - 1)


def test_the_alphabet_has_32_characters_and_none_that_are_confused() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("O0I1") & set(ALPHABET)
    assert sorted(ALPHABET) == list(ALPHABET)


@pytest.mark.parametrize(
    ("mac", "number"),
    [
        (0, "2222-2222-2"),
        (1, "2222-2223-Y"),  # 1 is doubled to 2 and 30 fills it up to 32
        (16, "2222-222J-Z"),  # 16 doubles to 32, written 10, sum of digits 1
        (2**40 - 1, "ZZZZ-ZZZZ-A"),  # every 31 counts 31, doubled or not: 8 × 31 = 248, and 8 more make 256
    ],
)
def test_numbers_worked_out_by_hand(mac: int, number: str) -> None:
    assert case_number(mac) == number


def test_bytes_and_int_make_the_same_number() -> None:
    assert case_number(bytes.fromhex("0123456789ffff")) == case_number(0x0123456789)


def test_what_does_not_fit_is_refused() -> None:
    for wrong in (2**40, -1, b"four"):
        with pytest.raises(ValueError):
            case_number(wrong)
    with pytest.raises(ValueError):
        encode(32, 1)


@given(forty_bits)
def test_a_number_has_its_fixed_shape_and_normalises_to_itself(mac: int) -> None:
    number = case_number(mac)
    first, second, check = number.split("-")
    assert is_text(first, 4) and is_text(second, 4) and is_text(check, 1)
    assert normalise_number(number) == number


@given(forty_bits, forty_bits)
def test_different_bits_make_different_numbers(a: int, b: int) -> None:
    assert (case_number(a) == case_number(b)) == (a == b)


@given(
    forty_bits,
    st.lists(st.sampled_from(["", " ", "-", "—", "－", "\u3000", "–", "_"]), min_size=10, max_size=10),
    st.booleans(),
    st.booleans(),
)
def test_every_way_of_typing_it_finds_the_number(mac: int, between: list[str], lower: bool, wide: bool) -> None:
    number = case_number(mac)
    plain = number.replace("-", "")
    typed = "".join(gap + char for gap, char in zip(between, plain, strict=False)) + between[-1]
    if lower:
        typed = typed.lower()
    if wide:
        typed = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in typed)
    assert normalise_number(typed) == number


@settings(max_examples=60)
@given(forty_bits)
def test_every_single_wrong_character_is_noticed(mac: int) -> None:
    plain = case_number(mac).replace("-", "")
    for place, right in enumerate(plain):
        for wrong in ALPHABET:
            if wrong != right:
                assert normalise_number(plain[:place] + wrong + plain[place + 1 :]) is None


@given(forty_bits)
def test_every_exchange_of_neighbours_but_2_and_z_is_noticed(mac: int) -> None:
    plain = case_number(mac).replace("-", "")
    for place in range(8):
        a, b = plain[place], plain[place + 1]
        if a == b:
            continue
        swapped = plain[:place] + b + a + plain[place + 2 :]
        assert (normalise_number(swapped) is None) == ({a, b} != {"2", "Z"})


def test_all_pairs_of_neighbours_were_meant() -> None:
    missed = set()
    for a in ALPHABET:
        for b in ALPHABET:
            body = f"22222{a}{b}2"
            if a != b and check_character(body) == check_character(f"22222{b}{a}2"):
                missed.add(frozenset((a, b)))
    assert missed == {frozenset("2Z")}


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "-",
        "2222-2222",
        "2222-2222-22",
        "2222-2222-3",
        "OOOO-1111-I",
        "K7M3 9QXA C K7M3",
        "ı" * 9,
        "ß2222222",
        "二二二二二二二二二",
        "2" * 500,
    ],
)
def test_what_cannot_be_a_number_is_none(typed: str) -> None:
    assert normalise_number(typed) is None


@given(st.text(max_size=80))
def test_any_text_is_answered(typed: str) -> None:
    number = normalise_number(typed)
    assert number is None or normalise_number(number) == number
