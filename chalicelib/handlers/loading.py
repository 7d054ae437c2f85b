"""Which module answers which route, so that a process loads what it is asked for and not the whole application.

The package carries the table as `routes.json`, written by `infra/package/project.py` from what was declared, so there is nothing
to forget. Without it, from sources, every module is loaded at once, which is what the packager, the one-machine server and the
tests want.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from chalice.app import Blueprint, Chalice

from chalicelib.handlers import kept

MODULES = (
    "submission",
    "resident",
    "follow",
    "signin",
    "account",
    "queue",
    "desk",
    "intake",
    "orders",
    "register_desk",
    "figures",
    "installed",
    "similar",
    "faq",
    "register_exports",
    "places",
    "property",
    "volunteers",
    "classes",
    "library",
    "open311",
    "api",
    "openapi",
    "receipts",
)
# What most processes are begun for is loaded before the first event comes, while the whole processor is theirs.
FIRST = "submission"
TABLE = Path(__file__).parent.parent / "routes.json"


@cache
def table() -> Mapping[str, str] | None:
    """`{"POST /f/{kind}": "submission"}`; None where nothing was built."""
    try:
        found: dict[str, str] = json.loads(TABLE.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found


def load_first(app: Chalice) -> None:
    """When a process begins. What it makes now stays as long as it lives, so a package's processes don't look through it for
    garbage; `wiring` lets the collector on again when everything is built.
    """
    if table() is not None:
        gc.disable()
        kept.recall()
    for module in MODULES if table() is None else (FIRST,):
        _load(app, module)


def load_for(app: Chalice, event: Mapping[str, Any]) -> None:
    """Before an event is answered: the module of its route. What has none is Chalice's to refuse."""
    known = table()
    if known is not None:
        asked = event.get("requestContext") or {}
        module = known.get(f"{asked.get('httpMethod')} {asked.get('resourcePath')}")
        if module is not None:
            _load(app, module)


def _load(app: Chalice, module: str) -> None:
    loaded = app.__dict__.setdefault("doorstep_loaded", set())
    if module not in loaded:
        loaded.add(module)
        app.register_blueprint(blueprint(module))


def blueprint(module: str) -> Blueprint:
    """The one that the module declares its routes on."""
    (found,) = (part for part in vars(import_module(f"chalicelib.handlers.{module}")).values() if isinstance(part, Blueprint))
    return found
