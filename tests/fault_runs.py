"""One scenario under its faults: run without, run with each, and compared."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tests import fault_record
from tests.fault_script import Act, Scenario, nothing, nothing_more
from tests.faults import KINDS, Fault, Watch
from tests.faulty_sms import Said
from tests.promises import broken, people_did
from tests.town import Answer, Moment, Town, tried

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "PutObject", "DeleteObject")
REPEATS = 4
_MINUTE = re.compile(r"[0-9]+月[0-9]+日[0-9]+:[0-9]+")

# (type, by) of everything that persons have done, by case.
Made = dict[str, list[tuple[str, str]]]


@dataclass
class Run:
    """How one run went: what was answered, what people had done by the first answer, and where it ended."""

    calls: list[str]
    struck: int
    answers: list[Answer]
    by_then: Made
    wrong: list[str]
    made: Made
    sent: Counter[Said]
    seen: Any


def named(town: Town) -> Made:
    return {no: [(event.type, event.by) for event in events] for no, events in people_did(town).items()}


def run(town: Town, scenario: Scenario, moment: Moment, act: Act, fault: Fault | None) -> Run:
    """The act under the fault; then the process starts again, people and Lambda repeat, and the system runs on."""
    town.back_to(moment)
    town.sms.ways, town.sms.memory = list(scenario.ways), scenario.memory
    watch = Watch(fault)
    with town.aws.watched(watch):
        answers = [tried(act)]
    by_then = named(town)
    town.restart()
    while answers[-1].status not in scenario.final and len(answers) < REPEATS:
        town.world.clock.advance(minutes=scenario.pause)
        answers.append(tried(act))
    town.world.clock.advance(minutes=scenario.pause)
    again = tried(act)
    scenario.after(town)
    town.stream()
    town.run_on()
    wrong = broken(town) + scenario.holds(town, answers)
    if answers[-1].status not in scenario.final:
        wrong.append(f"answered {[answer.status for answer in answers]}")
    if again.status >= 500:
        wrong.append(f"a repeat was answered {again.status}")
    return Run(watch.calls, watch.struck, answers, by_then, wrong, named(town), town.sms.counted(), scenario.seen(town))


def differences(scenario: Scenario, fault: Fault, whole: Run, faulty: Run) -> list[str]:
    """What a run with a fault lost, doubled or changed against the run without."""
    wrong = list(faulty.wrong)
    if fault.kind == "lose_reply" and faulty.answers[0].status != whole.answers[0].status:
        wrong.append(f"the SDK's own repeat was answered {faulty.answers[0].status}")
    if not scenario.hourly and faulty.answers[0].status in scenario.final and faulty.by_then != whole.by_then:
        wrong.append(f"answered {faulty.answers[0].status} and not kept: {faulty.by_then} instead of {whole.by_then}")
    if not scenario.hourly and faulty.made != whole.made:
        wrong.append(f"people's steps are {faulty.made} instead of {whole.made}")
    sent, wanted = undated(faulty.sent, late=scenario.pause > 0), undated(whole.sent, late=scenario.pause > 0)
    if not (scenario.ways or scenario.gathers or scenario.hourly) and sent != wanted:
        wrong.append(f"messages: missing {dict(wanted - sent)}, too many {dict(sent - wanted)}")
    if faulty.seen != whole.seen:
        wrong += unlike(faulty.seen, whole.seen)
    return wrong


def unlike(found: Any, wanted: Any) -> list[str]:
    """What was seen in one run and not in the other, short enough to read."""
    if not isinstance(found, dict) or not isinstance(wanted, dict):
        return [f"what stands at the end is {found} instead of {wanted}"]
    said = []
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            said.append(f"{name}: {_apart(str(found.get(name)), str(wanted.get(name)))}")
    return said


def _apart(found: str, wanted: str) -> str:
    """Both from where they begin to differ."""
    at = next(
        (at for at, (one, other) in enumerate(zip(found, wanted, strict=False)) if one != other), min(len(found), len(wanted))
    )
    begin = max(at - 40, 0)
    return f"{found[begin : at + 80]!r} instead of {wanted[begin : at + 80]!r}"


def undated(sent: Counter[Said], *, late: bool = False) -> Counter[Said]:
    """A digest says at which minute it was sent, which is later when something went wrong; all do when people wait (`late`)."""
    made: Counter[Said] = Counter()
    for (phone, template, params), times in sent.items():
        said = tuple(_MINUTE.sub("", param) for param in params) if late else params
        made[phone, template, said[1:] if template == "digest" else said] += times
    return made


def sampled(name: str, faults: list[Fault], calls: list[str], most: int) -> list[Fault]:
    """The day's choice; three of four at writes, where more can be lost."""
    chance = random.Random(f"{fault_record.SEED} {name}")  # noqa: S311 - nothing secret is chosen
    writes = [fault for fault in faults if calls[fault.call - 1].endswith(WRITES)]
    reads = [fault for fault in faults if fault not in writes]
    part = most - most // 4 if reads else most
    return chance.sample(writes, min(len(writes), part)) + chance.sample(reads, min(len(reads), most // 4 if writes else most))


def holds_under_faults(town: Town, empty: Moment, scenario: Scenario, sample: int) -> None:
    """All faults in a soak, as many as `sample` otherwise; the figures are kept."""
    began = time.monotonic()
    town.back_to(empty)
    act = scenario.prepare(town)
    moment, before = town.moment(), scenario.seen(town)
    whole = run(town, scenario, moment, act, None)
    if whole.wrong:
        pytest.fail(f"without a fault: {whole.wrong}", pytrace=False)
    assert whole.calls
    assert scenario.seen is nothing or whole.seen != before or scenario.holds is not nothing_more, "it did nothing"
    faults = [Fault(call, kind) for call in range(1, len(whole.calls) + 1) for kind in KINDS]
    chosen = faults if fault_record.SOAK else sampled(scenario.name, faults, whole.calls, sample)
    found: dict[str, list[str]] = {}
    struck = 0
    for fault in chosen:
        faulty = run(town, scenario, moment, act, fault)
        struck += faulty.struck > 0
        wrong = differences(scenario, fault, whole, faulty)
        if wrong:
            found[f"{fault.kind} at {fault.call} ({whole.calls[fault.call - 1]})"] = wrong
    figures = {"calls": len(whole.calls), "faults": len(chosen), "struck": struck, "violations": len(found)}
    fault_record.keep_scenario(scenario.name, figures, time.monotonic() - began)
    assert struck == len(chosen)
    if found:
        lines = [f"DOORSTEP_SEED={fault_record.SEED}", *(f"{name}: {'; '.join(wrong)}" for name, wrong in found.items())]
        pytest.fail("\n".join(lines), pytrace=False)
