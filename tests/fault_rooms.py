"""The rooms around the cases under faults: class cases, answered questions, suggestions, property service."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from chalicelib.casework import class_cases
from chalicelib.casework.access import Actor
from chalicelib.casework.class_cases import ClassCase
from chalicelib.casework.events import stamp
from chalicelib.models import classes, warnings
from chalicelib.models import property as books
from chalicelib.models.warnings import Kept
from chalicelib.usecases import clusters
from tests import fault_town as whole
from tests import steps
from tests.fault_script import KEY, Act, Scenario, Script
from tests.fault_town import Hour, press, stands
from tests.test_clusters import WISHES
from tests.town import REPORTER_PHONE, Answer, Town, number_in, token_in

DONE_OR_SHOWN = frozenset({200, 303, 409})
PHONES = tuple(f"021-0012 77{at:02d}" for at in range(20, 24))


# ---- class cases


def _wishes(town: Town) -> list[str]:
    """Four committees ask for the same in other words."""
    made = []
    for at, text in enumerate(WISHES):
        door = next(place for place in town.world.places if place.committee == f"c0{at + 1}")
        fields = steps.report(town.world, key=f"{at}" * 32, text=text, phone=PHONES[at], category="")
        made.append(number_in(town.reported({**fields, "code": town.world.context.code_for("issue", door)})))
    town.calm()
    town.world.clock.advance(minutes=10)
    return made


def _propose(town: Town) -> Act:
    _wishes(town)
    return partial(whole.tidied, town)


# The machinery tells in its own name.
_BY = re.compile(r'\\"(by|who)\\":\\"[^"]*\\",?')


def _by_anybody(town: Town) -> dict[str, str]:
    return {name: _BY.sub("", said) for name, said in stands(town).items()}


def next_hours(town: Town) -> None:
    for _ in range(2):
        town.world.clock.advance(hours=1)
        town.world.app.tidy({}, Hour())


def _matters(town: Town) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    found = classes.every(town.world.street.id)
    return [(one.state, one.numbers, [f"{member.no} {member.noted}" for member in one.members]) for one in found]


def _and_matters(town: Town) -> dict[str, str]:
    """A class case's id is drawn."""
    standing = {name: said for name, said in stands(town).items() if " K#" not in name}
    return {**standing, "matters": str(_matters(town))}


def _proposed(town: Town) -> ClassCase:
    _wishes(town)
    clusters.propose(town.world.context)
    (one,) = classes.every(town.world.street.id)
    return one


def _taken(one: ClassCase) -> dict[str, Any]:
    return {
        "act": "accept",
        "version": "1",
        "keep": list(one.numbers),
        "title": "充电难",
        "lead": "dispatcher@street",
        "unit": "个",
    }


def _accept(town: Town) -> Act:
    one = _proposed(town)
    return partial(press, town, "centre", f"/desk/classes/{one.id}", _taken(one))


def _accepted(town: Town) -> ClassCase:
    one = _proposed(town)
    answer = press(town, "centre", f"/desk/classes/{one.id}", _taken(one))
    if answer.status != 303:
        raise AssertionError(answer)
    (now,) = classes.every(town.world.street.id)
    return now


FINISHED = {"act": "finish", "count": "1300", "unit": "个充电口", "sentence": "新装1,300个充电口"}


def _finish(town: Town) -> Act:
    one = _accepted(town)
    town.calm()
    return partial(press, town, "centre", f"/desk/classes/{one.id}", {**FINISHED, "version": str(one.version)})


def _owed(town: Town) -> Act:
    """Finished, and the process died before any of its members was told."""
    one, person = _accepted(town), town.people["centre"]
    town.calm()
    actor = Actor(f"staff:{person.id}", "centre", (person.grant,))
    at = stamp(town.world.clock.civil())
    classes.put(town.world.street.id, class_cases.after(one, "finish", FINISHED, actor, at, town.world.street))
    return partial(whole.tidied, town)


def _all_told(times: int) -> Callable[[Town, Sequence[Answer]], list[str]]:
    """Each of the four reporters got the outcome's message so many times, and no case says it twice."""

    def look(town: Town, answers: Sequence[Answer]) -> list[str]:
        told = [message.phone for message in town.sms.out if message.template == "handled"]
        wrong = [] if len(told) == len(set(told)) == 4 * times else [f"told {told}"]
        for no in whole.case_numbers(town):
            kinds = [event.type for event in whole.stored(no).events if event.type.startswith("class")]
            if kinds != ["classed", "class_done"][: 1 + times]:
                wrong.append(f"{no}: {kinds}")
        return wrong

    return look


def _say(town: Town) -> Act:
    rising = Kept(series="category:hardware@street", count=9, usual=1.2, first="2026-11-17", last="2026-11-18")
    warnings.put(town.world.street.id, rising, 2**31)
    fields = {"series": rising.series, "act": "seen", "text": "已请物业查看", "version": "1"}
    return partial(press, town, "supervisor", "/desk/warnings", fields)


# ---- answered questions, suggestions


ANSWERED = {"act": "save", "question": "电动车在哪里充电?", "answer": "3号楼南侧有充电棚。", "category": "", "committee": ""}


def question(town: Town, **fields: str) -> Act:
    return partial(press, town, "centre", "/desk/faq/222222", {**ANSWERED, "case": "", "version": "0", **fields})


def _next_version(**fields: str) -> Callable[[Town], Act]:
    def prepare(town: Town) -> Act:
        question(town)()
        return question(town, version="1", **fields)

    return prepare


def _suggested(town: Town) -> Script:
    fields = steps.report(town.world, key=KEY, category="+idea", text="希望活动室周六也开门", phone=REPORTER_PHONE)
    answer = town.reported(fields)
    return Script(town, number_in(answer), token_in(answer))


def _weigh(town: Town) -> Act:
    script = _suggested(town)
    town.calm()
    return script.act("centre", "weigh", fields={"verdict": "adopted", "text": "下月起周六上午开门"})


def _publish(town: Town) -> Act:
    script = _suggested(town).do("centre", "weigh", verdict="adopted", text="下月起周六上午开门")
    town.calm()
    return script.act("centre", "publish", fields={"sentence": "活动室周六上午开门了"})


# ---- property service


def _disclose(town: Town) -> Act:
    fields = {"text": "物业费每平方米2.10元。", "day": "2026-11-01", "version": "0"}
    return partial(press, town, "manager", "/desk/property/c01a/charges", fields)


def _checked(town: Town) -> Act:
    items = [item.id for item in town.world.street.property.check]
    marks = {**dict.fromkeys(items, "ok"), items[0]: "bad", f"{items[0]}_note": "楼道有积灰"}
    return partial(press, town, "committee", "/desk/property/c01a/check", {**marks, "month": "2026-11", "version": "0"})


def _finding(town: Town) -> Act:
    _checked(town)()
    item = town.world.street.property.check[0].id
    return partial(press, town, "committee", "/desk/property/c01a/finding", {"month": "2026-11", "item": item})


def _one_case(town: Town, answers: Sequence[Answer]) -> list[str]:
    """The finding is one case, and names it."""
    made = whole.case_numbers(town)
    check = books.read("c01a").check("2026-11")
    named = [mark.case for mark in check.marks.values() if mark.case] if check else []
    return [] if len(made) == 1 and named == made else [f"cases {made}, the finding names {named}"]


def _rated(town: Town) -> Act:
    marks = dict.fromkeys((item.id for item in town.world.street.property.check), "4")
    fields = {**marks, "quarter": "2026Q4", "visited": "30", "satisfied": "28", "text": "电梯已大修", "version": "0"}
    return partial(press, town, "manager", "/desk/property/c01a/rating", fields)


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("propose a class case", _propose, after=next_hours, seen=_and_matters),
    *(
        Scenario(name, prepare, final=DONE_OR_SHOWN, holds=_all_told(times), after=next_hours, seen=_by_anybody, hourly=True)
        for name, prepare, times in (
            ("take a class case up", _accept, 0),
            ("finish a class case", _finish, 1),
            ("tell its reporters by the hour", _owed, 1),
        )
    ),
    Scenario("answer a warning", _say, seen=stands),
    Scenario("publish an answer", question, seen=stands),
    Scenario("change an answer", _next_version(answer="改到5号楼北侧。"), seen=stands),
    Scenario("withdraw an answer", _next_version(act="withdraw"), seen=stands),
    Scenario("adopt a suggestion", _weigh, seen=stands),
    Scenario("publish a suggestion", _publish, seen=stands),
    Scenario("disclose", _disclose, seen=stands),
    Scenario("check property service", _checked, seen=stands),
    Scenario("raise a finding", _finding, holds=_one_case, seen=stands),
    Scenario("rate property service", _rated, seen=stands),
)
