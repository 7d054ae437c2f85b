"""A street on moto in this process, with the application on it: for what is counted and weighed rather than timed."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.engine import REGION, isolate
from tests.quick import begin_quickly, read_templates_as_json
from tests.world import SMALL, World, open_world


@contextmanager
def street(source: Path = SMALL) -> Iterator[World]:
    """The street of that file; made atomic and quick as the tests have it. The environment is as before when it ends."""
    from moto.dynamodb.responses import DynamoHandler

    lock, original = threading.RLock(), DynamoHandler.call_action

    def one_at_a_time(self: Any) -> Any:
        with lock:
            return original(self)

    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        before = dict(os.environ)
        stack.callback(_restore, before)
        isolate(os.environ)
        for name in [name for name in os.environ if name.startswith("DOORSTEP_")]:
            patch.delenv(name)
        begin_quickly(patch)
        patch.setattr(DynamoHandler, "call_action", one_at_a_time)
        read_templates_as_json(patch)
        stack.enter_context(warnings.catch_warnings())
        # moto says which resources of the template it does not emulate; nothing here asks for them.
        warnings.simplefilter("ignore")
        disabled = logging.root.manager.disable
        logging.disable(logging.WARNING)
        stack.callback(logging.disable, disabled)
        stack.enter_context(mock_aws())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-bench-"))
        yield stack.enter_context(
            open_world(lambda name: boto3.client(name, region_name=REGION), Path(folder), street_file=source)
        )


def _restore(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
