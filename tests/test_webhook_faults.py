"""Whatever goes wrong at whichever call while an event is written or sent: none is lost, none is doubled under its id."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from chalicelib import wiring
from chalicelib.adapters.shared_secrets import SharedSecrets
from chalicelib.casework import signing
from chalicelib.casework.orders import Order
from chalicelib.ports import PostFailed
from chalicelib.usecases import orders
from chalicelib.usecases.webhooks import Sending, sweep
from tests import fault_record, town_built
from tests.fault_record import SOAK
from tests.fault_runs import sampled
from tests.fault_script import Script
from tests.faults import KINDS, Fault, Killed, Watch
from tests.promises import events_of
from tests.town import Moment, Town, tried

NAMES = {
    "written": "a report that a webhook hears of",
    "ordered": "an order and its change, delivered twice",
    "sent": "send a webhook's events",
}
SUBSCRIBED = '\n[[webhooks]]\nid = "city"\nurl = "https://city.example/in"\n'
ORDERS = [
    Order(external="XF-2026-1", text=text, place="JNP3NT", phone="021-0012 7788") for text in ("二楼漏水", "二楼漏水，已经一周")
]


class City:
    """The receiver: keeps each id once and complains about order and signatures. `loses` so many answers."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.kept: list[tuple[str, int]] = []
        self.wrong: list[str] = []
        self.loses = 0

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        said = json.loads(body)
        one = (said["case"], said["seq"])
        if not signing.genuine(headers[signing.SIGNATURE], [self.secret], headers[signing.TIMESTAMP], body):
            self.wrong.append("not signed")
        if f"{one[0]}.{one[1]}" != headers[signing.EVENT]:
            self.wrong.append("another id")
        if one not in self.kept:
            if any(no == one[0] and seq > one[1] for no, seq in self.kept):
                self.wrong.append(f"{one} came late")
            self.kept.append(one)
        if self.loses:
            self.loses -= 1
            raise PostFailed("time_out")
        return 204


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(town_built, "LOUD", town_built.LOUD + SUBSCRIBED)
        with town_built.open_town(tmp_path_factory.mktemp("town")) as made:
            yield made


@pytest.fixture(scope="module")
def secret(town: Town) -> str:
    house = wiring.house()
    return SharedSecrets(town.world.aws("dynamodb"), house.settings.keys_table).make("city")


@pytest.fixture(scope="module")
def empty(town: Town, secret: str) -> Moment:
    return town.moment()


def sending(city: City) -> Sending:
    house = wiring.house()
    return Sending(house.context, house.secrets, city)


def run(
    town: Town,
    moment: Moment,
    city: City,
    act: Callable[[], object],
    fault: Fault | None,
    again: Callable[[], object] = lambda: None,
) -> tuple[list[str], list[str]]:
    """The act under the fault, the process anew, what whoever had no answer does `again`, and time running on. Returns the calls
    made and what is wrong at the end.
    """
    town.back_to(moment)
    with town.aws.watched(Watch(fault)) as watch:
        try:
            act()
        except Killed:
            pass
        except Exception as error:
            assert fault is not None, error
    town.restart()
    again()
    for _ in range(9):
        town.world.clock.advance(minutes=7)
        sweep(sending(city))
    stored = town.rows("CasesTable")
    wanted = [
        (item["pk"]["S"].removeprefix("C#"), event.seq)
        for item in stored
        if item["sk"]["S"] == "CASE"
        for event in events_of(item["pk"]["S"].removeprefix("C#"), item, stored)
    ]
    wrong = list(city.wrong)
    if sorted(city.kept) != sorted(wanted):
        wrong.append(f"kept {city.kept} of {wanted}")
    left = [row["sk"]["S"] for row in town.rows("OutboxTable") if "hook" in row and ("pending" in row or "body" in row)]
    return watch.calls, wrong + left


@pytest.mark.timeout(7200 if SOAK else 120)
@pytest.mark.parametrize(("what", "sample"), [("written", 10), ("ordered", 14), ("sent", 20)], ids=["written", "ordered", "sent"])
def test_no_event_is_lost_or_doubled_whatever_goes_wrong(town: Town, secret: str, empty: Moment, what: str, sample: int) -> None:
    began = time.monotonic()
    town.back_to(empty)
    if what == "sent":
        Script(town).accepted()
    moment = town.moment()

    def tried_with(fault: Fault | None) -> tuple[list[str], list[str]]:
        city = City(secret)
        city.loses = int(what == "sent")
        act: Callable[[], object] = lambda: sweep(sending(city))  # noqa: E731 - named by what it is
        if what == "written":
            act = lambda: tried(lambda: town.report(key="a" * 32))  # noqa: E731 - named by what it is
        if what != "ordered":
            return run(town, moment, city, act, fault)
        source = lambda: [orders.receive(wiring.context(), "petition", order) for order in ORDERS]  # noqa: E731 - as above
        calls, wrong = run(town, moment, city, source, fault, again=source)
        made = [item for item in town.rows("CasesTable") if item["sk"]["S"] == "CASE"]
        types = [event.type for item in made for event in events_of(item["pk"]["S"][2:], item, town.rows("CasesTable"))]
        # The source repeats both deliveries in their order: one case, and what it says last stands last.
        return calls, wrong + ([] if len(made) == 1 and types[:2] == ["submitted", "added"] else [f"it made {types}"])

    calls, wrong = tried_with(None)
    assert wrong == []
    faults = [Fault(call, kind) for call in range(1, len(calls) + 1) for kind in KINDS]
    chosen = faults if SOAK else sampled(NAMES[what], faults, calls, sample)
    found = {f"{fault.kind} at {fault.call} ({calls[fault.call - 1]})": tried_with(fault)[1] for fault in chosen}
    broke = {name: wrong for name, wrong in found.items() if wrong}
    figures = {"calls": len(calls), "faults": len(chosen), "struck": len(found), "violations": len(broke)}
    fault_record.keep_scenario(NAMES[what], figures, time.monotonic() - began)
    assert broke == {}, f"DOORSTEP_SEED={fault_record.SEED}"
    assert len(found) >= 8
