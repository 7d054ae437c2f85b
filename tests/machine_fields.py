"""How people fill in the forms of the ladder in a random life: for each action the inputs that make sense on that case now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chalicelib.casework import access, decide, ladder
from chalicelib.casework.case import DONE, Case
from chalicelib.casework.ladder import Field
from chalicelib.casework.steps import DIRECT_OUTCOMES
from chalicelib.usecases import work
from tests.town import Fields, Town

TEXT: list[Fields] = [{"text": "三号楼"}]
REASON: list[Fields] = [{"reason": "线路归外单位"}]
RESIDENT_FIELDS: dict[str, list[Fields]] = {
    "reply": TEXT,
    "add": TEXT,
    "withdraw": [{"text": ""}],
    "rate": [{"satisfied": "yes", "score": "5"}, {"satisfied": "no", "words": "还是不亮"}],
}
STAFF_FIELDS: dict[str, list[Fields]] = {
    "accept": [{}, {"class": "simple"}, {"class": "urgent"}],
    "sign": [{}],
    "answer": TEXT,
    "ask": TEXT,
    "note": TEXT,
    "meet": TEXT,
    "clear": TEXT,
    "prelim": TEXT,
    "propose": [{"outcome": "solved", "text": "换了灯泡"}, {"outcome": "explained", "text": "线路归外单位"}],
    "confirm": [{}],
    "decline": REASON,
    "pass_up": REASON,
    "return_down": REASON,
    "reopen": REASON,
    "reveal": [{"reason": "contact"}],
    "resume": [{}],
    "urge": TEXT,
    "supervise": REASON,
    "feed_back": TEXT,
    "end_supervision": [{"result": "已办好"}],
    "publish": [{"sentence": "楼道灯换好了"}],
    "unpublish": [{}],
    "renew_link": [{}],
}
# Filled in like this they are done wherever the table opens them. Of the others the rules may still refuse one value or another.
SURE = frozenset(STAFF_FIELDS) | {"assign", "allocate", "close"}


def ways(town: Town, case: Case, action: str, others: Sequence[str]) -> list[Fields]:
    """Ways to fill in the form of an action; none when it can't be filled in. `others` are the numbers of other cases."""
    if action in STAFF_FIELDS:
        return STAFF_FIELDS[action]
    if action == "close":
        outcomes = ladder.STAFF_OUTCOMES if case.state in DONE else tuple(sorted(DIRECT_OUTCOMES))
        return [{"outcome": outcome, "text": "同一件事"} for outcome in outcomes]
    specs = ladder.STEPS[action].fields
    values = {spec.name: _values(town, case, spec, others) for spec in specs}
    if any(spec.required and not values[spec.name] and not _has_no_options(town, case, spec) for spec in specs):
        return []
    given = {name: found for name, found in values.items() if found}
    least: Fields = {spec.name: given[spec.name][0] for spec in specs if spec.required and spec.name in given}
    return [least, {name: found[0] for name, found in given.items()}, {name: found[-1] for name, found in given.items()}]


def _has_no_options(town: Town, case: Case, spec: Field) -> bool:
    """A street without such reasons asks for none."""
    return spec.kind == "reason" and decide.options(spec, case, town.world.street) == ()


def _values(town: Town, case: Case, spec: Field, others: Sequence[str]) -> Sequence[str | list[str]]:
    ctx = town.world.context
    if spec.kind in {"text", "line"}:
        return ["三号楼"]
    if spec.kind == "check":
        return ["1"]
    if spec.kind == "date":
        return [(town.world.clock.civil() + timedelta(days=days)).date().isoformat() for days in (5, 40)]
    if spec.kind == "days":
        return ["3", "30"]
    if spec.kind == "case":
        return list(others)
    if spec.kind == "party":
        return [value for value, _ in work.parties(ctx, case)]
    if spec.kind in {"partner", "partners"}:
        found = access.partners_for(ctx.street.rung_by_id[case.rung], case, ctx.street)
        return [party.id for party in found if party.grant] if spec.kind == "partner" else [[one.id] for one in found]
    return list(decide.options(spec, case, ctx.street) or ())
