"""Regular expressions kept as `re` compiled them: the same answers, and nothing else in another interpreter."""

from __future__ import annotations

import marshal
import re
import subprocess
import sys
from pathlib import Path

from chalicelib.handlers import regexes
from infra.package.build import ROOT

# In a process of its own, because what is recalled stays with `re`.
SCRIPT = r"""
import re, sys
from pathlib import Path
from chalicelib.handlers import regexes
kept = Path(sys.argv[1])
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
print(regexes.record(lambda: [re.compile(*one) for one in PATTERNS], kept))
regexes.recall(kept)
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
    kept = tmp_path / "kept"
    kept.write_bytes(marshal.dumps((("cpython-39", 1, 4), {}), 2))
    regexes.recall(kept)
    regexes.recall(tmp_path / "none")
    assert re._compiler.compile is compiled  # type: ignore[attr-defined]  # as above
