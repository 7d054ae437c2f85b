"""Aliyun's and Tencent Cloud's SMS on this machine, stricter than they are, and misbehaving when told to.

It signs again what it is asked for, by its own reading of the two documents, and takes nothing with a clock that is wrong, a
nonce used before, an unknown template, or parameters that no carrier would deliver. What went out is in `out`; a reference that
comes twice is in `wrong`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, quote

from chalicelib.adapters.sms_http import Post

ALIYUN = "dysmsapi.aliyuncs.com"
TENCENT = "sms.tencentcloudapi.com"
APP = "1400000000"
CHINA = timezone(timedelta(hours=8))
SKEW = {ALIYUN: timedelta(minutes=15), TENCENT: timedelta(minutes=5)}
PARAMETER = re.compile(r"[^\s【】][^【】\n]{0,11}")
SENDING = {"PhoneNumbers", "SignName", "TemplateCode", "TemplateParam", "OutId"}
SENDING_TENCENT = {"PhoneNumberSet", "SmsSdkAppId", "TemplateId", "SignName", "TemplateParamSet", "SessionContext"}


@dataclass(frozen=True)
class Out:
    """A message that went out: what the phone shows is known by template code and parameters."""

    phone: str
    code: str
    params: tuple[str, ...]
    ref: str
    id: str
    at: datetime


@dataclass
class StrictServer:
    """`ways` are taken in turn by calls that send, then all goes well. They are: fine; lost (it goes out, the connection breaks);
    hangs (it goes out, no answer comes); slow (it goes out, the answer trickles); garbage (it goes out, the answer is no JSON);
    dropped (nothing goes out, the connection breaks); broken (500, nothing goes out); busy (throttled); or a provider's own code.

    `templates` are the approved ones: code → (signature, names of the variables). `listed` False: asked, it knows of nothing yet.
    """

    clock: Callable[[], datetime]
    templates: dict[str, tuple[str, tuple[str, ...]]]
    secrets: dict[str, str] = field(default_factory=lambda: {"example-id": "example-secret"})
    ways: list[str] = field(default_factory=list)
    listed: bool = True
    out: list[Out] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    let_go: threading.Event = field(default_factory=threading.Event)
    heard: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    def post(self, answer_s: float = 10) -> Post:
        """The adapters' way to it: plain HTTP to this machine, whatever the host is called."""
        return Post(lambda _: HTTPConnection("127.0.0.1", self.port, timeout=2), answer_s)

    def answer(self, host: str, path: str, headers: dict[str, str], body: bytes) -> tuple[str, int, Any]:
        """(way, status, object) of one call."""
        with self.lock:
            said = self._aliyun(path, headers, body) if host == ALIYUN else self._tencent(headers, body)
        self.heard.set()
        return said

    def _way(self) -> str:
        return self.ways.pop(0) if self.ways else "fine"

    def _goes_out(self, message: Out) -> None:
        if any(known.ref == message.ref for known in self.out):
            self.wrong.append(f"the reference {message.ref} came twice")
        self.out.append(message)

    # -- Aliyun

    def _aliyun(self, path: str, headers: dict[str, str], body: bytes) -> tuple[str, int, Any]:
        asked = path.partition("?")[2]
        query = dict(parse_qsl(asked, keep_blank_values=True, strict_parsing=True))
        problem = self._acs3(asked, headers, body)
        if problem:
            return "fine", 400, {"Code": problem, "Message": "said by a test", "RequestId": "r"}
        action = headers["x-acs-action"]
        self.asked.append(action)
        if action == "QuerySendDetails":
            return "fine", 200, self._details(query)
        assert action == "SendSms"
        code = self._aliyun_rules(query)
        if code:
            return "fine", 200, {"Code": code, "Message": "said by a test", "RequestId": "r"}
        way = self._way()
        if way == "busy":
            return "fine", 400, {"Code": "Throttling.User", "Message": "said by a test"}
        if way in {"broken", "dropped"}:
            return way, 500, {"Code": "InternalError", "Message": "said by a test"}
        if "." in way:
            code, _, message = way.partition(" ")
            return "fine", 200, {"Code": code, "Message": message, "RequestId": "r"}
        params = tuple(json.loads(query["TemplateParam"]).values())
        made = f"{len(self.out) + 1}0^0"
        self._goes_out(Out("+86" + query["PhoneNumbers"], query["TemplateCode"], params, query["OutId"], made, self.clock()))
        return way, 200, {"Code": "OK", "Message": "OK", "BizId": made, "RequestId": "r"}

    def _acs3(self, asked: str, headers: dict[str, str], body: bytes) -> str:
        match = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})", headers["authorization"]
        )
        if match is None:
            return "IncompleteSignature"
        names = match[2].split(";")
        must = {name for name in headers if name.startswith("x-acs-") or name == "host"}
        if names != sorted(names) or not must <= set(names):
            return "IncompleteSignature"
        if match[1] not in self.secrets:
            return "InvalidAccessKeyId.NotFound"
        at = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs(self.clock() - at) > SKEW[ALIYUN]:
            return "InvalidTimeStamp.Expired"
        if headers["x-acs-signature-nonce"] in self.nonces:
            return "SignatureNonceUsed"
        digest = hashlib.sha256(body).hexdigest()
        pairs = sorted(parse_qsl(asked, keep_blank_values=True))
        query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
        lines = [*(f"{name}:{headers[name]}" for name in names), "", match[2], digest]
        hashed = hashlib.sha256("\n".join(["POST", "/", query, *lines]).encode()).hexdigest()
        signed = hmac.new(self.secrets[match[1]].encode(), f"ACS3-HMAC-SHA256\n{hashed}".encode(), "sha256").hexdigest()
        if signed != match[3] or headers["x-acs-content-sha256"] != digest or headers["x-acs-version"] != "2017-05-25":
            return "SignatureDoesNotMatch"
        self.nonces.add(headers["x-acs-signature-nonce"])
        return ""

    def _aliyun_rules(self, query: dict[str, str]) -> str:
        if set(query) != SENDING or not query["OutId"] or len(query["OutId"]) > 256:
            return "isv.INVALID_PARAMETERS"
        if not re.fullmatch(r"1[3-9][0-9]{9}", query["PhoneNumbers"]):
            return "isv.MOBILE_NUMBER_ILLEGAL"
        if query["TemplateCode"] not in self.templates:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        sign, names = self.templates[query["TemplateCode"]]
        if query["SignName"] != sign:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        params = json.loads(query["TemplateParam"])
        if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
            return "isv.INVALID_JSON_PARAM"
        if tuple(params) != names:
            return "isv.TEMPLATE_MISSING_PARAMETERS"
        return "" if all(PARAMETER.fullmatch(value) for value in params.values()) else "isv.PARAM_LENGTH_LIMIT"

    def _details(self, query: dict[str, str]) -> dict[str, Any]:
        assert set(query) == {"PhoneNumber", "SendDate", "PageSize", "CurrentPage"}
        size, page = int(query["PageSize"]), int(query["CurrentPage"])
        assert 1 <= size <= 50
        found = [
            {"OutId": out.ref, "PhoneNum": query["PhoneNumber"], "SendStatus": 1, "TemplateCode": out.code}
            for out in self.out
            if out.phone == "+86" + query["PhoneNumber"]
            and f"{out.at.astimezone(CHINA):%Y%m%d}" == query["SendDate"]
            and self.listed
        ]
        shown = found[(page - 1) * size : page * size]
        listed = {"SmsSendDetailDTO": shown}
        return {"Code": "OK", "Message": "OK", "TotalCount": str(len(found)), "SmsSendDetailDTOs": listed, "RequestId": "r"}

    # -- Tencent Cloud

    def _tencent(self, headers: dict[str, str], body: bytes) -> tuple[str, int, Any]:
        problem = self._tc3(headers, body)
        if problem:
            return "fine", 200, {"Response": {"Error": {"Code": problem, "Message": "said by a test"}, "RequestId": "r"}}
        action, asked = headers["x-tc-action"], json.loads(body)
        self.asked.append(action)
        if action == "PullSmsSendStatusByPhoneNumber":
            return "fine", 200, {"Response": {"PullSmsSendStatusSet": self._pulled(asked), "RequestId": "r"}}
        assert action == "SendSms"
        assert set(asked) == SENDING_TENCENT
        assert asked["SmsSdkAppId"] == APP
        [phone] = asked["PhoneNumberSet"]
        code = self._tencent_rules(asked)
        if code:
            return "fine", 200, self._status(phone, code)
        way = self._way()
        if way == "busy":
            error = {"Code": "RequestLimitExceeded", "Message": "said by a test"}
            return "fine", 200, {"Response": {"Error": error, "RequestId": "r"}}
        if way in {"broken", "dropped"}:
            return way, 500, {"Response": {"Error": {"Code": "InternalError", "Message": "said by a test"}}}
        if "." in way:
            return "fine", 200, self._status(phone, way)
        made = f"5000:{len(self.out) + 1}"
        self._goes_out(
            Out(phone, asked["TemplateId"], tuple(asked["TemplateParamSet"]), asked["SessionContext"], made, self.clock())
        )
        return way, 200, self._status(phone, "Ok", made, asked["SessionContext"])

    @staticmethod
    def _status(phone: str, code: str, serial: str = "", context: str = "") -> dict[str, Any]:
        status = {"SerialNo": serial, "PhoneNumber": phone, "Fee": 1, "SessionContext": context, "Code": code, "Message": "x"}
        return {"Response": {"SendStatusSet": [status], "RequestId": "r"}}

    def _tc3(self, headers: dict[str, str], body: bytes) -> str:
        match = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, "
            r"SignedHeaders=content-type;host, Signature=([0-9a-f]{64})",
            headers["authorization"],
        )
        if match is None:
            return "AuthFailure.InvalidAuthorization"
        if match[1] not in self.secrets:
            return "AuthFailure.SecretIdNotFound"
        stamp = int(headers["x-tc-timestamp"])
        at = datetime.fromtimestamp(stamp, UTC)
        if abs(self.clock() - at) > SKEW[TENCENT] or f"{at:%Y-%m-%d}" != match[2]:
            return "AuthFailure.SignatureExpire"
        canonical = [
            "POST", "/", "", f"content-type:{headers['content-type']}", f"host:{headers['host']}", "", "content-type;host",
            hashlib.sha256(body).hexdigest(),
        ]  # fmt: skip
        hashed = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        key = b"TC3" + self.secrets[match[1]].encode()
        for part in (match[2], "sms", "tc3_request"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        to_sign = "\n".join(["TC3-HMAC-SHA256", str(stamp), f"{match[2]}/sms/tc3_request", hashed])
        good = hmac.new(key, to_sign.encode(), "sha256").hexdigest() == match[3]
        return "" if good and headers["x-tc-version"] == "2021-01-11" else "AuthFailure.SignatureFailure"

    def _tencent_rules(self, asked: dict[str, Any]) -> str:
        if not re.fullmatch(r"\+861[3-9][0-9]{9}", asked["PhoneNumberSet"][0]):
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if asked["TemplateId"] not in self.templates:
            return "FailedOperation.TemplateUnapprovedOrNotExist"
        sign, names = self.templates[asked["TemplateId"]]
        if asked["SignName"] != sign:
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if len(asked["TemplateParamSet"]) != len(names):
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        good = all(PARAMETER.fullmatch(value) for value in asked["TemplateParamSet"])
        return "" if good else "InvalidParameterValue.TemplateParameterLengthLimit"

    def _pulled(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        assert set(asked) == {"BeginTime", "EndTime", "Offset", "Limit", "PhoneNumber", "SmsSdkAppId"}
        now = self.clock().timestamp()
        assert now - 7 * 86400 <= asked["BeginTime"] <= asked["EndTime"] <= now
        assert (asked["Offset"], 0 < asked["Limit"] <= 100) == (0, True)
        return [
            {"SerialNo": out.id, "PhoneNumber": out.phone, "ReportStatus": "SUCCESS", "SessionContext": out.ref}
            for out in self.out
            if out.phone == asked["PhoneNumber"] and asked["BeginTime"] <= out.at.timestamp() and self.listed
        ]
