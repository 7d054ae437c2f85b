"""What every test would otherwise pay again, kept for the process: a street begins in a third of the time.

Nothing here changes what is done, only how often: SDK models and templates are parsed once, and the same password is hashed and
checked with argon2 once (both are pure functions of what they are given, but for the salt).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.adapters.aws import Aws
from infra.streetfile import compile as compile_street
from tests import quick_moto

if TYPE_CHECKING:
    from chalicelib.street import Place, Street


def begin_quickly(patch: pytest.MonkeyPatch) -> None:
    """For the whole run."""
    _one_loader(patch)
    _one_hash(patch)
    _one_reading(patch)
    quick_moto.answer_quickly(patch)


def _one_loader(patch: pytest.MonkeyPatch) -> None:
    """The application's clients come from one session of the SDK, and all sessions share what they read of its models. A client
    has events of its own.
    """
    import botocore.loaders
    import botocore.session

    patch.setattr(botocore.session, "create_loader", cache(botocore.loaders.create_loader))
    session = cache(botocore.session.get_session)
    begin = Aws.__init__

    def begins(self: Aws, *args: Any, **named: Any) -> None:
        begin(self, *args, **named)
        self._session = session()

    patch.setattr(Aws, "__init__", begins)


def _one_hash(patch: pytest.MonkeyPatch) -> None:
    from chalicelib.usecases import signin

    patch.setattr(signin, "hash_password", cache(signin.hash_password))
    patch.setattr(signin, "_verify", cache(signin._verify))


def _one_reading(patch: pytest.MonkeyPatch) -> None:
    """A street's two files are read and checked once for as long as they say the same; what comes of them never changes."""
    slowly = compile_street.load
    known: dict[tuple[Path, bytes, bytes], tuple[Street, tuple[Place, ...]]] = {}

    def load(path: Path) -> tuple[Street, list[Place]]:
        places = path.with_suffix(".csv")
        if not (path.is_file() and places.is_file()):
            return slowly(path)
        said = (path, path.read_bytes(), places.read_bytes())
        if said not in known:
            street, found = slowly(path)
            known[said] = (street, tuple(found))
        street, kept = known[said]
        return street, list(kept)

    patch.setattr(compile_street, "load", load)


def read_templates_as_json(patch: pytest.MonkeyPatch) -> None:
    """Ours are JSON, but for a few of the tests' own; moto reads each with a YAML parser written in Python."""
    from moto.cloudformation.models import Stack

    slowly = Stack.parse_template

    def parse(template: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(template) if template.startswith("{") else slowly(template)
        return found

    patch.setattr(Stack, "parse_template", staticmethod(parse))
