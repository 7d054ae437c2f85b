"""What other systems are told of a case: events without anything personal, and the office's answer for whoever sent the order.

A subscriber mirrors the street: which event, when, how the case stands now, where it is, and under which number it came. Names,
phones and what the reporter wrote never leave; what staff wrote as the result goes with the events that are an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from chalicelib.casework.case import Case, Follower
from chalicelib.casework.events import Event
from chalicelib.casework.folds import FOLDS
from chalicelib.casework.notices import FOLLOWED
from chalicelib.street import Street, Webhook

# Bookkeeping of ours that says nothing about the case.
_OURS = frozenset({"reminded", "revealed", "link_renewed", "absorbed", "parted", "erased", "classed", "unclassed"})
SENDABLE = tuple(event for event in FOLDS if event not in _OURS)
# What ends in an answer for whoever asked, and takes it back.
ANSWERS = frozenset({"answered", "handled_confirmed", "closed", "withdrawn", "invalidated"})
_FOLLOWED = ANSWERS | {"reopened", "reinstated"}


class Hooked(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one subscriber. `no` and `seq` order it: a merged case is told of under its own number."""

    hook: str
    no: str
    seq: int
    type: str
    at: str
    body: str

    @property
    def event_id(self) -> str:
        return event_id(self.no, self.seq)


def event_id(no: str, seq: int) -> str:
    """The same for every subscriber and every attempt: what a receiver tells repeats by."""
    return f"{no}.{seq}"


def told(case: Case, event: Event, street: Street) -> Iterator[Hooked]:
    """What the street's subscribers are told; `case` is folded with the event."""
    for hook in street.webhooks:
        if event.type in hook.events:
            if _for(hook, case.channel):
                yield _hooked(hook, case, event, street)
            for follower in case.followers if event.type in _FOLLOWED else ():
                if _for(hook, follower.channel):
                    yield _hooked(hook, case, event, street, follower)


def _for(hook: Webhook, channel: str) -> bool:
    return not hook.channels or channel in hook.channels


def _hooked(hook: Webhook, case: Case, event: Event, street: Street, follower: Follower | None = None) -> Hooked:
    no, seq = (follower.no, FOLLOWED + event.seq) if follower else (case.no, event.seq)
    body = msgspec.json.encode(_payload(case, event, street, no, seq, follower)).decode()
    return Hooked(hook=hook.id, no=no, seq=seq, type=event.type, at=event.at, body=body)


def _payload(case: Case, event: Event, street: Street, no: str, seq: int, follower: Follower | None) -> dict[str, Any]:
    answer = None
    if event.type in ANSWERS:
        # Who took it back said why in words of their own.
        answer = {"outcome": case.outcome or "", "text": "" if case.outcome == "withdrawn" else case.result}
    return {
        "v": 1,
        "id": event_id(no, seq),
        "street": street.id,
        "case": no,
        "seq": seq,
        "type": event.type,
        "at": event.at,
        "state": case.state,
        "channel": follower.channel if follower else case.channel,
        "external": follower.external if follower else case.external,
        "category": case.category,
        "class": case.case_class,
        "place": case.place,
        "committee": case.committee,
        "rung": case.rung,
        "into": case.no if follower else case.merged_into,
        "answer": answer,
    }
