"""A small storm on the one-machine server, by the code of `make load`: nothing lost, nothing doubled, one abuser stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.load.counted import Kept, Tables, Verdict, _indexes, _keys, _messages, _steps
from benchmarks.load.run import told
from benchmarks.load.staff import Step
from benchmarks.load.storm import Answer, Heard, Resident, residents

ROOT = Path(__file__).parent.parent


@pytest.mark.engine
def test_a_small_storm_loses_and_doubles_nothing_and_one_address_is_stopped() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", "--small"], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["verdict"]["wrong"] == []
    assert done.returncode == 0
    counts = found["verdict"]["counts"]
    wanted = found["wanted"]
    # One that conflicts was taken before under its first words; everybody else's is there.
    assert counts["cases in the table"] == wanted["reports"] + wanted["early"] + found["abused"]["303"]
    assert counts["posts of a key that was sent before"] > 5
    # The window may turn over in the middle of it.
    assert wanted["hot"] <= found["abused"]["303"] <= 2 * wanted["hot"] < wanted["abuse"]
    assert (found["others_refused"], found["refused"] > 0) == (0, True)
    assert counts["steps of staff"] > 0
    assert counts["steps of clocks"] == wanted["early"]


KEY, NO = "0" * 32, "2222-2222-2"
LINK = "/t/222222222" + "2" * 27 + "/received"
ITEM = {
    "pk": {"S": f"C#{NO}"},
    "queue": {"S": "Q#dispatcher#street"},
    "figures": {"S": json.dumps({"no": NO, "state": "accepted", "received_at": "2026-11-22T10:00:00.000Z"})},
}
EVENTS = ({"type": "submitted", "at": "2026-11-22T10:00:00.000Z", "data": {}}, {"type": "accepted", "at": "x", "data": {}})
CASE = Kept(NO, "mac", "灯不亮", EVENTS, {"state": "accepted"}, ITEM)
MESSAGE = {"pk": {"S": "TO#A"}, "case": {"S": NO}, "template": {"S": "received"}, "state": {"S": "sent"}, "tries": {"N": "1"}}
WHOLE = Tables([], [MESSAGE], Counter([NO]), Counter([NO]))


def verdict(cases: list[Kept], tables: Tables = WHOLE, links: tuple[str, ...] = (LINK,), done: int = 1) -> list[str]:
    found = Verdict()
    heard = Heard([Answer(KEY, 303, link, 0.1, 0.1) for link in links])
    everybody = {KEY: Resident(KEY, "", "灯不亮", "", "", "")}
    _keys(found, cases, everybody, heard, {"mac": KEY})
    _indexes(found, cases, tables)
    _steps(found, cases, [Step(NO, "accept", 303, 0.1)] * done)
    _messages(found, cases, tables)
    return found.wrong


def test_what_is_lost_or_doubled_would_be_seen() -> None:
    assert verdict([CASE]) == []
    assert "has 0 cases" in verdict([])[0]
    assert "has 2 cases" in verdict([CASE, replace(CASE, no="3333-3333-3")])[0]
    assert "led to 2 cases" in verdict([CASE], links=(LINK, LINK.replace("2", "3")))[0]
    assert "has other words" in verdict([replace(CASE, text="别的")])[0]
    assert "1 cases are of no key" in verdict([CASE, replace(CASE, no="3333-3333-3", submission="?")])[0]
    assert "1 are open and 0 in queues" in verdict([CASE], replace(WHOLE, queued=Counter()))[0]
    assert "the ledger has 2 of 1" in verdict([CASE], replace(WHOLE, ledger=Counter([NO, NO])))[0]
    assert "staff's steps" in verdict([CASE], done=2)[0]
    assert "received is there 2 times" in verdict([CASE], replace(WHOLE, outbox=[MESSAGE, MESSAGE]))[0]
    assert "tried twice" in verdict([CASE], replace(WHOLE, outbox=[{**MESSAGE, "tries": {"N": "2"}}]))[0]


def test_a_storm_is_the_same_from_the_same_seed_and_comes_from_everywhere() -> None:
    first, again = residents(200, ["A", "B", "C"], 5), residents(200, ["A", "B", "C"], 5)
    assert first == again
    assert len({one.key for one in first}) == 200
    assert len({one.address.rpartition(".")[0] for one in first}) > 190
    assert {one.way for one in first} == {"once", "twice at once", "gave up, again", "again later", "other words"}


def test_percentiles_are_of_what_was_measured() -> None:
    found = told([float(number) for number in range(1, 101)], 50.0)
    assert (found.count, found.rate, found.p50, found.p95, found.p99) == (100, 2.0, 50.0, 95.0, 99.0)
