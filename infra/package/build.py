"""One street's package, step by step."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chalicelib.street import Place, Street, read_places, read_street
from infra.errors import InfraError
from infra.package import archive, bytecode, project, prune, sdk, wheels
from infra.streetfile import compile as streetfile
from infra.template.assemble import full_template
from infra.template.cfn import check_partition

ROOT = Path(__file__).parent.parent.parent
STREETS = ROOT / "infra" / "streets"


@dataclass(frozen=True)
class Places:
    """Where things are: the sources, what is kept between builds, and what is built."""

    root: Path = ROOT
    cache: Path = ROOT / ".local"
    build: Path = ROOT / "build"


@dataclass(frozen=True)
class Built:
    """`sha256` is of the zip; `code_key` the key to upload it under."""

    street: Street
    partition: str
    zip: Path
    template: Path
    sha256: str
    code_key: str


def partition_of(street: Street) -> str:
    """China's regions are a partition of their own."""
    return "aws-cn" if street.region.startswith("cn-") else "aws"


def build(street_id: str, say: Callable[[str], None], partition: str | None = None, where: Places | None = None) -> Built:
    """Builds into `build/<street>/`. Raises `InfraError` or `StreetFileError` with the remedy."""
    where = where or Places()
    with tempfile.TemporaryDirectory(prefix="doorstep-") as scratch:
        street, places, compiled = _street(street_id, Path(scratch) / "street")
        chosen = check_partition(partition or partition_of(street))
        say(f"{street_id}: street file ok: {len(street.committees)} committees, {len(places)} places; partition {chosen}")
        target = wheels.runtime()
        wanted = wheels.requirements(where.root / "pyproject.toml")
        found = wheels.fetch(wanted, target, where.cache, say)
        dependencies = _dependencies(found, street.timezone, target, where.cache, say)
        app = Path(scratch) / "app"
        app.mkdir()
        made = project.make(where.root, app, compiled, target.name, wanted)
        modules = bytecode.compile_apart(app)
        routes = sum(len(methods) for methods in made.facts.api["paths"].values())
        say(f"  app: {len(made.files)} files, {modules} modules compiled, {routes} routes, {len(made.facts.handlers)} functions")
        out = where.build / street_id
        out.mkdir(parents=True, exist_ok=True)
        package = out / "package.zip"
        count = archive.write(package, (dependencies, app))
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    code_key = f"doorstep/{street_id}/{sha256[:16]}.zip"
    try:
        content = full_template(street, chosen, made.facts, code_key)
    except ValueError as error:
        raise InfraError(str(error)) from error
    template = out / "template.json"
    template.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    say(f"  {_shown(package)}: {package.stat().st_size / 1e6:.2f} MB, {count} files, sha256 {sha256[:16]}…")
    say(f"  {_shown(template)}: {template.stat().st_size / 1e3:.0f} kB, {len(content['Resources'])} resources")
    return Built(street, chosen, package, template, sha256, code_key)


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _street(street_id: str, folder: Path) -> tuple[Street, dict[str, Place], dict[str, bytes]]:
    source = STREETS / f"{street_id}.toml"
    if not source.exists():
        known = ", ".join(sorted(path.stem for path in STREETS.glob("*.toml"))) or "none yet"
        raise InfraError(f"there is no street {street_id!r}; infra/streets/ has {known}")
    street_json, places_json = streetfile.write(source, folder)
    files = {street_json.name: street_json.read_bytes(), places_json.name: places_json.read_bytes()}
    return read_street(street_json), read_places(places_json), files


def _dependencies(found: list[Path], zone: str, target: wheels.Runtime, cache: Path, say: Callable[[str], None]) -> Path:
    """What ships of the wheels, compiled; kept for the next build with the same wheels, zone and rules."""
    rules = [Path(source).read_bytes() for source in (prune.__file__, sdk.__file__, bytecode.__file__)]
    facts = "\n".join([target.name, sys.version, zone, *(wheel.name for wheel in found)])
    key = hashlib.sha256(b"\0".join([facts.encode(), *rules])).hexdigest()[:16]
    folder = cache / "dependencies" / key
    if folder.exists():
        say(f"  dependencies: {len(found)} wheels, pruned and compiled before")
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
        modules = bytecode.compile_apart(tree)
        # Another build may have been quicker; both made the same.
        if not folder.exists():
            shutil.move(tree, folder)
    say(f"  dependencies: {len(found)} wheels, {kept} files kept, {skipped} left out, {modules} modules compiled")
    return folder
