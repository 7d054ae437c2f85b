"""All streets in one run: the same bytes as alone, a line of each, and one that is wrong stops no other."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from chalicelib.street import Place, Street
from infra.package import many
from infra.package.__main__ import main
from infra.package.build import ROOT, Places
from infra.package.common import Common
from tests import many_streets, packages

COUNT = 100 if os.environ.get("DOORSTEP_SOAK") else 6


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """What streets share is the same in every test here; making it takes longer than all the rest."""

    @contextmanager
    def shared(say: Callable[[str], None], where: Places | None = None) -> Iterator[Common]:
        yield packages.common()

    monkeypatch.setattr(many, "shared", shared)


def test_all_at_once_are_the_same_bytes_as_one_alone_from_sources_elsewhere(tmp_path: Path) -> None:
    """The second run prunes, trims and compiles everything anew in another folder; only the wheels are the same files."""
    sources, cache = tmp_path / "elsewhere", tmp_path / "cache"
    sources.mkdir()
    for name in ("app.py", "pyproject.toml"):
        shutil.copyfile(ROOT / name, sources / name)
    shutil.copytree(ROOT / "chalicelib", sources / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    cache.mkdir()
    (cache / "wheels").symlink_to(ROOT / ".local" / "wheels")
    where = Places(root=sources, cache=cache, build=tmp_path / "build")
    run = many.package_many(where.known(), packages.quiet, "aws", where)
    assert [one.street for one in run.streets] == Places().known()
    assert run.failed == []
    for built in run.built:
        before = packages.package("aws", built.street.id)
        assert built.zip.read_bytes() == before.zip.read_bytes(), built.street.id
        assert built.template.read_bytes() == before.template.read_bytes(), built.street.id


def test_streets_nobody_has_seen_are_packaged_by_the_same_command(tmp_path: Path, prepared: None) -> None:
    """Six of them, a hundred in the soak; each has its own street and places in it, and shares the rest."""
    run = many_streets.package(COUNT, tmp_path)
    assert [one.wrong for one in run.failed] == []
    assert len({built.sha256 for built in run.built}) == COUNT
    rest = set()
    for built in run.built:
        with zipfile.ZipFile(built.zip) as archive:
            street = msgspec.json.decode(archive.read("chalicelib/street.json"), type=Street)
            places = msgspec.json.decode(archive.read("chalicelib/places.json"), type=list[Place])
            entries = [(entry.filename, entry.CRC) for entry in archive.infolist()]
        assert (street.id, len(places)) == (built.zip.parent.name, built.places)
        assert many_streets.FEWEST <= built.places <= many_streets.MOST
        rest.add(tuple(entries[:-2]))
        assert sorted(name for name, _ in entries[-2:]) == ["chalicelib/places.json", "chalicelib/street.json"]
    assert len(rest) == 1, "what is shared is the same in every one"
    clocks = {msgspec.json.encode(built.street.clocks, order="deterministic") for built in run.built}
    assert len(clocks) == COUNT, "no two ladders alike"
    assert f"{COUNT} of {COUNT} streets built" in run.total()
    assert run.seconds < 2 * COUNT + 60


def test_the_command_says_a_line_of_each_and_names_at_the_end_what_could_not_be_built(
    tmp_path: Path, prepared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    streets = tmp_path / "streets"
    streets.mkdir()
    for number in (1, 2, 3):
        many_streets.write_street(streets, number)
    broken = (streets / "s0002.toml").read_text("utf-8").replace("cn-north-1", "cn-nowhere-1")
    (streets / "s0002.toml").write_text(broken, "utf-8")
    where = Places(build=tmp_path / "build", streets=streets)
    assert main(["all", "--partition", "aws"], where) == 2
    said = capsys.readouterr()
    lines = [line for line in said.out.splitlines() if line.startswith("s0")]
    assert [line.split()[:2] for line in lines] == [["s0001", "aws"], ["s0002", "nothing"], ["s0003", "aws"]]
    assert "2 of 3 streets built in " in said.out
    assert "s0002.toml:" in said.err
    assert "is no AWS region" in said.err
    assert not (tmp_path / "build" / "s0002").exists()
    assert (tmp_path / "build" / "s0003" / "template.json").exists()
