"""Signatures against what the providers publish, and against requests that their own SDKs signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from chalicelib.adapters.sms_signing import Call, Credential, acs3, tc3

# Fixed clock and nonce of the two requests below; alibabacloud-dysmsapi20170525 4.6.0 and tencentcloud-sdk-python-sms 3.1.153
# were given the same, and what they put on the wire was written down.
KEYS = Credential("example-id", "example-secret")
NONCE = "3156853299f313e23d1673dc12e1703d"
SDK_HEADERS = {
    "user-agent": "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
    "accept": "application/json",
    "x-acs-credentials-provider": "static_ak",
}


def signature(call: Call) -> str:
    return call.headers["Authorization"].rpartition("=")[2]


def test_aliyuns_published_example() -> None:
    """https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature, RunInstances with fixed values."""
    call = acs3(
        Credential("YourAccessKeyId", "YourAccessKeySecret"),
        "ecs.cn-shanghai.aliyuncs.com",
        "RunInstances",
        "2014-05-26",
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        NONCE,
    )
    assert call.headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )
    assert call.path == "/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"


def test_the_same_message_is_signed_as_aliyuns_sdk_signs_it() -> None:
    at = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
    sent = {
        "PhoneNumbers": "13800000000",
        "SignName": "示例街道",
        "TemplateCode": "SMS_000000005",
        "TemplateParam": '{"p1":"K7M3-9QXA-C","p2":"11月24日16:05"}',
        "OutId": "0123456789abcdef",
    }
    asked = {"PhoneNumber": "13800000000", "SendDate": "20261122", "PageSize": "50", "CurrentPage": "1"}
    host = "dysmsapi.aliyuncs.com"
    assert signature(acs3(KEYS, host, "SendSms", "2017-05-25", sent, at, NONCE, SDK_HEADERS)) == (
        "ef5f0ca04be063d8f16de5d17dc4e049316f011db5d2b83573c019af1bbdfa81"
    )
    assert signature(acs3(KEYS, host, "QuerySendDetails", "2017-05-25", asked, at, NONCE, SDK_HEADERS)) == (
        "016c340b3e8ca76a5eb11693cf5a46f07d56a45ffc96cf5990aa841e14fd8c1e"
    )


def test_tencents_published_example() -> None:
    """https://cloud.tencent.com/document/api/362/4208, whose key is printed with stars in it; DescribeInstances."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    call = tc3(
        Credential("AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******", "Gu5t9xGARNpq86cd98joQYCN3*******"),
        "cvm.tencentcloudapi.com",
        "cvm",
        "DescribeInstances",
        "2017-03-12",
        "ap-guangzhou",
        body,
        datetime.fromtimestamp(1551113065, UTC),
    )
    assert call.headers["Authorization"] == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"
    )


def test_the_same_message_is_signed_as_tencents_sdk_signs_it() -> None:
    asked = {
        "PhoneNumberSet": ["+8613800000000"],
        "SmsSdkAppId": "1400006666",
        "TemplateId": "1110",
        "SignName": "示例街道",
        "TemplateParamSet": ["K7M3-9QXA-C", "11月24日16:05"],
        "SessionContext": "0123456789abcdef",
    }
    host, keys = "sms.tencentcloudapi.com", Credential("example-id", "example-key")
    at = datetime.fromtimestamp(1795143845, UTC)
    body = json.dumps(asked).encode()
    call = tc3(keys, host, "sms", "SendSms", "2021-01-11", "ap-guangzhou", body, at, "application/json")
    assert signature(call) == "b635219b3b79ffd3f9a93224ce379f63a245b4a9697bb41770dd50ae018159f2"
    assert call.headers["Authorization"].startswith("TC3-HMAC-SHA256 Credential=example-id/2026-11-20/sms/tc3_request, ")


def test_neither_keys_nor_calls_show_themselves() -> None:
    call = tc3(KEYS, "h", "sms", "SendSms", "v", "r", b"+8613800000000", datetime.now(UTC))
    assert "example" not in repr(KEYS) + str(KEYS)
    assert "138" not in repr(call) + str(call)
