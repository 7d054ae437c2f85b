"""Webhooks of the SMS providers: an array of receipts in the provider's own form, to a secret address.

- Aliyun, SmsReport: https://help.aliyun.com/zh/sms/developer-reference/smsreport-2 (pushed again after 1, 5 and 10 minutes when
  the answer is not 200)
- Tencent Cloud: https://cloud.tencent.com/document/api/382/59178 (at most 100 at once; pushed again twice)

Nothing of a receipt is logged but how many there were, and nothing but the provider's id, the verdict and its code is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import Malformed, TooLarge
from chalicelib.handlers.http import BODY_MAX, Asked, data
from chalicelib.handlers.routing import route
from chalicelib.usecases import receipts as taking
from chalicelib.usecases.receipts import Receipt

receipts = Blueprint(__name__)

RECEIPTS_MAX = 500
# Both providers write China's time, without saying so.
_CHINA = timezone(timedelta(hours=8))
_ID = re.compile(r"[A-Za-z0-9^:_.-]{1,100}")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@route(receipts, "/api/v1/receipts/{provider}/{token}", method="POST", answers="json", takes="*/*")
def receive(it: Asked, provider: str, token: str) -> Response:
    ctx = wiring.context()
    taking.check(ctx, provider, token)
    form = _FORMS[provider]
    done = taking.take(ctx, provider, [receipt for entry in _entries(it) if (receipt := form(entry)) is not None])
    if done.again:
        # In the providers' own words, so no problem object of ours.
        said = {"code": 1, "result": 1, "msg": "again", "errmsg": "again"}
        return data(said, 503, {"Content-Type": "application/json"})
    # Each provider looks at its own two.
    return data({"code": 0, "result": 0, "msg": "OK", "errmsg": "OK"})


def _entries(it: Asked) -> list[dict[str, Any]]:
    """An array of objects. Raises `TooLarge` or `Malformed`."""
    if len(it.body) > BODY_MAX:
        raise TooLarge("body")
    try:
        found = json.loads(it.body)
    except (ValueError, RecursionError) as error:
        raise Malformed("json") from error
    if not isinstance(found, list) or len(found) > RECEIPTS_MAX or not all(isinstance(entry, dict) for entry in found):
        raise Malformed("json")
    return found


def _aliyun(entry: dict[str, Any]) -> Receipt | None:
    delivered = entry.get("success")
    if not isinstance(delivered, bool):
        return None
    return _receipt(entry.get("biz_id"), delivered, entry.get("err_code"), entry.get("report_time"))


def _tencent(entry: dict[str, Any]) -> Receipt | None:
    status = entry.get("report_status")
    if status not in ("SUCCESS", "FAIL"):
        return None
    return _receipt(entry.get("sid"), status == "SUCCESS", entry.get("errmsg"), entry.get("user_receive_time"))


_FORMS: dict[str, Callable[[dict[str, Any]], Receipt | None]] = {"aliyun": _aliyun, "tencent": _tencent}


def _receipt(provider_id: Any, delivered: bool, code: Any, at: Any) -> Receipt | None:
    if not isinstance(provider_id, str) or not _ID.fullmatch(provider_id):
        return None
    return Receipt(provider_id, delivered, code if isinstance(code, str) and _CODE.fullmatch(code) else "unreadable", _time(at))


def _time(text: Any) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    except (TypeError, ValueError):
        return None
