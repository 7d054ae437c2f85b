"""Tencent Cloud's SMS (2021-01-11): SendSms, and PullSmsSendStatusByPhoneNumber for what became of it.

- SendSms: https://cloud.tencent.com/document/api/382/55981
- PullSmsSendStatusByPhoneNumber: https://cloud.tencent.com/document/api/382/55976
- Codes: https://cloud.tencent.com/document/api/382/52075 and `errorcodes.py` of tencentcloud-sdk-python-sms 3.1.153
- Signing and why there is no SDK: `sms_signing`.

Our reference is `SessionContext`. What can be pulled are carriers' receipts of the last seven days: one with our reference proves
that a message went out, but none proves nothing (a phone may be off for days), so an attempt without an answer is never sent
again by itself; a person decides after a day. Tencent returns `SessionContext` in pulled receipts only after its support has
switched that on for the application; before that every such attempt ends with a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.adapters.sms_endings import Keys, approved, code_of, id_of, raise_for, with_keys
from chalicelib.adapters.sms_http import Post
from chalicelib.adapters.sms_signing import Credential, tc3
from chalicelib.ports import Sms, SmsRetry, SmsUnknown
from chalicelib.street import Sms as SmsOfStreet

VERSION = "2021-01-11"
SERVICE = "sms"
NAME = "tencent"
PULLED = 100
EARLY = timedelta(minutes=1)
PULLED_DAYS = timedelta(days=7)

ENDINGS = {
    "RequestLimitExceeded": "retry",
    "RequestLimitExceeded.": "retry",
    "LimitExceeded.PhoneNumberThirtySecondLimit": "retry",
    "LimitExceeded.PhoneNumberOneHourLimit": "retry",
    "LimitExceeded.DeliveryFrequencyLimit": "retry",
    "LimitExceeded.PhoneNumberDailyLimit": "capped",
    "LimitExceeded.PhoneNumberSameContentDailyLimit": "capped",
    # The number.
    "FailedOperation.PhoneNumberInBlacklist": "number",
    "FailedOperation.PhoneNumberParseFail": "number",
    "InvalidParameterValue.IncorrectPhoneNumber": "number",
    "UnsupportedOperation.UnsupportedRegion": "number",
    # The words in the parameters.
    "FailedOperation.ContainSensitiveWord": "text",
    "InvalidParameter.DirtyWordFound": "text",
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": "text",
    "InvalidParameterValue.ContentLengthLimit": "text",
    "InvalidParameterValue.TemplateParameterLengthLimit": "text",
    # The template.
    "FailedOperation.MissingTemplateList": "template",
    "FailedOperation.TemplateIncorrectOrUnapproved": "template",
    "FailedOperation.TemplateIdNotExist": "template",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": "template",
    "FailedOperation.TemplateUnapprovedOrNotExist": "template",
    "InvalidParameterValue.TemplateParameterFormatError": "template",
    "InvalidParameterValue.InvalidTemplateFormat": "template",
    "InvalidParameterValue.UnsupportedTemplateVariable": "template",
    "UnsupportedOperation.": "template",
    # The signature.
    "FailedOperation.MissingSignature": "sign",
    "FailedOperation.MissingSignatureList": "sign",
    "FailedOperation.SignatureIncorrectOrUnapproved": "sign",
    "FailedOperation.SignIdNotExist": "sign",
    # The account: money, limits somebody has set, the application.
    "FailedOperation.InsufficientBalanceInSmsPackage": "account",
    "FailedOperation.MarketingSendTimeConstraint": "template",
    "LimitExceeded.": "account",
    "LimitExceeded": "account",
    "UnauthorizedOperation": "account",
    "UnauthorizedOperation.": "account",
    "AuthFailure.UnauthorizedOperation": "account",
    "InvalidParameter.AppidAndBizId": "account",
    "InvalidParameterValue.SdkAppIdNotExist": "account",
    "UnauthorizedOperation.RequestIpNotInWhitelist": "network",
    "IpInBlacklist": "network",
    "IpNotInWhitelist": "network",
    "AuthFailure.SignatureExpire": "network",
    "InternalError.RequestTimeException": "network",
    # Refused before anything was done.
    "InternalError.JsonParseFail": "retry",
    "InternalError.RestApiInterfaceNotExist": "retry",
    "InternalError.SigFieldMissing": "retry",
    "InternalError.SigVerificationFail": "retry",
    # How far these came is not said.
    "InternalError": "unknown",
    "InternalError.": "unknown",
    "FailedOperation.FailResolvePacket": "unknown",
    "FailedOperation.OtherError": "unknown",
    "FailedOperation.ParametersOtherError": "unknown",
    "ServiceUnavailable": "unknown",
    "ResourceUnavailable": "unknown",
}
_KEYS = frozenset({"InvalidSecretId", "SecretIdNotFound", "SignatureFailure", "InvalidAuthorization", "TokenFailure"})


def bad_keys(code: str) -> bool:
    return code.startswith("AuthFailure.") and code.partition(".")[2] in _KEYS


class TencentSms:
    """Implements `ports.SmsProvider`. `wall` is the machine's clock, which signatures need."""

    def __init__(self, street: SmsOfStreet, keys: Keys, wall: Callable[[], datetime], post: Post | None = None) -> None:
        self._street = street
        self._keys = keys
        self._wall = wall
        self._post = post or Post()

    def send(self, message: Sms) -> str:
        template = approved(message, self._street)
        answer = self._ask(
            "SendSms",
            {
                "PhoneNumberSet": [message.phone],
                "SmsSdkAppId": self._street.tencent.app,
                "TemplateId": template.code,
                "SignName": template.sign,
                "TemplateParamSet": list(message.params),
                "SessionContext": message.ref,
            },
        )
        try:
            [status] = answer["SendStatusSet"]
            code, serial = code_of(status["Code"]), id_of(status.get("SerialNo"))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise SmsUnknown("unreadable") from None
        if code.lower() != "ok":
            raise_for(code, ENDINGS, "unknown" if code == "unreadable" else "retry")
        return serial

    def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
        now = self._wall()
        try:
            answer = self._ask(
                "PullSmsSendStatusByPhoneNumber",
                {
                    "BeginTime": int(max(at - EARLY, now - PULLED_DAYS + EARLY).timestamp()),
                    "EndTime": int(now.timestamp()),
                    "Offset": 0,
                    "Limit": PULLED,
                    "PhoneNumber": phone,
                    "SmsSdkAppId": self._street.tencent.app,
                },
            )
            found = any(entry.get("SessionContext") == ref for entry in answer["PullSmsSendStatusSet"])
        except (SmsRetry, SmsUnknown, KeyError, TypeError, AttributeError):
            return None
        return True if found else None

    def _ask(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
        account = self._street.tencent

        def ask(credential: Credential) -> tuple[str, tuple[int, str, Any]]:
            now = self._wall().astimezone(UTC)
            call = tc3(credential, account.endpoint, SERVICE, action, VERSION, account.region, body, now)
            status, answer = self._post(call)
            response = answer.get("Response")
            error = response.get("Error") if isinstance(response, dict) else None
            code = code_of(error.get("Code", "")) if isinstance(error, dict) else ""
            return code, (status, code, response)

        status, code, response = with_keys(self._keys, NAME, ask, bad_keys)
        if code:
            raise_for(code, ENDINGS, "unknown" if status >= 500 or code == "unreadable" else "retry")
        if status != 200 or not isinstance(response, dict):
            raise SmsUnknown(f"HTTP{status}")
        return response
