"""Every day at the street's hour: what is new, changed and ending in each committee's registers, as a list and an SMS.

A day is closed first; from then on changes are counted into the next one. Then it is counted, its list is written, and one
transaction marks it as done and puts the message into the outbox. So whatever breaks in between, a later run goes on with
the same day, and two runs at once make one digest. A late run makes up for every missed day, and tells of them in one message.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

import msgspec

from chalicelib.casework.card import place_name
from chalicelib.casework.events import stamp
from chalicelib.casework.notices import Message
from chalicelib.casework.register import Register
from chalicelib.casework.register_card import Row, digest_day, room_key
from chalicelib.models import register_digests, registers
from chalicelib.models.outbox import row_of
from chalicelib.models.register_digests import Digest
from chalicelib.ports import Lists
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_work import end_leases

log = logging.getLogger("doorstep")

Words = Callable[..., str]
# How many of the latest days are looked at for one that was left undone, and how far back the very first run looks.
LATEST, LOOK_BACK = 60, 31
MARGIN_S = 10.0
A_DAY = 86_400
# What spreadsheets begin a formula with, as Chinese keyboards write it too.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "\0")


@dataclass(frozen=True)
class Run:
    """`written` days were made, `failed` committees are left to the next run; `finished` is False when the time ran out."""

    written: int
    failed: int
    finished: bool


@dataclass(frozen=True)
class _Day:
    digest: Digest
    new: Sequence[Register]
    changed: Sequence[Register]
    ending: Sequence[Row]


def run(ctx: Context, lists: Lists, words: Words, seconds_left: Callable[[], float]) -> Run:
    """Every digest that is due and not written. Never raises for one committee: the others are not to wait for it."""
    written = failed = 0
    last = date.fromisoformat(_today(ctx)) - timedelta(days=1)
    for committee in ctx.street.committees:
        if seconds_left() < MARGIN_S:
            return Run(written, failed, finished=False)
        try:
            written += _committee(ctx, lists, words, committee.id, last)
            end_leases(ctx, committee.id)
        except Exception:
            log.exception("digest: committee %s could not be written", committee.id)
            failed += 1
    return Run(written, failed, finished=True)


def _today(ctx: Context) -> str:
    return digest_day(ctx.clock.civil(), ctx.street.tz, ctx.street.register.digest_at)


def _committee(ctx: Context, lists: Lists, words: Words, committee: str, last: date) -> int:
    written = 0
    standing = register_digests.digests(committee, LATEST)
    days = _due(committee, last, standing)
    for number, day in enumerate(days, start=1):
        tell = number == len(days)
        if tell and number > 1:
            standing = register_digests.digests(committee, LATEST)
        written += _write(ctx, lists, words, committee, day, _untold(standing) if tell else None)
    return written


def _untold(standing: Sequence[tuple[str, str, Digest | None]]) -> list[Digest]:
    """The latest days that no message has told of, whichever run wrote them."""
    written = [digest for _, state, digest in standing if state == "done" and digest is not None]
    return list(takewhile(lambda digest: not digest.told, written))


def _due(committee: str, last: date, standing: Sequence[tuple[str, str, Digest | None]]) -> list[str]:
    """The days to write, the oldest first: those left undone, and all after the newest. The very first run looks back a while for
    days on which something was registered.
    """
    undone = sorted(day for day, state, _ in standing if state != "done")
    if standing:
        newest = date.fromisoformat(standing[0][0])
        return [*undone, *((newest + timedelta(days=n)).isoformat() for n in range(1, (last - newest).days + 1))]
    earlier = ((last - timedelta(days=back)).isoformat() for back in range(LOOK_BACK, 0, -1))
    return [*(day for day in earlier if any(register_digests.days_changes(committee, day))), last.isoformat()]


def _write(ctx: Context, lists: Lists, words: Words, committee: str, day: str, before: Sequence[Digest] | None) -> bool:
    """One day of one committee; False when it is there already. `before` are the days that its message tells of as well; None
    when a later day's message tells of it.
    """
    ttl = int(ctx.clock.wall().timestamp()) + ctx.street.retention.register_days * A_DAY
    if register_digests.close_day(committee, day, ttl) == "done":
        return False
    counted = _count(ctx, committee, day)
    lists.put(counted.digest.key, _csv(ctx, words, counted), "text/csv; charset=utf-8")
    found = counted.digest
    if before is None:
        return register_digests.finish_day(msgspec.structs.replace(found, told=False), [])
    sums = (sum(one.new for one in (found, *before)), sum(one.changed for one in (found, *before)), found.waiting)
    message = Message(
        case=f"G-{committee}-{day}",
        seq=0,
        template="register",
        to=f"office:committee@committee:{committee}",
        params=tuple(str(number) for number in sums),
        at=found.at,
    )
    rows = [row_of(message, ctx.keys.mac("recipient", message.to))] if any(sums) else []
    return register_digests.finish_day(found, rows)


def _count(ctx: Context, committee: str, day: str) -> _Day:
    new_nos, changed_nos = register_digests.days_changes(committee, day)
    new, changed = _read(new_nos), _read(changed_nos)
    until = (date.fromisoformat(day) + timedelta(days=ctx.street.register.ending_days)).isoformat()
    ending = registers.leases(committee, day, until)
    digest = Digest(
        committee=committee,
        day=day,
        new=len(new_nos),
        changed=len(changed_nos),
        waiting=registers.count_waiting(committee),
        ending=len(ending),
        flats=len({(register.place, room_key(register.room)) for register in new}),
        people=sum(len(register.living) for register in new),
        key=f"digest/{committee}/{day}-{ctx.keys.mac('digest', committee, day).hex()[:24]}.csv",
        at=stamp(ctx.clock.civil()),
    )
    return _Day(digest, new, changed, ending)


def _read(numbers: Sequence[str]) -> list[Register]:
    found = (registers.get(no) for no in numbers)
    return [stored.register for stored in found if stored is not None]


def safe(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA) else value


def table(rows: Sequence[Sequence[str]]) -> bytes:
    """CSV as Excel reads it: UTF-8 with its mark."""
    out = io.StringIO()
    csv.writer(out).writerows([[safe(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


HEADS = ("what", "no", "kind", "where", "room", "people", "names", "phones", "lease_to", "slot", "state")


def _csv(ctx: Context, words: Words, day: _Day) -> bytes:
    rows: list[Sequence[str]] = [[words(f"register.list.{head}") for head in HEADS]]
    for what, found in (("new", day.new), ("changed", day.changed)):
        rows += [_line(ctx, words, what, register) for register in found]
    for row in day.ending:
        where = _where(ctx, row.place)
        kind = words(f"register.kind.{row.kind}")
        cells = (row.no, kind, where, row.room, str(row.living), "", "", row.lease_to, "", words(f"register.state.{row.state}"))
        rows.append([words("register.list.ending"), *cells])
    return table(rows)


def _line(ctx: Context, words: Words, what: str, register: Register) -> list[str]:
    living = register.living
    slot = f"{register.slot.day} {words(f'register.part.{register.slot.part}')}" if register.slot else ""
    return [
        words(f"register.list.{what}"),
        register.no,
        words(f"register.kind.{register.kind}"),
        _where(ctx, register.place),
        register.room,
        str(len(living)),
        " ".join(person.name_mask for person in living),
        " ".join(person.phone_mask for person in living if person.phone_mask),
        register.lease_to,
        slot,
        words(f"register.state.{register.state}"),
    ]


def _where(ctx: Context, place_id: str) -> str:
    place = ctx.places.get(place_id)
    return place_name(ctx.street, place) if place else ""
