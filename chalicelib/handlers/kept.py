"""What libraries compile while they are imported, kept as it was compiled when the package was made.

Regular expressions: 120 of them are a tenth of a cold submission's CPU. What is kept is what `re` hands to its engine, which
checks it again. And the functions that `dataclasses` and `collections` write as text for each class: some three hundredths more.
Any other interpreter than the builder's kind compiles for itself, and so does what is not in the file.
"""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]  # part of the interpreter, without a stub
import builtins
import collections
import dataclasses
import marshal
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parent.parent / "kept.bin"
# The engine's own format, and what its numbers are wide.
KIND = (sys.implementation.cache_tag, _sre.MAGIC, _sre.CODESIZE)

_compiler: Any = re._compiler  # type: ignore[attr-defined]  # there is no other way in, and none to ask for
Kept = dict[tuple[str, str | bytes, int], tuple[Any, ...]]
# Which modules run text, and how: the name of the built-in that they find in their own module first.
_RUNNERS: tuple[tuple[Any, str], ...] = ((dataclasses, "exec"), (collections, "eval"))


def recall(kept: Path = KEPT) -> None:
    """From here on they look there first. Without the file, or with another interpreter's, nothing changes."""
    try:
        kind, known, texts = marshal.loads(kept.read_bytes())  # noqa: S302 - a file of our own package, beside its byte code
    except FileNotFoundError:
        return
    if kind == KIND:
        _compiler.compile = _recalling(known, _compiler.compile)
        for module, name in _RUNNERS:
            setattr(module, name, _running(texts[name], getattr(builtins, name)))


def _recalling(known: Kept, compiled: Callable[..., Any]) -> Callable[..., Any]:
    make: Callable[..., Any] = _sre.compile

    def compile(pattern: Any, flags: int = 0) -> Any:
        found = known.get((type(pattern).__name__, pattern, int(flags))) if isinstance(pattern, str | bytes) else None
        return make(pattern, *found) if found is not None else compiled(pattern, flags)

    return compile


def _running(texts: dict[str, Any], run: Callable[..., Any]) -> Callable[..., Any]:
    return lambda text, *names: run(texts.get(text, text), *names)


def record(load: Callable[[], object], kept: Path = KEPT) -> int:
    """Writes what `load` compiles, in an order that is the same every time. Returns how many there are."""
    patterns: Kept = {}
    texts: dict[str, dict[str, Any]] = {name: {} for _, name in _RUNNERS}
    engine, compiled = _compiler._sre, _compiler.compile
    _compiler._sre, _compiler.compile = _overheard(engine, compiled, patterns)
    for module, name in _RUNNERS:
        setattr(module, name, _noting(texts[name], name))
    try:
        load()
    finally:
        _compiler._sre, _compiler.compile = engine, compiled
        for module, name in _RUNNERS:
            delattr(module, name)
    ordered = {key: patterns[key] for key in sorted(patterns, key=repr)}
    # The format without references, whose bytes depend on nothing but the values.
    kept.write_bytes(marshal.dumps((KIND, ordered, {name: dict(sorted(found.items())) for name, found in texts.items()}), 2))
    return len(ordered) + sum(len(found) for found in texts.values())


def _noting(texts: dict[str, Any], name: str) -> Callable[..., Any]:
    def run(text: Any, *names: Any) -> Any:
        texts[text] = compile(text, "<string>", name, dont_inherit=True)
        return getattr(builtins, name)(text, *names)

    return run


def _overheard(engine: Any, compiled: Callable[..., Any], patterns: Kept) -> tuple[Any, Callable[..., Any]]:
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
            patterns[type(pattern).__name__, pattern, int(flags)] = handed[-1]
        return made

    return Engine(), compile
