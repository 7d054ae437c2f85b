"""What API Gateway itself answers when a request never reaches the functions: small pages in both languages.

Unlike the pages of the system they can't know the reader's language, so Chinese and English stand one below the other. They
carry the street's public phone line and the request's id, nothing else; `#` and `$` are the gateway's own template language and
must not appear except in the id.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from pathlib import Path

from chalicelib.handlers.http import HTTPS_ONLY
from chalicelib.street import Street
from infra.template.cfn import Json

LANGUAGES = ("zh-CN", "en")
WORDS = Path(__file__).parent / "words"

# Gateway's response type -> (words, status or None for the gateway's own).
RESPONSES: dict[str, tuple[str, int | None]] = {
    # The gateway calls an unknown URL a missing authentication token and answers 403.
    "MISSING_AUTHENTICATION_TOKEN": ("not_found", 404),
    "RESOURCE_NOT_FOUND": ("not_found", 404),
    "ACCESS_DENIED": ("forbidden", 403),
    "WAF_FILTERED": ("forbidden", 403),
    "UNSUPPORTED_MEDIA_TYPE": ("unsupported", 415),
    "REQUEST_TOO_LARGE": ("too_large", 413),
    "THROTTLED": ("busy", 429),
    "QUOTA_EXCEEDED": ("busy", 429),
    "DEFAULT_4XX": ("refused", None),
    "DEFAULT_5XX": ("broken", None),
}

STYLE = (
    "body{font:18px/1.6 sans-serif;max-width:30em;margin:2em auto;padding:0 1em;color:rgb(34,34,34);background:rgb(255,255,255)}"
    "h1{font-size:1.4em;margin:1.2em 0 .2em}p{margin:.3em 0}"
)


@cache
def _words(lang: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((WORDS / f"{lang}.json").read_bytes())
    return texts


def gateway_responses(street: Street) -> Json:
    """The value of `x-amazon-apigateway-gateway-responses`."""
    return {kind: _response(street, words, status) for kind, (words, status) in RESPONSES.items()}


def _response(street: Street, words: str, status: int | None) -> Json:
    page = _page(street, words)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": ", ".join(LANGUAGES),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": HTTPS_ONLY,
        # Nobody's frame, said without a quote: a list of nothing matches nothing.
        "Content-Security-Policy": "frame-ancestors",
        "X-Frame-Options": "DENY",
    }
    answer: Json = {
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        # The same page whatever the client said it accepts: a template that is missing would answer the gateway's own JSON.
        "responseTemplates": {"text/html": page, "application/json": page},
    }
    if status is not None:
        answer["statusCode"] = str(status)
    return answer


def _page(street: Street, words: str) -> str:
    zh, en = (_words(lang) for lang in LANGUAGES)
    phone = html.escape(street.phone)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    ids = " · ".join(texts["gateway.page.reference"].format(reference="$context.requestId") for texts in (zh, en))
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        # The policy stands in the page: the gateway's constants for headers are in single quotes and can't hold any.
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{digest}'\">"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{zh[f'gateway.{words}.title']} · {en[f'gateway.{words}.title']}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{zh[f'gateway.{words}.title']}</h1><p>{zh[f'gateway.{words}.detail']}</p>"
        f"<p>{zh['gateway.page.phone'].format(phone=phone)}</p>"
        f'<div lang="en"><h1>{en[f"gateway.{words}.title"]}</h1><p>{en[f"gateway.{words}.detail"]}</p>'
        f"<p>{en['gateway.page.phone'].format(phone=phone)}</p></div>"
        f"<p>{ids}</p></main></body></html>"
    )
