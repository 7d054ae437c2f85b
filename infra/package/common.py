"""What the packages of all streets have alike: dependencies, the app, their byte code, and all of it compressed.

It is made once in a run. A street's own zip is that one with the street's two files added at its end, whether the street is
built alone or among a hundred, so that the bytes are the same either way.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.package import archive, bytecode, lighten, project, prune, sdk, wheels
from infra.template.assemble import AppFacts

Say = Callable[[str], None]


class Common:
    """Made by `opened`. `facts()` describe the app; `zip(zone)` is everything that streets of that time zone share; `seconds` is
    the time that making zips took so far.
    """

    def __init__(self, root: Path, cache: Path, scratch: Path, say: Say) -> None:
        self._root = root
        self._cache = cache
        self._scratch = scratch
        self._say = say
        self._made: tuple[Path, AppFacts] | None = None
        self._zips: dict[str, Path] = {}
        self.seconds = 0.0
        self._target = wheels.runtime()
        self._wanted = wheels.requirements(root / "pyproject.toml")

    def facts(self) -> AppFacts:
        """Raises `InfraError` with the remedy."""
        return self._app()[1]

    def zip(self, zone: str) -> Path:
        """Without any street's files. Raises `InfraError` with the remedy."""
        if zone not in self._zips:
            started = time.monotonic()
            found = wheels.fetch(self._wanted, self._target, self._cache, self._say)
            pruned = dependencies(found, zone, self._target, self._cache, self._say)
            target = self._scratch / f"{len(self._zips)}.zip"
            archive.write(target, (pruned, self._app()[0]))
            self._zips[zone] = target
            self.seconds += time.monotonic() - started
        return self._zips[zone]

    def _app(self) -> tuple[Path, AppFacts]:
        if self._made is None:
            folder = self._scratch / "app"
            folder.mkdir()
            made = project.make(self._root, folder, {}, self._target.name, self._wanted)
            modules = bytecode.compile_apart(folder)
            routes = sum(len(methods) for methods in made.facts.api["paths"].values())
            functions = len(made.facts.handlers)
            self._say(f"app: {len(made.files)} files, {modules} modules compiled, {routes} routes, {functions} functions")
            self._made = (folder, made.facts)
        return self._made


@contextmanager
def opened(root: Path, cache: Path, say: Say) -> Iterator[Common]:
    """For one run. Nothing is made before it is asked for. `root` holds the sources, `cache` what is kept between runs."""
    with tempfile.TemporaryDirectory(prefix="doorstep-") as scratch:
        yield Common(root, cache, Path(scratch), say)


def dependencies(found: list[Path], zone: str, target: wheels.Runtime, cache: Path, say: Say) -> Path:
    """What ships of the wheels, compiled; kept for the next build with the same wheels, zone and rules."""
    rules = [Path(source).read_bytes() for source in (prune.__file__, sdk.__file__, lighten.__file__, bytecode.__file__)]
    facts = "\n".join([target.name, sys.version, zone, *(wheel.name for wheel in found)])
    key = hashlib.sha256(b"\0".join([facts.encode(), *rules])).hexdigest()[:16]
    folder = cache / "dependencies" / key
    if folder.exists():
        say(f"dependencies for {zone}: {len(found)} wheels, pruned and compiled before")
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        tree = Path(scratch) / "tree"
        kept = skipped = 0
        for wheel in found:
            with zipfile.ZipFile(wheel) as content:
                for name in content.namelist():
                    if name.endswith("/"):
                        continue
                    if prune.ships(name, zone):
                        content.extract(name, tree)
                        kept += 1
                    else:
                        skipped += 1
        sdk.trim(tree / "botocore" / "data")
        lighten.lighten(tree)
        modules = bytecode.compile_apart(tree)
        # Another build may have been quicker; both made the same.
        if not folder.exists():
            shutil.move(tree, folder)
    say(f"dependencies for {zone}: {len(found)} wheels, {kept} files kept, {skipped} left out, {modules} modules compiled")
    return folder
