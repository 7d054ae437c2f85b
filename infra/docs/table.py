"""`docs/ladder.md`: the transition table that all streets have in common, and the diagram of its states."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.casework.case import OPEN_STATES
from chalicelib.casework.ladder import LADDER, Field, Step
from chalicelib.street import Street
from chalicelib.web import i18n
from infra.docs import diagrams
from infra.docs.effects import EFFECTS, MAYBE
from infra.docs.markdown import joined, mermaid, page, table
from infra.docs.words import DASH_WORD, EN, ZH, both, has_own, label, own, word

NOTE = "Rendered by `make docs` from the code, the catalogues and the street files; a test says when it is old."


def states(names: frozenset[str]) -> str:
    """States by their groups where all of one are meant."""
    open_too = names >= OPEN_STATES
    rest = names - OPEN_STATES if open_too else names
    found = [own("groups", group) if group in diagrams.GROUPS else word(f"state.{group}") for group in diagrams.covered(rest)]
    return joined([own("groups", "open"), *found] if open_too else found)


def who(step: Step) -> str:
    return joined(own("relations", relation) for relation in sorted(step.who, key=_RELATIONS.index))


_RELATIONS = (
    *("reporter", "office", "addressee", "assignee", "lead", "co", "origin"),
    *("micro_grid", "visitor", "approver", "supervisor", "deputy"),
)


def field(step: Step, spec: Field) -> str:
    """The input as the page labels it; what may be left out in brackets."""
    keys = (
        f"label.{step.action}.{spec.name}",
        f"{step.action}.{spec.name}.label",
        f"label.{spec.name}",
        f"{step.action}.{spec.name}",
    )
    key = next((key for key in keys if i18n.has(ZH, key)), keys[0])
    with i18n.strict():
        text = both(*(i18n.t(lang, key).rstrip("?？") for lang in (ZH, EN)))
    return text if spec.required else f"({text})"


def leads(step: Step) -> str:
    to = [word(f"state.{state}") for state in diagrams.ordered(EFFECTS[step.action].states)]
    return joined([*to, DASH_WORD] if not to or step.action in MAYBE else to)


def row(step: Step) -> list[str]:
    gate = step.gate.__name__
    return [
        f"**{word(f'action.{step.action}')}**<br>`{step.action}`",
        who(step),
        states(step.states),
        joined(field(step, spec) for spec in step.fields),
        own("gates", gate) if has_own("gates", gate) else "",
        joined(f"{word(f'event.{event}')}" for event in EFFECTS[step.action].events),
        leads(step),
    ]


HEAD = (
    "操作 · Action",
    "谁 · Who",
    "何状态下 · In which states",
    "要填 · Needs",
    "条件 · Held back unless",
    "记下 · Makes",
    "变为 · Leads to",
)


def render(streets: Sequence[Street]) -> str:
    links = [f"- [{label(street.name)}](ladder/{street.id}.md): {label(street.brand)}" for street in streets]
    group_of = {state: own("groups", group) for group, members in diagrams.GROUPS.items() for state in members}
    names = [[word(f"state.{state}"), f"`{state}`", group_of.get(state, "")] for state in diagrams.ORDER]
    return page(
        [
            "# 办理阶梯 · The ladder",
            "",
            NOTE,
            "",
            "Every street has these steps; which offices take them, what its clocks do then and whom it tells are its own:",
            "",
            *links,
            "",
            "## 状态 · States",
            "",
            "已延期 (extended) is a mark beside the state: an extended case goes on.",
            "",
            *mermaid(diagrams.states()),
            *table(("状态 · State", "", "以下合称 · Together called"), names),
            "## 操作 · Actions",
            "",
            "Whoever may not, in a state that is not named, or without what is needed, is refused with a reason, and nothing",
            "changes. Inputs in brackets may be left out.",
            "",
            *table(HEAD, (row(step) for step in LADDER)),
        ]
    )
