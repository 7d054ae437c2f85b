"""What every test would otherwise pay again, kept for the process: a street begins in a third of the time.

Nothing here changes what is done, only how often: SDK models and templates are parsed once, and the same password is hashed and
checked with argon2 once (both are pure functions of what they are given, but for the salt).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest


def begin_quickly(patch: pytest.MonkeyPatch) -> None:
    """For the whole run."""
    _one_loader(patch)
    _one_hash(patch)
    _one_look_at_names(patch)


def _one_loader(patch: pytest.MonkeyPatch) -> None:
    """All sessions of the SDK share what they read of its models; one session's clients always do."""
    import botocore.loaders
    import botocore.session

    patch.setattr(botocore.session, "create_loader", cache(botocore.loaders.create_loader))


def _one_hash(patch: pytest.MonkeyPatch) -> None:
    from chalicelib.usecases import signin

    patch.setattr(signin, "hash_password", cache(signin.hash_password))
    patch.setattr(signin, "_verify", cache(signin._verify))


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


def read_templates_as_json(patch: pytest.MonkeyPatch) -> None:
    """Ours are JSON, but for a few of the tests' own; moto reads each with a YAML parser written in Python."""
    from moto.cloudformation.models import Stack

    slowly = Stack.parse_template

    def parse(template: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(template) if template.startswith("{") else slowly(template)
        return found

    patch.setattr(Stack, "parse_template", staticmethod(parse))
