"""A registration's form opened again: what stands in it, how old it is, and what becomes of it when somebody was quicker.

The form carries the whole flat, so one that was opened before somebody else's change would put the old values back. It therefore
names the version that it shows; an older one is not taken, but shown anew with what its reader had changed in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.casework.events import Event
from chalicelib.casework.register import Register, fold
from chalicelib.casework.registering import Typed, TypedPerson

# What changes the form's own values. A look, a visit or an export makes nobody's open form old.
SAYING = frozenset({"registered", "edited", "corrected", "person_erased", "erased"})
_FLAT = ("room", "area", "rooms", "lease_from", "lease_to", "by")


def version_of(events: Sequence[Event]) -> int:
    """The version of what the form says."""
    return max((event.seq for event in events if event.type in SAYING), default=0)


def as_typed(register: Register) -> Typed:
    """The form as it is opened again: the flat as it stands, the people by key, their values nowhere."""
    return Typed(
        room=register.room,
        area=register.area,
        rooms=str(register.rooms or ""),
        lease_from=register.lease_from,
        lease_to=register.lease_to,
        by=register.by,
        landlord=TypedPerson(key="l"),
        people=tuple(TypedPerson(key=person.key) for person in register.living),
    )


def rebased(typed: Typed, register: Register, events: Sequence[Event], seen: int) -> Typed:
    """The form as it stands now, with what was changed in it since version `seen` was opened. Whoever has left or was erased in
    between is no longer in it, whoever came is. `seen` 0: it is not known what was opened, so everything typed stays.
    """
    now = as_typed(register)
    opened = as_typed(fold(register.no, [event for event in events if event.seq <= seen])) if seen else Typed()
    flat = {name: getattr(now if getattr(typed, name).strip() == getattr(opened, name) else typed, name) for name in _FLAT}
    known = {person.key: person for person in register.people}
    rows = {row.key: _row(row, known[row.key].guardian) for row in typed.people if row.key in known}
    new = [row for row in typed.people if row.key not in known]
    return replace(typed, **flat, people=(*(rows.get(row.key, row) for row in now.people), *new))


def _row(row: TypedPerson, agreed: bool) -> TypedPerson:
    """A guardian's consent that stands already is shown by itself."""
    return replace(row, guardian=row.guardian and not agreed)


def says_what_stands(typed: Typed, register: Register) -> bool:
    """Whether nothing is left to change: two people who say the same are not in each other's way."""
    return replace(typed, agree="") == as_typed(register)
