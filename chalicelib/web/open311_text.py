"""GeoReport's two formats, written from the same values. XML's names are the specification's: one for each list's items."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.errors import DoorstepError
from chalicelib.web.i18n import t
from chalicelib.web.open311_shapes import Error
from chalicelib.web.present_common import describe, field_text

TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
# Applications in a browser may read it from their own pages: nothing here depends on a cookie.
ANYWHERE = {"Access-Control-Allow-Origin": "*"}
ITEMS = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}
# Characters that no XML document may hold, escaped or not.
NEVER = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# What the form calls the fields of our own.
FIELDS = {
    "text": "description",
    "category": "service_code",
    "elsewhere": "address_string",
    "nickname": "first_name",
    "reporter": "attribute[reporter]",
}
# 404 for what is not there, 403 for the key, 400 for the rest, says the specification; what it does not know keeps HTTP's own.
KEPT = frozenset({403, 404, 405, 409, 413, 415, 429, 500})


def written(fmt: str, root: str, told: object) -> str:
    """`root` is the XML document's name; a list's JSON is bare."""
    plain = msgspec.to_builtins(told)
    if fmt == "json":
        return json.dumps(plain, ensure_ascii=False)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + _element(root, plain)


def _element(name: str, plain: Any) -> str:
    return f"<{name}>{_inside(name, plain)}</{name}>"


def _inside(name: str, plain: Any) -> str:
    if isinstance(plain, dict):
        return "".join(_element(key, value) for key, value in plain.items())
    if isinstance(plain, list | tuple):
        return "".join(_element(ITEMS[name], value) for value in plain)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return html.escape(re.sub(NEVER, "\ufffd", str(plain)))


def status_of(error: DoorstepError) -> int:
    return error.status if error.status in KEPT else 400


def errors(lang: str, error: DoorstepError, ref: str = "") -> Sequence[Error]:
    """One for each field that has to change, else one. `ref` is what the log calls an unexpected one."""
    code = status_of(error)
    if error.fields:
        named = ((FIELDS.get(field.name, field.name), field_text(lang, field)) for field in error.fields)
        return [Error(code=code, description=t(lang, "open311.field", name=name, text=text)) for name, text in named]
    title, detail = describe(lang, error)
    return [Error(code=code, description=" ".join(part for part in (title, detail, ref) if part))]
