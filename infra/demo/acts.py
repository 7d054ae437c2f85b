"""How a step of a demo story is made at this street: who of the demo's staff may do it now, and with which inputs.

The stories say what is done, the street's ladder says by whom: it is asked for everybody's open actions. Inputs that a story
leaves to the street (which office, which department, which listed reason) are chosen from what may be chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.casework import ladder
from chalicelib.casework.access import Actor, partners_for, relations, targets
from chalicelib.casework.case import Case
from chalicelib.casework.decide import options
from chalicelib.casework.ladder import Field
from chalicelib.models import staff
from chalicelib.usecases import work
from chalicelib.usecases.context import Context

Story = Mapping[str, Any]

# What of a step is not an input of its action.
_ABOUT = frozenset({"do", "by", "after", "ahead", "scope", "role", "class", "fresh", "lacks"})
# Offices that a story names by their level.
_OFFICES = {"committee": "committee", "zone": "zone_head"}


def actors(usernames: Sequence[str]) -> list[Actor]:
    """The demo's people, given their user names."""
    rows = [staff.by_username(username) for username in usernames]
    return [Actor(id=f"staff:{row.staff_id}", name=row.name or "", grants=tuple(sorted(row.grants or ()))) for row in rows if row]


def action_of(step: Story, case: Case) -> str:
    """`take` is what the office does with what has come in: it signs what was sent to it, and accepts the rest."""
    if step["do"] == "take":
        return "sign" if case.state == "dispatched" else "accept"
    return str(step["do"])


def is_due(step: Story, ctx: Context, case: Case) -> bool:
    """`fresh`: only where the case still is where it came in; `lacks`: only while its office has none of that itself."""
    if step.get("fresh") and case.came_by:
        return False
    rung = ctx.street.rung_by_id[case.rung]
    has = {"dispatch": rung.dispatch, "exits": rung.exits}
    return "lacks" not in step or not has[step["lacks"]]


def who(step: Story, ctx: Context, case: Case, staff_of: Sequence[Actor]) -> Actor | None:
    """Somebody who may do it now: in the relation that the story names, else the office before others."""
    action, wanted = action_of(step, case), step.get("by", "")
    found: list[tuple[bool, Actor]] = []
    for actor in staff_of:
        mine = relations(actor, case, ctx.street)
        if wanted and wanted not in mine:
            continue
        open_now = ladder.allowed(case, actor, ctx.street, ctx.clock.civil())
        if any(row.action == action and held is None for row, held in open_now):
            found.append(("office" not in mine, actor))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def inputs(step: Story, ctx: Context, case: Case, staff_of: Sequence[Actor]) -> dict[str, Any] | None:
    """The action's fields; None where this street has nothing to choose from."""
    given = {name: value for name, value in step.items() if name not in _ABOUT}
    for spec in ladder.STEPS[action_of(step, case)].fields:
        if spec.name in given:
            continue
        value = _value(spec, step, ctx, case, staff_of)
        if value is None and spec.required:
            return None
        if value is not None:
            given[spec.name] = value
    return given


def _value(spec: Field, step: Story, ctx: Context, case: Case, staff_of: Sequence[Actor]) -> Any:
    street, rung = ctx.street, ctx.street.rung_by_id[case.rung]
    if spec.kind == "class":
        if case.case_class and not spec.required:
            return None
        return next((name for name in step.get("class", ()) if name in street.class_by_id), None)
    if spec.kind == "office":
        wanted = step.get("scope", "")
        return next(
            (
                f"{target.id}@{unit}"
                for target, unit in targets(rung, case, street)
                if not wanted or (target.scope == wanted and target.role == _OFFICES[wanted])
            ),
            None,
        )
    if spec.kind == "party":
        roles = step.get("role", ())
        return next((value for value, party in work.parties(ctx, case) if party.grant.partition("@")[0] in roles), None)
    if spec.kind in {"partner", "partners"}:
        held = {grant for actor in staff_of for grant in actor.grants}
        offered = [party.id for party in partners_for(rung, case, street) if not party.grant or party.grant in held]
        lead = next((party for party in offered if "@" in party), None)
        return lead if spec.kind == "partner" else [party for party in offered if party != lead][:1]
    if spec.kind == "date":
        day = ctx.clock.civil().astimezone(street.tz) + timedelta(days=int(step.get("ahead", 0)))
        return day.date().isoformat() if "ahead" in step else None
    if spec.kind in {"reason", "exit"}:
        return next(iter(options(spec, case, street) or ()), None)
    if spec.kind == "choice" and spec.options == ladder.YES_NO:
        return "yes"
    return None
