"""The zip itself: files in order of their names, one fixed time, one fixed mode, so that equal content is equal bytes."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

# The earliest time a zip can hold.
TIME = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644 << 16
UNIX = 3


def write(target: Path, folders: Iterable[Path]) -> int:
    """Puts every file below the `folders` into `target`. Returns how many. Raises `ValueError` when a name comes twice."""
    files: dict[str, Path] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and files.setdefault(name, path) != path:
                raise ValueError(f"{name} comes from {files[name].parent} and from {path.parent}")
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            _put(archive, name, files[name].read_bytes())
    return len(files)


def extend(base: Path, target: Path, files: Mapping[str, bytes]) -> int:
    """Copies the zip `base`, whose files are not compressed again, and adds `files` at its end. Returns how many it then holds.

    Raises `ValueError` when `base` holds one of the names.
    """
    shutil.copyfile(base, target)
    with zipfile.ZipFile(target, "a") as archive:
        twice = sorted(set(archive.namelist()) & set(files))
        if twice:
            raise ValueError(f"{', '.join(twice)}: in the package already")
        for name in sorted(files):
            _put(archive, name, files[name])
        return len(archive.namelist())


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, TIME)
    entry.create_system = UNIX
    entry.external_attr = MODE
    archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
