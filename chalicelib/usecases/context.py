"""What every use case is handed: the street, the clock and the ports. Built by `wiring`, or by a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib import codes
from chalicelib.casework.case import Case
from chalicelib.errors import Unknown
from chalicelib.ports import Clock, Keys, PhotoStore, SmsProvider, Vault
from chalicelib.street import Place, Street


@dataclass(frozen=True)
class Context:
    """`reveal` calls the function that may decrypt (as a function of its own when deployed, in the same process on one
    machine).
    """

    street: Street
    places: Mapping[str, Place]
    clock: Clock
    keys: Keys
    vault: Vault
    photos: PhotoStore
    sms: SmsProvider
    sms_name: str
    reveal: Callable[[Mapping[str, str]], Mapping[str, str]]

    def place_of(self, case: Case) -> Place | None:
        return self.places.get(case.place)

    def scanned(self, code: str, kind: str | None = None) -> tuple[codes.Code, Place]:
        """What a printed code says and where it hangs.

        Raises `Unknown` with `code_missing` (none at all), `code_forged`, `code_retired` (exchanged, or the place is gone) or
        `code_wrong_kind` (a genuine code of another form, or of a form this street does not offer).
        """
        if not code.strip():
            raise Unknown("code_missing")
        found = codes.verify(code.strip(), self.keys.code_keys(code.strip()[1:2].upper()), self.keys.gone_code_keys())
        place = self.places.get(found.place)
        if place is None or place.retired:
            raise Unknown("code_retired")
        if self.street.kind(found.kind) is None or (kind is not None and found.kind != kind):
            raise Unknown("code_wrong_kind")
        return found, place

    def code_for(self, kind: str, place: Place) -> str:
        """The code of another form at the same place, as it would be printed now."""
        version = self.keys.current_code_version()
        return codes.sign(kind, place.id, version, self.keys.code_keys()[version])
