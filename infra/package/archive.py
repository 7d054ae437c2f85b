"""The zip itself: files in order of their names, one fixed time, one fixed mode, so that equal content is equal bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
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
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = UNIX
            entry.external_attr = MODE
            archive.writestr(entry, files[name].read_bytes(), zipfile.ZIP_DEFLATED, 9)
    return len(files)
