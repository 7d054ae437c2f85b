"""What differs between the street that runs and the new file, key by key, and what only a deployment can change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.street import Clock, Place, Street
from infra.template.data import data_resources
from infra.template.functions import SIZES, function_resources
from infra.template.gateway import gateway_responses
from infra.template.watch import watch_resources

SHOWN = 60
# Keys that stand outside of the file as well: printed, in the key's context, in the package's own files.
FIXED: Mapping[str, str] = {
    "id": "a street's id binds what is sealed to it; another id is another street",
    "domain": "it is printed on every door; deploy with the new domain's certificate, print, and only then change",
    "region": "data does not move; another region is another stack, filled by `infra.backup`",
    "timezone": "the package holds the data of one zone; `make package` and deploy",
    "schema": "the code that runs reads another schema; `make package` and deploy",
}


@dataclass(frozen=True)
class Difference:
    """`key` as in the file (`clocks.answer.late`, `committees.c01.name.zh`); `was` and `now` are shortened, empty for none."""

    key: str
    was: str
    now: str

    @property
    def line(self) -> str:
        if not self.was:
            return f"+ {self.key}: {self.now}"
        return f"~ {self.key}: {self.was} → {self.now}" if self.now else f"- {self.key}: {self.was}"


def differences(old: Street, new: Street, old_places: Iterable[Place], new_places: Iterable[Place]) -> list[Difference]:
    found = list(_walk("", _plain(old), _plain(new)))
    before, after = ({place.id: _plain(place) for place in places} for places in (old_places, new_places))
    return found + list(_walk("places", before, after))


def _steps(clock: Clock) -> tuple[object, ...]:
    return clock.start, clock.stop, clock.pause


def _plain(value: Street | Place) -> Any:
    """Sets in their order, too: the same file is the same value."""
    return msgspec.to_builtins(value, order="deterministic")


def _walk(key: str, was: Any, now: Any) -> Iterator[Difference]:
    if was == now:
        return
    was, now = _by_id(was), _by_id(now)
    if isinstance(was, dict) and isinstance(now, dict):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from _walk(f"{key}.{name}".lstrip("."), was.get(name), now.get(name))
    else:
        yield Difference(key, _short(was), _short(now))


def _by_id(value: Any) -> Any:
    """Lists of things with ids are compared by these, whatever their order."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(one, dict) and "id" in one for one in value):
        return {one["id"]: one for one in value}
    return value


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) and value else msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def only_deployed(old: Street, new: Street, partition: str) -> list[str]:
    """What no change of files can do, each with its remedy."""
    wrong = [
        f"{key}: {getattr(old, key)!r} → {getattr(new, key)!r}: {why}"
        for key, why in FIXED.items()
        if getattr(old, key) != getattr(new, key)
    ]
    if not wrong:
        before, after = _resources(old, partition), _resources(new, partition)
        names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        if names:
            wrong.append(
                f"{', '.join(names[:6])}{' …' if len(names) > 6 else ''}: what changed stands in the template as well "
                "(schedules, retention of logs and photos, permissions, subscribers); `make package` and deploy"
            )
    return wrong


def _resources(street: Street, partition: str) -> dict[str, Any]:
    handlers = dict.fromkeys(SIZES, "app.same")
    made = function_resources(handlers, "python3.11", street, partition)["Resources"]
    return {**data_resources(street, partition)["Resources"], **made}


def notes(old: Street, new: Street) -> list[str]:
    """What somebody who publishes it has to know: what running things make of it, and which words stand in the template."""
    notes = []
    steps = [name for name, clock in old.clocks.items() if name in new.clocks and _steps(clock) != _steps(new.clocks[name])]
    if steps:
        notes.append(f"clocks {', '.join(steps)}: running ones are stopped and paused by the new steps, and keep their instants")
    if old.retention != new.retention:
        notes.append("retention: holds for what is written from now on; what has its end keeps it until then")
    if gateway_responses(old) != gateway_responses(new):
        notes.append(
            "the gateway's own pages (unknown address, too large, throttled) keep the old words until the next deployment"
        )
    if watch_resources(old) != watch_resources(new):
        notes.append("alarms and dashboard keep the old words until the next deployment")
    return notes
