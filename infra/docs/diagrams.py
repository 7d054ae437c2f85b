"""Diagrams as Mermaid text, which readers of Markdown draw by themselves: the states, and each street's ladder."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.casework.case import ARRIVED, DONE, ENDED_STATES, OPEN_STATES, UNFINISHED, WORKING
from chalicelib.casework.ladder import LADDER
from chalicelib.street import Rung, Street
from infra.docs.effects import ways
from infra.docs.words import ZH, own_zh, zh

GROUPS = {"arrived": ARRIVED, "working": WORKING, "done": DONE}
# In the order in which a case usually comes by.
ORDER = (
    *("received", "returned", "reopened", "dispatched", "accepted", "signed", "handling"),
    *("waiting", "long_run", "referred", "observing", "visiting", "handled", "closed", "invalid"),
)


def ordered(states: Iterable[str]) -> list[str]:
    found = set(states)
    return [state for state in ORDER if state in found]


def covered(states: frozenset[str]) -> list[str]:
    """The states, those of a whole group as that group."""
    left, found = set(states), []
    for group, members in GROUPS.items():
        if members <= left:
            found.append(group)
            left -= members
    return [*found, *ordered(left)]


def states() -> list[str]:
    lines = ["stateDiagram-v2", "    direction LR"]
    for group, members in GROUPS.items():
        lines.append(f'    state "{own_zh("groups", group)}" as {group} {{')
        lines += [f'        state "{zh(f"state.{state}")}" as {state}' for state in ordered(members)]
        lines.append("    }")
    alone = ordered((OPEN_STATES | ENDED_STATES) - ARRIVED - WORKING - DONE)
    lines += [f'    state "{zh(f"state.{state}")}" as {state}' for state in alone]
    lines.append("    [*] --> received")
    edges: dict[tuple[str, str], list[str]] = {}
    for step in LADDER:
        pairs = ways(step.action)
        for target in ordered({after for _, after in pairs}):
            for source in covered(frozenset(before for before, after in pairs if after == target)):
                edges.setdefault((source, target), []).append(zh(f"action.{step.action}"))
    passed_over = f"{own_zh('occasions', 'lapsed')}、{own_zh('ends', 'escalate')}"
    for source in covered(UNFINISHED - {"received"}):
        edges.setdefault((source, "received"), []).append(passed_over)
    lines += [f"    {source} --> {target}: {'、'.join(actions)}" for (source, target), actions in edges.items()]
    return [*lines, "    closed --> [*]"]


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;")


def _node(rung: Rung) -> str:
    who = zh(f"role.{rung.role}")
    return f'    {rung.id}["{_quoted(rung.name.text(ZH))}<br>{who} @ {own_zh("scopes", rung.scope)}"]'


def _entry(rung: Rung, street: Street) -> str:
    """What enters at a rung, as one line of a node."""
    said = []
    for entry in rung.enters:
        channels = "、".join(zh(f"channel.{channel}") for channel in entry.channels)
        classes = "、".join(street.class_by_id[case_class].name.zh for case_class in entry.classes)
        said.append(":".join(part for part in (channels, classes) if part) or "全部")
    return "<br>".join(said)


def ladder(street: Street) -> list[str]:
    """Rungs, what enters where, and where passing up, allocating, lateness, dispatching and the ways out lead."""
    lines = ["flowchart BT"]
    for rung in sorted(street.rungs, key=lambda rung: rung.level):
        lines.append(_node(rung))
        if rung.enters:
            lines.append(f'    {rung.id}_in(["{_quoted(_entry(rung, street))}"]) --> {rung.id}')
    names = {rung.id: rung for rung in street.rungs}
    for rung in street.rungs:
        if rung.pass_up:
            lines.append(f"    {rung.id} -->|{zh('action.pass_up')}| {rung.pass_up}")
        if rung.late:
            lines.append(f"    {rung.id} -.->|{own_zh('occasions', 'lapsed')}| {rung.late}")
        lines += [f"    {rung.id} ==>|{zh('action.allocate')}| {target}" for target in rung.allocate if target in names]
        if rung.sorts:
            lines += [f"    {rung.id} -->|{zh('event.routed')}| {target}" for target in _sorted_to(rung, street)]
        if rung.dispatch:
            parties = "、".join(_party(role) for role in rung.dispatch)
            lines.append(f'    {rung.id} -->|{zh("action.dispatch")}| {rung.id}_parties[/"{parties}"/]')
        lines += [
            f'    {rung.id} -->|{zh("action.refer")}| exit_{way}{{{{"{_quoted(street.exit_by_id[way].name.zh)}"}}}}'
            for way in rung.exits
        ]
    return lines


def _party(role: str) -> str:
    return own_zh("recipients", "contacts") if role == "contact" else zh(f"role.{role}")


def _sorted_to(rung: Rung, street: Street) -> list[str]:
    """The rungs that ask for a class by its name, which this one hands cases on to."""
    by_class = [other.id for other in street.rungs if other.id != rung.id and any(entry.classes for entry in other.enters)]
    return list(dict.fromkeys(by_class))
