"""HTTP in and out: what a handler is asked, and what it answers. Nothing here knows a case."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from chalice.app import Request, Response

from chalicelib.errors import Malformed, TooLarge, Unauthenticated
from chalicelib.web.look import Look

if TYPE_CHECKING:
    from chalicelib.usecases.signin import Session

# A full form is about 10 kB; twenty times that is nobody's report. A household of twenty has seven fields each.
BODY_MAX = 200_000
FIELDS_MAX = 200
YEAR_S = 365 * 24 * 3600
FORM = "application/x-www-form-urlencoded"
# What is no page of ours loads nothing and stands in nobody's frame; a page brings its own policy.
NOTHING = "default-src 'none'; frame-ancestors 'none'"
HTTPS_ONLY = f"max-age={2 * YEAR_S}; includeSubDomains"
SECURITY = {
    "Strict-Transport-Security": HTTPS_ONLY,
    "Content-Security-Policy": NOTHING,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Asked:
    """One request. `query` and `cookies` are single values (the last of each name), `queries` all of them; `session` is set on
    staff routes only.
    """

    method: str
    resource: str
    look: Look
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str
    prefers: Mapping[str, str] = field(default_factory=dict)
    session: Session | None = None
    session_id: str = ""
    address: str = ""
    queries: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def form(self) -> dict[str, str]:
        """The urlencoded fields, the last of each name.

        Raises `Malformed` for anything but UTF-8 pairs, `TooLarge` past `BODY_MAX`.
        """
        return dict(self._pairs())

    def form_lists(self) -> dict[str, list[str]]:
        """The urlencoded fields with all values of each name, in the form's order. Raises like `form`."""
        found: dict[str, list[str]] = {}
        for name, value in self._pairs():
            found.setdefault(name, []).append(value)
        return found

    def _pairs(self) -> list[tuple[str, str]]:
        if len(self.body) > BODY_MAX:
            raise TooLarge("body")
        try:
            # Programs write what browsers don't: characters as they are, and a separator too many.
            text = self.body.decode("utf-8")
            if "\ufffd" in text:
                # So the gateway passes on what is no UTF-8; a browser's form is ASCII.
                raise Malformed("form")
            parts = [part for part in text.split("&") if part]
            pairs = parse_qsl(
                "&".join(parts),
                keep_blank_values=True,
                strict_parsing=bool(parts),
                errors="strict",
                max_num_fields=FIELDS_MAX,
            )
        except ValueError as error:
            raise Malformed("form") from error
        if any("\x00" in value for pair in pairs for value in pair):
            raise Malformed("form")
        return pairs

    def json(self) -> dict[str, Any]:
        """A JSON object. Raises `Malformed` or `TooLarge`."""
        if len(self.body) > BODY_MAX:
            raise TooLarge("body")
        try:
            found = json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise Malformed("json") from error
        if not isinstance(found, dict):
            raise Malformed("json")
        return found

    @property
    def staff(self) -> Session:
        if self.session is None:
            raise Unauthenticated("session")
        return self.session


def _last(values: Mapping[str, list[str]] | None) -> dict[str, str]:
    return {name: found[-1] for name, found in (values or {}).items() if found}


def _cookies(header: str) -> dict[str, str]:
    """Each by itself: what other sites of the same domain have set in their own way spoils none of ours."""
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def kept(cookies: Mapping[str, str], name: str) -> str:
    """A choice that was kept: under the name that only this host over https can set, or a bare one on one machine."""
    return cookies.get(f"__Host-{name}", cookies.get(name, ""))


def _language(query: Mapping[str, str], cookies: Mapping[str, str], header: str, languages: tuple[str, ...]) -> str:
    """The reader's choice, then their browser's first language that we have, then the street's own."""
    for choice in (query.get("lang", ""), kept(cookies, "lang")):
        if choice in languages:
            return choice
    for part in header.split(","):
        prefix = part.split(";")[0].strip().lower()[:2]
        for lang in languages:
            if prefix == lang[:2].lower():
                return lang
    return languages[0]


def _whole(text: str) -> str:
    """Half of a surrogate pair, which no answer could carry, becomes U+FFFD: what the gateway writes for what is no text."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _body(request: Request) -> bytes:
    try:
        body = request.raw_body or b""
    except UnicodeEncodeError:
        # The same in a body: neither a form nor JSON.
        return b"\xff"
    return body.encode() if isinstance(body, str) else body


def asked(request: Request, languages: tuple[str, ...], base_url: str) -> Asked:
    """Reads what API Gateway (or the local server in its shape) handed over."""
    context = request.context
    sent = request.to_original_event().get("multiValueQueryStringParameters") or {}
    raw = {_whole(name): [_whole(value) for value in values] for name, values in sent.items()}
    query = _last(raw)
    headers = {name.lower(): _whole(value) for name, value in dict(request.headers).items()}
    cookies = _cookies(headers.get("cookie", ""))
    full = str(context.get("path") or "/")
    stage = str(context.get("stage") or "")
    root = f"/{stage}" if stage and (full + "/").startswith(f"/{stage}/") else ""
    others = [(name, value) for name, value in query.items() if name not in {"lang", "large"}]
    path = (full[len(root) :] or "/") + (f"?{urlencode(others)}" if others else "")
    prefers: dict[str, str] = {name: query[name] for name in ("lang", "large") if name in query}
    large = query.get("large", kept(cookies, "large")) == "1"
    scheme = headers.get("x-forwarded-proto", "https")
    return Asked(
        method=request.method,
        resource=str(context.get("resourcePath") or ""),
        look=Look(_language(query, cookies, headers.get("accept-language", ""), languages), large, root, path),
        query=query,
        cookies=cookies,
        headers=headers,
        body=_body(request),
        origin=base_url or f"{scheme}://{headers.get('host', '')}",
        prefers=prefers,
        address=str((context.get("identity") or {}).get("sourceIp") or ""),
        queries=raw,
    )


def page(html: str, csp: str, status: int = 200, headers: Mapping[str, Any] | None = None) -> Response:
    return Response(
        body=html,
        status_code=status,
        headers={**SECURITY, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": csp, **(headers or {})},
    )


def data(body: Any, status: int = 200, headers: Mapping[str, Any] | None = None) -> Response:
    kind = "application/json" if status < 400 else "application/problem+json"
    return Response(
        body=json.dumps(body, ensure_ascii=False),
        status_code=status,
        headers={"Content-Type": kind, **SECURITY, **(headers or {})},
    )


def see(where: str, look: Look, headers: Mapping[str, Any] | None = None) -> Response:
    """303 to a path of ours: every change ends so, and a reload repeats nothing."""
    return Response(
        body="",
        status_code=303,
        headers={"Location": look.root + where, "Content-Type": "text/plain", **SECURITY, **(headers or {})},
    )


def cookie(name: str, value: str, *, seconds: int, secure: bool, http_only: bool = True, same_site: str = "Lax") -> str:
    parts = [f"{name}={value}", "Path=/", f"Max-Age={seconds}", f"SameSite={same_site}"]
    parts += ["HttpOnly"] if http_only else []
    parts += ["Secure"] if secure else []
    return "; ".join(parts)
