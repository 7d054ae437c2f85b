"""Who is measured in a cold start: the package as built, the same from its wheels, and the peers, each laid out in folders.

Everybody's dependencies are unzipped wheels for Lambda; all but `source` have unchecked byte code, as the package has.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import levers, tls
from benchmarks.contender import Contender
from infra.package import bytecode, wheels
from infra.package.build import ROOT, Built

HERE = Path(__file__).parent
BUILT, SOURCE = "the built package", "the same from source"
FLOOR = "stdlib, one PutItem"
SDK = "the package's botocore alone, one PutItem"
CHALICE = "Chalice + PynamoDB, one PutItem"
FASTAPI = "FastAPI + Mangum, the whole job"
# Name → module of benchmarks.peers.
PEERS = {
    FLOOR: "stdlib_put",
    CHALICE: "chalice_put",
    "Powertools + boto3, one PutItem": "powertools_put",
    "Flask + apig-wsgi + boto3, one PutItem": "flask_put",
    FASTAPI: "fastapi_whole",
}


@contextmanager
def laid_out(built: Built, only: Sequence[str], say: Callable[[str], None]) -> Iterator[tuple[Path, list[Contender]]]:
    """A scratch folder with the stub's certificate in it, and everybody (or `only` those), trusting it beside the world's
    authorities. The peers need an index of packages the first time.
    """
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as name:
        scratch = Path(name)
        authority = tls.make(scratch)
        package, source = scratch / "package", scratch / "source"
        _unzip([built.zip], package)
        _source(package, source, say)
        for own in (package, source):
            tls.trust(own, own / "botocore" / "cacert.pem", authority)
        # Ours and the floor run one after the other: the ratio that is the tightest.
        found = [Contender(SOURCE, "app", (source,)), Contender(BUILT, "app", (package,))]
        if not only or set(only) & set(PEERS):
            found += _peers(package, scratch, authority, dependencies(say))
        if not only:
            found += levers.variants(package, source, scratch, authority)
        yield scratch, [one for one in found if not only or one.name in only]


def _unzip(archives: Iterable[Path], target: Path) -> None:
    for archive in archives:
        with zipfile.ZipFile(archive) as content:
            content.extractall(target)


def _source(package: Path, source: Path, say: Callable[[str], None]) -> None:
    """The same app as it lies in the repository, with the street's two files, every file of its wheels, and no byte code."""
    without = shutil.ignore_patterns("__pycache__")
    source.mkdir()
    shutil.copyfile(ROOT / "app.py", source / "app.py")
    shutil.copytree(ROOT / "chalicelib", source / "chalicelib", ignore=without)
    for name in ("street.json", "places.json"):
        shutil.copyfile(package / "chalicelib" / name, source / "chalicelib" / name)
    shutil.copytree(package / "chalice", source / "chalice", ignore=without)
    wanted = wheels.requirements(ROOT / "pyproject.toml")
    _unzip(wheels.fetch(wanted, wheels.runtime(), ROOT / ".local", say), source)


def _peers(package: Path, scratch: Path, authority: Path, site: Path) -> list[Contender]:
    """Their few files, with the street that the package serves, compiled."""
    target = scratch / "peers"
    trusted = tls.trust(site, scratch / "authorities.pem", authority)
    here = target / "benchmarks" / "peers"
    here.mkdir(parents=True)
    shutil.copyfile(HERE / "__init__.py", target / "benchmarks" / "__init__.py")
    for source in (HERE / "peers").glob("*.py"):
        shutil.copyfile(source, here / source.name)
    for name in ("street.json", "places.json"):
        shutil.copyfile(package / "chalicelib" / name, here / name)
    bytecode.compile_apart(target)
    environ = {"SSL_CERT_FILE": str(trusted), "AWS_CA_BUNDLE": str(trusted)}
    found = [Contender(name, f"benchmarks.peers.{module}", (target, site), environ) for name, module in PEERS.items()]
    # Its own list of authorities knows the stub's already.
    return [*found, Contender(SDK, "benchmarks.peers.sdk_put", (target, package))]


def requirements() -> list[str]:
    """The group `bench` of pyproject.toml."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    return [str(pin) for pin in groups["bench"]]


def dependencies(say: Callable[[str], None]) -> Path:
    """The peers' libraries, compiled once and kept in .local; never in the product's environment."""
    wanted, target = requirements(), wheels.runtime()
    found = wheels.fetch(wanted, target, ROOT / ".local", say)
    key = hashlib.sha256("\n".join([target.name, *wanted, *(wheel.name for wheel in found)]).encode()).hexdigest()[:16]
    folder = ROOT / ".local" / "peers" / key
    if not folder.exists():
        say(f"  peers: {len(found)} wheels, compiled once and kept in {os.path.relpath(folder)}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            tree = Path(scratch) / "tree"
            _unzip(found, tree)
            _chalice(tree / "chalice")
            bytecode.compile_apart(tree)
            if not folder.exists():
                shutil.move(tree, folder)
    return folder


def _chalice(target: Path) -> None:
    """The two files of it that Chalice's own packager ships."""
    import chalice
    from chalice import app

    target.mkdir()
    for module in (chalice, app):
        source = Path(inspect.getfile(module))
        shutil.copyfile(source, target / source.name)
