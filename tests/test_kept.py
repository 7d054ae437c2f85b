"""What was compiled beforehand: the same answers, and nothing else in another interpreter."""

from __future__ import annotations

import dataclasses
import marshal
import re
import subprocess
import sys
from pathlib import Path

from chalicelib.handlers import kept
from infra.package.build import ROOT

# In a process of its own, because what is recalled stays with `re`.
SCRIPT = r"""
import re, sys
from pathlib import Path
from chalicelib.handlers import kept
file = Path(sys.argv[1])
PATTERNS = [(r"(?P<a>\w+)-(\d{2,})$", 0), (rb"[\x00-\x1f]|q", re.I), ("^门(牌)?", re.M | re.S)]
TEXTS = ["ab-123", "门牌", "x\n门", "-1", "Q"]
def found(made, text):
    hit = made.search(text if isinstance(made.pattern, str) else text.encode())
    return hit and (hit.span(), hit.groups(), hit.groupdict(), hit.lastgroup)
def seen():
    re.purge()
    made = [re.compile(*one) for one in PATTERNS]
    return [(one.pattern, one.flags, one.groups, dict(one.groupindex), [found(one, text) for text in TEXTS]) for one in made]
before = seen()
re.purge()
print(kept.record(lambda: [re.compile(*one) for one in PATTERNS], file))
kept.recall(file)
calls, parser = [], re._parser
parse, parser.parse = parser.parse, lambda *asked: calls.append(asked) or parse(*asked)
assert seen() == before
print(len(calls))
re.compile("never seen (before)")
print(len(calls))
"""


def test_expressions_are_recalled_as_they_were_compiled_and_others_are_compiled_as_ever(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "kept")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["3", "0", "1"], "")


def test_another_interpreters_expressions_are_left_alone(tmp_path: Path) -> None:
    compiled = re._compiler.compile  # type: ignore[attr-defined]  # what `recall` would put itself before
    file = tmp_path / "kept"
    file.write_bytes(marshal.dumps((("cpython-39", 1, 4), {}, {}), 2))
    kept.recall(file)
    kept.recall(tmp_path / "none")
    assert re._compiler.compile is compiled  # type: ignore[attr-defined]  # as above
    assert "exec" not in vars(dataclasses)


CLASSES = r"""
import sys
from pathlib import Path
from chalicelib.handlers import kept
file = Path(sys.argv[1])
def made():
    from collections import namedtuple
    from dataclasses import dataclass, replace
    @dataclass(frozen=True, order=True)
    class Pair:
        left: int
        right: str = "r"
    point = namedtuple("point", "x y", defaults=[2])
    pair = Pair(1)
    alike = hash(pair) == hash(Pair(1, "r"))
    return repr((pair, replace(pair, right="q"), pair < Pair(2), alike, point(1), point(3, y=4)._asdict()))
print(kept.record(made, file) > 5)
kept.recall(file)
calls = []
import builtins
compiled, builtins.compile = builtins.compile, lambda *asked, **how: calls.append(asked) or compiled(*asked, **how)
import collections, dataclasses
texts = []
for module, name in ((dataclasses, "exec"), (collections, "eval")):
    run = vars(module)[name]
    setattr(module, name, lambda text, *names, run=run: texts.append(text) or run(text, *names))
print(made())
print(len(texts) > 5)
"""


def test_classes_are_made_of_kept_functions_as_of_their_texts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLASSES, str(tmp_path / "kept")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = done.stdout.splitlines()
    assert (said[0], said[2], done.stderr) == ("True", "True", "")
    pairs = "(Pair(left=1, right='r'), Pair(left=1, right='q'), True, True"
    assert said[1] == pairs.replace("Pair(", "made.<locals>.Pair(") + ", point(x=1, y=2), {'x': 3, 'y': 4})"
