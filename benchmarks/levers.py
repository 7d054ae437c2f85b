"""What each lever of the cold start brings: the package once more without it, in the same run as everybody.

The collector that rests while a process begins is not among them; it can't be switched by leaving a file out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.contender import Contender
from infra.package import bytecode

# What `infra/package/lighten.py` and `sdk.py` make light.
SDK = ("botocore", "jmespath", "urllib3")


def variants(package: Path, source: Path, scratch: Path, authority: Path) -> list[Contender]:
    """`source` has the wheels as they come."""

    def whole_sdk(folder: Path) -> None:
        for name in SDK:
            shutil.rmtree(folder / name)
            shutil.copytree(source / name, folder / name)
        bytecode.compile_apart(folder)

    def no_byte_code(folder: Path) -> None:
        for kept in sorted(folder.rglob("__pycache__")):
            shutil.rmtree(kept)

    without: Mapping[str, Callable[[Path], None]] = {
        "the package, every module at once": lambda folder: (folder / "chalicelib" / "routes.json").unlink(),
        "the package, nothing kept compiled": lambda folder: (folder / "chalicelib" / "kept.bin").unlink(),
        "the package, the SDK as it comes": whole_sdk,
        "the package, without byte code": no_byte_code,
    }
    return [_changed(name, change, package, scratch / f"variant{n}") for n, (name, change) in enumerate(without.items())]


def _changed(name: str, change: Callable[[Path], None], package: Path, folder: Path) -> Contender:
    shutil.copytree(package, folder)
    change(folder)
    return Contender(name, "app", (folder,))
