"""What moto does over and over without need, done once or not at all: the same answers in a good part less time.

Each of these was found by a profile of the tests; `test_testbench` holds the ones that could change an answer to what moto
says by itself.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

# Table → the keys (hash, range or None) of its items that a transaction may change.
Touched = dict[str, list[tuple[Any, Any]]]


def answer_quickly(patch: pytest.MonkeyPatch) -> None:
    """For the whole run; the process's moto, not ministack."""
    _one_look_at_names(patch)
    _parts_that_are_there(patch)
    _copies_of_what_changes(patch)
    _one_private_key(patch)


def _one_look_at_names(patch: pytest.MonkeyPatch) -> None:
    """Under which names moto looks for a part of an answer depends on names alone; it works them out for each part of each
    answer, which is a quarter of what a call costs.
    """
    from moto.core import serialize

    slowly = serialize.XFormedAttributePicker.get_possible_keys
    known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def quickly(self: Any, context: Any) -> tuple[str, ...]:
        shape, service = context.shape, context.service_model
        parent = getattr(shape, "parent", None)
        named = (service.service_name if service else "", getattr(parent, "name", ""), getattr(shape, "name", ""))
        names = (*named, context.key, type(context.obj).__name__)
        if names not in known:
            known[names] = tuple(slowly(self, context))
        return known[names]

    patch.setattr(serialize.XFormedAttributePicker, "get_possible_keys", quickly)


def _parts_that_are_there(patch: pytest.MonkeyPatch) -> None:
    """An attribute's value has one of ten types; moto looks for all ten, under three names each."""
    from moto.core import serialize

    slowly = serialize.BaseJSONSerializer._serialize_type_structure

    def quickly(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name != "AttributeValue" or type(value) is not dict or not key:
            slowly(self, serialized, value, shape, key)
            return
        wrapper = self.MAP_TYPE()
        for name in shape.members:
            if name in value:
                self._serialize(wrapper, value[name], shape.members[name], name)
        self._default_serialize(serialized, wrapper, shape, key)

    patch.setattr(serialize.BaseJSONSerializer, "_serialize_type_structure", quickly)


def _copies_of_what_changes(patch: pytest.MonkeyPatch) -> None:
    """To be able to go back, moto copies every item and every stream record of a table before a transaction. Of those that the
    transaction does not name none changes, so the copy shares them.
    """
    from moto.dynamodb import models
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.dynamodb.models.table import Table

    slowly = models.DynamoDBBackend.transact_write_items
    touched: Touched = {}

    def transact(self: Any, transact_items: Sequence[Mapping[str, Any]]) -> None:
        touched.clear()
        for item in transact_items:
            for asked in item.values():
                table = self.tables.get(asked.get("TableName"))
                named = asked.get("Item", asked.get("Key", {}))
                if table is not None:
                    parts = [named.get(name) for name in (table.hash_key_attr, table.range_key_attr)]
                    keys = [DynamoType(part) if part else None for part in parts]
                    touched.setdefault(table.name, []).append((keys[0], keys[1]))
        try:
            slowly(self, transact_items)
        finally:
            touched.clear()

    def deepcopy(value: Any, memo: Any = None) -> Any:
        known = isinstance(value, Table) and value.name in touched
        return _as_it_stands(value, touched[value.name]) if known else copy.deepcopy(value, memo)

    patch.setattr(models.DynamoDBBackend, "transact_write_items", transact)
    patch.setattr(models, "copy", SimpleNamespace(copy=copy.copy, deepcopy=deepcopy))


def _as_it_stands(table: Any, keys: Sequence[tuple[Any, Any]]) -> Any:
    """A table of its own with the same items; those of `keys` are copies."""
    kept = copy.copy(table)
    ranged = table.range_key_attr is not None
    kept.items = defaultdict(dict, {one: dict(rows) if ranged else rows for one, rows in table.items.items()})
    for first, second in keys:
        rows = kept.items.get(first)
        if rows is not None and not ranged:
            kept.items[first] = copy.deepcopy(rows)
        elif rows is not None and second in rows:
            rows[second] = copy.deepcopy(rows[second])
    if table.stream_shard is not None:
        kept.stream_shard = copy.copy(table.stream_shard)
        kept.stream_shard.items, kept.stream_shard.table = list(table.stream_shard.items), kept
    return kept


def _one_private_key(patch: pytest.MonkeyPatch) -> None:
    """moto makes an RSA key pair for each KMS key, also for those that have no use for one."""
    from moto.kms import models

    patch.setattr(models, "generate_private_key", cache(models.generate_private_key))
