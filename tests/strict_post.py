"""S3's side of a presigned POST, as strict as S3: emulators take a wrong key, a wrong type, even no signature.

`check` refuses with the reason or says that S3 would store the object. It reads the policy document and verifies the signature
itself, from AWS's description of Signature Version 4 for browser-based uploads, with no code of the SDK.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Fields that no condition of the policy has to name.
_FREE = frozenset({"policy", "x-amz-signature", "file"})
LONGEST_TOKEN_S = 12 * 3600


class PostRefused(Exception):
    """S3's answer would be a 4xx; the text says why."""


@dataclass(frozen=True)
class Keys:
    """Whose signature is expected."""

    access: str
    secret: str
    region: str
    token: str | None = None


def policy_of(fields: Mapping[str, str]) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(fields["policy"], validate=True))
    return policy


def signature(policy: str, secret: str, day: str, region: str) -> str:
    key = ("AWS4" + secret).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()


def check(bucket: str, fields: Mapping[str, str], size: int, now: datetime, keys: Keys) -> None:
    """`fields` are the form's, without the file; `size` is the file's, in bytes. Raises `PostRefused`."""
    form = {name.lower(): value for name, value in fields.items()}
    _signed(form, keys)
    try:
        policy = policy_of(form)
        expires = datetime.strptime(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        conditions = policy["conditions"]
    except (ValueError, KeyError) as error:
        raise PostRefused("the policy is not readable") from error
    if now >= expires:
        raise PostRefused("the policy has expired")
    if "key" not in form:
        raise PostRefused("the form has no key")
    named = {"bucket"}
    for condition in conditions:
        named.add(_met(condition, {**form, "bucket": bucket}, size))
    extra = set(form) - named - _FREE - {name for name in form if name.startswith("x-ignore-")}
    if extra:
        raise PostRefused(f"extra fields: {sorted(extra)}")
    if "bucket" not in {name for condition in conditions for name in _names(condition)}:
        raise PostRefused("the policy does not name its bucket")


def _signed(form: Mapping[str, str], keys: Keys) -> None:
    for name in ("policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"):
        if not form.get(name):
            raise PostRefused(f"{name} is missing")
    if form["x-amz-algorithm"] != "AWS4-HMAC-SHA256":
        raise PostRefused("an unknown algorithm")
    scope = form["x-amz-credential"].split("/")
    day = form["x-amz-date"][:8]
    if scope != [keys.access, day, keys.region, "s3", "aws4_request"]:
        raise PostRefused("the credential is for something else")
    if keys.token is not None and form.get("x-amz-security-token") != keys.token:
        raise PostRefused("the role's token is missing")
    if not hmac.compare_digest(signature(form["policy"], keys.secret, day, keys.region), form["x-amz-signature"]):
        raise PostRefused("the signature does not match")


def _names(condition: Any) -> list[str]:
    if isinstance(condition, dict):
        return [name.lower() for name in condition]
    return [str(condition[1]).removeprefix("$").lower()] if condition[0] in {"eq", "starts-with"} else []


def _met(condition: Any, form: Mapping[str, str], size: int) -> str:
    """The field that the condition names, if it holds."""
    if isinstance(condition, dict):
        if len(condition) != 1:
            raise PostRefused("a condition names several fields")
        ((name, value),) = condition.items()
        condition = ["eq", f"${name}", value]
    kind, name, value = condition
    if kind == "content-length-range":
        low, high = int(name), int(value)
        if not low <= size <= high:
            raise PostRefused(f"{size} bytes are outside {low} to {high}")
        return "content-length-range"
    field = str(name).removeprefix("$").lower()
    have = form.get(field, "")
    if kind == "eq" and have == value:
        return field
    if kind == "starts-with" and have.startswith(value):
        return field
    raise PostRefused(f"{field} breaks the policy's {kind!r}")
