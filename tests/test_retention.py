"""Every kind of personal data has an end: a case's once it is closed, counted from its last step, and not while it is open."""

from __future__ import annotations

from typing import Any

from chalicelib.casework.events import parse
from chalicelib.models import cases
from tests import steps
from tests.world import World


def item(world: World) -> dict[str, Any]:
    return next(item for item in world.stored_items() if item["sk"]["S"] == "CASE")


def test_a_case_ends_as_long_after_its_last_step_as_the_street_says(world: World) -> None:
    no, token = steps.reported(world)
    assert "ttl" not in item(world)
    page = world.client().get(f"/t/{token}").form("/withdraw").fill(text="已经好了").submit()
    assert [words in page.words for words in ("已撤回", "在这里撤回。", "办结")] == [True, True, False]
    stored = cases.get(no)
    assert stored is not None
    assert not stored.case.open
    assert int(item(world)["ttl"]["N"]) == int(parse(stored.case.updated_at).timestamp()) + 1095 * 86_400
