"""A small street that can be put back to any moment in milliseconds, with its people, for runs by the thousand.

The stack is made once from the template, on moto; `moment()` keeps every row, every photo, the clock and the provider, and
`back_to` restores them. A restart builds the application anew but keeps the SDK's clients, which hold no state of ours.
"""

from __future__ import annotations

import base64
import pickle
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalicelib import wiring
from chalicelib.casework import people
from infra.engine import REGION
from infra.serve.pumps import stream_record
from tests import steps
from tests.client import FORM
from tests.faults import FaultyAws, Killed
from tests.faulty_sms import FaultySms
from tests.world import World

if TYPE_CHECKING:
    from tests.client import Visitor

Row = dict[str, Any]
# What a form sends; a list where several boxes are ticked.
Fields = Mapping[str, str | list[str]]

REPORTER_PHONE = "021-0012 7788"


class LambdaTime:
    """Lambda's context of an event function with its whole minute ahead."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass(frozen=True)
class Person:
    id: str
    username: str
    password: str
    grant: str
    phone: str
    session: str
    csrf: str


@dataclass(frozen=True)
class Answer:
    """What came back to whoever asked: 303 and 200 are promises, 5xx and silence (0) are asked again."""

    status: int
    text: str = field(default="", repr=False)
    where: str = ""
    cookie: str = field(default="", repr=False)


def _raw(value: Any) -> dict[str, Any]:
    """One attribute as DynamoDB returns it."""
    if value.type == "B" and isinstance(value.value, str):
        return {"B": base64.b64decode(value.value)}
    return {value.type: value.value}


@dataclass(frozen=True)
class Moment:
    tables: bytes
    objects: dict[str, bytes]
    now: datetime
    sms: tuple[object, ...]
    kept: bytes


@dataclass
class Town:
    """`shown` are the (case, person) whose answer held the phone; `phones` the numbers that were left, by case."""

    world: World
    aws: FaultyAws
    sms: FaultySms
    people: dict[str, Person] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)
    visitors: dict[str, Visitor] = field(default_factory=dict)

    # ---- moments

    def _tables(self) -> Any:
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.dynamodb.models import dynamodb_backends

        return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables

    def rows(self, output: str) -> list[Row]:
        """Every raw item of a table, by the name of the stack's output, without a call."""
        found = self._tables()[self.world.outputs[output]].items
        return [
            {name: _raw(value) for name, value in item.attrs.items()} for ranges in found.values() for item in ranges.values()
        ]

    def objects(self) -> dict[str, bytes]:
        """Every photo in the bucket, by key."""
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.world.outputs["PhotosBucket"]]
        return {name: found.value for name, found in bucket.keys.items()}

    def moment(self) -> Moment:
        tables = pickle.dumps({name: table.items for name, table in self._tables().items()})
        kept = pickle.dumps((self.phones, self.shown))
        return Moment(tables, self.objects(), self.world.clock.instant, self.sms.state(), kept)

    def back_to(self, moment: Moment) -> None:
        from moto.core.model_instances import reset_model_data

        # moto keeps every object it ever made, for a dashboard; in a long run that fills the machine.
        reset_model_data()
        tables = self._tables()
        for name, items in pickle.loads(moment.tables).items():  # noqa: S301 - our own bytes of a moment ago
            tables[name].items = items
            if tables[name].stream_shard is not None:
                tables[name].stream_shard.items.clear()
        if self.objects() != moment.objects:
            s3, bucket = self.world.aws("s3"), self.world.outputs["PhotosBucket"]
            for key in self.objects():
                s3.delete_object(Bucket=bucket, Key=key)
            for key, data in moment.objects.items():
                s3.put_object(Bucket=bucket, Key=key, Body=data)
        self.world.clock.instant = moment.now
        self.sms.back_to(moment.sms)
        self.phones, self.shown = pickle.loads(moment.kept)  # noqa: S301 - our own bytes of a moment ago
        self.restart()

    def restart(self) -> None:
        """The process is gone; another one starts with nothing in its memory."""
        wiring.use(clock=self.world.clock, sms=self.sms)
        wiring.house()

    # ---- what people do

    def _visitor(self, name: str) -> Visitor:
        if name not in self.visitors:
            self.visitors[name] = self.world.client()
        return self.visitors[name]

    def post(self, who: str, path: str, fields: Fields) -> Answer:
        """One post, not followed, as that person's browser sends it ("reporter" has no session)."""
        visitor = self._visitor(who)
        visitor.cookies.clear()
        if who in self.people:
            visitor.cookies[wiring.house().settings.cookie] = self.people[who].session
        sent = {"Content-Type": FORM, "Origin": visitor.origin}
        page = visitor.call("POST", path, urlencode(fields, doseq=True).encode("ascii"), sent)
        return Answer(page.status, page.text, page.header("Location"), page.header("Set-Cookie"))

    def report(self, key: str = "", phone: str = REPORTER_PHONE, text: str = steps.TEXT, place: int = 0) -> Answer:
        fields = steps.report(self.world, key=key or secrets.token_hex(16), phone=phone, text=text)
        return self.reported({**fields, "code": self.world.code(place)})

    def reported(self, fields: Mapping[str, str]) -> Answer:
        """The same form again is the same report."""
        answer = self.post("reporter", "/f/issue", fields)
        if answer.status == 303 and fields["phone"]:
            self.phones[number_in(answer)] = people.normalise_phone(fields["phone"]) or ""
        return answer

    def desk(self, who: str, no: str, action: str, attempt: str, version: int, fields: Fields) -> Answer:
        carried: Fields = {"csrf": self.people[who].csrf, "attempt": attempt, "version": str(version), **fields}
        answer = self.post(who, f"/desk/cases/{no}/{action}", carried)
        if action == "reveal" and answer.status == 200 and self._holds_phone(no, answer.text):
            self.shown.append((no, self.people[who].id))
        return answer

    def _holds_phone(self, no: str, text: str) -> bool:
        digits = self.phones.get(no, "")[-8:]
        return bool(digits) and digits in text.replace("-", "").replace(" ", "").replace("\u00a0", "")

    # ---- what the machinery does

    def sweep(self) -> dict[str, Any]:
        done: dict[str, Any] = self.world.app.sweep({}, LambdaTime())
        return done

    def stream(self) -> dict[str, Any]:
        """The outbox's stream brings every row again as it was when it was written."""
        records = []
        waited = [row for row in self.rows("OutboxTable") if "template" in row]
        for number, row in enumerate(waited, start=1):
            image = {**row, "state": {"S": "pending"}, "tries": {"N": "0"}}
            raw = {"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": str(number)}}
            records.append(stream_record(raw, "arn:aws:dynamodb:example:stream"))
        answer: dict[str, Any] = self.world.app.notify({"Records": records}, None)
        return answer

    def pending(self) -> list[str]:
        """Rows that some later sweep is to move on."""
        return [row["sk"]["S"] for row in self.rows("OutboxTable") if "pending" in row]

    def calm(self) -> None:
        """Everything that waits is sent, in no time."""
        for _ in range(4):
            if not self.pending():
                return
            self.sweep()
        raise AssertionError(f"still waiting: {self.pending()}")

    def run_on(self) -> None:
        """Leases end, sweeps run, and when something is still held a new day comes."""
        for turn in range(12):
            self.sweep()
            if not self.pending():
                return
            self.world.clock.advance(minutes=3 if turn < 5 else 400)


def number_in(answer: Answer) -> str:
    return steps.number_of(token_in(answer))


def token_in(answer: Answer) -> str:
    """The link's token of a 303 after a report."""
    return answer.where.removeprefix("/t/").split("/")[0]


def tried(act: Callable[[], Answer]) -> Answer:
    """What comes back: nothing from a process that died, 500 from an event function that raised."""
    try:
        return act()
    except Killed:
        return Answer(0)
    except Exception:
        return Answer(500)
