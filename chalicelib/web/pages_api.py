"""The API as a page to read: drawn from the very document that programs get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.street import Street
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.render import render

STYLES = ("tokens", "resident", "api")
Json = Mapping[str, Any]
METHODS = ("get", "post")


@dataclass(frozen=True)
class FieldRow:
    """`shape` is the name of another shape that the type speaks of, to lead to it."""

    name: str
    type: str
    shape: str
    required: bool
    hint: str = ""


@dataclass(frozen=True)
class Call:
    """`takes` and `gives` are (status or "", format, type, shape)."""

    id: str
    method: str
    path: str
    summary: str
    access: str
    inputs: tuple[FieldRow, ...]
    takes: tuple[str, str, str] | None
    gives: tuple[tuple[str, str, str], ...]
    refuses: str


def described(look: Look, street: Street, document: Json) -> str:
    lang = look.lang
    calls: dict[str, list[Call]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                calls[methods[method]["tags"][0]].append(_call(lang, path, method, methods[method]))
    return render(
        "api.html",
        look,
        street,
        STYLES,
        f=frame(look, street, document["info"]["title"]),
        title=document["info"]["title"],
        intro=document["info"]["description"],
        groups=[(tag["description"], calls[tag["name"]]) for tag in document["tags"]],
        shapes=[(name, one.get("description", ""), _fields(one)) for name, one in document["components"]["schemas"].items()],
    )


def _call(lang: str, path: str, method: str, it: Json) -> Call:
    needs = [name for one in it["security"] for name in one]
    key = "api.access.staff" if "session" in needs else "api.access.public"
    body = it.get("requestBody", {}).get("content", {})
    answers = it["responses"].items()
    return Call(
        id=it["operationId"],
        method=method.upper(),
        path=path,
        summary=it["summary"],
        access=t(lang, "api.access.csrf") if "csrf" in needs else t(lang, key),
        inputs=tuple(
            FieldRow(one["name"], *_type(one["schema"]), bool(one.get("required")), one.get("description", ""))
            for one in it["parameters"]
        ),
        takes=next(((kind, *_type(one["schema"])) for kind, one in body.items()), None),
        gives=tuple((code, *_type(next(iter(one["content"].values()))["schema"])) for code, one in answers if code < "300"),
        refuses=", ".join(code for code, _ in answers if code >= "300"),
    )


def _fields(schema: Json) -> list[FieldRow]:
    required = set(schema.get("required", ()))
    return [
        FieldRow(name, *_type(one), name in required, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]


def _type(schema: Json) -> tuple[str, str]:
    """(how the type is written, the shape in it or "")."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return name, name
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    if "anyOf" in schema:
        parts = [_type(one) for one in schema["anyOf"]]
        return " | ".join(words for words, _ in parts), next((shape for _, shape in parts if shape), "")
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"]), ""
    if schema.get("type") == "array":
        words, shape = _type(schema.get("items", {}))
        return f"[{words}]", shape
    if isinstance(schema.get("additionalProperties"), dict):
        words, shape = _type(schema["additionalProperties"])
        return f"{{{words}}}", shape
    return str(schema.get("type", "any")), ""
