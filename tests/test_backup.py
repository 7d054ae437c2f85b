"""A street is brought back from its file: every case as it was, nothing sent twice, nobody still signed in."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from chalicelib.models import outbox
from infra import backup, messages
from infra.engine import put_stack
from infra.errors import InfraError
from infra.template.data import data_template
from tests import refold, steps
from tests.town import LambdaTime
from tests.world import ORIGIN, World


def lived(world: World) -> tuple[str, str]:
    """A case on its way, with messages sent and others that still wait."""
    no, token = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept")
    world.deliver()
    steps.act(clerk, no, "ask", text="是几楼的灯?")
    return no, token


def tables(world: World, outputs: dict[str, str] | None = None) -> dict[str, str]:
    return backup.tables_of(outputs or world.outputs)


def emptied(world: World) -> None:
    dynamo = world.aws("dynamodb")
    for table in tables(world).values():
        for item in dynamo.scan(TableName=table)["Items"]:
            dynamo.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


def states(world: World) -> list[tuple[str, str]]:
    return sorted((row.template, row.state) for row in outbox.every())


def test_a_street_comes_back_whole_and_sends_nothing_twice(both_worlds: World, tmp_path: Path) -> None:
    world = both_worlds
    no, token = lived(world)
    before, sent = world.stored_items(), [one for one in states(world) if one[1] == "sent"]
    waited = [one for one in states(world) if one[1] == "pending"]
    assert sent
    assert waited
    dynamo, file = world.aws("dynamodb"), tmp_path / "street.gz"
    counts = backup.export(dynamo, tables(world), file)
    assert counts["Cases"] == len(before)
    emptied(world)
    assert world.client().get(f"/t/{token}").status == 404
    backup.restore(dynamo, tables(world), file)
    key = lambda item: (item["pk"]["S"], item["sk"]["S"])  # noqa: E731 - said once, used twice
    assert sorted(world.stored_items(), key=key) == sorted(before, key=key)
    assert refold.in_another_process(refold.lines_of(world.stored_items())) == []
    # The link opens, the desk works, and whoever was signed in has to sign in again.
    assert "是几楼的灯" in world.client().get(f"/t/{token}").words
    assert world.signed_in("dispatcher", "street").get(f"/desk/cases/{no}").status == 200
    # What had gone out is not sent again, what waited only when a person says so.
    for _ in range(3):
        world.deliver()
    assert [one for one in states(world) if one[1] == "sent"] == sent
    assert [(name, "pending") for name, state in states(world) if state == "parked"] == waited
    assert outbox.count_parked() == len(waited)
    assert messages.revive(None) == len(waited)
    world.deliver()
    assert len([one for one in states(world) if one[1] == "sent"]) > len(sent)


def test_sessions_and_links_do_not_come_back(world: World, tmp_path: Path) -> None:
    lived(world)
    clerk = world.signed_in("supervisor", "street")
    file = tmp_path / "street.gz"
    backup.export(world.aws("dynamodb"), tables(world), file)
    emptied(world)
    backup.restore(world.aws("dynamodb"), tables(world), file)
    assert clerk.get("/desk").path == "/desk/signin"


def test_it_goes_into_another_stacks_tables_and_can_be_repeated(world: World, tmp_path: Path) -> None:
    lived(world)
    dynamo, file = world.aws("dynamodb"), tmp_path / "street.gz"
    backup.export(dynamo, tables(world), file)
    other = put_stack(world.aws("cloudformation"), "second", data_template(world.street, "aws"), {"SiteOrigin": ORIGIN})
    first = backup.restore(dynamo, tables(world, other), file)
    assert backup.restore(dynamo, tables(world, other), file) == first
    assert len(dynamo.scan(TableName=other["CasesTable"])["Items"]) == len(world.stored_items())


def test_tables_that_are_in_use_are_left_alone(world: World, tmp_path: Path) -> None:
    lived(world)
    dynamo, file = world.aws("dynamodb"), tmp_path / "street.gz"
    backup.export(dynamo, tables(world), file)
    steps.reported(world, text="之后的一件")
    before = world.stored_items()
    with pytest.raises(InfraError, match="is not empty"):
        backup.restore(dynamo, tables(world), file)
    assert world.stored_items() == before


def test_a_stack_that_has_only_been_waiting_is_not_in_use(world: World, tmp_path: Path) -> None:
    """Its schedules run from its first minute, and have written a few notes before anybody restores."""
    lived(world)
    dynamo, file = world.aws("dynamodb"), tmp_path / "street.gz"
    backup.export(dynamo, tables(world), file)
    assert file.stat().st_mode & 0o077 == 0
    emptied(world)
    world.client().get("/public")
    world.clock.advance(days=1)
    for scheduled in (world.app.sweep, world.app.tidy, world.app.digest):
        scheduled({}, LambdaTime())
    assert {item["pk"]["S"] for item in world.stored_items()} == {"F#public", "K#small", "TIDY-AT"}
    assert backup.restore(dynamo, tables(world), file)["Cases"] > 0


@pytest.mark.parametrize("wrong", ["cut", "short", "none"])
def test_a_broken_file_restores_nothing(world: World, tmp_path: Path, wrong: str) -> None:
    lived(world)
    dynamo, file = world.aws("dynamodb"), tmp_path / "street.gz"
    backup.export(dynamo, tables(world), file)
    emptied(world)
    if wrong == "cut":
        file.write_bytes(file.read_bytes()[:-200])
    elif wrong == "short":
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        file.write_bytes(gzip.compress(b"".join(lines[1:])))
    else:
        file.write_bytes(b"")
    with pytest.raises(InfraError, match="another copy"):
        backup.restore(dynamo, tables(world), file)
    assert world.stored_items() == []


def test_a_recovered_table_is_named_in_place_of_the_stacks() -> None:
    outputs: Any = {f"{name}Table": name.lower() for name in backup.TABLES}
    assert backup.tables_of(outputs, ["Cases=recovered"])["Cases"] == "recovered"
    for wrong in ("Cases", "Photos=x", "Cases="):
        with pytest.raises(InfraError, match="NAME=TABLE"):
            backup.tables_of(outputs, [wrong])
