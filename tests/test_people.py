from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.casework.people import is_mobile, last4, mask_phone, normalise_phone

FULL_WIDTH = {0x21 + offset: 0xFF01 + offset for offset in range(94)} | {0x20: 0x3000}


@pytest.mark.parametrize(
    "typed",
    [
        "13800000000",
        "138 0000 0000",
        "138-0000-0000",
        "+86 138 0000 0000",
        "+8613800000000",
        "0086-138-0000-0000",
        "8613800000000",
        "013800000000",
        " 13800000000\n",
        "13800000000".translate(FULL_WIDTH),
        "+86 138-0000-0000".translate(FULL_WIDTH),
        "+86\u3000138—0000—0000",
        "(+86)13800000000",
        "\u202d138 0000 0000\u202c",
        "\u200e13800000000\u2069",
    ],
)
def test_every_way_of_typing_a_mobile_is_one_number(typed: str) -> None:
    assert normalise_phone(typed) == "+8613800000000"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("021-0012 3456", "+862100123456"),
        ("(021)00123456", "+862100123456"),
        ("021-0012 3456".translate(FULL_WIDTH), "+862100123456"),
        ("+86 21 0012 3456", "+862100123456"),
        ("+86 021 0012 3456", "+862100123456"),
        ("010-65432100", "+861065432100"),
        ("0571-8765432", "+865718765432"),
        ("0571-87654321", "+8657187654321"),
    ],
)
def test_landlines_need_their_area_code_and_keep_it(typed: str, stored: str) -> None:
    assert normalise_phone(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "110",
        "1380000000",
        "138000000000",
        "12800000000",
        "23800000000",
        "00123456",
        "2100123456",
        "021-0013 3456",
        "021-1234567",
        "021-123456789",
        "021-54321234-801",
        "0571-876543",
        "+1 415 555 0100",
        "+8612345",
        "+86",
        "0",
        "phone 13800000000",
        "13800000000;13800000001",
        "١٣٨٠٠٠٠٠٠٠٠",
        "1380000000①",
        "1" * 5000,
    ],
)
def test_what_reaches_nobody_is_refused(typed: str) -> None:
    assert normalise_phone(typed) is None


@given(st.text(max_size=60))
def test_any_text_is_either_refused_or_stored_in_one_form(text: str) -> None:
    stored = normalise_phone(text)
    if stored is not None:
        assert stored.startswith("+86")
        assert stored[1:].isascii()
        assert stored[1:].isdigit()
        assert normalise_phone(stored) == stored


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"))
def test_the_mask_hides_the_middle_of_every_mobile(number: str) -> None:
    stored = normalise_phone(number.translate(FULL_WIDTH))
    assert stored == "+86" + number
    assert mask_phone(stored) == number[:3] + "****" + number[-4:]
    assert is_mobile(stored)
    assert last4(stored) == number[-4:]


def test_masks_of_landlines_keep_the_area_code() -> None:
    assert mask_phone("+862100123456") == "021-****3456"
    assert mask_phone("+861065432100") == "010-****2100"
    assert mask_phone("+865718765432") == "0571-****5432"
    assert not is_mobile("+862100123456")


def test_a_mask_of_something_else_shows_nothing() -> None:
    assert mask_phone("110101190001010000") == "****"
    assert mask_phone("13800000000") == "****"
    assert mask_phone("") == "****"
