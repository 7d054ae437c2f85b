"""Aliyun's SMS (Dysmsapi 2017-05-25): SendSms, and QuerySendDetails for what became of it.

- SendSms: https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms
- QuerySendDetails: https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-querysenddetails
- Codes: https://help.aliyun.com/zh/sms/developer-reference/api-error-codes, and for the gateway before it
  https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
- Signing and why there is no SDK: `sms_signing`.

Our reference is `OutId`. QuerySendDetails lists what was taken for a number on a day, receipts or not, so a message that is not
listed some minutes after the attempt was not taken, and may be sent again. Aliyun serves mainland numbers from mainland addresses
only (isv.DENY_IP_RANGE): a street outside needs a way out through the mainland.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from chalicelib.adapters.sms_endings import Keys, approved, code_of, id_of, raise_for, with_keys
from chalicelib.adapters.sms_http import Post
from chalicelib.adapters.sms_signing import Credential, acs3
from chalicelib.ports import Sms, SmsRetry, SmsUnknown
from chalicelib.street import Sms as SmsOfStreet

VERSION = "2017-05-25"
NAME = "aliyun"
# Days of QuerySendDetails are China's, whatever the street's zone.
CHINA = timezone(timedelta(hours=8))
# Until an accepted message is sure to be listed. Signed calls are good for 15 minutes at most.
SETTLED = timedelta(minutes=15)
PAGE = 50
PAGES = 5

ENDINGS = {
    # Throttles of the gateway did nothing.
    "Throttling": "retry",
    "Throttling.": "retry",
    "SignatureNonceUsed": "retry",
    "InvalidTimeStamp.Expired": "network",
    # The number.
    "isv.MOBILE_NUMBER_ILLEGAL": "number",
    "isv.MOBILE_COUNT_OVER_LIMIT": "number",
    "isv.CUSTOMER_REFUSED": "number",
    "isv.BLACK_KEY_CONTROL_LIMIT": "text",
    "isv.PARAM_LENGTH_LIMIT": "text",
    "isv.PARAM_NOT_SUPPORT_URL": "text",
    "isv.SMS_CONTENT_ILLEGAL": "text",
    "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE": "template",
    # The template and its parameters' names.
    "isv.SMS_TEMPLATE_ILLEGAL": "template",
    "isv.TEMPLATE_MISSING_PARAMETERS": "template",
    "isv.TEMPLATE_PARAMS_ILLEGAL": "template",
    "isv.INVALID_JSON_PARAM": "template",
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": "template",
    "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT": "template",
    "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL": "template",
    "isv.SMS_TEST_NUMBER_LIMIT": "template",
    "isv.INVALID_PARAMETERS": "template",
    # The signature.
    "isv.SMS_SIGNATURE_ILLEGAL": "sign",
    "isv.SMS_SIGN_ILLEGAL": "sign",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "sign",
    "isv.SIGN_NAME_ILLEGAL": "sign",
    "isv.SIGN_STATE_ILLEGAL": "sign",
    "isv.SMS_SIGN_EMOJI_ILLEGAL": "sign",
    "isv.EXTEND_CODE_ERROR": "sign",
    # The account: money, limits somebody has set, rights.
    "isv.AMOUNT_NOT_ENOUGH": "account",
    "isv.OUT_OF_SERVICE": "account",
    "isv.PRODUCT_UN_SUBSCRIPT": "account",
    "isv.PRODUCT_UNSUBSCRIBE": "account",
    "isv.ACCOUNT_NOT_EXISTS": "account",
    "isv.ACCOUNT_ABNORMAL": "account",
    "isv.SECURITY_FROZEN_ACCOUNT": "account",
    "isv.DAY_LIMIT_CONTROL": "account",
    "isv.MONTH_LIMIT_CONTROL": "account",
    "isv.SMS_OVER_LIMIT": "account",
    "isp.RAM_PERMISSION_DENY": "account",
    "Forbidden.": "account",
    "NoPermission": "account",
    "isv.DENY_IP_RANGE": "network",
    # What went wrong on their side, and how far it came, is not said.
    "isp.": "unknown",
    "InternalError": "unknown",
    "ServiceUnavailable": "unknown",
    "ServiceUnavailableTemporary": "unknown",
}
_KEYS = frozenset({"SignatureDoesNotMatch", "IncompleteSignature", "InvalidSecurityToken.Expired", "InvalidAccessKeySecret"})


def bad_keys(code: str) -> bool:
    return code in _KEYS or code.startswith("InvalidAccessKeyId")


class AliyunSms:
    """Implements `ports.SmsProvider`. `wall` is the machine's clock, which signatures need."""

    def __init__(self, street: SmsOfStreet, keys: Keys, wall: Callable[[], datetime], post: Post | None = None) -> None:
        self._street = street
        self._keys = keys
        self._wall = wall
        self._post = post or Post()

    def send(self, message: Sms) -> str:
        template = approved(message, self._street)
        names = template.names or tuple(f"p{number}" for number, _ in enumerate(message.params, start=1))
        answer = self._ask(
            "SendSms",
            {
                "PhoneNumbers": message.phone.removeprefix("+86"),
                "SignName": template.sign,
                "TemplateCode": template.code,
                "TemplateParam": _json(dict(zip(names, message.params, strict=True))),
                "OutId": message.ref,
            },
        )
        return id_of(answer.get("BizId"))

    def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
        try:
            # An attempt just before midnight may be booked on the next day.
            days = {f"{moment.astimezone(CHINA):%Y%m%d}" for moment in (at, at + SETTLED)}
            if any(self._listed(ref, phone, day) for day in sorted(days)):
                return True
        except (SmsRetry, SmsUnknown, _TooMany):
            return None
        return False if self._wall() - at >= SETTLED else None

    def _listed(self, ref: str, phone: str, day: str) -> bool:
        for page in range(1, PAGES + 1):
            answer = self._ask(
                "QuerySendDetails",
                {
                    "PhoneNumber": phone.removeprefix("+86"),
                    "SendDate": day,
                    "PageSize": str(PAGE),
                    "CurrentPage": str(page),
                },
            )
            try:
                found = answer["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
                if any(detail.get("OutId") == ref for detail in found):
                    return True
                total = int(answer["TotalCount"])
            except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
                raise SmsUnknown("unreadable") from None
            if page * PAGE >= total:
                return False
        raise _TooMany

    def _ask(self, action: str, query: dict[str, str]) -> dict[str, Any]:
        def ask(credential: Credential) -> tuple[str, tuple[int, dict[str, Any]]]:
            endpoint, now = self._street.aliyun.endpoint, self._wall().astimezone(UTC)
            status, answer = self._post(acs3(credential, endpoint, action, VERSION, query, now, secrets.token_hex(16)))
            return code_of(answer.get("Code", "")), (status, answer)

        status, answer = with_keys(self._keys, NAME, ask, bad_keys)
        code = code_of(answer.get("Code", ""))
        if status == 200 and code == "OK":
            return dict(answer)
        if code == "isv.BUSINESS_LIMIT_CONTROL":
            raise_for(code, {code: _limit(str(answer.get("Message", "")))})
        raise_for(code, ENDINGS, "unknown" if status >= 500 or code == "unreadable" else "retry")
        raise SmsUnknown(code)


class _TooMany(Exception):
    """More messages went to a number on one day than are looked through."""


def _limit(message: str) -> str:
    """One code stands for a number's limit of a minute, an hour or a day; its message says which (触发天级流控Permits:10)."""
    return "retry" if "分钟级" in message or "小时级" in message else "capped"


def _json(params: dict[str, str]) -> str:
    return json.dumps(params, ensure_ascii=False, separators=(",", ":"))
