"""`[[cards]]`: the lines of the contact card (便民联系卡)."""

from __future__ import annotations

from collections.abc import Collection

from chalicelib.casework.people import is_hotline, normalise_phone
from chalicelib.street import POSTS, CardLine
from infra.streetfile.reader import Table
from infra.streetfile.tables import PHONE, PHONE_REMEDY
from infra.streetfile.vocabulary import NAME_MAX


def cards(tables: list[Table], units: Collection[str]) -> tuple[CardLine, ...]:
    """One line a post and unit; `units` are those of this street: `street`, `zone:…`, `committee:…`, `community:…`."""
    found = []
    taken: set[tuple[str, str]] = set()
    for table in tables:
        line = CardLine(
            post=table.choice("post", POSTS),
            phone=table.text("phone", like=PHONE, remedy=PHONE_REMEDY),
            units=table.texts("units", units) if table.has("units") else ("street",),
            name=table.label("name", longest=NAME_MAX) if table.has("name") else None,
        )
        if line.phone and normalise_phone(line.phone) is None and not is_hotline(line.phone):
            table.wrong("phone", "can't be called", "write a mobile number, a landline with its area code, or a hotline")
        if table.has("units") and not line.units and table.raw["units"] == []:
            table.wrong("units", "is an empty list", "name at least one, or leave the key out for the whole street")
        for unit in line.units:
            if line.post and (line.post, unit) in taken:
                table.wrong("post", f"has a line for {unit} above", "write one line for each post and unit")
            taken.add((line.post, unit))
        table.done()
        found.append(line)
    return tuple(found)
