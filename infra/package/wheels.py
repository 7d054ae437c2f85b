"""Wheels for Lambda: chosen by pyproject.toml, pinned by what is installed here, fetched once into .local/.

Transitive dependencies (botocore above all) get exactly the versions that the tests ran with.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from infra.errors import InfraError
from infra.template.assemble import RUNTIMES

PIP_S = 600
COMPLETE = "complete"

# Chalice's own wheel is the developer's tool; its packager vendors the two modules that run.
PROVIDED = frozenset({"chalice"})

# The C library of Lambda's images: Amazon Linux 2 up to Python 3.11, Amazon Linux 2023 after it.
GLIBC = {"3.11": 26}
GLIBC_NEWER = 34

# What the declared dependencies bring along.
TRANSITIVE = frozenset(
    ["argon2-cffi-bindings", "botocore", "cffi", "jmespath", "markupsafe", "pycparser", "python-dateutil", "six", "urllib3"]
)


@dataclass(frozen=True)
class Runtime:
    """`version` is `major.minor` of the interpreter that compiles and of the Lambda runtime alike."""

    version: str

    @property
    def name(self) -> str:
        return f"python{self.version}"

    @property
    def tag(self) -> str:
        return "cpython-" + self.version.replace(".", "")

    @property
    def platforms(self) -> list[str]:
        """Newest first; pip takes the first that a project offers."""
        return [f"manylinux_2_{minor}_x86_64" for minor in range(self.glibc, 16, -1)] + ["manylinux2014_x86_64"]

    @property
    def glibc(self) -> int:
        return GLIBC.get(self.version, GLIBC_NEWER)


def runtime() -> Runtime:
    """The running interpreter's, since its byte code ships. Raises `InfraError` when AWS doesn't offer it."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version not in RUNTIMES:
        raise InfraError(f"Python {version} builds byte code that no Lambda runtime reads; use one of {', '.join(RUNTIMES)}")
    return Runtime(version)


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def requirements(pyproject: Path) -> list[str]:
    """What ships with the running interpreter, as `name==version`, from [project] dependencies."""
    declared = [Requirement(one) for one in tomllib.loads(pyproject.read_text("utf-8"))["project"]["dependencies"]]
    ours = [one for one in declared if one.marker is None or one.marker.evaluate()]
    return sorted(f"{one.name}{one.specifier}" for one in ours if _name(one.name) not in PROVIDED)


def constraints(wanted: Sequence[str]) -> list[str]:
    """The installed version of everything that is not itself wanted."""
    named = {_name(requirement) for requirement in wanted}
    installed = {dist.name.lower().replace("_", "-"): dist.version for dist in importlib.metadata.distributions() if dist.name}
    return sorted(f"{name}=={version}" for name, version in installed.items() if name not in named)


def fetch(wanted: Sequence[str], target: Runtime, cache: Path, say: Callable[[str], None]) -> list[Path]:
    """The wheels of `wanted` and of all they need, in order of their names. Raises `InfraError` with pip's words."""
    pinned = constraints(wanted)
    key = hashlib.sha256("\n".join([target.name, *target.platforms, *wanted, *_needed(pinned)]).encode()).hexdigest()[:16]
    folder = cache / "wheels" / key
    if not (folder / COMPLETE).exists():
        say(f"  fetching wheels for {target.name} on Linux x86_64 (once; kept in {os.path.relpath(folder)})")
        _download(wanted, pinned, target, folder)
    return sorted(folder.glob("*.whl"))


def _needed(pinned: Sequence[str]) -> list[str]:
    """Of the installed versions, only those that can reach the package: a new linter must not fetch everything again."""
    return [pin for pin in pinned if _name(pin) in TRANSITIVE]


def _download(wanted: Sequence[str], pinned: Sequence[str], target: Runtime, folder: Path) -> None:
    """Into a folder of its own, which gets its name when it is whole: two builds may fetch at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        whole = Path(scratch) / "whole"
        whole.mkdir()
        _pip(wanted, pinned, target, whole)
        (whole / COMPLETE).touch()
        if folder.exists() and not (folder / COMPLETE).exists():
            shutil.rmtree(folder)
        if not folder.exists():
            whole.rename(folder)


def _pip(wanted: Sequence[str], pinned: Sequence[str], target: Runtime, folder: Path) -> None:
    pins = folder / "constraints.txt"
    pins.write_text("\n".join(pinned) + "\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", target.version, "--dest", str(folder), "--constraint", str(pins)]
    for platform in target.platforms:
        command += ["--platform", platform]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, timeout=PIP_S, check=False)
    if done.returncode:
        raise InfraError(
            f"pip found no set of wheels for {target.name} on Linux x86_64 with glibc 2.{target.glibc}; "
            f"pin versions that have one in pyproject.toml.\n{done.stderr.strip()}"
        )
