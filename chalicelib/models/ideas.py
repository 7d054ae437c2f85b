"""Which suggestions were adopted and published, in the Cases table: `I#adopted` / `<published at>#<no>`, one small row each.

A row only says where to look: whether the sentence still stands is the case's own to say, so taking it back needs no write here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.models.cases import CaseItem

KEY = "I#adopted"


def row(no: str, at: str, now: datetime, days: int) -> CaseItem:
    """Written with the step that publishes it, and kept for so many days."""
    return CaseItem(KEY, f"{at}#{no}", ttl=int((now + timedelta(days=days)).timestamp()))


def latest(most: int) -> list[str]:
    """Numbers of the cases, the latest published first."""
    found = [row.sk.partition("#")[2] for row in CaseItem.query(KEY, scan_index_forward=False, limit=most)]
    return list(dict.fromkeys(found))
