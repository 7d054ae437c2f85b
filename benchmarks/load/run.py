"""One storm from beginning to end, and its figures."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread

from benchmarks.load import counted, staff, storm
from benchmarks.load.counted import BUSY, DONE, Verdict, number_of
from benchmarks.load.server import Cpu, Served
from benchmarks.load.staff import Clerk
from benchmarks.load.storm import Heard, Street

SEED = 20261122
# Some cases come before the storm, and nobody takes them up: their clock is that long before its reminder when it begins.
REMINDED, AHEAD = timedelta(minutes=15), timedelta(seconds=2)
DRAIN_S = 180.0
SWEPT_S = 90.0
# So many looks, a second apart, without a change.
QUIET = 5


@dataclass(frozen=True)
class Wanted:
    """How much of a storm. `hot` is another limit for an address than the street's own, `sweep_s` another minute, for storms
    too small to meet those.
    """

    reports: int
    sessions: int
    clerks: int
    abuse: int
    hot: int = 0
    sweep_s: float = 0
    minutes: float = 60
    early: int = 8


@dataclass(frozen=True)
class Told:
    """Seconds of those that were answered: how many, a second, and the percentiles."""

    count: int
    rate: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Figures:
    wanted: Wanted
    reports: int
    seconds: float
    submissions: Told
    steps: Told
    pages: Told
    step_answers: dict[int, int]
    served_meanwhile: int
    refused: int
    abused: dict[int, int]
    others_refused: int
    cpu: Cpu
    posts: int
    networks: int
    waiting: int
    verdict: Verdict


def told(seconds: Sequence[float], lasted: float) -> Told:
    ordered = sorted(seconds) or [math.nan]

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    return Told(len(seconds), len(seconds) / lasted, at(0.5), at(0.95), at(0.99))


def blow(folder: Path, wanted: Wanted, say: Callable[[str], None]) -> Figures:
    """A fresh server in `folder`, the storm, and the count afterwards."""
    served = Served(folder, wanted.hot, wanted.sweep_s)
    served.start()
    try:
        return _storm(served, wanted, say)
    finally:
        served.stop()


def _storm(served: Served, wanted: Wanted, say: Callable[[str], None]) -> Figures:
    codes = served.codes()
    early, everybody = storm.residents(wanted.early, codes, SEED - 1), storm.residents(wanted.reports, codes, SEED)
    bad, heard, abused = list(storm.abuser(wanted.abuse, codes, SEED + 1)), Heard(), Heard()
    street = Street(served.port, heard)
    street.blow(early, 2)
    before_all = sorted({number_of(answer.link) for answer in heard.answers if answer.status == DONE})
    visitors = served.clerks(wanted.clerks)
    served.pass_time(min(served.received(no) for no in before_all) + REMINDED - AHEAD)
    clerks = staff.at_work(visitors, SEED, before_all)
    say(f"{wanted.reports:,} reports in {wanted.sessions} sessions, {wanted.clerks} clerks …")
    before, began, first = served.cpu(), time.perf_counter(), len(heard.answers)
    until = began + wanted.minutes * 60
    other = Thread(target=Street(served.port, abused).blow, args=(bad, 1, until), daemon=True)
    other.start()
    came = street.blow(everybody, wanted.sessions, until)
    lasted = time.perf_counter() - began
    spent = served.cpu().since(before)
    other.join()
    for clerk in clerks:
        clerk.stop()
    worked = time.perf_counter() - began
    say(f"blown over after {lasted:.0f} s; waiting for the messages …")
    _swept(served, before_all)
    waiting = _drained(served)
    say("counting …")
    everyone = [*early, *everybody, *bad]
    with served.held():
        tables = counted.read(served.client("dynamodb"), served.outputs["CasesTable"], served.outputs["OutboxTable"])
    keys = {served.submission(one.key): one.key for one in everyone}
    steps = [step for clerk in clerks for step in clerk.done]
    both = Heard([*heard.answers, *abused.answers], heard.pages, heard.conflicts)
    verdict = counted.judged(tables, everyone, both, steps, keys)
    reminded = counted.reminded(tables)
    verdict.hold({*before_all} <= reminded, f"{len({*before_all} - reminded)} of {len(before_all)} that were due had no reminder")
    _held(verdict, served, both, clerks, wanted)
    mine = heard.answers[first:]
    ended = max((answer.at for answer in abused.answers), default=began)
    refused = sum(answer.status == BUSY for answer in abused.answers)
    return Figures(
        wanted=wanted,
        reports=came,
        seconds=lasted,
        submissions=told([answer.seconds for answer in mine if answer.status == DONE], lasted),
        steps=told([step.seconds for step in steps if step.status == DONE], worked),
        pages=told([seconds for clerk in clerks for _, seconds in clerk.pages], worked),
        step_answers=dict(Counter(step.status for step in steps)),
        served_meanwhile=sum(answer.status == DONE and answer.at <= ended for answer in mine),
        refused=refused,
        abused=dict(Counter(answer.status for answer in abused.answers)),
        others_refused=sum(answer.status == BUSY for answer in mine),
        cpu=spent,
        posts=len(both.answers) + len(both.conflicts),
        networks=len({one.address.rpartition(".")[0] for one in everybody}),
        waiting=waiting,
        verdict=verdict,
    )


def _swept(served: Served, numbers: Sequence[str]) -> None:
    """Waits for the sweep that reminds of these; the count says so if none came."""
    until = time.monotonic() + SWEPT_S
    while time.monotonic() < until and not all(served.was_reminded(no) for no in numbers):
        time.sleep(0.3)


def _drained(served: Served) -> int:
    """How many messages still wait when none has gone for a while, or time is up."""
    until, left, quiet = time.monotonic() + DRAIN_S, served.waiting(), 0
    while left and quiet < QUIET and time.monotonic() < until:
        time.sleep(1.0)
        now = served.waiting()
        left, quiet = now, quiet + 1 if now == left else 0
    return left


def _held(verdict: Verdict, served: Served, both: Heard, clerks: Sequence[Clerk], wanted: Wanted) -> None:
    """Nothing was answered with a server's error, anywhere; nobody but the abuser was refused; and everybody was at work."""
    statuses = Counter([answer.status for answer in both.answers] + both.pages)
    statuses.update(status for clerk in clerks for status, _ in clerk.pages)
    statuses.update(step.status for clerk in clerks for step in clerk.done)
    verdict.hold(not [status for status in statuses if status >= 500], f"answers: {dict(statuses)}")
    errors = served.logged("ERROR")
    verdict.hold(not errors, f"the server logged {len(errors)} errors, the first: {errors[:1]}")
    verdict.counts["answers of 500 and more"] = sum(count for status, count in statuses.items() if status >= 500)
