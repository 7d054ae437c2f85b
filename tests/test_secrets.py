"""What is secret of a street: made at its deployment, once; exchanged by a command with an overlap; what each exchange does."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.adapters import keyring
from chalicelib.adapters.keyring import Keyring
from chalicelib.casework.numbers import ALPHABET
from chalicelib.errors import ConfigError
from infra import secrets as command
from infra.engine import Engine
from tests import steps
from tests.aws_doubles import before_call, raising, refusal
from tests.world import World

ROOT = Path(__file__).parent.parent


def run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert command.main(list(words)) == status
    said = capsys.readouterr()
    return said.out + said.err


def stored(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.aws("dynamodb").get_item(
        TableName=world.outputs["KeysTable"], Key={"pk": {"S": "KEYS"}, "sk": {"S": "ROOT"}}, ConsistentRead=True
    )["Item"]
    return found


def restarted(world: World) -> None:
    """New processes, which read the keys anew."""
    wiring.use(clock=world.clock)


def test_init_makes_them_once_and_the_first_page_where_it_was_left_out(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert "root and codes: made" in run(capsys, "init")
    made = stored(world)
    assert (len(made["root"]["B"]), len(made["code_key"]["B"]), made["code_version"]["S"]) == (32, 32, ALPHABET[0])
    assert "there already, nothing was changed" in run(capsys, "init")
    assert world.client().get(f"/Q/{world.code()}").status == 200
    assert stored(world) == made
    # What stands nowhere else is never printed.
    assert made["root"]["B"].hex() not in run(capsys, "show")
    world.aws("dynamodb").delete_item(TableName=world.outputs["KeysTable"], Key={"pk": {"S": "KEYS"}, "sk": {"S": "ROOT"}})
    restarted(world)
    assert world.client().get(f"/Q/{'I' + ALPHABET[0] * 20}").status == 404
    assert stored(world)["root"] != made["root"]


def test_no_function_that_may_only_read_them_needs_them_before_a_page_has(world: World) -> None:
    """Schedules begin with the stack, before anybody has called `init`."""
    for name in ("sweep", "tidy"):
        getattr(world.app, name)({}, Time())
    assert steps.rows(world, "KeysTable") == []
    # One that does is told what is missing.
    ring = wiring.house().code_keyring
    before_call(ring._dynamodb, "PutItem", raising(refusal("AccessDeniedException")))
    with pytest.raises(ConfigError, match="`python -m infra.secrets init`"):
        ring.mac("export", "x")
    wiring.use(clock=world.clock)
    wiring.context()


class Time:
    """What Lambda hands over beside the event."""

    function_name = "x"
    aws_request_id = "x"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_two_first_readers_in_two_processes_have_one_secret(ministack: Engine, engine_world: World) -> None:
    """An operator's `init` and a page, at the same instant, on an engine whose conditions hold."""
    code = (
        "import sys; from chalicelib import wiring; sys.stdin.readline(); "
        "print(wiring.context().keys.mac('case', 'x').hex(), flush=True)"
    )
    readers = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    found = [reader.communicate("\n", timeout=60)[0].strip() for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    assert len(set(found)) == 1
    assert re.fullmatch("[0-9a-f]{64}", found[0])
    assert wiring.context().keys.mac("case", "x").hex() == found[0]
    assert command.init() == ["root and codes: there already, nothing was changed"]
    assert len(steps.rows(engine_world, "KeysTable")) == 1


def test_an_old_poster_opens_until_the_overlap_ends_and_then_says_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    hanging = [world.code(), world.code(0, "rental")]
    visitor = world.client()
    report = visitor.get(f"/Q/{hanging[0]}").form("/f/issue")
    assert "version 2 still opens" in run(capsys, "rotate", "codes")
    restarted(world)
    assert [visitor.get(f"/Q/{code}").status for code in (*hanging, world.code())] == [200, 200, 200]
    # A form that was opened with the old code is sent with it.
    assert report.fill(text="灯坏了", phone=steps.PHONE).submit().status == 200
    assert "version 2 no longer opens" in run(capsys, "drop", "codes")
    restarted(world)
    for code in hanging:
        page = visitor.get(f"/Q/{code}")
        assert (page.status, "已经停用" in page.words, "新码" in page.words) == (404, True, True)
        assert world.street.phone in page.words
        assert "假码" not in page.words
    # A forged one is told apart still, whichever version it names.
    for version in ALPHABET[:3]:
        page = visitor.get(f"/Q/I{version}JNP3NT{'A' * 13}")
        assert (page.status, "假码" in page.words) == (404, True)
    assert visitor.get(f"/Q/{world.code()}").status == 200
    assert "version 4 signs from now on, version 3 still opens" in run(capsys, "rotate", "codes")
    restarted(world)
    assert "已经停用" in visitor.get(f"/Q/{hanging[0]}").words


def test_exchanged_keys_are_remembered_as_long_as_their_letters_are_free(world: World) -> None:
    ring = wiring.house().code_keyring
    for _ in range(len(ALPHABET) + 2):
        ring.rotate_codes()
        assert not set(ring.code_keys()) & set(ring.gone_code_keys())
    ring.end_overlap()
    gone = list(ring.gone_code_keys())
    assert len(gone) == keyring.GONE
    current = ALPHABET.index(ring.current_code_version())
    assert gone == [ALPHABET[(current - back) % len(ALPHABET)] for back in range(keyring.GONE, 0, -1)]


def test_an_overlap_that_somebody_else_ended_is_no_fault_and_one_that_changed_is(world: World) -> None:
    house = wiring.house()
    ring = house.code_keyring
    ring.rotate_codes()
    other = Keyring(house.aws.client("dynamodb"), house.settings.keys_table)
    ended: list[str] = []

    def first() -> None:
        if not ended:
            ended.append("under way")
            ended.append(other.end_overlap())

    before_call(ring._dynamodb, "UpdateItem", first)
    assert ring.end_overlap() == ALPHABET[0] == ended[1]
    assert list(ring.gone_code_keys()) == [ALPHABET[0]]


def test_a_keys_row_of_before_is_read_and_written_on(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """As it was stored while nothing was kept of what had been exchanged."""
    row = json.loads((Path(__file__).parent / "stored" / "v1.json").read_text("utf-8"))["tables"]["Keys"]
    from tests.stored_street import restored

    restored(world, {"Keys": row})
    restarted(world)
    assert "gone" not in stored(world)
    assert world.client().get(f"/Q/{world.code()}").status == 200
    run(capsys, "rotate", "codes")
    run(capsys, "drop", "codes")
    root = next(one for one in row if one["sk"]["S"] == "ROOT")
    assert bytes(stored(world)["gone"]["B"]) == ALPHABET[0].encode() + base64.b64decode(root["code_key"]["B"])


def test_everybody_is_signed_out_at_once_and_signs_in_again(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    from chalicelib.models import staff
    from chalicelib.usecases import signin

    people = [world.signed_in("dispatcher", "street"), world.signed_in("supervisor", "street")]
    no, token = steps.reported(world)
    person = staff.by_username(world.hire("dispatcher", "street"))
    assert person is not None
    link = f"/desk/activate/{signin.activation_link(world.context, str(person.staff_id))}"
    assert world.client().get(link).status == 200
    form = people[0].get(f"/desk/cases/{no}").form("/accept")
    assert "2 sessions ended at once; 1 activation links withdrawn" in run(capsys, "rotate", "sessions")
    assert [visitor.get("/desk").path for visitor in people] == ["/desk/signin"] * 2
    # A page that stood open, with its token against forged forms, does nothing any more.
    assert form.submit().path == "/desk/signin" or steps.events_of(no) == ["submitted"]
    assert steps.events_of(no) == ["submitted"]
    assert world.client().get(link).status == 404
    # Residents' links and passwords are as they were.
    assert world.client().get(f"/t/{token}").status == 200
    assert "已受理" in steps.act(world.signed_in("dispatcher", "street"), no, "accept").words


def test_the_guide_names_every_secret_and_every_command() -> None:
    text = (ROOT / "docs" / "secrets.md").read_text("utf-8")
    for words in ("init", "rotate codes", "drop codes", "rotate sessions", "set sms", "drop sms", "receipts"):
        assert f"infra.secrets {words}" in text, words
    for other in ("infra.webhooks secret rotate", "infra.apikeys", "infra.staff"):
        assert other in text
    labels = set()
    for path in (ROOT / "chalicelib").rglob("*.py"):
        labels |= set(re.findall(r'\.mac\(\s*"([a-z0-9 -]+)"', path.read_text("utf-8")))
    assert len(labels) > 15
    assert {label for label in labels if f"`{label}`" not in text} == set()
