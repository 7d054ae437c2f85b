"""Residents who send all at once, impatiently: what each of them does, and what they were answered."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Lock
from urllib.parse import urlencode

from benchmarks.load.child import HEADER
from infra.engine import HOST
from tests.client import FORM

# Of a hundred residents: who presses once, who presses twice at the same moment, who gives up waiting and sends again, who sends
# the same once more later, and whose browser sends other words under the same key.
WAYS = {"once": 68, "twice at once": 8, "gave up, again": 9, "again later": 11, "other words": 4}
CATEGORIES = ("hardware", "property", "greenery", "services", "surroundings", "")
# Of everybody: who opens the form before and the receipt after, as people do; the others' posts are what is timed.
READING = 0.1
PATIENCE_S = 60.0
# Nobody waits for an answer that was given up; the server must have the request by then.
SENT_S = 0.002


@dataclass(frozen=True)
class Resident:
    """One report. `way` is one of `WAYS`."""

    key: str
    code: str
    text: str
    category: str
    phone: str
    address: str
    way: str = "once"
    reads: bool = False

    def body(self) -> bytes:
        fields = {"key": self.key, "code": self.code, "text": self.text, "category": self.category, "phone": self.phone}
        return urlencode({**fields, "nickname": "", "elsewhere": "", "photos": "", "reporter": "resident"}).encode("ascii")


@dataclass(frozen=True)
class Answer:
    """To one post; `status` 0 is none that anybody waited for. `link` is the case's own."""

    key: str
    status: int
    link: str
    seconds: float
    at: float
    again: bool = False


@dataclass
class Heard:
    """Everything that was answered, by all threads."""

    answers: list[Answer] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    conflicts: list[Answer] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def add(self, answer: Answer) -> Answer:
        with self.lock:
            self.answers.append(answer)
        return answer

    def links(self) -> dict[str, set[str]]:
        """By key, the links that its answers led to."""
        found: dict[str, set[str]] = {}
        for answer in self.answers:
            if answer.status == 303:
                found.setdefault(answer.key, set()).add(answer.link)
        return found


def residents(count: int, codes: Sequence[str], seed: int) -> list[Resident]:
    """Of many doors, under many numbers, from many networks."""
    dice = random.Random(seed)  # noqa: S311 - a storm to be had again
    ways = dice.choices(list(WAYS), list(WAYS.values()), k=count)
    return [
        Resident(
            key=f"{dice.getrandbits(128):032x}",
            code=dice.choice(codes),
            text=f"楼道灯不亮，第 {number} 次说了。晚上看不见台阶，老人不敢下楼。",
            category=dice.choice(CATEGORIES),
            phone=f"021-0012 {dice.randrange(10_000):04d}" if dice.random() < 0.7 else "",
            address=f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}",
            way=way,
            reads=dice.random() < READING,
        )
        for number, way in enumerate(ways)
    ]


class Street:
    """The server at a port; one thread's connection at a time."""

    def __init__(self, port: int, heard: Heard) -> None:
        self.port = port
        self.heard = heard

    def blow(self, everybody: Iterable[Resident], sessions: int, until: float = math.inf) -> int:
        """All of them, so many at a time, who come before `until` (of `perf_counter`); how many. Raises what any of them met."""
        with ThreadPoolExecutor(sessions) as pool:
            return sum(pool.map(lambda one: self._live(one, until), everybody))

    def _live(self, one: Resident, until: float) -> bool:
        if time.perf_counter() > until:
            return False
        if one.reads:
            self._read(one, f"/Q/{one.code}")
        twice, later = self._twice, self._later
        ways = {"twice at once": twice, "gave up, again": self._given_up, "again later": later, "other words": self._other}
        first = ways.get(one.way, self.send)(one)
        if one.reads and first.status == 303:
            self._read(one, first.link)
        return True

    def _read(self, one: Resident, path: str) -> None:
        connection = self._connection()
        connection.request("GET", path, headers={HEADER: one.address, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        with self.heard.lock:
            self.heard.pages.append(answer.status)

    def send(self, one: Resident, *, again: bool = False) -> Answer:
        """One post, waited for."""
        connection, began = self._begin(one)
        return self._end(one, connection, began, again)

    def _connection(self) -> HTTPConnection:
        return HTTPConnection(HOST, self.port, timeout=PATIENCE_S)

    def _begin(self, one: Resident) -> tuple[HTTPConnection, float]:
        connection = self._connection()
        origin = f"http://{HOST}:{self.port}"
        began = time.perf_counter()
        headers = {"Content-Type": FORM, "Origin": origin, HEADER: one.address, "Accept-Encoding": "gzip"}
        connection.request("POST", "/f/issue", one.body(), headers)
        return connection, began

    def _end(self, one: Resident, connection: HTTPConnection, began: float, again: bool) -> Answer:
        try:
            answer: HTTPResponse = connection.getresponse()
            answer.read()
            status, link = answer.status, answer.getheader("Location") or ""
        except (OSError, HTTPException):
            status, link = 0, ""
        finally:
            connection.close()
        ended = time.perf_counter()
        return self.heard.add(Answer(one.key, status, link, ended - began, ended, again))

    def _twice(self, one: Resident) -> Answer:
        begun = [self._begin(one), self._begin(one)]
        first, _ = (self._end(one, *each, again=bool(number)) for number, each in enumerate(begun))
        return first

    def _given_up(self, one: Resident) -> Answer:
        connection, began = self._begin(one)
        time.sleep(SENT_S)
        connection.close()
        self.heard.add(Answer(one.key, 0, "", time.perf_counter() - began, time.perf_counter()))
        return self.send(one, again=True)

    def _later(self, one: Resident) -> Answer:
        first = self.send(one)
        self.send(one, again=True)
        return first

    def _other(self, one: Resident) -> Answer:
        """The same key with other words: a conflict, which makes no case and loses none of the words."""
        first = self.send(one)
        connection, began = self._begin(replace(one, text=one.text + "还有别的事。"))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        with self.heard.lock:
            now = time.perf_counter()
            self.heard.conflicts.append(Answer(one.key, answer.status, "", now - began, now))
        return first


def abuser(count: int, codes: Sequence[str], seed: int) -> Iterator[Resident]:
    """One address that sends as fast as it is answered, each report new and at another door."""
    for one in residents(count, codes, seed):
        yield replace(one, address="203.0.113.7", way="once", reads=False, phone="")
