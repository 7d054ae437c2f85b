"""Orders of other systems: a call to 12345, a petition. What one says, and where it is.

An order has its source's own number, which stays with the case. It is about a place of ours, or about a committee or a community
by id or name; else the longest name of one that its address holds says where it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chalicelib.street import Place, Street

SOURCES = ("hotline_12345", "petition")
ADDRESS_MAX = 100


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"case_class": "class"}):
    """`external` is the source's number; `received` an instant with its offset, when the source took it; texts as typed."""

    external: str
    text: str
    place: str = ""
    committee: str = ""
    community: str = ""
    address: str = ""
    phone: str = ""
    name: str = ""
    category: str = ""
    case_class: str = ""
    reporter: str = "resident"
    received: str = ""


def where(order: Order, street: Street, places: Mapping[str, Place]) -> Place | None:
    """The door that it is about; else one without a name that stands for the community or committee; None when nothing says.

    The street's own `[orders] place` takes what nothing else says.
    """
    if order.place.strip():
        found = places.get(order.place.strip().upper())
        return found if found is not None and not found.retired else None
    named = _named(order, street)
    if named is None and not (order.committee.strip() or order.community.strip()):
        named = _in(order.address, street) or places.get(street.orders.place)
    return named


def _named(order: Order, street: Street) -> Place | None:
    """By id or by name, Chinese or English; a community outranks its committee."""
    for typed, members in ((order.community, street.communities), (order.committee, street.committees)):
        wanted = typed.strip()
        if not wanted:
            continue
        for one in members:
            if wanted in {one.id, one.name.zh, one.name.en} - {""}:
                committee, community = getattr(one, "committee", one.id), one.id if hasattr(one, "committee") else ""
                return _standing_for(committee, community)
    return None


def _in(address: str, street: Street) -> Place | None:
    communities = [(one.name.zh, one.committee, one.id) for one in street.communities if one.name.zh in address]
    committees = [(one.name.zh, one.id, "") for one in street.committees if one.name.zh in address]
    found = max(communities, default=None, key=lambda one: len(one[0])) or max(
        committees, default=None, key=lambda one: len(one[0])
    )
    return _standing_for(found[1], found[2]) if found else None


def _standing_for(committee: str, community: str) -> Place:
    return Place(id="", kind="", name="", committee=committee, community=community)
