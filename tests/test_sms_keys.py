"""The command for secrets: what it stores, what it says, and that it never says a secret."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import chalicelib
from chalicelib import codes, wiring
from chalicelib.adapters.sms_keys import REREAD_S, SmsKeys
from chalicelib.adapters.sms_signing import Credential
from chalicelib.errors import ConfigError, Unknown
from chalicelib.ports import SmsRetry, VaultBusy
from infra import messages
from infra import secrets as command
from infra.template import policies
from infra.template.functions import SIZES
from tests.small_street import small_street
from tests.sms_streets import street
from tests.world import World

FIRST = Credential("LTAI5tExampleOne0001", "first-secret-nobody-sees")
SECOND = Credential("LTAI5tExampleTwo0002", "second-secret-nobody-sees")


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *argv: str, typed: str = "") -> tuple[int, str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    status = command.main(list(argv))
    said = capsys.readouterr()
    return status, said.out + said.err


def use_aliyun(world: World) -> None:
    """The street as if it sent through Aliyun."""
    house = wiring.house()
    changed = msgspec.structs.replace(house.context.street, sms=street("aliyun"))
    wiring._Process.house = replace(house, context=replace(house.context, street=changed))


def test_keys_are_set_exchanged_and_dropped_and_never_shown(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_aliyun(world)
    keys = wiring.house().sms_keys
    assert "no key, and the street file sends through it" in run(monkeypatch, capsys, "show")[1]
    heard = ""
    for credential, held in ((FIRST, (FIRST,)), (SECOND, (SECOND, FIRST))):
        status, said = run(monkeypatch, capsys, "set", "sms", "aliyun", typed=f"{credential.id}\n{credential.secret}\n")
        heard += said
        assert status == 0
        assert keys.read("aliyun", fresh=True) == held
    assert f"1. wait {REREAD_S // 60} minutes" in heard
    shown = run(monkeypatch, capsys, "show")[1]
    assert "aliyun: key LTAI…0002 since " in shown
    assert "LTAI…0001 is kept as the one before" in shown
    assert run(monkeypatch, capsys, "drop", "sms", "aliyun")[0] == 0
    assert keys.read("aliyun", fresh=True) == (SECOND,)
    status, said = run(monkeypatch, capsys, "drop", "sms", "aliyun")
    assert (status, "no key before" in said) == (2, True)
    for secret in (FIRST.secret, SECOND.secret, FIRST.id, SECOND.id):
        assert secret not in heard + shown + said


@pytest.mark.parametrize("typed", ["", "one\n", "a b\nc\n", "a\nb\nc\n", "ключ\nx\n", "a\n" + "x" * 200])
def test_what_can_be_no_key_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    assert run(monkeypatch, capsys, "set", "sms", "tencent", typed=typed)[0] == 2
    assert wiring.house().sms_keys.read("tencent") == ()


def test_two_people_who_exchange_keys_at_once_do_not_lose_the_ones_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, other = wiring.house().sms_keys, wiring.house().sms_keys
    now = world.clock.civil()
    keys.put("aliyun", FIRST, now)
    looked = other._item("aliyun")
    keys.put("aliyun", SECOND, now)
    monkeypatch.setattr(other, "_item", lambda _: looked)
    with pytest.raises(ConfigError, match="somebody else"):
        other.put("aliyun", Credential("third-key-000003", "x"), now)
    assert keys.read("aliyun", fresh=True) == (SECOND, FIRST)


def test_keys_are_read_again_after_a_while_and_a_busy_key_service_only_delays(world: World) -> None:
    seconds = [0.0]
    house = wiring.house()
    table, dynamodb = house.settings.keys_table, house.aws.client("dynamodb")
    house.sms_keys.put("aliyun", FIRST, world.clock.civil())
    held = SmsKeys(dynamodb, table, house.context.vault, lambda: seconds[0])
    assert held.read("aliyun") == (FIRST,)
    house.sms_keys.put("aliyun", SECOND, world.clock.civil())
    assert held.read("aliyun") == (FIRST,)
    seconds[0] = float(REREAD_S)
    assert held.read("aliyun") == (SECOND, FIRST)

    class Busy:
        def open(self, record: str, envelope: bytes) -> dict[str, str]:
            raise VaultBusy("ThrottlingException")

    with pytest.raises(SmsRetry):
        SmsKeys(dynamodb, table, Busy()).read("aliyun")  # type: ignore[arg-type]  # it opens only


def test_codes_are_exchanged_with_an_overlap_and_it_is_said_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hanging = world.code()
    status, said = run(monkeypatch, capsys, "rotate", "codes")
    assert status == 0
    assert "version 3 signs from now on, version 2 still opens" in said
    assert "no code stopped opening" in said
    wiring.use(clock=world.clock)
    assert world.client().get(f"/Q/{hanging}").status == 200
    assert world.code() != hanging
    assert "codes: version 3 signs, version 2 still opens" in run(monkeypatch, capsys, "show")[1]
    # A third would end the first unasked.
    status, said = run(monkeypatch, capsys, "rotate", "codes")
    assert (status, "`drop codes` first" in said) == (2, True)
    assert "version 2 no longer opens" in run(monkeypatch, capsys, "drop", "codes")[1]
    wiring.use(clock=world.clock)
    with pytest.raises(Unknown):
        codes.verify(hanging, world.context.keys.code_keys())
    assert run(monkeypatch, capsys, "show")[1].splitlines()[0] == "codes: version 3 signs"
    assert run(monkeypatch, capsys, "drop", "codes")[0] == 2


def test_the_texts_are_printed_as_each_provider_wants_them_for_approval(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    use_aliyun(world)
    templates = wiring.context().street.sms.templates
    templates["handled"] = msgspec.structs.replace(templates["handled"], names=("no", "by"))
    templates["late"] = msgspec.structs.replace(templates["late"], provider="tencent", code="1000009")
    assert messages.main(["templates"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 14
    assert "【示例街道】您的事项${no}已办理,扫原码输入编号可查看结果。如未解决,请于${by}前告知。" in lines[4]
    assert "您有新工单${p1},类别${p2},请于${p3}前签收。" in lines[6]
    assert "tencent 1000009       【示例街道】工单{1}已超过{2}时限,现由{3}跟进,请尽快反馈。" in lines[8]


def test_the_addresses_for_receipts_are_printed_for_the_providers_in_use(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_aliyun(world)
    [address] = run(monkeypatch, capsys, "receipts", "--base-url", "https://small.example/")[1].split()
    assert address.startswith("https://small.example/api/v1/receipts/aliyun/")
    sent = world.client().call("POST", address.removeprefix("https://small.example"), b"[]", {"Content-Type": "application/json"})
    assert sent.status == 200


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_only_the_senders_may_read_the_providers_keys_and_nobody_may_write_them(partition: str) -> None:
    by_function = {name: policies.statements(name, small_street(), partition) for name in SIZES}
    readers = set()
    for name, statements in by_function.items():
        for statement in statements:
            if "KeysTable" in str(statement["Resource"]):
                [(operator, keys)] = statement["Condition"].items()
                assert operator == "ForAllValues:StringEquals"
                if "SMS" in keys["dynamodb:LeadingKeys"]:
                    readers.add(name)
                    assert statement["Action"] == ["dynamodb:GetItem"]
    assert readers == {"Notify", "Sweep"}
    assert all("Query" not in str(one["Action"]) for each in by_function.values() for one in each if one["Sid"] == "KeysTable")


def test_the_adapters_cost_next_to_nothing_beside_what_ships_anyway(capsys: pytest.CaptureFixture[str]) -> None:
    """The makers' SDKs are 40.4 and 4.6 MB and take 240 and 62 ms to import: see `chalicelib/adapters/sms_signing.py`."""
    home = Path(chalicelib.__file__).parent
    ours = [home / "adapters" / f"sms_{name}.py" for name in ("aliyun", "tencent", "signing", "http", "endings", "keys")]
    script = (
        "import time, botocore.httpsession, msgspec, Cryptodome.Cipher.AES\n"
        "import chalicelib.adapters.vault, chalicelib.casework.messages, chalicelib.street\n"
        "began = time.process_time()\n"
        "import chalicelib.adapters.sms_aliyun, chalicelib.adapters.sms_tencent, chalicelib.adapters.sms_keys\n"
        "print(time.process_time() - began)\n"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(home.parent)}
    took = [
        float(subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    size = sum(path.stat().st_size for path in ours)
    with capsys.disabled():
        sys.stdout.write(f"\nSMS adapters: {size / 1000:.0f} kB of source, {min(took) * 1000:.0f} ms of CPU to import both\n")
    assert size < 60_000
    assert min(took) < 0.06
