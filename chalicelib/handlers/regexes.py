"""Regular expressions that libraries compile while they are imported, kept as `re` had compiled them when the package was made.

Compiling 120 of them is a tenth of a cold submission's CPU. What is kept is what `re` hands to its engine; the engine checks it
again, any other interpreter than the builder's kind compiles for itself, and so does a pattern that is not in the file.
"""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]  # part of the interpreter, without a stub
import marshal
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parent.parent / "regexes.bin"
# The engine's own format, and what its numbers are wide.
KIND = (sys.implementation.cache_tag, _sre.MAGIC, _sre.CODESIZE)

_compiler: Any = re._compiler  # type: ignore[attr-defined]  # there is no other way in, and none to ask for
Kept = dict[tuple[str, str | bytes, int], tuple[Any, ...]]


def recall(kept: Path = KEPT) -> None:
    """From here on `re` looks there first. Without the file, or with another interpreter's, nothing changes."""
    try:
        kind, known = marshal.loads(kept.read_bytes())  # noqa: S302 - a file of our own package, beside its byte code
    except FileNotFoundError:
        return
    if kind == KIND:
        _compiler.compile = _recalling(known, _compiler.compile)


def _recalling(known: Kept, compiled: Callable[..., Any]) -> Callable[..., Any]:
    make: Callable[..., Any] = _sre.compile

    def compile(pattern: Any, flags: int = 0) -> Any:
        found = known.get((type(pattern).__name__, pattern, int(flags))) if isinstance(pattern, str | bytes) else None
        return make(pattern, *found) if found is not None else compiled(pattern, flags)

    return compile


def record(load: Callable[[], object], kept: Path = KEPT) -> int:
    """Writes what `load` compiles, in an order that is the same every time. Returns how many there are."""
    found: Kept = {}
    engine, compiled = _compiler._sre, _compiler.compile
    handed: list[tuple[Any, ...]] = []

    class Engine:
        """The engine, overheard."""

        def __getattr__(self, name: str) -> Any:
            return getattr(engine, name)

        def compile(self, pattern: Any, flags: int, code: list[int], groups: int, names: dict[str, int], indexes: Any) -> Any:
            numbers = [int(one) for one in code]
            handed.append((int(flags), numbers, int(groups), {name: int(at) for name, at in names.items()}, tuple(indexes)))
            return engine.compile(pattern, flags, code, groups, names, indexes)

    def compile(pattern: Any, flags: int = 0) -> Any:
        made = compiled(pattern, flags)
        if isinstance(pattern, str | bytes):
            found[type(pattern).__name__, pattern, int(flags)] = handed[-1]
        return made

    _compiler._sre, _compiler.compile = Engine(), compile
    try:
        load()
    finally:
        _compiler._sre, _compiler.compile = engine, compiled
    ordered = {key: found[key] for key in sorted(found, key=repr)}
    # The format without references, whose bytes depend on nothing but the values.
    kept.write_bytes(marshal.dumps((KIND, ordered), 2))
    return len(ordered)
