"""Property service, in the Cases table. What is kept is JSON in `card`; nothing of it is personal, so nothing ends by itself.

| pk | sk | what |
|---|---|---|
| `Y#<community>` | `D#<kind>`, `K#<month>`, `Q#<quarter>` | what stands: a disclosure, a month's check, a quarter's rating |
| `Y#<community>` | `V#<sk>#0001` | each version of it, by whom and when |
| `Y#all` | `<community>#D#<kind>`, `<community>#K`, `<community>#Q` | where there is something, for lists: the latest |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from chalicelib.casework.property import Book, Check, Disclosure, Rating, Record
from chalicelib.models import shapes
from chalicelib.models.base import transaction
from chalicelib.models.cases import CaseItem

R = TypeVar("R", Disclosure, Check, Rating)
KINDS: dict[str, type[Record]] = {"D": Disclosure, "K": Check, "Q": Rating}
ALL = "Y#all"


class Stale(Exception):
    """Somebody else changed it in between."""


def _key(community: str) -> str:
    return f"Y#{community}"


def _decoded(row: CaseItem) -> Record:
    return shapes.decode(row.card or "", KINDS[row.sk[0]])


def read(community: str) -> Book:
    """What stands, read consistently."""
    rows = CaseItem.query(_key(community), CaseItem.sk < "V#", consistent_read=True)
    found = dict(shapes.each(rows, lambda row: (row.sk, _decoded(row))))
    return Book(
        disclosures={sk.removeprefix("D#"): one for sk, one in found.items() if isinstance(one, Disclosure)},
        checks=tuple(one for _, one in sorted(found.items(), reverse=True) if isinstance(one, Check)),
        ratings=tuple(one for _, one in sorted(found.items(), reverse=True) if isinstance(one, Rating)),
    )


def versions(community: str, sk: str) -> Sequence[Record]:
    """Everything that ever stood there, the newest first."""
    kind = KINDS[sk[0]]
    rows = CaseItem.query(_key(community), CaseItem.sk.startswith(f"V#{sk}#"), scan_index_forward=False)
    return list(shapes.each(rows, lambda row: shapes.decode(row.card, kind)))


def listed() -> dict[str, dict[str, str]]:
    """Community → `D#<kind>` → "", `K` → month, `Q` → quarter: where there is something."""
    found: dict[str, dict[str, str]] = {}
    for row in CaseItem.query(ALL):
        community, _, what = row.sk.partition("#")
        found.setdefault(community, {})[what] = row.card or ""
    return found


def put(community: str, sk: str, record: R) -> R:
    """Stores the record over the version that it was made from (0: there was none); every version is kept. Raises `Stale`."""
    before = record.version
    after = msgspec.structs.replace(record, version=before + 1)
    text = shapes.encode(after)
    unchanged = CaseItem.version == before if before else CaseItem.pk.does_not_exist()
    what, _, when = sk.partition("#")
    name, latest = (sk, "") if what == "D" else (what, max(when, _latest(community, what)))
    place = CaseItem(ALL, f"{community}#{name}", card=latest)
    try:
        with transaction() as together:
            together.save(CaseItem(_key(community), sk, card=text, version=after.version), condition=unchanged)
            together.save(CaseItem(_key(community), f"V#{sk}#{after.version:04d}", card=text))
            together.save(place)
    except Exception as error:
        # Any: whatever broke on the way back says nothing about what happened there; and people press twice.
        standing = get(community, sk)
        if standing is not None and msgspec.structs.replace(standing, at=after.at) == after:
            return after
        if (standing.version if standing else 0) != before:
            raise Stale from error
        raise
    return after


def _latest(community: str, what: str) -> str:
    """The last month or quarter of which there is something: an earlier one may be corrected after it."""
    rows = CaseItem.query(
        _key(community), CaseItem.sk.startswith(f"{what}#"), scan_index_forward=False, limit=1, consistent_read=True
    )
    return next((row.sk.partition("#")[2] for row in rows), "")


def get(community: str, sk: str) -> Record | None:
    try:
        return _decoded(CaseItem.get(_key(community), sk, consistent_read=True))
    except CaseItem.DoesNotExist:
        return None
