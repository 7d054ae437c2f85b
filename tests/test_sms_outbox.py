"""The whole way of a message over a real connection: outbox, keys from the Keys table, provider, receipts. No message twice, none
lost, whatever the provider does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.adapters.sms_aliyun import AliyunSms
from chalicelib.adapters.sms_keys import SmsKeys
from chalicelib.adapters.sms_signing import Credential
from chalicelib.adapters.sms_tencent import TencentSms
from chalicelib.models import outbox
from chalicelib.usecases import receipts
from infra.messages import listing, undelivered
from tests.client import Page
from tests.mail import messages, person, states, tell
from tests.sms_streets import GOOD, approved, street
from tests.strict_sms_http import serving
from tests.strict_sms_server import CHINA, StrictServer
from tests.world import World

WAYS = ["fine", "lost", "hangs", "slow", "garbage", "dropped", "broken", "busy"]


@contextmanager
def provider(world: World, kind: str, answer_s: float = 10) -> Iterator[StrictServer]:
    """The street sends through a strict server of that provider, with keys as the command sets them."""
    settings = replace(wiring.house().settings, sms_provider=kind)
    wiring.house().sms_keys.put(kind, GOOD, world.clock.civil())
    sms_of_street = street(kind)
    with serving(StrictServer(world.clock.civil, approved(kind))) as server:
        make = AliyunSms if kind == "aliyun" else TencentSms
        keys = wiring.house().sms_keys
        sms = make(sms_of_street, keys, world.clock.civil, server.post(answer_s))
        wiring.use(settings=settings, clock=world.clock, sms=sms)
        yield server


def people(world: World, count: int) -> list[outbox.OutboxRow]:
    """So many people, each with a number of their own and one message that waits."""
    return [
        tell(world, person(world, phone=f"138 0000 {number:04}"), "new", f"CASE-{number:04}") for number in range(1, count + 1)
    ]


def settle(world: World, server: StrictServer, done: Callable[[], bool]) -> None:
    """Sweeps while the clock goes on: every few minutes first, then through the day after which a person is asked."""
    for step in range(16):
        world.deliver()
        if done():
            return
        world.clock.advance(minutes=11 if step < 8 else 240)


@pytest.mark.parametrize("kind", ["aliyun", "tencent"])
def test_every_message_goes_out_once_whatever_the_provider_does(
    world: World, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "doorstep")
    with provider(world, kind, answer_s=0.3) as server:
        server.ways = WAYS * 2
        rows = people(world, len(server.ways))
        settle(world, server, lambda: not {"pending", "sending", "unknown", "held"} & set(states(world)))
        assert server.wrong == []
        phones = [out.phone for out in server.out]
        assert len(phones) == len(set(phones)), "nobody's telephone rang twice"
        if kind == "aliyun":
            assert states(world) == ["sent"] * len(rows)
            assert len(phones) == len(rows)
        else:
            # Of four attempts Tencent can't say that they were not taken: a person is asked, and nothing is sent blindly.
            parked = [row.why for row in messages(world) if row.state == "parked"]
            assert (states(world).count("sent"), parked) == (len(rows) - 4, ["unknown"] * 4)
            assert len(phones) == len(rows) - 4
    assert "138" not in caplog.text
    assert "secret" not in caplog.text


def test_what_an_operator_has_to_mend_is_parked_with_its_remedy_and_then_goes_out(world: World) -> None:
    with provider(world, "aliyun") as server:
        stopped = ["account isv.AMOUNT_NOT_ENOUGH", "refused isv.MOBILE_NUMBER_ILLEGAL", "sign isv.SIGN_STATE_ILLEGAL"]
        server.ways = ["isv.AMOUNT_NOT_ENOUGH", "isv.SIGN_STATE_ILLEGAL", "isv.MOBILE_NUMBER_ILLEGAL"]
        people(world, 3)
        world.deliver()
        assert sorted(row.why for row in messages(world)) == stopped
        said = "\n".join(listing())
        assert "the provider's account: money" in said
        assert "(isv.AMOUNT_NOT_ENOUGH)" in said
        assert "`sign` in [sms]" in said
        for row in messages(world):
            assert outbox.revive(row, world.clock.civil())
        world.deliver()
        assert states(world) == ["sent"] * 3
        assert len(server.out) == 3


def test_a_full_number_waits_for_the_morning_and_not_for_ever(world: World) -> None:
    with provider(world, "aliyun") as server:
        full = "isv.BUSINESS_LIMIT_CONTROL 触发天级流控Permits:10"
        server.ways = [full]
        people(world, 1)
        world.deliver()
        [row] = messages(world)
        assert (row.state, row.why) == ("held", "cap")
        assert row.pending_at == "2026-11-18T23:00:00.000Z", "seven in the morning in Shanghai"
        server.ways = [full] * 5
        for _ in range(5):
            world.clock.advance(hours=24)
            world.deliver()
        assert [(row.state, row.why) for row in messages(world)] == [("parked", "cap")]
        assert server.out == []


def test_keys_are_exchanged_while_messages_go_out(world: World) -> None:
    with provider(world, "aliyun") as server:
        people(world, 2)
        row = tell(world, person(world, phone="138 0000 0003"), "new")
        server.secrets = {"new-key-000001": "another-secret"}
        wiring.house().sms_keys.put("aliyun", Credential("new-key-000001", "another-secret"), world.clock.civil())
        world.deliver()
        assert states(world) == ["sent"] * 3, "the sender held the old pair, was refused, and read again"
        assert row.template == "new"


def test_keys_lie_sealed_and_only_who_may_decrypt_reads_them(world: World) -> None:
    from chalicelib.ports import SmsStopped, VaultClosed

    keys = wiring.house().sms_keys
    keys.put("aliyun", GOOD, world.clock.civil())
    [item] = [
        item
        for item in world.aws("dynamodb").scan(TableName=world.outputs["KeysTable"], ConsistentRead=True)["Items"]
        if item["pk"]["S"] == "SMS"
    ]
    assert b"example-secret" not in item["sealed"]["B"]
    assert "example-secret" not in str({name: value for name, value in item.items() if name != "sealed"})

    class WithoutDecrypt:
        def open(self, record: str, envelope: bytes) -> dict[str, str]:
            raise VaultClosed("AccessDeniedException")

    pages = SmsKeys(world.aws("dynamodb"), world.outputs["KeysTable"], WithoutDecrypt())  # type: ignore[arg-type]  # opens only
    with pytest.raises(SmsStopped, match="keys closed"):
        pages.read("aliyun")
    moved = {**item, "sk": {"S": "tencent"}}
    world.aws("dynamodb").put_item(TableName=world.outputs["KeysTable"], Item=moved)
    with pytest.raises(SmsStopped, match="keys closed"):
        keys.read("tencent")


# -- Receipts


def push(world: World, kind: str, entries: Any, token: str = "") -> Page:
    sent = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    path = f"/api/v1/receipts/{kind}/{token or receipts.token(world.context, kind)}"
    return world.client().call("POST", path, sent, {"Content-Type": "application/json; charset=utf-8"})


def aliyun(provider_id: str, *, delivered: bool = True, at: str = "2026-11-18 10:00:01") -> dict[str, Any]:
    code = "DELIVERED" if delivered else "MOBILE_NOT_ON_SERVICE"
    common = {"phone_number": "13800000001", "send_time": at, "report_time": at, "sms_size": "1", "out_id": "x"}
    return {**common, "success": delivered, "err_code": code, "err_msg": "用户接收成功", "biz_id": provider_id}


def tencent(provider_id: str, *, delivered: bool = True) -> dict[str, Any]:
    common = {"user_receive_time": "2026-11-18 10:00:01", "nationcode": "86", "mobile": "13800000001", "description": "x"}
    status = "SUCCESS" if delivered else "FAIL"
    return {**common, "report_status": status, "errmsg": "DELIVRD" if delivered else "MK:0001", "sid": provider_id}


@pytest.mark.parametrize(("kind", "receipt"), [("aliyun", aliyun), ("tencent", tencent)])
def test_receipts_mark_messages_once_and_say_nothing_about_people(
    world: World, kind: str, receipt: Callable[..., dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "doorstep")
    with provider(world, kind) as server:
        people(world, 2)
        world.deliver()
        first, second = sorted(server.out, key=lambda out: out.phone)
        both = [receipt(first.id), receipt(second.id, delivered=False)]
        for _ in range(3):
            page = push(world, kind, both)
            assert (page.status, page.json()["code"], page.json()["result"]) == (200, 0, 0)
        push(world, kind, [receipt(second.id)])
        reports = {row.provider_id: (row.state, row.report, row.provider) for row in messages(world)}
        assert reports == {first.id: ("sent", "delivered", kind), second.id: ("sent", "failed", kind)}, "the first one stands"
        [line] = undelivered()
        assert line.endswith("MOBILE_NOT_ON_SERVICE" if kind == "aliyun" else "MK:0001")
        for secret in ("138", "用户"):
            assert secret not in caplog.text + line
        other = "tencent" if kind == "aliyun" else "aliyun"
        fake = (tencent if other == "tencent" else aliyun)(first.id)
        assert push(world, other, [fake]).status == 200, "another provider's receipt marks nothing"
        assert {row.provider_id: row.report for row in messages(world)} == {first.id: "delivered", second.id: "failed"}


def test_a_receipt_that_is_quicker_than_our_own_write_is_asked_for_again(world: World) -> None:
    now = world.context.clock.wall().astimezone(CHINA)
    young, old = f"{now:%Y-%m-%d %H:%M:%S}", f"{now - timedelta(minutes=11):%Y-%m-%d %H:%M:%S}"
    later = push(world, "aliyun", [aliyun("1^0", at=young)])
    assert (later.status, later.header("Content-Type")) == (503, "application/json")
    assert push(world, "aliyun", [aliyun("1^0", at=old), aliyun("1^0", at="yesterday")]).status == 200


def test_wrong_addresses_are_unknown_and_wrong_bodies_refused(world: World) -> None:
    token = receipts.token(world.context, "aliyun")
    assert len(token) == 40
    for kind, wrong in (("aliyun", token[:-1] + "g"), ("aliyun", "x"), ("tencent", token), ("sns", token), ("aliyun", "%C3%A9")):
        assert push(world, kind, [aliyun("1^0")], wrong).status == 404, (kind, wrong)
    assert world.client().get(f"/api/v1/receipts/aliyun/{token}").status == 405
    for body in (b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, json.dumps([{}] * 501).encode()):
        assert push(world, "aliyun", body).status == 400
    assert push(world, "aliyun", b"[" + b" " * 300_000 + b"]").status == 413
    odd = [{}, {"biz_id": 7, "success": True}, {"biz_id": "1^0", "success": "yes"}, {"biz_id": "x" * 101, "success": True}]
    assert push(world, "aliyun", [*odd, {"biz_id": "a b", "success": True}]).status == 200
    assert push(world, "tencent", [{"report_status": ["SUCCESS"], "sid": {}}, {"report_status": {}}]).status == 200


def test_addresses_are_exchanged_with_an_overlap(world: World) -> None:
    ctx = world.context
    old, now, next_one = (receipts.token(ctx, "aliyun", number) for number in (1, 2, 3))
    raised = replace(ctx, street=_numbered(ctx.street, 2))
    for good in (old, now):
        receipts.check(raised, "aliyun", good)
    for ctx_, wrong in ((raised, next_one), (replace(ctx, street=_numbered(ctx.street, 3)), old)):
        with pytest.raises(Exception, match="page"):
            receipts.check(ctx_, "aliyun", wrong)


def _numbered(street_: Any, number: int) -> Any:
    import msgspec

    return msgspec.structs.replace(street_, sms=msgspec.structs.replace(street_.sms, receipts=number))
