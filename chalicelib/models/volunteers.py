"""Offers of help, in the Registers table: `V#<committee>` / `<no>`, with the sealed phone; `P#<hash>` / `V#<committee>#<no>`
finds the person again. Both end after the street's retention for registrations.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.casework.volunteers import Offer
from chalicelib.models import shapes, store
from chalicelib.models.base import transaction
from chalicelib.models.registers import RegisterItem


class Stored(store.Kept, frozen=True, kw_only=True):
    """An offer as read, with the envelope of its phone and the keys of what made it."""

    offer: Offer
    version: int = 0
    sealed: bytes | None = None
    ttl: int = 0

    def has(self, attempt: str) -> bool:
        return attempt == f"{self.submission}{self.fingerprint}" or any(seen.attempt == attempt for seen in self.offer.log)


def _key(committee: str) -> str:
    return f"V#{committee}"


def _read(row: RegisterItem) -> Stored:
    return Stored(
        offer=shapes.decode(row.card or "", Offer),
        version=int(row.version or 0),
        sealed=row.sealed,
        submission=row.submission or "",
        fingerprint=row.fingerprint or "",
        ttl=int(row.ttl or 0),
    )


def get(committee: str, no: str) -> Stored | None:
    """Read consistently."""
    try:
        return _read(RegisterItem.get(_key(committee), no, consistent_read=True))
    except RegisterItem.DoesNotExist:
        return None


def of(committee: str, now: int) -> list[Offer]:
    """All of a committee; what should be gone by now (epoch seconds) is left out even where the table still has it."""
    rows = shapes.each(RegisterItem.query(_key(committee)), _read)
    return [one.offer for one in rows if one.ttl > now]


def located(mac: str) -> list[tuple[str, str]]:
    """(committee, number) of the offers made under this hash."""
    rows = RegisterItem.query(f"P#{mac}", RegisterItem.sk.startswith("V#"), consistent_read=True)
    return [(row.sk.split("#")[1], row.sk.split("#")[2]) for row in rows]


def write(stored: Stored, offer: Offer, attempt: str, counters: Sequence[store.Counter] = ()) -> Stored:
    """Stores the offer over the version that was read (0: a new one). Raises `store.Beaten` and `store.Over`; a lost reply is
    found out by the attempt.
    """
    after = msgspec.structs.replace(stored, offer=offer, version=stored.version + 1, sealed=None if offer.gone else stored.sealed)
    row = RegisterItem(
        _key(offer.committee),
        offer.no,
        card=shapes.encode(offer),
        version=after.version,
        submission=stored.submission,
        fingerprint=stored.fingerprint,
        ttl=stored.ttl,
    )
    if after.sealed is not None:
        row.sealed = after.sealed
    unchanged = RegisterItem.version == stored.version if stored.version else RegisterItem.pk.does_not_exist()
    found_by = RegisterItem(f"P#{stored.offer.phone_mac}", f"V#{offer.committee}#{offer.no}", ttl=stored.ttl)

    def send() -> None:
        with transaction() as together:
            together.save(row, condition=unchanged)
            if offer.gone:
                together.delete(found_by)
            elif not stored.version:
                together.save(found_by)
            store.count(together, counters)

    return store.once(send, lambda: get(offer.committee, offer.no), attempt, counters) or after
