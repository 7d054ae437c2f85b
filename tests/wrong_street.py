"""What a wrong street file is made of: the shipped one with one change, and how its refusal is caught."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.streetfile.compile import load
from infra.streetfile.problems import Problem, StreetFileError

CHANGQIAO = Path(__file__).parent.parent / "infra" / "streets" / "changqiao.toml"
TEXT = CHANGQIAO.read_text("utf-8")
CSV = CHANGQIAO.with_suffix(".csv").read_text("utf-8")


@dataclass(frozen=True)
class Wrong:
    """`old` is replaced by `new`; `@` in `new` stands in front of the line that has to be named."""

    name: str
    old: str
    new: str
    key: str
    what: str
    remedy: str


def refused(tmp_path: Path, toml: str | bytes, places: str | bytes | None = CSV) -> tuple[Problem, ...]:
    path = tmp_path / CHANGQIAO.name
    path.write_bytes(toml.encode("utf-8") if isinstance(toml, str) else toml)
    if places is not None:
        path.with_suffix(".csv").write_bytes(places.encode("utf-8") if isinstance(places, str) else places)
    with pytest.raises(StreetFileError) as raised:
        load(path)
    for problem in raised.value.problems:
        assert re.match(rf"{re.escape(problem.file)}:\d+: .+ = .+: .+; .+", str(problem)), str(problem)
        assert str(problem) in str(raised.value)
    return raised.value.problems
