"""Aliyun's and Tencent Cloud's adapters, over a real connection to a server that is stricter than they are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import sms_aliyun, sms_tencent
from chalicelib.adapters.sms import ByTemplate
from chalicelib.adapters.sms_aliyun import AliyunSms
from chalicelib.adapters.sms_endings import raise_for
from chalicelib.adapters.sms_signing import Credential
from chalicelib.adapters.sms_tencent import TencentSms
from chalicelib.ports import Sms, SmsCapped, SmsRefused, SmsRetry, SmsStopped, SmsUnknown
from chalicelib.street import Template
from tests.sms_streets import GOOD, SIGN, Held, approved, street
from tests.strict_sms_http import serving
from tests.strict_sms_server import StrictServer

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
PHONE = "+8613800000001"
BOTH = ("aliyun", "tencent")


def message(ref: str = "ref-1", **changes: Any) -> Sms:
    parts = {"phone": PHONE, "template": "handled", "params": ("K7M3-9QXA-C", "11月24日16:05"), **changes}
    return Sms(ref=ref, **parts)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, StrictServer]]:
    """One of each for all these tests; every test starts it anew."""
    with (
        serving(StrictServer(lambda: NOW, approved("aliyun"))) as aliyun,
        serving(StrictServer(lambda: NOW, approved("tencent"))) as tencent,
    ):
        yield {"aliyun": aliyun, "tencent": tencent}


@pytest.fixture(params=BOTH)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(servers: dict[str, StrictServer], kind: str) -> StrictServer:
    one = servers[kind]
    one.ways, one.out, one.wrong, one.asked, one.listed, one.nonces = [], [], [], [], True, set()
    one.heard.clear()
    one.clock = lambda: NOW
    return one


def adapter(
    kind: str, server: StrictServer, *, late: timedelta = timedelta(0), answer_s: float = 10, **parts: Any
) -> AliyunSms | TencentSms:
    parts = {"street": street(kind), "keys": Held(GOOD), **parts}
    make = AliyunSms if kind == "aliyun" else TencentSms
    return make(wall=lambda: NOW + late, post=server.post(answer_s), **parts)


def test_a_message_goes_out_as_the_provider_wants_it(kind: str, server: StrictServer) -> None:
    made = adapter(kind, server).send(message())
    [out] = server.out
    assert (out.phone, out.params, out.ref, out.id) == (PHONE, ("K7M3-9QXA-C", "11月24日16:05"), "ref-1", made)
    assert (server.asked, server.wrong) == (["SendSms"], [])


def test_aliyuns_variables_are_named_as_approved(servers: dict[str, StrictServer]) -> None:
    one = servers["aliyun"]
    one.ways, one.templates = [], {**approved("aliyun"), "SMS_000000005": (SIGN, ("no", "by"))}
    named = street("aliyun", {"handled": ("no", "by")})
    assert adapter("aliyun", one, street=named).send(message("named"))
    with pytest.raises(SmsStopped, match="template isv.TEMPLATE_MISSING_PARAMETERS"):
        adapter("aliyun", one).send(message("unnamed"))
    one.templates = approved("aliyun")


NO_ANSWER = {"lost": True, "hangs": True, "slow": True, "garbage": True, "dropped": False, "broken": False}


@pytest.mark.parametrize("way", NO_ANSWER)
def test_without_an_answer_nobody_says_that_nothing_was_sent(kind: str, server: StrictServer, way: str) -> None:
    server.ways = [way]
    with pytest.raises(SmsUnknown) as raised:
        adapter(kind, server, answer_s=0.2 if way in {"hangs", "slow"} else 10).send(message())
    assert server.heard.wait(10)
    assert "138" not in str(raised.value)
    assert (raised.value.__cause__, raised.value.__suppress_context__ or raised.value.__context__ is None) == (None, True)
    assert bool(server.out) == NO_ANSWER[way]
    assert server.asked == ["SendSms"], "one call, never two"


def test_what_was_taken_is_found_by_our_reference(kind: str, server: StrictServer) -> None:
    server.ways = ["lost"]
    sms = adapter(kind, server)
    with pytest.raises(SmsUnknown):
        sms.send(message())
    asked = [sms.sent("ref-1", PHONE, "handled", NOW), sms.sent("ref-2", PHONE, "handled", NOW)]
    assert asked == [True, None], "what is not listed may be listed in a moment"


def test_aliyun_says_after_a_while_that_nothing_was_taken_and_tencent_never_can(kind: str, server: StrictServer) -> None:
    late = timedelta(minutes=16)
    server.clock = lambda: NOW + late
    sms = adapter(kind, server, late=late)
    assert sms.sent("ref-1", PHONE, "handled", NOW) is (False if kind == "aliyun" else None)


def test_a_question_without_an_answer_is_no_answer(kind: str, server: StrictServer) -> None:
    broken = adapter(kind, server, late=timedelta(minutes=16), keys=Held(GOOD))
    broken._post = lambda _: (500, {})  # type: ignore[assignment]  # a gateway that answers for it
    assert broken.sent("ref-1", PHONE, "handled", NOW) is None
    broken._post = lambda _: (200, {"Code": "OK", "Response": {}})  # type: ignore[assignment]  # half an answer
    assert broken.sent("ref-1", PHONE, "handled", NOW) is None
    endless = {"Code": "OK", "TotalCount": float("inf"), "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}}
    broken._post = lambda _: (200, endless)  # type: ignore[assignment]  # JSON knows numbers past all bounds
    assert broken.sent("ref-1", PHONE, "handled", NOW) is None


@pytest.mark.parametrize("made", [None, "", "x" * 3000, "\ud800", 7, [None], {"Code": "OK"}])
def test_what_was_taken_has_gone_out_whatever_it_is_called(kind: str, server: StrictServer, made: Any) -> None:
    """An id that is none could not be stored, and the message would be taken for one that nobody sent."""
    odd = adapter(kind, server)
    taken = {"Code": "OK", "BizId": made, "Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": made}]}}
    odd._post = lambda _: (200, taken)  # type: ignore[assignment]  # an answer that nobody has documented
    assert odd.send(message()) == ""


def test_aliyun_is_asked_for_every_page_and_for_the_day_after_an_attempt_at_midnight(servers: dict[str, StrictServer]) -> None:
    one = servers["aliyun"]
    midnight = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    one.ways, one.out, one.asked, one.listed, one.clock = [], [], [], True, lambda: midnight + timedelta(seconds=2)
    sms = AliyunSms(street("aliyun"), Held(GOOD), one.clock, one.post())
    for number in range(60):
        sms.send(message(f"ref-{number}"))
    one.asked.clear()
    assert sms.sent("ref-59", PHONE, "handled", midnight) is True
    assert one.asked == ["QuerySendDetails"] * 3, "nothing on the first day, two pages on the second"


def test_connections_that_are_never_made_send_nothing(kind: str, server: StrictServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = StrictServer(lambda: NOW, {}, port=closed.getsockname()[1])
        with pytest.raises(SmsRetry):
            adapter(kind, nobody).send(message())


@pytest.mark.parametrize(
    ("provider", "way", "ending", "says"),
    [
        ("aliyun", "busy", SmsRetry, "Throttling.User"),
        ("aliyun", "isv.BUSINESS_LIMIT_CONTROL 触发分钟级流控Permits:1", SmsRetry, ""),
        ("aliyun", "isv.BUSINESS_LIMIT_CONTROL 触发小时级流控Permits:5", SmsRetry, ""),
        ("aliyun", "isv.BUSINESS_LIMIT_CONTROL 触发天级流控Permits:10", SmsCapped, ""),
        ("aliyun", "isv.MOBILE_NUMBER_ILLEGAL", SmsRefused, ""),
        ("aliyun", "isv.BLACK_KEY_CONTROL_LIMIT", SmsRefused, ""),
        ("aliyun", "isv.AMOUNT_NOT_ENOUGH", SmsStopped, "account isv.AMOUNT_NOT_ENOUGH"),
        ("aliyun", "isp.RAM_PERMISSION_DENY", SmsStopped, "account isp.RAM_PERMISSION_DENY"),
        ("aliyun", "isv.SIGN_STATE_ILLEGAL", SmsStopped, "sign isv.SIGN_STATE_ILLEGAL"),
        ("aliyun", "isv.DENY_IP_RANGE", SmsStopped, "network isv.DENY_IP_RANGE"),
        ("aliyun", "isp.SYSTEM_ERROR", SmsUnknown, ""),
        ("aliyun", "isv.SOMETHING_NEW", SmsRetry, ""),
        ("tencent", "busy", SmsRetry, "RequestLimitExceeded"),
        ("tencent", "LimitExceeded.PhoneNumberThirtySecondLimit", SmsRetry, ""),
        ("tencent", "LimitExceeded.PhoneNumberDailyLimit", SmsCapped, ""),
        ("tencent", "LimitExceeded.AppDailyLimit", SmsStopped, "account LimitExceeded.AppDailyLimit"),
        ("tencent", "FailedOperation.PhoneNumberInBlacklist", SmsRefused, ""),
        ("tencent", "FailedOperation.ContainSensitiveWord", SmsRefused, ""),
        ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", SmsStopped, "account FailedOperation.Insuff"),
        ("tencent", "UnauthorizedOperation.ServiceSuspendDueToArrears", SmsStopped, "account Unauthorized"),
        ("tencent", "InternalError.SendAndRecvFail", SmsUnknown, ""),
        ("tencent", "InternalError.Timeout", SmsUnknown, ""),
        ("tencent", "Something.New", SmsRetry, ""),
    ],
)
def test_a_providers_code_says_what_may_be_done_next(
    servers: dict[str, StrictServer], provider: str, way: str, ending: type[Exception], says: str
) -> None:
    one = servers[provider]
    one.clock, one.ways, one.out = lambda: NOW, [way], []
    with pytest.raises(ending, match=says or None) as raised:
        adapter(provider, one).send(message(f"code-{way}"))
    assert type(raised.value) is ending
    assert one.out == []


def test_every_listed_code_has_an_ending_that_is_known() -> None:
    for endings in (sms_aliyun.ENDINGS, sms_tencent.ENDINGS):
        for code in endings:
            with pytest.raises((SmsRefused, SmsRetry, SmsCapped, SmsStopped, SmsUnknown)) as raised:
                raise_for(code, endings)
            if isinstance(raised.value, SmsStopped):
                assert raised.value.key in {"keys", "account", "network", "sign", "template"}


def test_the_strict_server_knows_a_wrong_signature_template_and_clock(kind: str, server: StrictServer) -> None:
    for late in (-16, 16):
        with pytest.raises(SmsStopped, match="network"):
            adapter(kind, server, late=timedelta(minutes=late)).send(message())
    with pytest.raises(SmsStopped, match="sign "):
        adapter(kind, server, street=street(kind, sign="别的签名")).send(message())
    foreign = street(kind)
    foreign.templates["handled"] = Template(provider=kind, code="SMS_9999", sign=SIGN)
    with pytest.raises(SmsStopped, match="template "):
        adapter(kind, server, street=foreign).send(message())
    assert server.out == []


BAD = Credential("example-id", "another-secret")
OLD = Credential("gone-id", "gone-secret")


@pytest.mark.parametrize(
    ("held", "stored", "looks"),
    [
        ((GOOD,), (GOOD,), 0),
        ((OLD,), (GOOD, OLD), 1),
        ((BAD, GOOD), (BAD, GOOD), 0),
    ],
    ids=["good", "exchanged since it was read", "the new pair is mistyped and the one before still good"],
)
def test_keys_are_exchanged_without_a_gap(
    kind: str, server: StrictServer, held: tuple[Credential, ...], stored: tuple[Credential, ...], looks: int
) -> None:
    keys = Held(*held, stored=stored)
    assert adapter(kind, server, keys=keys).send(message())
    assert (len(server.out), keys.looks) == (1, looks)


@pytest.mark.parametrize("held", [(), (BAD,), (OLD, BAD)])
def test_without_good_keys_an_operator_is_named_what_to_do(kind: str, server: StrictServer, held: tuple[Credential, ...]) -> None:
    with pytest.raises(SmsStopped, match="^keys ") as raised:
        adapter(kind, server, keys=Held(*held)).send(message())
    assert "secret" not in str(raised.value)
    assert server.out == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "+862100123456"},
        {"phone": ""},
        {"params": ("one",)},
        {"params": ("a", "x" * 13)},
        {"params": ("a", "www.example.com")},
        {"params": ("a", "13800000001")},
        {"params": ("a", "【b】")},
        {"params": ("a", "好😀")},
        {"params": ("a", "two\nlines")},
    ],
)
def test_what_no_carrier_delivers_is_refused_without_a_call(kind: str, server: StrictServer, wrong: dict[str, Any]) -> None:
    with pytest.raises(SmsRefused) as raised:
        adapter(kind, server).send(message(**wrong))
    assert server.asked == []
    assert "1380" not in str(raised.value)


def test_a_template_may_go_through_another_provider() -> None:
    made: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name
            made.append(name)

        def send(self, message: Sms) -> str:
            return self.name

        def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
            return self.name == "tencent"

    mixed = street("aliyun")
    mixed.templates["late"] = Template(provider="tencent", code="1000009", sign=SIGN)
    both = ByTemplate(mixed, Named)
    assert [both.send(message(template=name)) for name in ("late", "handled", "late")] == ["tencent", "aliyun", "tencent"]
    assert [both.sent("r", PHONE, name, NOW) for name in ("late", "handled")] == [True, False]
    assert made == ["tencent", "aliyun"]
