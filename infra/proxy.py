"""API Gateway's side of a request, for the one-machine server and the tests: the REST proxy event that a function receives.

Shape and habits are API Gateway's (REST API, Lambda proxy integration, payload 1.0): header names as sent, the last value in
`headers` and all in `multiValueHeaders`; absent query and path parameters are None; a body that is not text arrives as base64.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

Event = dict[str, Any]
Headers = Sequence[tuple[str, str]]

# What AWS Lambda takes as one invocation's payload, and gives back.
LIMIT = 6 * 1024 * 1024


@dataclass(frozen=True)
class Match:
    resource: str
    params: Mapping[str, str]


class Routes:
    """The application's resources, matched as API Gateway does: a fixed segment wins over a variable at the same place."""

    def __init__(self, resources: Iterable[str]) -> None:
        self._resources = sorted((tuple(resource.split("/")), resource) for resource in resources)

    def match(self, path: str) -> Match | None:
        """None for an address that no resource has. A trailing slash does not count, as on AWS."""
        parts = (path.rstrip("/") or "/").split("/")
        best: tuple[tuple[int, ...], Match] | None = None
        for pattern, resource in self._resources:
            params = _params(pattern, parts)
            if params is None:
                continue
            rank = tuple(int(segment.startswith("{")) for segment in pattern)
            if best is None or rank < best[0]:
                best = rank, Match(resource, params)
        return best[1] if best else None


def _params(pattern: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    params: dict[str, str] = {}
    for segment, part in zip(pattern, parts, strict=True):
        if segment.startswith("{") and part:
            params[segment[1:-1]] = unquote(part)
        elif segment != part:
            return None
    return params


def is_text(content_type: str) -> bool:
    """Whether API Gateway hands a body of this type over as text (our binary types are only pictures and octet streams)."""
    kind = content_type.split(";")[0].strip().lower()
    return not (kind.startswith(("image/", "audio/", "video/")) or kind in {"application/octet-stream", "application/zip"})


def rest_event(
    method: str,
    target: str,
    headers: Headers,
    body: bytes,
    *,
    match: Match | None,
    client_ip: str,
    stage: str = "",
) -> Event:
    """`target` is path and query as sent; `stage` is empty where paths carry none (one machine, custom domain)."""
    # Nothing but a path and its query: `urlsplit` would look for a host after two slashes, and refuse one that is none.
    path, _, asked = target.split("#")[0].partition("?")
    query = parse_qsl(asked, keep_blank_values=True, encoding="utf-8", errors="replace")
    # A header name may come in any case, and twice.
    last = {name.lower(): (name, value) for name, value in headers}
    several: dict[str, list[str]] = {}
    for name, value in headers:
        several.setdefault(last[name.lower()][0], []).append(value)
    text = is_text(last.get("content-type", ("", ""))[1])
    return {
        "resource": match.resource if match else path,
        "path": path,
        "httpMethod": method,
        "headers": dict(last.values()),
        "multiValueHeaders": several,
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _several(query) or None,
        "pathParameters": dict(match.params) or None if match else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "onemachine",
            "domainName": last.get("host", ("", ""))[1],
            "httpMethod": method,
            "identity": {"sourceIp": client_ip, "userAgent": last.get("user-agent", ("", ""))[1]},
            "path": f"/{stage}{path}" if stage else path,
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTimeEpoch": time.time_ns() // 1_000_000,
            "resourcePath": match.resource if match else path,
            "stage": stage or "local",
        },
        "body": _body(body, text) if body else None,
        "isBase64Encoded": bool(body) and not text,
    }


def _several(query: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    several: dict[str, list[str]] = {}
    for name, value in query:
        several.setdefault(name, []).append(value)
    return several


def _body(body: bytes, text: bool) -> str:
    # API Gateway decodes text as UTF-8 and puts U+FFFD for what is not.
    return body.decode("utf-8", "replace") if text else base64.b64encode(body).decode("ascii")


def body_bytes(response: Mapping[str, Any]) -> bytes:
    """The body of a function's answer, as it goes on the wire."""
    body = response.get("body")
    if body is None:
        return b""
    if response.get("isBase64Encoded"):
        return base64.b64decode(body)
    return body if isinstance(body, bytes) else str(body).encode("utf-8")


def response_headers(response: Mapping[str, Any]) -> list[tuple[str, str]]:
    """All headers of a function's answer; a name with several values appears several times."""
    several: Mapping[str, Sequence[str]] = response.get("multiValueHeaders") or {}
    names = {name.lower() for name in several}
    single = [(name, str(value)) for name, value in (response.get("headers") or {}).items() if name.lower() not in names]
    return single + [(name, str(value)) for name, values in several.items() for value in values]
