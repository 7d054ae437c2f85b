"""One street's package and template, from what all streets share and what is its own."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib.street import Place, Street, read_places, read_street
from infra.errors import InfraError
from infra.package import archive
from infra.package.common import Common, opened
from infra.streetfile import compile as streetfile
from infra.template.assemble import full_template
from infra.template.cfn import check_partition

ROOT = Path(__file__).parent.parent.parent
# Where the application looks for the street's files.
INSIDE = "chalicelib"


@dataclass(frozen=True)
class Places:
    """Where things are: the sources, what is kept between builds, what is built, and the street files."""

    root: Path = ROOT
    cache: Path = ROOT / ".local"
    build: Path = ROOT / "build"
    streets: Path = ROOT / "infra" / "streets"

    def known(self) -> list[str]:
        """The streets there are, by id."""
        return sorted(path.stem for path in self.streets.glob("*.toml"))


@dataclass(frozen=True)
class Built:
    """`sha256` is of the zip; `code_key` the key to upload it under; `places` how many the street has."""

    street: Street
    partition: str
    zip: Path
    template: Path
    sha256: str
    code_key: str
    places: int


def partition_of(street: Street) -> str:
    """China's regions are a partition of their own."""
    return "aws-cn" if street.region.startswith("cn-") else "aws"


@contextmanager
def shared(say: Callable[[str], None], where: Places | None = None) -> Iterator[Common]:
    """For several streets in one run: what they have alike is made once."""
    where = where or Places()
    with opened(where.root, where.cache, lambda text: say(f"  {text}")) as common:
        yield common


def build(
    street_id: str,
    say: Callable[[str], None],
    partition: str | None = None,
    where: Places | None = None,
    common: Common | None = None,
) -> Built:
    """Builds into `build/<street>/`. Raises `InfraError` or `StreetFileError` with the remedy."""
    where = where or Places()
    if common is None:
        with shared(say, where) as alone:
            return build(street_id, say, partition, where, alone)
    street, places, compiled = _street(street_id, where.streets)
    chosen = check_partition(partition or partition_of(street))
    say(f"{street_id}: street file ok: {len(street.committees)} committees, {len(places)} places; partition {chosen}")
    base = common.zip(street.timezone)
    out = where.build / street_id
    out.mkdir(parents=True, exist_ok=True)
    package = out / "package.zip"
    count = archive.extend(base, package, {f"{INSIDE}/{name}": data for name, data in compiled.items()})
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    code_key = f"doorstep/{street_id}/{sha256[:16]}.zip"
    try:
        content = full_template(street, chosen, common.facts(), code_key)
    except ValueError as error:
        raise InfraError(str(error)) from error
    template = out / "template.json"
    template.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    say(f"  {_shown(package)}: {package.stat().st_size / 1e6:.2f} MB, {count} files, sha256 {sha256[:16]}…")
    say(f"  {_shown(template)}: {template.stat().st_size / 1e3:.0f} kB, {len(content['Resources'])} resources")
    return Built(street, chosen, package, template, sha256, code_key, len(places))


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _street(street_id: str, streets: Path) -> tuple[Street, dict[str, Place], dict[str, bytes]]:
    source = streets / f"{street_id}.toml"
    if not source.exists():
        known = ", ".join(sorted(path.stem for path in streets.glob("*.toml"))) or "none yet"
        raise InfraError(f"there is no street {street_id!r}; {_shown(streets)}/ has {known}")
    with tempfile.TemporaryDirectory(prefix="doorstep-") as scratch:
        street_json, places_json = streetfile.write(source, Path(scratch))
        files = {street_json.name: street_json.read_bytes(), places_json.name: places_json.read_bytes()}
        return read_street(street_json), read_places(places_json), files
