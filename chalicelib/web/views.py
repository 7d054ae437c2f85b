"""What pages are made from besides the domain's own types: small frozen values that use cases hand to `pages`.

Nothing here decides anything; `missing` and every option arrive already decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.casework.access import OVERSEERS
from chalicelib.web.desk_nav import Room, rooms


@dataclass(frozen=True)
class FieldSpec:
    """A field of a form. `kind` is `line`, `text`, `choice`, `many` (checkboxes, sent once for each), `check`, `date` or `number`
    (up to `most`); options are (value, label already in words).
    """

    name: str
    kind: str
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    most: int = 0


@dataclass(frozen=True)
class ActionView:
    """Something the reader may do next. `missing` is the catalogue key that says why not yet, or None. One is `primary`: the
    obvious next step; a few are `near`, in that order beside it, while the rest stand folded in groups.
    """

    id: str
    fields: tuple[FieldSpec, ...] = ()
    primary: bool = False
    missing: str | None = None
    near: int = 0


@dataclass(frozen=True)
class Viewer:
    """Who is signed in. `sees_reporter` is false for a party that must not learn who reported; `takes_in` is who may take in new
    cases.
    """

    id: str
    name: str
    grants: tuple[str, ...]
    csrf: str
    sees_reporter: bool = True
    takes_in: bool = False

    @property
    def rooms(self) -> Sequence[Room]:
        """Where in the desk they may go."""
        return rooms(self.grants)

    @property
    def oversees(self) -> bool:
        """Whether they see a scope beyond their own queue."""
        return any(grant.partition("@")[0] in OVERSEERS for grant in self.grants)


@dataclass(frozen=True)
class PhotoView:
    """A photo's row with signed addresses. `status` is `pending`, `ready` or `refused`; `by` is `reporter` or `staff`."""

    slot: int
    status: str
    thumb: str = ""
    full: str = ""
    by: str = "reporter"


@dataclass(frozen=True)
class Helper:
    """Who is called to a hazard at once: a party of the street file or a colleague nearby, with the number to dial."""

    name: str
    role: str
    phone: str


@dataclass(frozen=True)
class Elsewhere:
    """The case that another one went into: how it stands, without anybody's words but the office's result."""

    state: str
    outcome: str | None = None
    result: str = ""
