"""A town with everything in it, for faults in what is built around the cases: registers, lists, class cases, volunteers,
property, answered questions; what stands at the end of a run; and its machinery's hours.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chalicelib import wiring
from chalicelib.casework import people
from chalicelib.models import cases
from tests.client import FORM
from tests.promises import state_of
from tests.register_people import GROUP_RENTAL
from tests.test_classes import FOURTH
from tests.town import Answer, Town
from tests.town_built import open_town
from tests.world import NOW, TestClock, environment

OFFICES = {
    "verifier": ("verifier", "committee:c01"),
    "keeper": ("street_admin", "street"),
    "manager": ("property", "community:c01a"),
}
ATTEMPT = "a1" * 16
TABLES = ("CasesTable", "RegistersTable")
# What nobody promised: when something ends by itself, how long it is held, and ciphertext, which is new each time.
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}[0-9:.]*Z")
_ATTEMPT = re.compile(r'"attempt":"[0-9a-f]{32}"')
_LEFT_OUT = frozenset({"ttl", "lease", "failures", "attempt"})


class OneClock(TestClock):
    """The machine's time goes on with the street's, so that what is held for minutes is let go when minutes have passed."""

    def wall(self) -> datetime:
        return datetime.now(UTC) + (self.instant - NOW)


@dataclass(frozen=True)
class Hour:
    """Lambda's context of a function with minutes ahead."""

    seconds: int = 240

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds * 1000


def rewritten(text: str) -> str:
    """The small street with both registers, suspected group lets and a fourth committee."""
    head, committee = text.split('\n[[rungs]]\nid = "committee"\n', 1)
    return head + GROUP_RENTAL.rstrip("\n") + "\n" + committee + FOURTH


@contextmanager
def open_whole_town(folder: Path) -> Iterator[Town]:
    doors = "HB6QTW,shop,示例书店,Book shop (sample),c04,,\n"
    # Receipts come from a provider of the trade.
    with open_town(folder, rewritten, OFFICES, doors) as town, environment({"DOORSTEP_SMS_PROVIDER": "aliyun"}):
        town.world.clock = OneClock()
        town.restart()
        yield town


def press(town: Town, who: str, path: str, fields: dict[str, Any], attempt: str = ATTEMPT) -> Answer:
    """A form of the desk, as that person's browser sends it."""
    return town.post(who, path, {"csrf": town.people[who].csrf, "attempt": attempt, **fields})


def call(town: Town, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    """What another system sends. 201 is a promise like 200."""
    page = town.world.client().call("POST", path, body, headers)
    return Answer(200 if page.status == 201 else page.status, page.text)


def plain_post(town: Town, path: str, fields: dict[str, Any], **headers: str) -> Answer:
    return call(town, path, urlencode(fields, doseq=True).encode(), {"Content-Type": FORM, **headers})


def tidied(town: Town) -> Answer:
    """The hour's run. What it could not do is left to the next one."""
    done = town.world.app.tidy({}, Hour())
    return Answer(200 if done["finished"] else 500)


def tidied_twice(town: Town) -> None:
    """Two runs, hours apart: the second is the last look at what was erased."""
    town.world.app.tidy({}, Hour())
    town.world.clock.advance(hours=3)
    town.world.app.tidy({}, Hour())


# ---- what stands


def stands(town: Town) -> dict[str, str]:
    """Every row and every object, without what is new each time: two runs that end alike are equal in it."""
    found = {
        f"{table} {_row_key(row)}": json.dumps(_told(row), ensure_ascii=False, sort_keys=True)
        for table in TABLES
        for row in town.rows(table)
    }
    for row in town.rows("OutboxTable"):
        if "template" in row and row["template"]["S"] != "digest" and "digest" not in row:
            found[f"Outbox {_row_key(row)}"] = row["to"]["S"]
    for key, data in town.objects().items():
        found[key] = "" if key.endswith((".zip", ".jpg")) else _INSTANT.sub("<at>", hashlib.sha256(data).hexdigest())
    return found


def _row_key(row: dict[str, Any]) -> str:
    return _INSTANT.sub("<at>", f"{row['pk']['S']} {row['sk']['S']}")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, typed in row.items():
        ((_, value),) = typed.items()
        if name == "body":
            value = _ATTEMPT.sub('"attempt":""', zlib.decompress(value).decode())
        elif isinstance(value, bytes):
            value = "sealed"
        if name not in _LEFT_OUT:
            told[name] = _INSTANT.sub("<at>", value) if isinstance(value, str) else value
    return told


def everything(town: Town) -> str:
    """What an intruder with every table would read, bodies decompressed and ciphertext aside."""
    rows = [row for table in (*TABLES, "OutboxTable") for row in town.rows(table)]
    return "\n".join([*(json.dumps(_told(row), ensure_ascii=False) for row in rows), *town.objects()])


def known_phones(town: Town, by_external: dict[str, str]) -> None:
    """Numbers that came with orders, by case: what reporters of theirs are sent is looked for there."""
    for row in town.rows("CasesTable"):
        if row["sk"]["S"] == "CASE":
            case = state_of(row)
            if case.external in by_external:
                town.phones[case.no] = people.normalise_phone(by_external[case.external]) or ""


def case_numbers(town: Town) -> list[str]:
    return sorted(row["pk"]["S"][2:] for row in town.rows("CasesTable") if row["sk"]["S"] == "CASE")


def stored(no: str) -> cases.Stored:
    found = cases.get(no)
    if found is None:
        raise AssertionError(f"no case {no}")
    return found


def later(town: Town, **parts: float) -> None:
    town.world.clock.advance(**parts)


def day() -> timedelta:
    return timedelta(days=1)


def house() -> wiring.House:
    return wiring.house()
