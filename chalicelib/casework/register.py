"""A registration (房屋出租登记, 实有人口登记) as folded from its events.

Personal values never stand here: each person carries masks, keyed hashes for look-up, and the name of the envelope that holds the
ciphertext. An edit seals what was typed anew under a version of its own; whoever was not touched stays in the older envelope. So
history keeps what was, the pages' role never decrypts, and taking a person out of their envelope erases them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from chalicelib.casework.events import Event

KINDS = ("rental", "population")
# submitted 已登记, booked 已约访, verified 已核实, wrong 信息有误, not_found 未见人, ended 已到期, erased 已删除
OPEN_STATES = frozenset({"submitted", "booked", "wrong", "not_found"})
STATES = OPEN_STATES | {"verified", "ended", "erased"}
RESULTS = ("verified", "wrong", "not_found")
PARTS = ("landlord", "tenant", "member")

replace = msgspec.structs.replace
Change = dict[str, Any]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a registration. `sealed` says for each field (name, id, phone, employer) which version's envelope holds it,
    under `<key>.<field>`; empty once erased. `guardian`: consent of a guardian is on record (under 14).
    """

    key: str
    part: str
    name_mask: str = ""
    id_mask: str = ""
    phone_mask: str = ""
    id_mac: str = ""
    phone_mac: str = ""
    employer_mask: str = ""
    minor: bool = False
    guardian: bool = False
    sealed: dict[str, int] = {}
    gone: bool = False

    @property
    def erased(self) -> bool:
        return not self.sealed


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """When the verifier may come: a date and a half day (am, pm, evening)."""

    day: str
    part: str


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Which text was shown, on which basis, and when it was agreed to; `separate` where the basis asks for it."""

    version: str
    basis: str
    separate: bool
    at: str = ""


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """`area` is in square metres with at most one decimal, as typed; `rooms` are rooms to live in. Dates are ISO dates."""

    no: str
    version: int = 0
    state: str = "submitted"
    kind: str = "rental"
    place: str = ""
    community: str = ""
    committee: str = ""
    zone: str = ""
    room: str = ""
    area: str = ""
    rooms: int = 0
    lease_from: str = ""
    lease_to: str = ""
    by: str = ""
    people: tuple[Person, ...] = ()
    consent: Consent | None = None
    slot: Slot | None = None
    lang: str = "zh-CN"
    generation: int = 0
    created_at: str = ""
    updated_at: str = ""
    verified_at: str | None = None
    result: str = ""
    remark: str = ""
    visits: int = 0
    case: str = ""

    @property
    def editable(self) -> bool:
        """By its link, until somebody has verified it."""
        return self.state in OPEN_STATES

    @property
    def pending(self) -> bool:
        """Whether it waits for the verifier."""
        return self.state in OPEN_STATES

    @property
    def living(self) -> tuple[Person, ...]:
        """Who lives there: everybody but the landlord and those who have left."""
        return tuple(person for person in self.people if person.part != "landlord" and not person.gone)


def _people(rows: Iterable[dict[str, Any]]) -> tuple[Person, ...]:
    return tuple(Person(**row) for row in rows)


def _registered(register: Register, event: Event) -> Change:
    facts = dict(event.data["register"])
    facts["people"] = _people(facts.pop("people"))
    facts["consent"] = Consent(**facts["consent"], at=event.at)
    facts["slot"] = Slot(**facts["slot"]) if facts.get("slot") else None
    return {**facts, "created_at": event.at}


def _edited(register: Register, event: Event) -> Change:
    """What the form said now; who is no longer in it has left, and stays in the history."""
    facts = dict(event.data["register"])
    named = _people(facts.pop("people"))
    keys = {person.key for person in named}
    left = tuple(replace(person, gone=True) for person in register.people if person.key not in keys)
    change: Change = {**facts, "people": (*named, *left), "state": "booked" if facts.get("slot") else "submitted"}
    if facts.get("consent"):
        change["consent"] = Consent(**facts["consent"], at=event.at)
    else:
        change.pop("consent", None)
    change["slot"] = Slot(**facts["slot"]) if facts.get("slot") else register.slot
    return change


def _corrected(register: Register, event: Event) -> Change:
    return {**_edited(register, event), "state": register.state}


def _booked(register: Register, event: Event) -> Change:
    return {"state": "booked", "slot": Slot(**event.data["slot"])}


def _verified(register: Register, event: Event) -> Change:
    result = event.data["result"]
    done = {"verified_at": event.at} if result == "verified" else {}
    return {"state": result, "result": result, "remark": event.data["remark"], "visits": register.visits + 1, **done}


def _ended(register: Register, event: Event) -> Change:
    return {"state": "ended"}


def _suspected(register: Register, event: Event) -> Change:
    return {"case": event.data["case"]}


def _person_erased(register: Register, event: Event) -> Change:
    """What was remarked at a visit goes too: it may be about them."""
    gone = event.data["keys"]
    blank = [Person(key=person.key, part=person.part, gone=True) if person.key in gone else person for person in register.people]
    return {"people": tuple(blank), "remark": ""}


def _erased(register: Register, event: Event) -> Change:
    """The figures stay: kind, committee, days, results; whoever was in it and the flat are gone."""
    blank = tuple(Person(key=person.key, part=person.part, gone=True) for person in register.people)
    return {"state": "erased", "people": blank, "room": "", "remark": ""}


def _nothing(register: Register, event: Event) -> Change:
    return {}


def _link_renewed(register: Register, event: Event) -> Change:
    return {"generation": register.generation + 1}


FOLDS: dict[str, Callable[[Register, Event], Change]] = {
    "registered": _registered,
    "edited": _edited,
    "corrected": _corrected,
    "booked": _booked,
    "verified": _verified,
    "ended": _ended,
    "suspected": _suspected,
    "person_erased": _person_erased,
    "erased": _erased,
    "revealed": _nothing,
    "exported": _nothing,
    "link_renewed": _link_renewed,
}
# Somebody looked, or got another link: nothing of the registration is another for it.
LOOKS = frozenset({"revealed", "exported", "link_renewed"})
# What a committee's digest counts as changed.
CHANGES = frozenset({"edited", "corrected", "booked"})


def apply(register: Register, event: Event) -> Register:
    """The registration after the event. Raises KeyError for a type that has no fold."""
    change = FOLDS[event.type](register, event)
    return replace(register, **change, version=event.seq, updated_at=event.at)


def fold(no: str, events: Iterable[Event]) -> Register:
    """All events of a registration, in order, from nothing."""
    register = Register(no=no)
    for event in events:
        register = apply(register, event)
    return register
