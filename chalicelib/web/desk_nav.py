"""The rooms of the desk, as far as this member of staff may enter them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.casework.access import ANSWERERS, OVERSEERS, PRINTERS, ROLES
from chalicelib.casework.property import READERS as PROPERTY
from chalicelib.casework.register_rules import READERS as REGISTRARS
from chalicelib.casework.volunteers import CALLERS


@dataclass(frozen=True)
class Room:
    """`id` is what a page calls itself (`here`), `path` below the stage, `glyph` an icon; its name is `desk.nav.<id>`."""

    id: str
    path: str
    glyph: str
    roles: frozenset[str] | None = None


ROOMS = (
    Room("queue", "/desk", "list"),
    Room("scope", "/desk?show=scope", "search", OVERSEERS),
    Room("listed", "/desk?show=listed", "eye", OVERSEERS),
    Room("ended", "/desk?show=ended", "tick", OVERSEERS),
    Room("warnings", "/desk/warnings", "warn", OVERSEERS),
    Room("classes", "/desk/classes", "copy", OVERSEERS | {"department"}),
    Room("registers", "/desk/registers", "house", REGISTRARS),
    Room("orders", "/desk/orders", "again", frozenset({"dispatcher", "street_admin"})),
    Room("library", "/desk/library", "book", OVERSEERS),
    Room("faq", "/desk/faq", "chat", ANSWERERS),
    Room("volunteers", "/desk/volunteers", "user", CALLERS),
    Room("property", "/desk/property", "house", PROPERTY),
    Room("figures", "/desk/figures", "chart", ROLES - {"department"}),
    Room("places", "/desk/places", "print", PRINTERS),
)


def rooms(grants: Iterable[str]) -> list[Room]:
    """In the order in which they are walked through."""
    roles = {grant.partition("@")[0] for grant in grants}
    return [room for room in ROOMS if room.roles is None or roles & room.roles]
