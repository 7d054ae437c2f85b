"""The catalogue of SMS: fourteen templates as carriers approve them, numbered for good.

A mainland carrier delivers only approved templates with short parameters, no links, and a signature in 【】. The texts are
therefore fixed here, not translated, and neutral: no party or government words. Rules checked when a text is filled: each
parameter at most 12 characters, the text at most 63, no link, and no run of digits as long as a phone or an ID number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

PARAMETER_MAX = 12
TEXT_MAX = 63
SIGN_MAX = 12

_LINK = re.compile(r"://|www\.|[a-z0-9-]+\.[a-z]{2,}", re.IGNORECASE)
# A landline without its area code has seven or eight digits; nothing that messages say has as many in a row.
_PERSONAL = re.compile(r"\d{7,}")
_HOLE = re.compile(r"\{([1-9])\}")


class MessageError(ValueError):
    """The text may not be sent like this. Names the template and the rule, never the parameters."""


@dataclass(frozen=True)
class Template:
    """`number` and `name` are fixed for ever; `count` is how many parameters the text takes."""

    number: int
    name: str
    text: str

    @property
    def count(self) -> int:
        return len(_HOLE.findall(self.text))


_TEXTS = (
    ("received", "您反映的事项已收到,编号{1},工作人员将于{2}前联系您。扫原码输入编号可查进度。"),
    ("accepted", "您的事项{1}已由{2}受理,预计{3}前答复。"),
    ("question", "您的事项{1}需补充情况,请于{2}前扫原码输入编号答复,谢谢配合。"),
    ("extended", "您的事项{1}因{2}需延长办理,预计{3}前答复,敬请谅解。"),
    ("handled", "您的事项{1}已办理,扫原码输入编号可查看结果。如未解决,请于{2}前告知。"),
    ("reopened", "您的事项{1}已重新办理,由{2}负责,预计{3}前答复,感谢反馈。"),
    ("new", "您有新工单{1},类别{2},请于{3}前签收。"),
    ("near", "工单{1}的{2}时限将于{3}到期,请及时办理。"),
    ("late", "工单{1}已超过{2}时限,现由{3}跟进,请尽快反馈。"),
    ("dispatched", "工单{1}需贵单位协同办理,牵头单位{2},请于{3}前报到。"),
    ("supervised", "工单{1}已列为重点跟进事项,请于{2}前反馈办理情况。"),
    ("digest", "截至{1},您有待办工单{2}件,其中超时{3}件,请登录工作台处理。"),
    ("hazard", "安全隐患提醒:工单{1},地点{2},类型{3},请立即派员处置并反馈。"),
    ("register", "今日新增登记{1}条,变更{2}条,待核实{3}条,请登录工作台查看。"),
)

TEMPLATES: dict[str, Template] = {name: Template(number, name, text) for number, (name, text) in enumerate(_TEXTS, start=1)}


def fill(template: str, params: Sequence[str], sign: str) -> str:
    """`【sign】text` with the holes filled in order. Raises `MessageError` when a rule of the carriers is broken.

    The signature counts for itself; the text alone has at most 63 characters.
    """
    known = TEMPLATES.get(template)
    if known is None:
        raise MessageError(f"there is no template {template!r}")
    if not 0 < len(sign) <= SIGN_MAX or "【" in sign or "】" in sign:
        raise MessageError(f"the signature of {template} has to have 1 to {SIGN_MAX} characters without brackets")
    if len(params) != known.count:
        raise MessageError(f"{template} takes {known.count} parameters, {len(params)} came")
    for number, param in enumerate(params, start=1):
        problem = _problem(param)
        if problem:
            raise MessageError(f"parameter {number} of {template} {problem}")
    text = _HOLE.sub(lambda hole: params[int(hole[1]) - 1], known.text)
    if len(text) > TEXT_MAX:
        raise MessageError(f"{template} is {len(text)} characters long, {TEXT_MAX} are allowed")
    return f"【{sign}】{text}"


def _problem(param: str) -> str:
    if not param:
        return "is empty"
    if len(param) > PARAMETER_MAX:
        return f"is longer than {PARAMETER_MAX} characters"
    if any(_unfit(char) and char != " " for char in param) or "【" in param or "】" in param:
        return "holds a character that carriers refuse"
    if _LINK.search(param):
        return "looks like a link"
    if _PERSONAL.search(param):
        return "looks like a phone or ID number"
    return ""


def _unfit(char: str) -> bool:
    """Whether it can't be seen, or is a picture or symbol: residents type them, and carriers refuse the whole message."""
    category = unicodedata.category(char)
    return category[0] in "CZ" or category in {"So", "Sk", "Me"} or "\ufe00" <= char <= "\ufe0f"


def shorten(param: str) -> str:
    """Any text as a parameter that `fill` takes: one line, no link, no picture, no long digits, at most 12 characters, `—` for
    nothing.
    """
    flat = "".join(" " if _unfit(char) else char for char in param)
    flat = " ".join(flat.replace("【", " ").replace("】", " ").split())
    flat = _LINK.sub("…", flat)
    flat = _PERSONAL.sub("…", flat)
    if len(flat) > PARAMETER_MAX:
        flat = flat[: PARAMETER_MAX - 1].rstrip() + "…"
    return flat if flat and not _problem(flat) else "—"
