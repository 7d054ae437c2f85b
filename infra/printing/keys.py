"""Which key signs what is printed: the deployed street's, or the one-machine server's. There is no other way to sign.

Locally the key lives in the engine under `.local/<street>/`. When `make serve` runs, its engine is asked; when not, the engine is
started for a moment, so that posters printed before the first `make serve` still open there.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.keyring import Keyring
from chalicelib.street import Street
from infra.engine import HOST, REGION, Engine, isolate
from infra.errors import InfraError
from infra.serve.home import ROOT, Home
from infra.serve.stack import STACK, ensure_stack
from infra.template.data import data_template, outputs_of


def deployed(stack: str, region: str, endpoint: str | None = None) -> Keyring:
    """The keys of a deployed street, with the credentials of the AWS CLI."""
    aws = Aws(region, endpoint)
    outputs = outputs_of(aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0])
    return Keyring(aws.client("dynamodb"), outputs["KeysTable"])


@contextmanager
def local(street: Street, folder: Path | None = None) -> Iterator[Keyring]:
    """The keys of `make serve` on this machine. Raises `InfraError` when a server of it is just starting or stopping."""
    home = Home(street.id, folder or Path(os.environ.get("DOORSTEP_LOCAL") or ROOT / ".local"))
    isolate(os.environ)
    home.folder.mkdir(parents=True, exist_ok=True)
    with (home.local / f"{home.folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield _running(home)
            return
        engine = Engine(home.engine, persist=True)
        engine.start()
        try:
            origin = f"http://{HOST}:{os.environ.get('PORT') or '8000'}"
            standing = engine.client("cloudformation")
            outputs, _ = ensure_stack(standing, data_template(street, "aws"), {"SiteOrigin": origin})
            yield Keyring(engine.client("dynamodb"), outputs["KeysTable"])
        finally:
            if not engine.stop():
                raise InfraError(f"the engine did not stop by itself, so the key may not be kept; its log: {engine.log}")


def _running(home: Home) -> Keyring:
    try:
        endpoint = home.endpoint.read_text("utf-8").strip()
    except OSError as error:
        raise InfraError(f"a server of this street is starting or stopping with {home.folder}; try again in a moment") from error
    return deployed(STACK, REGION, endpoint)
