"""What a list shows of a case, and under which keys the indexes find it.

Indexes never project the body: the card is a small JSON text of its own, without anything personal beyond the first clause.
"""

from __future__ import annotations

from datetime import datetime
from zlib import crc32

import msgspec

from chalicelib.casework.access import SCOPES, unit_of
from chalicelib.casework.case import Case
from chalicelib.casework.events import parse
from chalicelib.street import Place, Street

TIMER_SHARDS = 8
LEDGER_SHARDS = 4
# Sorts behind every instant: a case with no running clock stands at the end of its queue.
NO_DEADLINE = "9999-12-31T00:00:00.000Z"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    no: str
    title: str
    place: str
    place_en: str = ""
    committee: str
    community: str = ""
    zone: str
    case_class: str
    category: str
    state: str
    rung: str
    owner: str = ""
    channel: str = "qr"
    deadline: str | None = None
    started: str | None = None
    clock: str = ""
    warn: str | None = None
    received_at: str = ""
    closed_at: str | None = None
    marks: tuple[str, ...] = ()


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """Index keys of a case; None where the index is sparse and the case is not in it."""

    timer: str | None
    timer_at: str | None
    queue: str | None
    deadline: str | None
    open_zone: str | None
    open_deadline: str | None
    month: str
    month_at: str
    place: str | None = None
    place_at: str | None = None


def card_of(case: Case, street: Street, place: Place | None) -> Card:
    clock = min((run for run in case.clocks if run.running), key=lambda run: run.due, default=None)
    return Card(
        no=case.no,
        title=case.title,
        place=case.elsewhere or (place_name(street, place) if place else ""),
        place_en=place_name(street, place, "en") if place and not case.elsewhere else "",
        committee=case.committee,
        community=case.community,
        zone=case.zone,
        case_class=case.case_class,
        category=case.category,
        state=case.state,
        rung=case.rung,
        owner=case.assignee.name if case.assignee else case.lead.party.name if case.lead else "",
        channel=case.channel,
        deadline=clock.due if clock else None,
        started=clock.started if clock else None,
        clock=clock.id if clock else "",
        warn=clock.warn if clock else None,
        received_at=case.received_at,
        closed_at=case.closed_at,
        marks=marks_of(case, street),
    )


def place_name(street: Street, place: Place, lang: str = "zh-CN") -> str:
    """`小区 + 楼号` as people say it (in English the building first); outside the walls the place's own name."""
    community = street.community_by_id.get(place.community)
    if lang == "en" and place.en:
        return f"{place.en}, {community.name.text(lang)}" if community else place.en
    return f"{community.name.zh}{place.name}" if community else place.name


def month_of(instant: str, street: Street) -> str:
    local: datetime = parse(instant).astimezone(street.tz)
    return f"{local.year:04d}-{local.month:02d}"


def shard(no: str, shards: int) -> int:
    return crc32(no.encode()) % shards


def queue_of(case: Case, street: Street) -> str | None:
    """Whose desk it waits on: the office that has it, or those who make the return visit."""
    rung = street.rung_by_id.get(case.rung)
    if rung is None:
        return None
    visitors = street.follow_up.visitors
    if case.state == "visiting" and visitors:
        # A role may work several rungs: whoever is nearest to the place visits, as they are told to.
        offices = [one for one in street.rungs if one.role == visitors[0]]
        theirs = min(offices, key=lambda one: SCOPES.index(one.scope), default=rung)
        return f"Q#{theirs.role}#{unit_of(theirs.scope, case)}"
    return f"Q#{rung.role}#{case.unit}"


def marks_of(case: Case, street: Street) -> tuple[str, ...]:
    """What a list shows beside the title, the weightiest first."""
    case_class = street.class_by_id.get(case.case_class)
    marks = {
        "urgent": case_class is not None and case_class.hazard,
        "supervised": case.supervised,
        "approval": bool(case.requests),
        "recurs": bool(case.recurs),
        "extended": case.extended is not None,
        "owing": case.state not in {"dispatched", "signed"} and bool(case.owing),
    }
    return tuple(mark for mark, on in marks.items() if on)


def keys_of(case: Case, street: Street) -> Keys:
    deadline = case.deadline or NO_DEADLINE
    # Closed cases too: a date to look again may lie behind the closing, and who owes a report goes on owing it.
    timed = case.next_due
    queue = queue_of(case, street) if case.open else None
    return Keys(
        timer=f"T#{shard(case.no, TIMER_SHARDS)}" if timed else None,
        timer_at=timed,
        queue=queue,
        deadline=deadline if queue else None,
        open_zone=f"Z#{case.zone}" if case.open else None,
        open_deadline=deadline if case.open else None,
        month=f"M#{month_of(case.received_at, street)}#{shard(case.no, LEDGER_SHARDS)}",
        month_at=case.received_at,
        # What is told of elsewhere is no matter of the door that was scanned.
        place=f"P#{case.place}" if case.place and not case.elsewhere else None,
        place_at=case.received_at if case.place and not case.elsewhere else None,
    )
