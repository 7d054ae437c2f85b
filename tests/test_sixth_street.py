"""A stranger writes a sixth street from the README alone: the one printed there compiles and a case lives through it.

It has rungs that none of the five has, is written into a temporary folder, and ships nowhere.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint

from chalicelib.street import Street
from infra.demo.roles import ensure_staff
from infra.package.build import Places, build
from infra.streetfile import reader
from infra.streetfile import vocabulary as words
from infra.streetfile.compile import load
from tests.packages import PARTITIONS, REGIONS, common, quiet
from tests.packages import template as shipped
from tests.world import World, open_world

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SECTION = README[README.index("## Add a street") : README.index("## Deploy a street")]
PHONE = "021-0012 7700"


def printed(kind: str) -> str:
    (found,) = re.findall(rf"```{kind}\n(.*?)```", SECTION, re.DOTALL)
    return str(found)


def written(folder: Path) -> Path:
    """The example as a stranger would type it off."""
    file = folder / "lindong.toml"
    file.write_text(printed("toml"), "utf-8")
    file.with_suffix(".csv").write_text(printed("csv"), "utf-8")
    return file


@pytest.fixture
def lindong(moto: Any, tmp_path: Path) -> Iterator[World]:
    with open_world(moto, tmp_path, street_file=written(tmp_path)) as world:
        yield world


def the_five() -> list[Street]:
    return [load(path)[0] for path in sorted((ROOT / "infra" / "streets").glob("*.toml"))]


def test_the_street_of_the_readme_compiles_and_has_a_ladder_of_its_own(tmp_path: Path) -> None:
    street, places = load(written(tmp_path))
    assert (street.id, len(places)) == ("lindong", 2)
    offices = {(rung.role, rung.scope) for rung in street.rungs}
    assert not any(offices <= {(rung.role, rung.scope) for rung in other.rungs} for other in the_five())
    assert not (ROOT / "infra" / "streets" / "lindong.toml").exists()


@pytest.mark.parametrize("partition", PARTITIONS)
def test_its_package_is_built_from_the_two_files_alone(tmp_path: Path, partition: str) -> None:
    """In the partition of its region and in the other, into a folder of its own; nothing else is touched or needed."""
    streets, before = tmp_path / "streets", tracked()
    streets.mkdir()
    written(streets)
    built = build("lindong", quiet, partition, Places(build=tmp_path / "build", streets=streets), common())
    assert (built.street.id, built.places, built.partition) == ("lindong", 2, partition)
    template = json.loads(built.template.read_text("utf-8"))
    assert kinds(template) == kinds(shipped(partition)), "what every street without webhooks has"
    assert lint(json.dumps(template), regions=[REGIONS[partition]]) == []
    with zipfile.ZipFile(built.zip) as package:
        street, places = (json.loads(package.read(f"chalicelib/{name}.json")) for name in ("street", "places"))
    assert (street["id"], [rung["id"] for rung in street["rungs"]]) == ("lindong", ["door", "station"])
    assert len(places) == 2
    assert tracked() == before


def kinds(template: dict[str, Any]) -> dict[str, int]:
    return Counter(resource["Type"] for resource in template["Resources"].values())


def tracked() -> dict[str, int]:
    """The sources as they lie there: names and when they were last written."""
    rooms = ("infra", "chalicelib")
    files = [file for room in rooms for file in (ROOT / room).rglob("*") if file.suffix in {".toml", ".csv", ".json"}]
    return {str(file): file.stat().st_mtime_ns for file in files}


def test_every_key_and_word_that_a_street_file_may_hold_stands_in_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()
    done = reader.Table.done

    def noting(self: reader.Table) -> None:
        asked.update(self._asked)
        done(self)

    monkeypatch.setattr(reader.Table, "done", noting)
    load(written(tmp_path))
    prose = SECTION.split("```toml")[0]
    named = {word for ticked in re.findall(r"`([^`\n]+)`", prose) for word in re.findall(r"[a-z_0-9]+", ticked)}
    classes = {case_class.id for street in the_five() for case_class in street.classes}
    assert asked - named - classes - set(words.TEMPLATES) == set()
    vocabulary = {*words.EVENTS, *words.PAUSES, *words.CHANNELS, *words.PLACE_KINDS, *words.ROLES, *words.TEMPLATES}
    vocabulary |= {*words.DOCUMENTS, *words.ACTIONS, *words.SCOPES, *words.PROVIDERS, *words.OCCASIONS, *words.KINDS}
    vocabulary |= {*words.APPROVALS, *words.REASONS, *(to for to in words.RECIPIENTS if not to.startswith("role:"))}
    assert {word for word in vocabulary if not re.search(rf"(?<![a-z_]){word}(?![a-z_])", prose)} == set()


def test_a_case_lives_through_the_sixth_street(lindong: World) -> None:
    """Scanned in the evening, passed over in the morning, dispatched, watched for a day, called back, closed."""
    world = lindong
    office = {"door": ("grid_worker", "community:c01a"), "station": ("station_head", "zone:east")}
    world.clock.instant = world.clock.instant.replace(hour=11)  # 19:00 there: an hour and a half of the day are left
    for role, unit in (*office.values(), ("department", "dept:water"), ("supervisor", "street")):
        world.hire(role, unit)
    page = world.client().get(f"/Q/{world.code()}").form("/f/issue").fill(text="楼前水管漏水", phone=PHONE).submit()
    no = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]", page.words)
    assert no is not None
    assert standing(world, no[0]) == ("received", "door")
    sweep(world, hours=13)  # 08:00: the half hour that was left ran out
    assert standing(world, no[0]) == ("received", "station")
    act(world, "station_head", "zone:east", no[0], "accept", {"class": "water"})
    act(world, "station_head", "zone:east", no[0], "dispatch", {"lead": "department@dept:water", "demands": "关阀换管"})
    act(world, "department", "dept:water", no[0], "sign", {})
    act(world, "department", "dept:water", no[0], "report_in", {})
    act(world, "department", "dept:water", no[0], "propose", {"outcome": "solved", "text": "已换管"})
    act(world, "station_head", "zone:east", no[0], "confirm", {})
    assert standing(world, no[0]) == ("observing", "station")
    sweep(world, hours=25)
    act(world, "station_head", "zone:east", no[0], "observe", {"held": "yes"})
    act(world, "station_head", "zone:east", no[0], "visit", {"way": "phone", "reached": "yes", "said": "satisfied"})
    act(world, "station_head", "zone:east", no[0], "close", {"outcome": "solved"})
    assert standing(world, no[0]) == ("closed", "station")


def test_its_demo_has_people_for_its_rungs(lindong: World, tmp_path: Path) -> None:
    grants = {f"{row['role']}@{row['scope']}" for row in ensure_staff(lindong.context, tmp_path / "passwords.json")}
    assert {"grid_worker@community:c01a", "station_head@zone:east", "department@dept:water"} <= grants


def standing(world: World, no: str) -> tuple[str, str]:
    from chalicelib.models import cases

    stored = cases.get(no)
    assert stored is not None
    return stored.case.state, stored.case.rung


def sweep(world: World, hours: int) -> None:
    from chalicelib.usecases import sweeping

    world.clock.advance(hours=hours)
    sweeping.sweep(world.context, lambda: 60.0)


def act(world: World, role: str, unit: str, no: str, action: str, data: dict[str, Any]) -> None:
    from chalicelib.casework.access import Actor
    from chalicelib.models import staff
    from chalicelib.usecases import work

    row = staff.by_username(world.hire(role, unit))
    assert row is not None
    actor = Actor(id=f"staff:{row.staff_id}", name=row.name or "", grants=(f"{role}@{unit}",))
    work.act(world.context, actor, no, action, data, f"{action}-{no}", None)
