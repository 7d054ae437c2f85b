"""Where the one-machine server keeps its things: `.local/<street>/`, one folder a street, and one server at a time in it."""

from __future__ import annotations

import fcntl
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent


class Home:
    """Paths below `.local`; nothing is made before `take`."""

    def __init__(self, street_id: str, local: Path) -> None:
        self.local = local
        self.folder = local / street_id
        self.engine = self.folder / "engine"
        # Where the engine answers while the server runs, for tools that need its tables.
        self.endpoint = self.folder / "endpoint"
        self.compiled = self.folder / "street"
        self.clock = self.folder / "clock.json"
        self.secrets = self.folder / "demo-passwords.json"
        self.api_key = self.folder / "demo-api-key"
        self.played = self.folder / "demo-played"
        self.log = self.folder / "serve.log"
        self.demo = local / "demo.json"

    @contextmanager
    def take(self, *, fresh: bool) -> Iterator[None]:
        """Holds the folder; `fresh` empties it first. Raises `InfraError` when another server holds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.local / f"{self.folder.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InfraError(f"a server of this street is already running with {self.folder}; stop it first") from error
            if fresh:
                shutil.rmtree(self.folder)
                self.folder.mkdir()
            # These stand while the server answers, so that whoever waits for them can.
            self._forget()
            try:
                yield
            finally:
                self._forget()

    def _forget(self) -> None:
        self.demo.unlink(missing_ok=True)
        self.endpoint.unlink(missing_ok=True)

    def write_demo(self, manifest: dict[str, Any]) -> None:
        draft = self.demo.with_suffix(".new")
        draft.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", "utf-8")
        draft.replace(self.demo)
