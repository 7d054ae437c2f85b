"""Whatever goes wrong at whichever call: let run on, the system keeps every promise, and ends where it would have ended anyway.

Each scenario is run once without faults, which counts its calls, and then once for each call and kind of fault. `make test` takes
a fixed sample of these runs, `make soak` (DOORSTEP_SOAK) all of them; what was tried is written to `.local/faults.json`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fault_scenarios import SCENARIOS
from tests.fault_script import Act, Scenario
from tests.faults import KINDS, Fault, Watch
from tests.faulty_sms import Said
from tests.promises import broken, people_did
from tests.town import Answer, Moment, Town, tried
from tests.town_built import open_town

SOAK = bool(os.environ.get("DOORSTEP_SOAK"))
# Runs for each scenario in `make test`; fewer where only the provider differs.
SAMPLE, SAMPLE_OF_WAYS = 9, 6
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "PutObject", "DeleteObject")
# No multiple of any of them is one of the number of kinds, so that every kind comes up.
STRIDES = (1, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
FIGURES = Path(__file__).parent.parent / ".local" / "faults.json"
REPEATS = 4

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


@dataclass
class Figures:
    """Of all scenarios that ran in this process."""

    scenarios: dict[str, dict[str, int]] = field(default_factory=dict)

    def write(self) -> None:
        total = {
            name: sum(entry[name] for entry in self.scenarios.values()) for name in ("calls", "faults", "struck", "violations")
        }
        FIGURES.parent.mkdir(exist_ok=True)
        FIGURES.write_text(json.dumps({"total": total, "kinds": KINDS, "scenarios": self.scenarios}, indent=1) + "\n", "utf-8")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(scope="module")
def empty(town: Town) -> Moment:
    return town.moment()


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    made = Figures()
    yield made
    made.write()


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
        answers.append(tried(act))
    again = tried(act)
    town.stream()
    town.run_on()
    wrong = broken(town) + scenario.holds(town, answers)
    if answers[-1].status not in scenario.final:
        wrong.append(f"answered {[answer.status for answer in answers]}")
    if again.status >= 500:
        wrong.append(f"a repeat was answered {again.status}")
    return Run(watch.calls, watch.struck, answers, by_then, wrong, named(town), town.sms.counted())


def differences(scenario: Scenario, fault: Fault, whole: Run, faulty: Run) -> list[str]:
    """What a run with a fault lost, doubled or changed against the run without."""
    wrong = list(faulty.wrong)
    if fault.kind == "lose_reply" and faulty.answers[0].status != whole.answers[0].status:
        wrong.append(f"the SDK's own repeat was answered {faulty.answers[0].status}")
    if faulty.answers[0].status in scenario.final and faulty.by_then != whole.by_then:
        wrong.append(f"answered {faulty.answers[0].status} and not kept: {faulty.by_then} instead of {whole.by_then}")
    if faulty.made != whole.made:
        wrong.append(f"people's steps are {faulty.made} instead of {whole.made}")
    sent, wanted = undated(faulty.sent), undated(whole.sent)
    if not scenario.ways and not scenario.gathers and sent != wanted:
        wrong.append(f"messages: missing {dict(wanted - sent)}, too many {dict(sent - wanted)}")
    return wrong


def undated(sent: Counter[Said]) -> Counter[Said]:
    """A digest says at which minute it was sent, which is later when something went wrong."""
    made: Counter[Said] = Counter()
    for (phone, template, params), times in sent.items():
        made[phone, template, params[1:] if template == "digest" else params] += times
    return made


def sampled(faults: list[Fault], calls: list[str], most: int) -> list[Fault]:
    """A fixed choice, spread over calls and kinds; three of four at writes, where more can be lost."""
    writes = [fault for fault in faults if calls[fault.call - 1].endswith(WRITES)]
    reads = [fault for fault in faults if fault not in writes]
    return spread(writes, most * 3 // 4) + spread(reads, most // 4)


def spread(faults: list[Fault], most: int) -> list[Fault]:
    stride = next(stride for stride in STRIDES if stride * most >= len(faults) or stride == STRIDES[-1])
    return faults[stride // 2 :: stride]


@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_whatever_goes_wrong_at_whichever_call(town: Town, empty: Moment, figures: Figures, scenario: Scenario) -> None:
    town.back_to(empty)
    act = scenario.prepare(town)
    moment = town.moment()
    whole = run(town, scenario, moment, act, None)
    assert whole.wrong == []
    assert whole.calls
    faults = [Fault(call, kind) for call in range(1, len(whole.calls) + 1) for kind in KINDS]
    chosen = faults if SOAK else sampled(faults, whole.calls, SAMPLE_OF_WAYS if scenario.ways else SAMPLE)
    found: dict[str, list[str]] = {}
    struck = 0
    for fault in chosen:
        faulty = run(town, scenario, moment, act, fault)
        struck += faulty.struck > 0
        wrong = differences(scenario, fault, whole, faulty)
        if wrong:
            found[f"{fault.kind} at {fault.call} ({whole.calls[fault.call - 1]})"] = wrong
    figures.scenarios[scenario.name] = {
        "calls": len(whole.calls),
        "faults": len(chosen),
        "struck": struck,
        "violations": len(found),
    }
    assert struck == len(chosen)
    if found:
        pytest.fail("\n".join(f"{name}: {'; '.join(wrong)}" for name, wrong in found.items()), pytrace=False)
