"""Keys with which other applications report. An operator makes one, hands it over once, and can revoke it at once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from chalicelib.casework import numbers
from chalicelib.errors import Forbidden
from chalicelib.models import apikeys
from chalicelib.usecases.context import Context

LENGTH, ID_LENGTH = 32, 6
NAME_MAX = 40


@dataclass(frozen=True)
class App:
    """Who holds a key; `since` is wall time in epoch seconds."""

    id: str
    name: str
    since: int


def make(ctx: Context, name: str) -> tuple[App, str]:
    """A new key: who it is for, and the key itself, which is stored nowhere."""
    key = numbers.encode(secrets.randbits(5 * LENGTH), LENGTH).lower()
    app = App(numbers.encode(secrets.randbits(5 * ID_LENGTH), ID_LENGTH), name, int(ctx.clock.wall().timestamp()))
    apikeys.keep(app.id, _hash(key), app.name, app.since)
    return app, key


def holder(key: str) -> App:
    """Whose key it is. Raises `Forbidden("api_key")` for none, a wrong or a revoked one."""
    row = apikeys.find(_hash(key)) if key and len(key) <= 2 * LENGTH else None
    if row is None:
        raise Forbidden("api_key")
    return App(row.staff_id or "", row.name or "", int(row.started or 0))


def listed() -> list[App]:
    """All that hold, the oldest first."""
    rows = [App(row.sk, row.name or "", int(row.started or 0)) for row in apikeys.listed()]
    return sorted(rows, key=lambda app: (app.since, app.id))


def revoke(app_id: str) -> bool:
    return apikeys.drop(app_id)


def _hash(key: str) -> str:
    """A key has 160 random bits: a plain hash of it tells nothing."""
    return hashlib.sha256(key.encode()).hexdigest()
