from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.sms import LocalSms, provider
from chalicelib.adapters.sms_aliyun import AliyunSms
from chalicelib.adapters.sms_keys import SmsKeys
from chalicelib.adapters.sms_sns import SnsSms
from chalicelib.adapters.sms_tencent import TencentSms
from chalicelib.adapters.vault import KmsVault
from chalicelib.errors import ConfigError
from chalicelib.ports import Sms, SmsRefused, SmsRetry, SmsUnknown
from chalicelib.street import Sms as SmsOfStreet
from chalicelib.street import Template
from tests.aws_doubles import before_call, client, raising, refusal

STREET = SmsOfStreet(provider="sns", sign="家门口", templates={"new": Template(provider="sns", code="T7", sign="长桥街道")})
MESSAGE = Sms(ref="r1", phone="+8613800000000", template="handled", params=("K7M3-9QXA-C", "11月24日16:05"))
ADDRESS = "https://sns.example"
NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example-secret")
    return Aws("ap-southeast-1")


def answered(aws: Aws) -> list[dict[str, Any]]:
    """SNS that accepts everything; what it was asked for is listed."""
    asked: list[dict[str, Any]] = []

    def publish(**call: Any) -> dict[str, str]:
        asked.append(call)
        return {"MessageId": "m-1"}

    aws.client("sns").publish = publish
    return asked


def test_a_message_goes_out_signed_and_as_transactional(aws: Aws) -> None:
    asked = answered(aws)
    assert SnsSms(aws, STREET).send(MESSAGE) == "m-1"
    assert asked == [
        {
            "PhoneNumber": "+8613800000000",
            "Message": "【家门口】您的事项K7M3-9QXA-C已办理,扫原码输入编号可查看结果。如未解决,请于11月24日16:05前告知。",
            "MessageAttributes": {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
        }
    ]


def test_a_template_may_have_its_own_signature(aws: Aws) -> None:
    asked = answered(aws)
    SnsSms(aws, STREET).send(Sms(ref="r", phone="+8613800000000", template="new", params=("a", "b", "c")))
    assert asked[0]["Message"].startswith("【长桥街道】")


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (refusal("InvalidParameter"), SmsRefused),
        (refusal("OptedOut"), SmsRefused),
        (refusal("ValidationException"), SmsRefused),
        (refusal("Throttling"), SmsRetry),
        (refusal("ThrottledException", 429), SmsRetry),
        (refusal("AuthorizationError", 403), SmsRetry),
        (refusal("SomethingNew", 400), SmsRetry),
        (refusal("InternalError", 500), SmsUnknown),
        (refusal("ServiceUnavailable", 503), SmsUnknown),
        (EndpointConnectionError(endpoint_url=ADDRESS), SmsRetry),
        (ConnectTimeoutError(endpoint_url=ADDRESS), SmsRetry),
        (ReadTimeoutError(endpoint_url=ADDRESS), SmsUnknown),
        (ConnectionClosedError(endpoint_url=ADDRESS), SmsUnknown),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_each_failure_is_final_or_for_now_or_unknown(aws: Aws, error: Exception, ending: type[Exception]) -> None:
    before_call(aws.client("sns"), "Publish", raising(error))
    with pytest.raises(ending) as raised:
        SnsSms(aws, STREET).send(MESSAGE)
    assert "138" not in str(raised.value)


def test_a_call_without_an_answer_is_made_once_only(aws: Aws) -> None:
    """The SDK repeats time-outs by itself; for an SMS that would be a second message."""
    attempts: list[int] = []

    def wire(**_: Any) -> None:
        attempts.append(1)
        raise ReadTimeoutError(endpoint_url=ADDRESS)

    aws.client("sns").meta.events.register_first("before-send.sns.Publish", wire)
    with pytest.raises(SmsUnknown):
        SnsSms(aws, STREET).send(MESSAGE)
    assert len(attempts) == 1


def test_a_client_that_repeats_calls_is_refused(aws: Aws) -> None:
    aws._clients["sns"] = client("sns")
    with pytest.raises(ConfigError, match="repeats"):
        SnsSms(aws, STREET).send(MESSAGE)


@pytest.mark.parametrize(
    "message",
    [
        Sms(ref="r", phone="+862100123456", template="handled", params=("a", "b")),
        Sms(ref="r", phone="", template="handled", params=("a", "b")),
        Sms(ref="r", phone="+8613800000000", template="handled", params=("a",)),
        Sms(ref="r", phone="+8613800000000", template="greeting", params=()),
        Sms(ref="r", phone="+8613800000000", template="handled", params=("a", "x" * 13)),
    ],
)
def test_what_can_never_be_delivered_is_refused_without_a_call(aws: Aws, message: Sms) -> None:
    asked = answered(aws)
    with pytest.raises(SmsRefused) as raised:
        SnsSms(aws, STREET).send(message)
    assert not asked
    assert "0012" not in str(raised.value)


def test_what_the_provider_can_say_about_an_attempt(aws: Aws) -> None:
    assert SnsSms(aws, STREET).sent("r1", MESSAGE.phone, "handled", NOW) is None
    assert LocalSms().sent("r1", MESSAGE.phone, "handled", NOW) is False


def test_the_local_provider_takes_every_number_and_names_our_reference() -> None:
    assert LocalSms().send(Sms(ref="r1", phone="+862100123456", template="handled", params=("a", "b"))) == "local-r1"


def test_the_local_provider_knows_what_it_took_and_for_whom() -> None:
    sms = LocalSms()
    sms.send(Sms(ref="r1", phone="+862100123456", template="handled", params=("a", "b")))
    asked = [("r1", "+862100123456"), ("r1", "+862100120000"), ("r2", "+862100123456")]
    assert [sms.sent(*ref, "handled", NOW) for ref in asked] == [True, False, False]


def test_providers_are_chosen_by_name_and_build_nothing(aws: Aws) -> None:
    keys = SmsKeys(None, "keys", KmsVault(aws, "key", "small"))
    made = {name: type(provider(name, aws, STREET, keys, lambda: NOW)) for name in ("local", "sns", "aliyun", "tencent")}
    assert made == {"local": LocalSms, "sns": SnsSms, "aliyun": AliyunSms, "tencent": TencentSms}
    with pytest.raises(ConfigError, match="carrier-pigeon"):
        provider("carrier-pigeon", aws, STREET, keys, lambda: NOW)
    assert aws._clients == {}
