"""The OpenAPI 3.1 document, made of what is declared: routes with their methods, and the shapes that what arrives is read into.

Nothing in it is written twice: paths come from the routes, schemas from msgspec's own types, words from the catalogues. It is
made once per process and language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.street import Street
from chalicelib.web.api_shapes import Problem
from chalicelib.web.i18n import t
from chalicelib.web.open311_shapes import Error

Json = dict[str, Any]
VERSION = "1"
JSON, XML, FORM, PROBLEM = "application/json", "text/xml", "application/x-www-form-urlencoded", "application/problem+json"
# What an XML list's own element and its items are called.
XML_LISTS = {"Service": ("services", "service"), "Error": ("errors", "error")}
XML_ROOTS = {"Discovery": "discovery", "Definition": "service_definition"}
REQUESTS = ("service_requests", "request")


@dataclass(frozen=True)
class Operation:
    """`id` names its words in the catalogues; `takes` is the body's shape, `gives` status → shape, `query` name → JSON Schema;
    `headers` have to come with it.
    """

    id: str
    tag: str
    gives: Mapping[int, Any]
    takes: Any = None
    query: Mapping[str, Json] | None = None
    headers: Sequence[str] = ()
    refuses: Sequence[int] = ()


@dataclass(frozen=True)
class Described:
    """A declared route with what is said of it. `geo` is `xml`, `json`, `both` (by suffix) or "" for `/api/v1`."""

    path: str
    method: str
    staff: bool
    operation: Operation
    geo: str = ""

    @property
    def name(self) -> str:
        return f"{self.operation.id}_{self.geo}" if self.geo in {"xml", "json"} else self.operation.id


def document(routes: Sequence[Described], street: Street, lang: str, root: str, cookie: str) -> Json:
    types = [one for route in routes for one in (route.operation.takes, *route.operation.gives.values()) if one is not None]
    types = list(dict.fromkeys([*types, Problem, list[Error]]))
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schema_of = dict(zip(types, schemas, strict=True))
    for made in components.values():
        # Docstrings are indented as the code is.
        if "description" in made:
            made["description"] = re.sub(r"\s*\n\s*", " ", made["description"]).strip()
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of, lang)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": t(lang, "api.title", street=street.name.text(lang)),
            "version": VERSION,
            "description": t(lang, "api.intro"),
        },
        "servers": [{"url": root or "/"}],
        "tags": [{"name": tag, "description": t(lang, f"api.tag.{tag}")} for tag in _tags(routes)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": t(lang, "api.session")},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF", "description": t(lang, "api.csrf")},
            },
        },
    }


def _tags(routes: Sequence[Described]) -> list[str]:
    return list(dict.fromkeys(route.operation.tag for route in routes))


def _operation(route: Described, schema_of: Mapping[Any, Json], lang: str) -> Json:
    it = route.operation
    made: Json = {
        "operationId": route.name,
        "tags": [it.tag],
        "summary": t(lang, f"api.op.{it.id}"),
        "parameters": [*_path_parameters(route.path, lang), *_query(it)],
        "responses": _responses(route, schema_of, lang),
        "security": _security(route),
    }
    if it.takes is not None:
        kind = FORM if route.geo else JSON
        made["requestBody"] = {"required": True, "content": {kind: {"schema": schema_of[it.takes]}}}
    return made


def _security(route: Described) -> list[Json]:
    if not route.staff:
        return []
    return [{"session": [], "csrf": []} if route.method != "GET" else {"session": []}]


def _path_parameters(path: str, lang: str) -> list[Json]:
    names = re.findall(r"\{([a-z]+)\}", path)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": t(lang, f"api.path.{name}")}
        for name in names
    ]


def _query(it: Operation) -> list[Json]:
    sent = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in it.headers]
    return [*sent, *({"name": name, "in": "query", "schema": schema} for name, schema in (it.query or {}).items())]


def _responses(route: Described, schema_of: Mapping[Any, Json], lang: str) -> Json:
    made: Json = {}
    for status, shape in route.operation.gives.items():
        made[str(status)] = _answer(t(lang, "api.answer"), route, shape, schema_of)
    for status in (*route.operation.refuses, 500):
        if route.geo:
            made[str(status)] = _answer(t(lang, "api.refusal"), route, list[Error], schema_of)
        else:
            content = {PROBLEM: {"schema": schema_of[Problem]}}
            made[str(status)] = {"description": t(lang, "api.refusal"), "content": content}
    return made


def _answer(words: str, route: Described, shape: Any, schema_of: Mapping[Any, Json]) -> Json:
    schema = schema_of[shape]
    kinds = {"xml": (XML,), "json": (JSON,), "both": (XML, JSON)}.get(route.geo, (JSON,))
    return {"description": words, "content": {kind: {"schema": _for(kind, schema)} for kind in kinds}}


def _for(kind: str, schema: Json) -> Json:
    """In XML a list is an element around its items; in JSON it is bare."""
    if kind != XML:
        return schema
    if schema.get("type") != "array":
        name = schema["$ref"].rsplit("/", 1)[-1]
        return {"allOf": [schema], "xml": {"name": XML_ROOTS[name]}}
    name = schema["items"]["$ref"].rsplit("/", 1)[-1]
    around, item = XML_LISTS.get(name, REQUESTS)
    items = {"allOf": [schema["items"]], "xml": {"name": item}}
    return {"type": "array", "items": items, "xml": {"name": around, "wrapped": True}}
