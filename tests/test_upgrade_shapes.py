"""A shape of what is stored changes with its version and its lift, or not at all; docs/upgrading.md says how."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from chalicelib.casework import lifts
from chalicelib.casework.events import VERSION
from chalicelib.models import shapes
from tests import stored_shapes
from tests.stored_street import FOLDER

ROOT = Path(__file__).parent.parent


def test_every_version_has_its_lift_and_its_stored_rows() -> None:
    assert sorted(lifts.EVENTS) == list(range(1, VERSION)), "a raised events.VERSION needs its lift in casework/lifts.py"
    for version in range(1, VERSION + 1):
        assert (FOLDER / f"v{version}.json").exists(), f"python -m tests.stored_street tests/stored/v{version}.json"
    for name, steps_of in shapes.LIFTS.items():
        assert sorted(steps_of) == list(range(1, len(steps_of) + 1)), name


def test_a_shape_changes_only_with_its_version() -> None:
    """docs/upgrading.md says what to do when this fails."""
    was, now = json.loads(stored_shapes.FILE.read_text("utf-8")), stored_shapes.now()
    wrong = stored_shapes.unlifted(was, now)
    assert not wrong, "stored shapes changed without a lift; see docs/upgrading.md:\n" + "\n".join(wrong)
    grown = stored_shapes.dropped(json.loads(stored_shapes.RELEASED.read_text("utf-8")), now)
    assert not grown, "what is stored has grown since the last release; see docs/upgrading.md:\n" + "\n".join(grown)
    assert now == was, "what is stored has grown: run `python -m tests.stored_shapes`, and commit the file with the change"


def test_a_change_without_a_lift_is_found() -> None:
    was = stored_shapes.now()

    def changed(**fields: str | None) -> list[str]:
        now = json.loads(json.dumps(was))
        for name, kind in fields.items():
            now["structs"]["faq.Entry"]["fields"].pop(name, None)
            if kind is not None:
                now["structs"]["faq.Entry"]["fields"][name] = kind
        return stored_shapes.unlifted(was, now)

    assert changed() == []
    assert changed(tone="str ?") == []
    assert "lacks" in changed(question=None)[0]
    assert "now needs" in changed(tone="str")[0]
    assert "was str" in changed(question="int")[0]
    rows = json.loads(json.dumps(was))
    del rows["rows"]["OutboxRow"]["why"]
    assert [line.split(":")[0] for line in stored_shapes.unlifted(was, rows)] == ["OutboxRow.why"]


def test_what_a_released_version_would_drop_is_found() -> None:
    released = stored_shapes.now()
    grown = json.loads(json.dumps(released))
    for name in ("case.Case", "faq.Entry", "card.Card"):
        grown["structs"][name]["fields"]["mood"] = "str ?"
    grown["rows"]["CaseItem"]["mood"] = "S"
    grown["rows"]["OutboxRow"]["mood"] = "S"

    def found() -> list[str]:
        return [line.split(":")[0] for line in stored_shapes.dropped(released, grown)]

    assert stored_shapes.unlifted(released, grown) == []
    assert found() == ["case.Case.mood", "faq.Entry.mood", "CaseItem.mood"]
    grown["version"] += 1
    assert found() == ["faq.Entry.mood"]
    grown["structs"]["faq.Entry"]["v"] += 1
    assert found() == []


def test_lifts_are_read_only_when_something_old_is_met() -> None:
    """A submission writes and reads nothing old: it must not pay for them."""
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [node.module or "", *(alias.name for alias in node.names)] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name == "lifts" or name.endswith(".lifts")], path
