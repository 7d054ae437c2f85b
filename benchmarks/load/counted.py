"""What the tables say when the storm is over: read raw, and counted by rules of their own.

Nothing lost: whoever was answered with a link has a case, under their key and with their words. Nothing doubled: a key has one
case, a step of staff or of a clock stands in it once, a person has one message about it from a template. And each index tells
the same.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.staff import Step
from benchmarks.load.storm import Heard, Resident
from chalicelib.casework.case import ENDED_STATES
from chalicelib.casework.numbers import normalise_number
from tests.refold import lines_of, problem

DONE = 303
BUSY = 429
CONFLICT = 409
# What staff do, as events name it.
NAMED = {"accept": "accepted", "assign": "assigned", "answer": "answered"}
# What a clock does to a case: each at most once a clock.
TURNS = ("reminded", "lapsed")
# Templates that tell of steps of which a case has several, by the steps: an office hears of a case, and who gets it.
AGAIN = {"near": ("reminded",), "late": ("lapsed",), "new": ("submitted", "assigned")}
NUMBER = 9
Item = Mapping[str, Any]


@dataclass
class Tables:
    """Everything of the three tables that a storm writes, and the desk's and the ledger's index as they answer."""

    cases: list[Item]
    outbox: list[Item]
    queued: Counter[str] = field(default_factory=Counter)
    ledger: Counter[str] = field(default_factory=Counter)


def read(dynamodb: Any, cases: str, outbox: str) -> Tables:
    """`dynamodb` is a boto3 client."""
    found = Tables(_scanned(dynamodb, cases), _scanned(dynamodb, outbox))
    items = [item for item in found.cases if item["sk"]["S"] == "CASE"]
    for index, key, counted in (("desk", "queue", found.queued), ("ledger", "month", found.ledger)):
        for value in {item[key]["S"] for item in items if key in item}:
            counted.update(_listed(dynamodb, cases, index, key, value))
    return found


def _scanned(dynamodb: Any, table: str) -> list[Item]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def _listed(dynamodb: Any, table: str, index: str, key: str, value: str) -> Iterator[str]:
    asked = {"KeyConditionExpression": "#k = :v", "ExpressionAttributeNames": {"#k": key}}
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table, IndexName=index, ExpressionAttributeValues={":v": {"S": value}}, **asked
    )
    return (item["pk"]["S"].removeprefix("C#") for page in pages for item in page["Items"])


@dataclass(frozen=True)
class Kept:
    """A stored case: its number, whose submission it is, its events and state."""

    no: str
    submission: str
    text: str
    events: tuple[Mapping[str, Any], ...]
    state: Mapping[str, Any]
    item: Item

    @property
    def open(self) -> bool:
        return "queue" in self.item


def kept(tables: Tables) -> list[Kept]:
    found = []
    for item in tables.cases:
        if item["sk"]["S"] == "CASE":
            body = json.loads(zlib.decompress(item["body"]["B"]))
            no, submission = item["pk"]["S"].removeprefix("C#"), item["submission"]["S"]
            found.append(Kept(no, submission, body["state"]["text"], tuple(body["events"]), body["state"], item))
    return found


def number_of(link: str) -> str:
    """The case that a report's answer leads to."""
    return normalise_number(link.removeprefix("/t/")[:NUMBER]) or ""


def reminded(tables: Tables) -> set[str]:
    return {case.no for case in kept(tables) if any(event["type"] == "reminded" for event in case.events)}


@dataclass
class Verdict:
    """Counts by what was counted, and whatever is wrong, in words."""

    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def hold(self, right: bool, words: str) -> None:
        if not right:
            self.wrong.append(words)


def judged(
    tables: Tables, everybody: Sequence[Resident], heard: Heard, steps: Sequence[Step], submissions: Mapping[str, str]
) -> Verdict:
    """`submissions` is what a case keeps of each key (its keyed hash), by that."""
    verdict, cases = Verdict(), kept(tables)
    _keys(verdict, cases, {one.key: one for one in everybody}, heard, submissions)
    _answers(verdict, heard)
    _indexes(verdict, cases, tables)
    _steps(verdict, cases, steps)
    _messages(verdict, cases, tables)
    for no, body, archive in map(_line, lines_of(tables.cases)):
        words = problem(no, body, archive)
        verdict.hold(not words, words)
    return verdict


def _line(line: str) -> tuple[str, bytes, list[bytes]]:
    import base64

    found = json.loads(line)
    return found["no"], base64.b64decode(found["body"]), [base64.b64decode(row) for row in found["archive"]]


def _keys(
    verdict: Verdict, cases: Sequence[Kept], everybody: Mapping[str, Resident], heard: Heard, submissions: Mapping[str, str]
) -> None:
    """Every key that was answered with a link has exactly one case, the one of the link, in its words; no other case is there."""
    by_key: dict[str, list[Kept]] = {}
    for case in cases:
        by_key.setdefault(submissions.get(case.submission, "?"), []).append(case)
    verdict.hold("?" not in by_key, f"{len(by_key.get('?', ()))} cases are of no key that was sent")
    links = heard.links()
    for key, found in links.items():
        numbers = {number_of(link) for link in found}
        mine = by_key.get(key, [])
        verdict.hold(len(found) == 1, f"{key} was led to {len(found)} cases")
        verdict.hold({case.no for case in mine} == numbers and len(mine) == 1, f"{key} has {len(mine)} cases")
        verdict.hold(all(case.text == everybody[key].text for case in mine), f"{key} has other words")
    # Refused ones made none; one that was given up and then refused may have been taken before.
    unheard = {answer.key for answer in heard.answers if answer.status == 0}
    verdict.hold(not {*by_key} - {*links} - unheard - {"?"}, "cases of refused reports")
    verdict.counts |= {"keys that were answered with a link": len(links), "cases in the table": len(cases)}


def _answers(verdict: Verdict, heard: Heard) -> None:
    statuses = Counter(answer.status for answer in heard.answers)
    verdict.hold(not {*statuses} - {0, DONE, BUSY}, f"posts were answered {dict(statuses)}")
    verdict.hold({answer.status for answer in heard.conflicts} <= {CONFLICT, BUSY}, "other words under a key were taken")
    verdict.counts["posts"] = len(heard.answers) + len(heard.conflicts)
    verdict.counts["posts of a key that was sent before"] = sum(answer.again for answer in heard.answers)
    verdict.counts["other words under a used key, refused as a conflict"] = sum(one.status == CONFLICT for one in heard.conflicts)


def _indexes(verdict: Verdict, cases: Sequence[Kept], tables: Tables) -> None:
    """Whatever is open stands in one queue, and every case in the ledger once, with the figures of its state."""
    waiting = Counter(case.no for case in cases if case.state["state"] not in ENDED_STATES)
    verdict.hold(waiting == tables.queued, f"{sum(waiting.values())} are open and {sum(tables.queued.values())} in queues")
    verdict.hold(
        Counter(case.no for case in cases) == tables.ledger, f"the ledger has {sum(tables.ledger.values())} of {len(cases)}"
    )
    for case in cases:
        figures = json.loads(case.item["figures"]["S"])
        same = (figures["no"], figures["state"], figures["received_at"]) == (case.no, case.state["state"], case.events[0]["at"])
        verdict.hold(same, f"{case.no}: its figures are another's")
    verdict.counts |= {"open cases in queues": sum(tables.queued.values()), "cases in the ledger": sum(tables.ledger.values())}


def _steps(verdict: Verdict, cases: Sequence[Kept], steps: Iterable[Step]) -> None:
    """What a clerk was told is done stands in the case, as often as it was done; what a clock does, once."""
    done = Counter((step.no, NAMED[step.action]) for step in steps if step.status == DONE)
    types = {*NAMED.values()}
    stored = Counter((case.no, event["type"]) for case in cases for event in case.events if event["type"] in types)
    verdict.hold(done == stored, f"staff's steps: {(done - stored) or (stored - done)}")
    turned = Counter(turn for case in cases for turn in _turns(case))
    verdict.hold(all(count == 1 for count in turned.values()), "a clock turned twice")
    verdict.counts |= {"steps of staff": sum(done.values()), "steps of clocks": sum(turned.values())}


def _turns(case: Kept) -> Iterator[tuple[str, ...]]:
    """Which clock did what, until when, and for which time."""
    for event in case.events:
        if event["type"] in TURNS:
            data = event["data"]
            yield case.no, event["type"], *(str(data.get(name, "")) for name in ("clock", "party", "until", "again"))


def _messages(verdict: Verdict, cases: Sequence[Kept], tables: Tables) -> None:
    """One about a case from a template to a person; of those that tell of a step that may come again, one a step."""
    rows = [row for row in tables.outbox if "template" in row and row.get("case", {}).get("S")]
    told = Counter((row["pk"]["S"], row["case"]["S"], row["template"]["S"]) for row in rows)
    types = {case.no: Counter(event["type"] for event in case.events) for case in cases}
    for (_, no, template), count in told.items():
        most = max(sum(types[no][step] for step in AGAIN.get(template, ())), 1)
        verdict.hold(count <= most, f"{no}: {template} is there {count} times for one person")
    states = Counter(row["state"]["S"] for row in rows)
    # Many committees of the samples have no people: what is for those is parked, as it should be.
    odd = Counter(row["why"]["S"] for row in rows if row["state"]["S"] in {"parked", "unknown"} and row["why"]["S"] != "nobody")
    verdict.hold(not odd, f"messages are parked for {dict(odd)}")
    verdict.hold(all(int(row["tries"]["N"]) == 1 for row in rows if row["state"]["S"] == "sent"), "a message was tried twice")
    verdict.counts |= {"messages": len(rows), "messages sent": states["sent"]}
