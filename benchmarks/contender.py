"""One of those that are measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Contender:
    """`folders` lead the import path of a process that imports `module`; `environ` is set for it alone."""

    name: str
    module: str
    folders: tuple[Path, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
