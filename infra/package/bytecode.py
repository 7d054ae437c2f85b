"""Byte code beside the sources, never checked against them: a package's files don't change, and its clock says 1980.

It runs in a child process of its own (`python bytecode.py FOLDER`) with a fixed hash seed and nothing else
loaded, because the marshalled bytes depend on both and the same sources must give the same package.
"""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
from pathlib import Path

# What tracebacks will name: where Lambda unpacks a function.
HOME = "/var/task"


def compile_tree(folder: Path) -> int:
    """Compiles every module below `folder`, in order. Returns how many. Raises `py_compile.PyCompileError`."""
    count = 0
    for source in sorted(folder.rglob("*.py")):
        target = Path(importlib.util.cache_from_source(str(source)))
        py_compile.compile(
            str(source),
            cfile=str(target),
            dfile=f"{HOME}/{source.relative_to(folder).as_posix()}",
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        count += 1
    return count


def compile_apart(folder: Path) -> int:
    """The same, in a fresh interpreter. Raises `subprocess.CalledProcessError` with its words."""
    environ = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPYCACHEPREFIX": ""}
    done = subprocess.run(
        [sys.executable, "-S", str(Path(__file__)), str(folder)], env=environ, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


if __name__ == "__main__":
    sys.stdout.write(f"{compile_tree(Path(sys.argv[1]))}\n")
