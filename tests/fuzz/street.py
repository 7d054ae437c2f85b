"""The street that is fuzzed: everything switched on, people of every role signed in, and a story on every page.

`Street.back` puts every table and object back as they were after the story, in milliseconds, so that a run of a hundred thousand
cases meets rich state all the time and never a table that only grows.
"""

from __future__ import annotations

import copy
import pickle
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from chalicelib import wiring
from infra.engine import REGION
from tests import register_people, steps
from tests.full_street import full_street, live_on
from tests.fuzz import limits
from tests.world import World

if TYPE_CHECKING:
    from tests.client import Visitor

# Of the demo's stories as many as a short run can wait for; a long run plays all.
SOME = 4
APP = "示例应用"


@dataclass
class Street:
    """`desk` are signed-in visitors by user name; the secrets are what other systems hold."""

    world: World
    desk: dict[str, Visitor] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    registrations: list[str] = field(default_factory=list)
    api_key: str = ""
    order_secrets: dict[str, str] = field(default_factory=dict)
    receipt_tokens: dict[str, str] = field(default_factory=dict)
    _tables: bytes = b""
    _objects: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def anyone(self) -> Visitor:
        return self.world.client()

    # ---- putting back

    def keep(self) -> None:
        """This is the moment that `back` returns to."""
        self._tables = pickle.dumps({name: table.items for name, table in _tables().items()})
        self._objects = {name: {key: pickle.dumps(one.value) for key, one in found.items()} for name, found in _objects().items()}

    def back(self) -> None:
        from moto.core.model_instances import reset_model_data

        # moto keeps every object it ever made, for a dashboard; in a long run that fills the machine.
        reset_model_data()
        tables = _tables()
        for name, items in pickle.loads(self._tables).items():  # noqa: S301 - our own bytes of a moment ago
            tables[name].items = items
            if tables[name].stream_shard is not None:
                tables[name].stream_shard.items.clear()
        for name, found in _objects().items():
            s3, kept = self.world.aws("s3"), self._objects[name]
            for key in set(found) - set(kept):
                s3.delete_object(Bucket=name, Key=key)
            for key in set(kept) - set(found):
                s3.put_object(Bucket=name, Key=key, Body=pickle.loads(kept[key]))  # noqa: S301 - our own bytes of a moment ago
        street = wiring.context().street
        wiring.use(clock=self.world.clock)
        live_on(self.world, street)


def _tables() -> Any:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables


def _objects() -> dict[str, dict[str, Any]]:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return {name: dict(bucket.keys.items()) for name, bucket in s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets.items()}


class _Copies:
    """moto copies each table before each part of a transaction, attribute by attribute. Here one transaction copies each table
    once, and of it what may change: its items.
    """

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(copy, name)

    def deepcopy(self, value: Any) -> Any:
        if not hasattr(value, "stream_shard"):
            return copy.deepcopy(value)
        if id(value) not in self._made:
            made = copy.copy(value)
            made.items = pickle.loads(pickle.dumps(value.items))  # noqa: S301 - our own bytes
            self._made[id(value)] = made
        return self._made[id(value)]

    def around(self, transact: Any) -> Any:
        def run(backend: Any, transact_items: Any) -> None:
            self._made.clear()
            transact(backend, transact_items)

        return run


def _copy_less(patch: pytest.MonkeyPatch) -> None:
    import moto.dynamodb.models

    copies = _Copies()
    backend = moto.dynamodb.models.DynamoDBBackend
    patch.setattr(moto.dynamodb.models, "copy", copies)
    patch.setattr(backend, "transact_write_items", copies.around(backend.transact_write_items))


@contextmanager
def open_street(folder: Path, *, whole: bool) -> Iterator[Street]:
    """`whole` plays every story of the demo, which takes a minute."""
    import boto3
    from moto import mock_aws

    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        return clients.setdefault(service, boto3.client(service, region_name=REGION))

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        _copy_less(patch)
        with register_people.register_world(client, folder) as world:
            made = Street(world)
            _open(patch, made, folder, whole)
            made.keep()
            limits.hold(patch)
            yield made


def _open(patch: pytest.MonkeyPatch, it: Street, folder: Path, whole: bool) -> None:
    from chalicelib.casework.orders import SOURCES
    from chalicelib.usecases import apikeys, limits, receipts
    from infra.demo import faq

    # More come from one address here than from any house; counters have tests of their own.
    for name, bucket in limits.BUCKETS.items():
        patch.setitem(limits.BUCKETS, name, limits.Bucket(bucket.seconds, hot=10**9))
    sms = msgspec.structs.replace(it.world.street.sms, receipts=2)
    live_on(it.world, full_street(it.world.street), sms=sms)
    ctx = it.world.context
    it.api_key = apikeys.make(ctx, APP)[1]
    it.order_secrets = {source: wiring.house().shared_secrets.make(source) for source in SOURCES}
    it.receipt_tokens = {provider: receipts.token(ctx, provider) for provider in receipts.PROVIDERS}
    faq.keep(ctx)
    _story(patch, it, folder, whole)
    _registers(it)


def _story(patch: pytest.MonkeyPatch, it: Street, folder: Path, whole: bool) -> None:
    from chalicelib.usecases import capability
    from infra.demo import cases, roles

    ctx = it.world.context
    for person in roles.ensure_staff(ctx, folder / "passwords.json"):
        it.desk[person["username"]] = it.world.client()
        it.desk[person["username"]].get("/desk/signin").form().fill(
            username=person["username"], password=person["password"]
        ).submit()
    with patch.context() as fewer:
        if not whole:
            fewer.setattr(tomllib, "loads", partial(_some, tomllib.loads))
        played = cases.play(ctx)
    for number in range(3):
        steps.reported(it.world, text=f"{number + 1}号楼充电桩不够")
    it.numbers = [one.case.no for one in played]
    it.tokens = [capability.token_for(ctx, one.case.no, one.case.generation) for one in played]


def _some(loads: Callable[[str], dict[str, Any]], text: str) -> dict[str, Any]:
    return {name: entries[:SOME] if name in {"cases", "registers"} else entries for name, entries in loads(text).items()}


def _registers(it: Street) -> None:
    from chalicelib.usecases import register_link

    made = [register_people.send(it.world, register_people.rental(2, first=40), place=0)]
    made += [register_people.send(it.world, register_people.household(2, first=50, slot_day="2026-11-20"), "population", place=1)]
    it.registrations = [one.no for one in made]
    it.tokens += [register_link.token_for(it.world.context, one) for one in made]
