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


def _one_loader(patch: pytest.MonkeyPatch) -> None:
    """All sessions of the SDK share what they read of its models; one session's clients always do."""
    import botocore.loaders
    import botocore.session

    patch.setattr(botocore.session, "create_loader", cache(botocore.loaders.create_loader))


def _one_hash(patch: pytest.MonkeyPatch) -> None:
    from chalicelib.usecases import signin

    patch.setattr(signin, "hash_password", cache(signin.hash_password))
    patch.setattr(signin, "_verify", cache(signin._verify))


def read_templates_as_json(patch: pytest.MonkeyPatch) -> None:
    """Ours are JSON, but for a few of the tests' own; moto reads each with a YAML parser written in Python."""
    from moto.cloudformation.models import Stack

    slowly = Stack.parse_template

    def parse(template: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(template) if template.startswith("{") else slowly(template)
        return found

    patch.setattr(Stack, "parse_template", staticmethod(parse))
