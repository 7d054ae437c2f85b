"""Keys of other applications, in the Staff table: `K#<hash>`/`KEY` opens, `KEYS`/<id> is the list by which they are found.

Only the hash of a key is stored. Both rows are written and deleted together.
"""

from __future__ import annotations

from chalicelib.models import staff
from chalicelib.models.base import transaction
from chalicelib.models.staff import StaffItem

LIST = "KEYS"


def keep(key_id: str, digest: str, name: str, now: int) -> None:
    opens = StaffItem(f"K#{digest}", "KEY", staff_id=key_id, name=name, started=now)
    found = StaffItem(LIST, key_id, staff_id=key_id, username=digest, name=name, started=now)
    with transaction() as write_all:
        write_all.save(opens, condition=StaffItem.pk.does_not_exist())
        write_all.save(found, condition=StaffItem.pk.does_not_exist())


def find(digest: str) -> StaffItem | None:
    return staff.get(f"K#{digest}", "KEY")


def listed() -> list[StaffItem]:
    return list(StaffItem.query(LIST, consistent_read=True))


def drop(key_id: str) -> bool:
    """False when there is no such key."""
    row = staff.get(LIST, key_id)
    if row is None:
        return False
    with transaction() as write_all:
        write_all.delete(StaffItem(f"K#{row.username}", "KEY"))
        write_all.delete(StaffItem(LIST, key_id))
    return True
