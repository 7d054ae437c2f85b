"""The steps on a case's page as small forms: the obvious one open, a few beside it, the rest folded in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.web.i18n import has, t
from chalicelib.web.present_common import Problem, missing_text
from chalicelib.web.views import ActionView, FieldSpec

# Every step of staff stands in exactly one group; the order is that of a case's way.
GROUPS: dict[str, tuple[str, ...]] = {
    "take_in": ("accept", "sign", "refuse", "answer", "weigh", "reclassify", "merge", "link"),
    "send_on": ("assign", "dispatch", "allocate", "pass_up", "return_down", "refer", "answer_back", "report_in", "release"),
    "handle": ("contact", "ask", "note", "meet", "clear", "prelim", "propose", "confirm", "decline"),
    "follow_up": ("observe", "visit", "unreachable", "close", "reopen"),
    "request": ("extend", "long_run", "resume", "invalid", "approve", "reject", "reinstate"),
    "oversee": ("triage", "agree_triage", "urge", "supervise", "inspect", "feed_back", "end_supervision"),
    "record": ("publish", "unpublish", "renew_link"),
}
# With no more than that there is nothing to fold away.
FEW = 4
GLYPHS = {
    "publish": "eye",
    "unpublish": "close",
    "accept": "tick",
    "sign": "tick",
    "refuse": "back",
    "answer": "chat",
    "weigh": "tick",
    "reclassify": "list",
    "merge": "copy",
    "link": "copy",
    "assign": "user",
    "dispatch": "go",
    "allocate": "go",
    "pass_up": "up",
    "return_down": "back",
    "refer": "up",
    "answer_back": "chat",
    "report_in": "pin",
    "release": "leave",
    "contact": "phone",
    "ask": "chat",
    "note": "list",
    "meet": "user",
    "clear": "tick",
    "prelim": "phone",
    "propose": "tick",
    "confirm": "tick",
    "decline": "back",
    "observe": "eye",
    "visit": "phone",
    "unreachable": "phone",
    "close": "tick",
    "reopen": "again",
    "extend": "clock",
    "long_run": "hourglass",
    "resume": "again",
    "invalid": "close",
    "approve": "tick",
    "reject": "back",
    "reinstate": "again",
    "triage": "list",
    "agree_triage": "tick",
    "urge": "bang",
    "supervise": "eye",
    "inspect": "eye",
    "feed_back": "chat",
    "end_supervision": "tick",
    "renew_link": "again",
}


@dataclass(frozen=True)
class FieldView:
    """A field with its label, what was typed and what is wrong with it. `chosen` holds the ticked of many."""

    id: str
    name: str
    kind: str
    label: str
    hint: str
    required: bool
    options: tuple[tuple[str, str], ...]
    value: str
    wrong: str
    most: int = 0
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True)
class ActView:
    id: str
    name: str
    button: str
    glyph: str
    hint: str
    fields: tuple[FieldView, ...]
    open: bool
    missing: str


@dataclass(frozen=True)
class Group:
    """A folded part of what may be done. `open` when the step that was just refused stands in it."""

    id: str
    name: str
    acts: tuple[ActView, ...]
    blocked: tuple[ActView, ...]
    open: bool


@dataclass(frozen=True)
class Acts:
    primary: ActView | None
    near: tuple[ActView, ...]
    groups: tuple[Group, ...]
    reveal: ActView | None


@dataclass(frozen=True)
class Sent:
    """What every form of the page carries along."""

    base: str
    csrf: str
    attempt: str
    version: int


def _label(action: str, name: str, lang: str) -> str:
    own = f"label.{action}.{name}"
    return t(lang, own if has(lang, own) else f"label.{name}")


def _field(action: str, spec: FieldSpec, lang: str, values: Mapping[str, str], problem: Problem | None) -> FieldView:
    value, hint = values.get(spec.name, ""), f"label.{action}.{spec.name}.hint"
    return FieldView(
        id=f"a-{action}-{spec.name}",
        name=spec.name,
        kind=spec.kind,
        label=_label(action, spec.name, lang),
        hint=t(lang, hint, most=spec.most) if has(lang, hint) else "",
        required=spec.required,
        options=spec.options,
        value=value,
        wrong=problem.fields.get(spec.name, "") if problem else "",
        most=spec.most,
        chosen=tuple(value.split("\n")) if spec.kind == "many" and value else (),
    )


def act_view(action: ActionView, lang: str, values: Mapping[str, str], problem: Problem | None) -> ActView:
    """`values["act"]` names the action that was tried: only its form is filled again and opened."""
    tried = values.get("act") == action.id
    hint, name = f"action.{action.id}.hint", t(lang, f"action.{action.id}")
    fields = (_field(action.id, spec, lang, values if tried else {}, problem if tried else None) for spec in action.fields)
    return ActView(
        id=action.id,
        name=name,
        button=name,
        glyph=GLYPHS.get(action.id, "go"),
        hint=t(lang, hint) if has(lang, hint) else "",
        fields=tuple(fields),
        open=tried,
        missing=missing_text(lang, action.missing),
    )


def acts(actions: Sequence[ActionView], lang: str, values: Mapping[str, str], problem: Problem | None) -> Acts:
    views = {action.id: act_view(action, lang, values, problem) for action in actions}
    primary = next((action.id for action in actions if action.primary and not action.missing), "")
    beside = sorted((action for action in actions if action.near and not action.missing), key=lambda action: action.near)
    near = [action.id for action in beside]
    others = [action.id for action in actions if not action.missing and action.id not in {primary, "reveal"}]
    if len(others) <= FEW:
        near += [action for action in others if action not in near]
    shown = {primary, *near, "reveal"}
    blocked = {action.id for action in actions if action.missing}
    groups = []
    for name, members in GROUPS.items():
        inside = [views[member] for member in members if member in views and member not in shown | blocked]
        held = [views[member] for member in members if member in blocked]
        if inside or held:
            open_now = any(view.open for view in inside)
            groups.append(Group(name, t(lang, f"desk.group.{name}"), tuple(inside), tuple(held), open_now))
    return Acts(views.get(primary), tuple(views[action] for action in near), tuple(groups), views.get("reveal"))
