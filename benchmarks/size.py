"""The package, zipped, against everything that the wheels hold, zipped."""

from __future__ import annotations

from benchmarks.row import Row
from infra.package import wheels
from infra.package.build import ROOT, Built

REACH = 0.35


def row(built: Built) -> Row:
    """Wheels are zips already: their sizes added up are the unpruned package's, less only our own few sources."""
    target = wheels.runtime()
    found = wheels.fetch(wheels.requirements(ROOT / "pyproject.toml"), target, ROOT / ".local", lambda _: None)
    whole = sum(wheel.stat().st_size for wheel in found)
    return Row("package, zipped", built.zip.stat().st_size / 1e6, whole / 1e6, REACH, unit="MB", of="its wheels", key="size")
