"""After a case is erased nothing of what anybody typed is left, whichever step it was typed in; and its page still opens."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from chalicelib.casework.decide import FREE
from chalicelib.casework.folds import fold
from chalicelib.casework.ladder import STEPS
from chalicelib.usecases import privacy_cases
from tests import steps
from tests.ladder_situations import PEOPLE, SITUATIONS, inputs
from tests.test_erasing import asked
from tests.test_ladder import WRITTEN
from tests.world import World

CANARY = "金丝雀的原话"


def told(action: str, data: dict[str, object]) -> dict[str, object]:
    """The inputs with the canary in everything that is typed freely."""
    return {**data, **{spec.name: CANARY for spec in STEPS[action].fields if spec.kind in FREE}}


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_step_keeps_a_word_past_erasing(name: str) -> None:
    planted = 0
    for who, theirs in WRITTEN[name].may.items():
        for action in (action for action, held in theirs.items() if not held):
            walk = SITUATIONS[name]()
            walk.do(PEOPLE[who], action, told(action, dict(inputs(action, walk))))
            planted += CANARY in msgspec.json.encode(walk.events).decode()
            cleaned = privacy_cases.scrub(walk.events, partial(privacy_cases.clean, mac=walk.case.phone_mac))
            case = fold(walk.case.no, cleaned)
            left = msgspec.json.encode((cleaned, case)).decode()
            assert CANARY not in left, f"{who}: {action}"
            assert (case.state, case.version, case.rung) == (walk.case.state, walk.case.version, walk.case.rung), action
    assert planted


def test_an_unsatisfied_residents_words_do_not_stay_as_the_reason_of_opening_again(world: World) -> None:
    no, token = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    for action, fields in (("accept", {}), ("propose", {"outcome": "solved", "text": "换了灯泡"}), ("confirm", {})):
        steps.act(clerk, no, action, **fields)
    visitor = world.client()
    visitor.get(f"/t/{token}/rate").form("/rate").fill(satisfied="no", words=CANARY).submit()
    admin = world.signed_in("street_admin", "street")
    assert CANARY in visitor.get(f"/t/{token}").words
    asked(admin, "erase_case", whose=no, case=no)
    assert CANARY not in visitor.get(f"/t/{token}").words
    assert CANARY not in str(world.stored_items())
    # Whoever may read it still can, in both languages, on paper too.
    for path in (f"/desk/cases/{no}", f"/desk/cases/{no}?lang=en", f"/desk/cases/{no}/order"):
        assert clerk.get(path).status == 200, path
