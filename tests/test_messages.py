from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.casework.messages import PARAMETER_MAX, TEMPLATES, TEXT_MAX, MessageError, Template, fill, shorten

LONGEST = "字" * PARAMETER_MAX

NUMBERED = [
    *("received", "accepted", "question", "extended", "handled", "reopened"),
    *("new", "near", "late", "dispatched", "supervised", "digest", "hazard", "register"),
]


def test_templates_keep_their_numbers() -> None:
    assert [template.name for template in TEMPLATES.values()] == NUMBERED
    assert [template.number for template in TEMPLATES.values()] == list(range(1, 15))


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_every_template_with_the_longest_parameters_stays_within_the_limit(template: Template) -> None:
    filled = fill(template.name, [LONGEST] * template.count, "家门口")
    assert len(filled.removeprefix("【家门口】")) <= TEXT_MAX
    assert filled.count(LONGEST) == template.count


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_holes_are_numbered_in_order(template: Template) -> None:
    holes = re.findall(r"\{(.*?)\}", template.text)
    assert holes == [str(number) for number in range(1, template.count + 1)]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_the_texts_hold_no_link_and_no_bracket(template: Template) -> None:
    assert not re.search(r"https?:|www|\.[a-z]|[【】/]", template.text)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_each_parameter_stands_once_in_its_place(template: Template) -> None:
    params = ["甲", "乙", "丙"][: template.count]
    expected = template.text.replace("{1}", "甲").replace("{2}", "乙").replace("{3}", "丙")
    assert fill(template.name, params, "家门口") == "【家门口】" + expected


def test_a_parameter_that_looks_like_a_hole_is_only_text() -> None:
    assert fill("accepted", ["{2}", "{3}", "{1}"], "家门口") == "【家门口】您的事项{2}已由{3}受理,预计{1}前答复。"


def test_a_real_message_reads_as_written() -> None:
    assert fill("received", ["K7M3-9QXA-C", "11月24日16:05"], "家门口") == (
        "【家门口】您反映的事项已收到,编号K7M3-9QXA-C,工作人员将于11月24日16:05前联系您。扫原码输入编号可查进度。"
    )


@pytest.mark.parametrize(
    ("params", "rule"),
    [
        (["K7M3-9QXA-C"], "takes 2"),
        (["K7M3-9QXA-C", "a", "b"], "takes 2"),
        (["", "11月24日"], "empty"),
        (["字" * 13, "11月24日"], "longer than 12"),
        (["a\nb", "11月24日"], "carriers refuse"),
        (["a\u200bb", "11月24日"], "carriers refuse"),
        (["a\u2028b", "11月24日"], "carriers refuse"),
        (["【银行】", "11月24日"], "carriers refuse"),
        (["着火🔥", "11月24日"], "carriers refuse"),
        (["a.example", "11月24日"], "link"),
        (["http://a", "11月24日"], "link"),
        (["13800000000", "11月24日"], "phone or ID"),
        (["00123456", "11月24日"], "phone or ID"),
    ],
)
def test_what_carriers_refuse_is_refused_here(params: list[str], rule: str) -> None:
    with pytest.raises(MessageError, match=rule) as raised:
        fill("received", params, "家门口")
    assert "13800000000" not in str(raised.value)


@pytest.mark.parametrize("sign", ["", "【家门口】", "长" * 13])
def test_a_wrong_signature_is_refused(sign: str) -> None:
    with pytest.raises(MessageError, match="signature"):
        fill("received", ["a", "b"], sign)


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(MessageError, match="no template"):
        fill("greeting", [], "家门口")


@given(st.text(max_size=200))
def test_shortened_text_can_always_be_sent(text: str) -> None:
    assert "】您的事项" in fill("accepted", [shorten(text)] * 3, "家门口")


@given(st.text(max_size=60))
def test_shortening_twice_changes_nothing_more(text: str) -> None:
    assert shorten(shorten(text)) == shorten(text)


@pytest.mark.parametrize("text", ["K7M3-9QXA-C", "11月24日16:05", "长桥三村居委会", "5 min", "—", "2345-6789-2"])
def test_what_fits_is_left_alone(text: str) -> None:
    assert shorten(text) == text


def test_shortening_says_that_something_is_missing() -> None:
    assert shorten("百色路一百五十一弄长桥三村居委会办公室") == "百色路一百五十一弄长桥…"
    assert len(shorten("百色路一百五十一弄长桥三村居委会办公室")) == PARAMETER_MAX
    assert shorten("  楼道\n 灯坏 ") == "楼道 灯坏"
    assert shorten("致电13800000000") == "致电…"
    assert shorten("3号楼后面🔥着火❗️") == "3号楼后面 着火"
    assert shorten("") == "—"
