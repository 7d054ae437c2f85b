"""The shapes of what is stored, as text: `python -m tests.stored_shapes` writes `tests/stored/shapes.json` after a look at what
changed, `python -m tests.stored_shapes release` also `released.json`, which is what may run somewhere. A change of the one
without a lift and growth beyond the other without a version are stopped by `tests/test_upgrade_shapes.py`; docs/upgrading.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

FILE = Path(__file__).parent / "stored" / "shapes.json"
RELEASED = FILE.with_name("released.json")
# Told anew from something else whenever that is written: nobody reads them to write them back.
DERIVED = ("card.Card", "register_card.Row", "figures.Figures", "ledger.Summary", "ledger.Matter")
# Rows that are put whole over those that were read; all the others are changed attribute by attribute.
WRITTEN_WHOLE = ("CaseItem", "RegisterItem")


def structs() -> dict[str, Any]:
    """Every type that is kept as JSON: fields with their types, and which of them an older text may lack."""
    from chalicelib.adapters.vault import Envelope
    from chalicelib.casework import property as books
    from chalicelib.casework.card import Card
    from chalicelib.casework.case import Case
    from chalicelib.casework.class_cases import ClassCase
    from chalicelib.casework.events import Event
    from chalicelib.casework.figures import Figures
    from chalicelib.casework.register import Register
    from chalicelib.casework.register_card import Row
    from chalicelib.casework.volunteers import Offer
    from chalicelib.models import faq, ledger, register_digests, shapes, store, warnings
    from chalicelib.usecases import privacy_cases, register_export

    bodies = (Case, Register, Event, Figures, Envelope, store.Body)
    cards = (
        Card,
        Row,
        ClassCase,
        Offer,
        books.Disclosure,
        books.Check,
        books.Rating,
        faq.Entry,
        warnings.Kept,
        ledger.Summary,
        register_digests.Digest,
        register_export.Export,
        register_export.Taken,
        privacy_cases.Todo,
    )
    found: dict[str, Any] = {}
    for kind in (*bodies, *cards):
        _describe(kind, found)
    for kind in cards:
        found[shapes.name_of(kind)]["v"] = shapes.newest(kind)
    return found


def _describe(kind: Any, found: dict[str, Any]) -> None:
    from chalicelib.models.shapes import name_of

    fields = {}
    for field in msgspec.structs.fields(kind):
        fields[field.encode_name] = _named(field.type, found) + ("" if field.required else " ?")
    found[name_of(kind)] = {"fields": fields}


def _named(kind: Any, found: dict[str, Any]) -> str:
    """A type as text; structs inside it are described beside it."""
    inner = getattr(kind, "__args__", ())
    for one in inner if inner else (kind,):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            from chalicelib.models.shapes import name_of

            if name_of(one) not in found:
                _describe(one, found)
        elif getattr(one, "__args__", ()):
            _named(one, found)
    return kind.__name__ if isinstance(kind, type) and not inner else str(kind).replace("chalicelib.", "").replace("typing.", "")


def rows() -> dict[str, Any]:
    """Every kind of row: attributes with DynamoDB's types."""
    from chalicelib.models import hooks, orders, outbox, photos, registers, staff
    from chalicelib.models.cases import CaseItem

    models = (
        CaseItem,
        registers.RegisterItem,
        outbox.OutboxRow,
        hooks.HookRow,
        staff.StaffItem,
        orders.OrderRow,
        orders.ImportRow,
        photos.PhotoRow,
    )
    return {model.__name__: {name: one.attr_type for name, one in sorted(model.get_attributes().items())} for model in models}


def now() -> dict[str, Any]:
    from chalicelib.casework.events import VERSION
    from chalicelib.casework.figures import VERSION as FIGURES

    return {"version": VERSION, "figures": FIGURES, "structs": structs(), "rows": rows()}


def unlifted(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What changed so that older rows are not read, or so that older code would damage newer ones, without a raised version."""
    wrong = []
    raised = now["version"] > was["version"]
    for name, before in was["structs"].items():
        after = now["structs"].get(name)
        if after is None:
            wrong += [] if raised else [f"{name}: is gone or has another name; a lift has to make the new one of it"]
            continue
        if raised or after.get("v", 1) > before.get("v", 1) or (name == "figures.Figures" and now["figures"] > was["figures"]):
            continue
        old, new = before["fields"], after["fields"]
        wrong += [f"{name}.{field}: the new shape lacks it" for field in sorted(set(old) - set(new))]
        wrong += [
            f"{name}.{field}: was {old[field]}, is {new[field]}"
            for field in sorted(old)
            if new.get(field, old[field]) != old[field]
        ]
        wrong += [
            f"{name}.{field}: now needs what older rows lack; give it a default, or a lift"
            for field in sorted(set(new) - set(old))
            if not new[field].endswith("?")
        ]
    return wrong + [
        f"{name}.{one}: rows only ever grow; keep it and write a new attribute beside it"
        for name, attributes in was["rows"].items()
        for one, kind in sorted(attributes.items())
        if now["rows"].get(name, {}).get(one) != kind
    ]


def dropped(released: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What code that was released, deployed again, would read without a word and write back without."""
    wrong = []
    for name, before in released["structs"].items():
        after = now["structs"].get(name, before)
        own = after.get("v", 0) > before.get("v", 0) if "v" in before else now["version"] > released["version"]
        if name not in DERIVED and not own:
            wrong += [f"{name}.{field}" for field in sorted(set(after["fields"]) - set(before["fields"]))]
    for name in WRITTEN_WHOLE:
        if now["version"] == released["version"] and name in released["rows"]:
            wrong += [f"{name}.{one}" for one in sorted(set(now["rows"][name]) - set(released["rows"][name]))]
    return [f"{one}: older code that is deployed again would drop it; raise the version" for one in wrong]


def text() -> str:
    return json.dumps(now(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main(argv: list[str]) -> int:
    files = [FILE, RELEASED] if argv == ["release"] else [FILE]
    for file in files:
        file.write_text(text(), "utf-8")
    sys.stdout.write(f"{' and '.join(file.name for file in files)}: what is stored now; commit it with the change and its lift\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
