"""The Cases table: a case's item, its archive rows and watch rows, the lists of them, and the writes that keep them whole.

Three rooms under one name: `case_rows` (what is stored), `case_writing` (how it changes), `case_lists` (where it is found).
"""

from __future__ import annotations

from chalicelib.models.case_lists import (
    at_place,
    count_try,
    due,
    month,
    next_instant,
    open_in_zone,
    queue,
    watched,
)
from chalicelib.models.case_rows import Body, CaseItem, Stored, archived_events, get, key, read, unpack
from chalicelib.models.case_writing import Change, Stale, Written, item_of, write, write_all, written
from chalicelib.models.store import TRIES, Counter, Over, pack

__all__ = [
    "TRIES",
    "Body",
    "CaseItem",
    "Change",
    "Counter",
    "Over",
    "Stale",
    "Stored",
    "Written",
    "archived_events",
    "at_place",
    "count_try",
    "due",
    "get",
    "item_of",
    "key",
    "month",
    "next_instant",
    "open_in_zone",
    "pack",
    "queue",
    "read",
    "unpack",
    "watched",
    "write",
    "write_all",
    "written",
]
