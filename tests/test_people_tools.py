"""Making people of the desk: the operator's command, and the demo's staff and cases."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest

from chalicelib.models import staff
from infra.demo.roles import ensure_staff, home_of, people
from infra.staff import main
from tests.world import World

BASE = ["--base-url", "https://small.example"]


def test_a_new_person_sets_a_password_through_the_printed_link_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create", "li.committee", "--name", "居委干部", "--grant", "committee@committee:c01", *BASE]) == 0
    address = capsys.readouterr().out.strip()
    assert address.startswith("https://small.example/desk/activate/")
    visitor = world.client()
    page = visitor.get(urlsplit(address).path).form().fill(password="quite a long secret").submit()
    assert page.path == "/desk/signin"
    desk = page.form().fill(username="li.committee", password="quite a long secret").submit()
    assert (desk.status, desk.path) == (200, "/desk")
    assert world.client().get(urlsplit(address).path).status == 404


def test_a_second_link_is_printed_for_somebody_who_is_there(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    name = world.hire("dispatcher", "street")
    assert main(["link", name, *BASE]) == 0
    assert world.client().get(urlsplit(capsys.readouterr().out.strip()).path).status == 200


def test_somebody_gets_another_number_and_then_another_office(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    clerk = world.signed_in("committee", "committee:c01", "li.committee")
    assert main(["change", "li.committee", "--phone", "138 0000 0009"]) == 0
    assert clerk.get("/desk").path == "/desk"
    assert (
        main(["change", "LI.committee", "--name", "李站长", "--grant", "station_head@zone:z1", "--grant", "verifier@street"]) == 0
    )
    assert "李站长, station_head@zone:z1 verifier@street" in capsys.readouterr().out
    person = staff.by_username("li.committee")
    assert person is not None
    assert person.phone_mask == "138****0009"
    assert world.context.vault.open(f"staff:{person.staff_id}", person.sealed or b"")["phone"] == "+8613800000009"
    assert staff.holders("committee@committee:c01") == []
    assert [row.name for row in staff.holders("station_head@zone:z1")] == ["李站长"]
    assert clerk.get("/desk").path == "/desk/signin"
    assert "李站长" in world.signed_in("committee", "committee:c01", "li.committee").get("/desk").words


def test_who_was_removed_half_way_is_told_nothing_once_it_is_done_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = world.hire("dispatcher", "street")
    person = staff.by_username(name)
    assert person is not None
    staff.replace_roster("dispatcher@street", [(1, "08:00", "18:00", person.staff_id or "")])
    with monkeypatch.context() as broken, pytest.raises(ConnectionError):
        broken.setattr(staff.StaffItem, "delete", Mock(side_effect=ConnectionError))
        main(["remove", name])
    assert main(["remove", name]) == 0
    assert staff.holders("dispatcher@street") == []
    assert staff.roster("dispatcher@street") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "x", "--name", "x", "--grant", "king@street", *BASE], "there is no role 'king'"),
        (["create", "x", "--name", "x", "--grant", "committee@committee:c99", *BASE], "no such unit"),
        (["create", "x", "--name", "x", "--grant", "committee@community:", *BASE], "no such unit"),
        (["create", "x", "--name", "x", "--grant", "committee@dept:police", *BASE], "no such unit"),
        (["create", "x", "--name", "x", "--grant", "department@dept:pollice", *BASE], "department@dept:<id>"),
        (["create", "x", "--name", "x", "--grant", "committee@committee:c01", "--phone", "12", *BASE], "phone"),
        (["link", "nobody", *BASE], "nobody called 'nobody'"),
        (["change", "nobody", "--phone", "138 0000 0009"], "nobody called 'nobody'"),
        (["change", "nobody"], "nothing is to change"),
    ],
)
def test_what_is_wrong_is_named_and_nobody_is_made(
    world: World, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert world.aws("dynamodb").scan(TableName=world.outputs["StaffTable"])["Items"] == []


def test_demo_staff_hold_every_role_once_at_home_and_neighbours_show_where_a_scope_ends(world: World) -> None:
    found = people(world.street, home_of(world.street, world.places))
    assert len({person.grant for person in found}) == len({person.username for person in found}) == len(found)
    assert {person.scope for person in found if person.role == "committee"} == {"committee:c01", "committee:c03"}


def test_making_the_demos_staff_again_changes_nothing(world: World, tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    made = ensure_staff(world.context, file)
    assert ensure_staff(world.context, file) == made
    assert file.stat().st_mode & 0o077 == 0
