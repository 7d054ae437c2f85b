"""The floor: one PutItem over TLS with nothing but the standard library, signed by hand (AWS Signature Version 4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from benchmarks.peers.same_item import BODY, SEALED, TABLE, TEXTS, text_and_key

SERVICE = "dynamodb"
TYPE = "application/x-amz-json-1.0"
SIGNED = "content-type;host;x-amz-date;x-amz-target"


class _Process:
    connection: http.client.HTTPSConnection | None = None


def signed(host: str, target: str, body: bytes, environ: dict[str, str], now: float) -> dict[str, str]:
    """The headers of a call, its signature among them."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    day, region = stamp[:8], environ["AWS_REGION"]
    canonical = f"content-type:{TYPE}\nhost:{host}\nx-amz-date:{stamp}\nx-amz-target:{target}\n"
    request = f"POST\n/\n\n{canonical}\n{SIGNED}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{region}/{SERVICE}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{environ['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (day, region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{environ['AWS_ACCESS_KEY_ID']}/{scope}"
    return {
        "Content-Type": TYPE,
        "Host": host,
        "X-Amz-Date": stamp,
        "X-Amz-Target": target,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={SIGNED}, Signature={signature}",
    }


def put(item: dict[str, Any]) -> None:
    """Raises `RuntimeError` when it is refused."""
    host = urlsplit(os.environ["DOORSTEP_ENDPOINT"]).netloc
    if _Process.connection is None:
        _Process.connection = http.client.HTTPSConnection(host, timeout=6, context=ssl.create_default_context())
    call = {"TableName": TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    body = json.dumps(call).encode()
    headers = signed(host, "DynamoDB_20120810.PutItem", body, dict(os.environ), time.time())
    _Process.connection.request("POST", "/", body, headers)
    response = _Process.connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise RuntimeError(answer.decode())


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    text, key = text_and_key(event["body"])
    item = {name: {"S": value} for name, value in TEXTS.items()}
    item |= {"pk": {"S": f"C#{key}"}, "sk": {"S": "CASE"}, "version": {"N": "1"}, "text": {"S": text}}
    item |= {name: {"B": base64.b64encode(value).decode()} for name, value in (("body", BODY), ("sealed", SEALED))}
    put(item)
    return {"statusCode": 303, "headers": {"Location": f"/t/{key}"}, "body": ""}
