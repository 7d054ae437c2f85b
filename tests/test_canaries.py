"""No ID number and no phone can be read anywhere: not in a table, an object, a log line, an SMS, an export, or an error."""

from __future__ import annotations

import base64
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.usecases import register_digest
from tests import canaries, steps
from tests.client import Visitor
from tests.register_people import LANDLORD, household, id_number, phone, register_world, rental, send, tenant
from tests.world import World

PEOPLE = 6
PLANTED = [steps.PHONE, LANDLORD.phone, *(phone(number) for number in range(PEOPLE)), *map(id_number, range(PEOPLE))]


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


def test_the_search_finds_what_is_hidden_in_every_way(town: World) -> None:
    number = id_number(0)
    hidden = [
        number.encode(),
        zlib.compress(f'{{"id":"{number}"}}'.encode()),
        base64.b64encode(zlib.compress(number.encode())).decode(),
        msgspec.msgpack.encode({"people": [{"id": number}]}),
        {"M": {"x": {"S": f"{number[:6]} {number[6:]}"}}},
    ]
    wanted = canaries.pattern([number, steps.PHONE])
    for value in hidden:
        assert any(wanted.search(text) for text in canaries.texts(value)), value
    for text in ("+862100127788", "021-0012 7788", "0012-7788", "(021) 0012 7788"):
        assert wanted.search(text)
    assert not wanted.search("021-****7788 310*************07")
    town.aws("s3").put_object(Bucket=town.outputs["PhotosBucket"], Key="lists/x.csv", Body=zlib.compress(number.encode()))
    assert canaries.leaks(town, [number], "nothing") == ["PhotosBucket lists/x.csv"]
    assert canaries.leaks(town, [phone(3)], f"somebody logged {phone(3)}") == ["the log"]


def _live(world: World) -> None:
    """A street's day with people's data in every place where it is taken."""
    no = send(world, rental(3)).no
    send(world, household(2, first=3), "population")
    send(world, rental(1, first=5, room="303", area="8", rooms="1"))
    case, token = steps.reported(world)
    centre = world.signed_in("dispatcher", "street")
    verifier = world.signed_in("verifier", "committee:c01")
    steps.act(centre, case, "accept")
    steps.act(centre, case, "reveal", reason="contact")
    _reveal(verifier, no)
    page = verifier.get(f"/desk/registers/{no}")
    page.form("/visit").fill(result="wrong", remark="面积不对").submit()
    world.client().get(f"/t/{token}").form("/add").fill(text="还有一件").submit()
    world.clock.advance(hours=9)
    house = wiring.house()
    register_digest.run(house.context, house.lists, lambda key, **_: key.rpartition(".")[2], lambda: 60.0)
    clerk = world.signed_in("committee", "committee:c01")
    clerk.get("/desk/exports").form("/exports").fill(reason="区里要底册").submit()
    admin = world.signed_in("street_admin", "committee:c01")
    made = admin.get("/desk/exports").form("/exports").fill(reason="区里要底册", numbers="full").submit()
    next(form for form in made.forms if form.fields.get("part")).submit()
    for _ in range(3):
        world.deliver()


def exported(world: World) -> list[str]:
    found = world.aws("s3").list_objects_v2(Bucket=world.outputs["PhotosBucket"], Prefix="full/")
    return [entry["Key"] for entry in found.get("Contents", [])]


def _reveal(verifier: Visitor, no: str) -> None:
    page = verifier.get(f"/desk/registers/{no}")
    form = next(form for form in page.forms if form.action.endswith("/reveal") and form.fields["person"] == "p1")
    assert id_number(0) in form.fill(reason="verify").submit().words


def test_after_a_day_with_registers_no_canary_can_be_read_but_in_the_export_with_whole_numbers(
    town: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for noisy in ("botocore", "boto3", "urllib3", "moto", "werkzeug"):
        # The SDK's own debug log is off in what is deployed; our loggers say everything they have.
        logging.getLogger(noisy).setLevel(logging.INFO)
    _live(town)
    said = capfd.readouterr()
    leaks = canaries.leaks(town, PLANTED, caplog.text + said.out + said.err)
    # The one exception, by name: what was exported with whole numbers, under its own prefix, where no other function reads.
    assert leaks == [f"PhotosBucket {key}" for key in exported(town)]
    assert len(leaks) == 1
    # And it really holds everybody who is registered there.
    held = next(list(canaries.texts(value)) for where, value in canaries.stored(town) if where == leaks[0])
    assert all(any(canaries.pattern([canary]).search(text) for text in held) for canary in PLANTED[1:])
    sent = [row for row in steps.rows(town, "OutboxTable") if row["state"]["S"] == "sent"]
    assert sent


def test_errors_repeat_nothing_personal(town: World) -> None:
    wanted = canaries.pattern([id_number(0), phone(0)])
    typed = f"{id_number(0)}{phone(0)}"
    visitor = town.client()
    for path in (f"/t/{id_number(0)}", f"/desk/cases/{id_number(0)}", f"/f/issue?c={id_number(0)}", f"/nowhere/{id_number(0)}"):
        assert not wanted.search(visitor.get(path).words), path
    for path, fields in (
        ("/desk/signin", {"username": phone(0), "password": id_number(0)}),
        ("/track", {"number": typed, "last4": "77"}),
        ("/f/issue", {"key": typed, "code": typed, "text": "x"}),
    ):
        page = visitor.post(path, fields)
        assert page.status >= 400
        assert id_number(0) not in page.words, path


def test_every_person_is_new(town: World) -> None:
    """The canaries are what is really registered: otherwise nothing could be found."""
    assert [tenant(number).id for number in range(PEOPLE)] == [id_number(number) for number in range(PEOPLE)]
