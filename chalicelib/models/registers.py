"""The Registers table: registrations, the lists of them, and the writes that keep them whole.

Three rooms under one name: `register_rows` (what is stored), `register_writing` (how it changes), `register_lists` (where it is
found). Days' digests are `register_digests`.
"""

from __future__ import annotations

from chalicelib.models.register_lists import at_flat, changed, count_waiting, found_by, leases, waiting
from chalicelib.models.register_rows import Body, RegisterItem, Stored, envelope_key, envelopes, get, item, key, read
from chalicelib.models.register_writing import DayClosed, Stale, Write, people_rows, write
from chalicelib.models.store import TRIES, Over

__all__ = [
    "TRIES",
    "Body",
    "DayClosed",
    "Over",
    "RegisterItem",
    "Stale",
    "Stored",
    "Write",
    "at_flat",
    "changed",
    "count_waiting",
    "envelope_key",
    "envelopes",
    "found_by",
    "get",
    "item",
    "key",
    "leases",
    "people_rows",
    "read",
    "waiting",
    "write",
]
