"""Numbers of people in free text: found however they are written, hidden from what is kept, refused where staff write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.casework import personal
from chalicelib.casework.case import Case
from chalicelib.casework.idcards import mask_id
from chalicelib.models import cases
from tests import steps
from tests.register_people import id_number as id_of
from tests.world import World

MOBILE, ID = "13800138000", "310104196001010007"
SEPARATORS = ("", " ", "-", ".", "·", "，", ",", "/", "_", "~", "、", ":", "\u200b", "\u2212", "—", "\u3000", ") ", " - ")


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("lead", ["", "+86", "86", "0086", "+86 ", "0"])
def test_a_mobile_is_found_in_any_spacing_and_hidden_where_it_stands(separator: str, lead: str) -> None:
    written = lead + separator.join((MOBILE[:3], MOBILE[3:7], MOBILE[7:]))
    text = f"请打{written}，谢谢"
    (found,) = personal.find(text)
    assert found.phone == "+8613800138000"
    hidden = personal.hide(text)
    assert hidden.startswith("请打")
    assert hidden.endswith("，谢谢")
    assert "138****8000" in hidden
    assert personal.find(hidden) == []


@pytest.mark.parametrize(
    "written", ["１３８００１３８０００", "一三八〇〇一三八〇〇〇", "幺三八零零幺三八零零零", "1 3 8 0 0 1 3 8 0 0 0"]
)
def test_full_width_and_chinese_digits_are_digits(written: str) -> None:
    assert [one.phone for one in personal.find(f"我的号{written}。")] == ["+8613800138000"]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("last", ["7", "X", "x", "Ｘ"])
def test_an_id_number_is_found_in_any_spacing(separator: str, last: str) -> None:
    for parts in ((ID[:6], ID[6:14], ID[14:17] + last), (ID[:17], last), (*ID[:17], last)):
        hidden = personal.hide(f"身份证{separator.join(parts)}的住户")
        assert hidden == f"身份证{mask_id(ID[:17] + last.translate({0xFF38: 'X', 0x78: 'X'}))}的住户"


@pytest.mark.parametrize(
    "text",
    [
        "2026年11月18日10:00到2026年11月19日13:30停水",
        "电话021-0012 3456",
        "工单202611180000123456",
        "12345热线、110、119",
        "3号楼502室漏水，已经3天，水费138元",
        "车牌沪A12345，楼高138.5米",
        "快递单号 773012345678901",
        "编号K7M3-9QXA-C",
        "一三楼、二三楼的灯",
        "每天13:30-15:00，201门口的灯不亮",
        "13、14、15、16、101号楼没有水",
        "1301、1302、303室漏水",
        "1301 1302 303室漏水",
    ],
)
def test_what_is_no_persons_number_stays(text: str) -> None:
    assert personal.hide(text) == text


def test_a_mobile_behind_times_of_day_is_found_although_they_add_up_to_another() -> None:
    assert [one.phone for one in personal.find("13:30-15:00，138 0013 8000")] == ["+8613800138000"]


@given(st.text(max_size=60))
def test_hiding_twice_changes_nothing_more_and_never_breaks(text: str) -> None:
    hidden = personal.hide(text)
    assert personal.hide(hidden) == hidden


@given(st.text(alphabet="楼道灯不亮，。 ", max_size=20), st.text(alphabet="的住户说的。", max_size=20))
def test_a_number_between_any_words_never_stays(before: str, after: str) -> None:
    assert MOBILE not in personal.hide(before + MOBILE + after)


@pytest.mark.parametrize("text", ["3幢502", "502房", "A座1203", "3号楼", "2单元", "12弄", "甲栋3", "５０２室"])
def test_doors_are_named(text: str) -> None:
    assert personal.names_a_door(f"已由{text}的李阿姨")
    assert not personal.names_a_door("换了6盏灯，用时3天")


def case_of(no: str) -> Case:
    stored = cases.get(no)
    assert stored is not None
    return stored.case


def test_what_a_resident_types_is_kept_without_numbers_and_a_lone_mobile_becomes_the_phone(world: World) -> None:
    no, token = steps.reported(
        world, text=f"楼道灯不亮，请回电{MOBILE}，身份证{id_of(7)}", phone="", nickname=f"王{MOBILE}", elsewhere=""
    )
    visitor = world.client()
    visitor.get(f"/t/{token}").form("/add").fill(text="或者打139 0013 9000").submit()
    rows = str(world.stored_items())
    stored = case_of(no)
    assert MOBILE not in stored.text + stored.nickname
    assert stored.phone_mask == "138****8000"
    assert "138****8000" in stored.text
    page = world.signed_in("dispatcher", "street").get(f"/desk/cases/{no}")
    for secret in (MOBILE, "13900139000", "139 0013 9000", id_of(7)):
        assert secret not in page.words
        assert secret not in rows


def test_doors_and_times_make_nobody_a_reporter_who_is_called(world: World) -> None:
    no, _ = steps.reported(world, text="每天13:30-15:00，201门口的灯不亮", phone="", nickname="", elsewhere="")
    stored = case_of(no)
    assert stored.phone_mask == stored.phone_mac == ""
    assert stored.text == "每天13:30-15:00，201门口的灯不亮"


def test_staff_are_asked_to_leave_numbers_out(world: World) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept")
    page = clerk.get(f"/desk/cases/{no}").form("/ask").fill(text=f"请打{MOBILE}").submit()
    assert page.status == 422
    assert "像是有手机号" in page.words
    assert case_of(no).version == 2
