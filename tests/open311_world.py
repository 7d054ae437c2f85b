"""One small street for all tests of what other applications see: on moto, behind the one-machine server's own gateway."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.engine import REGION, free_port
from tests.world import World, open_world


@contextmanager
def town(folder: Path) -> Iterator[World]:
    import boto3
    from moto import mock_aws

    with mock_aws(), open_world(lambda service: boto3.client(service, region_name=REGION), folder) as world:
        yield world


@contextmanager
def served(world: World) -> Iterator[str]:
    """The application over HTTP; its base address."""
    from chalicelib.handlers.fallback import answer_for
    from infra.serve.gateway import Gateway, make_server

    port = free_port()
    server: Any = make_server(Gateway(world.app.app, answer_for, {}), "127.0.0.1", port).server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()
    thread.join()
