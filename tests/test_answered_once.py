"""A step across cases whose reply is lost, that is sent again, or after which the process dies, is one step and done whole."""

from __future__ import annotations

import pytest

from chalicelib.casework.access import Actor
from chalicelib.casework.class_cases import ClassCase, Member
from chalicelib.errors import Conflict
from chalicelib.models import classes, ledger, warnings
from chalicelib.models.cases import CaseItem
from chalicelib.models.warnings import Kept
from chalicelib.usecases import classes as use
from chalicelib.usecases import warning
from tests import wire
from tests.faults import impatient
from tests.world import World

CLERK = Actor("staff:T1", "某同事", ("dispatcher@street",))
SERIES = "category:hardware@street"


def test_words_to_a_warning_are_taken_once_however_often_they_come(world: World) -> None:
    ctx = world.context
    warnings.put(world.street.id, Kept(series=SERIES, count=9, usual=1.2, first="2026-11-17", last="2026-11-18"), 2**31)
    with impatient(), wire.reply_lost_and_repeated("UpdateItem") as lost:
        warning.say(ctx, CLERK, SERIES, "seen", "已请物业查看", 1)
    assert lost
    world.clock.advance(minutes=1)
    warning.say(ctx, CLERK, SERIES, "seen", "已请物业查看", 1)
    standing = warnings.get(world.street.id, SERIES)
    assert standing is not None
    assert (standing.state, standing.version) == ("seen", 2)
    # Somebody else's words are not written over.
    with pytest.raises(Conflict, match="class_stale"):
        warning.say(ctx, CLERK, SERIES, "dismissed", "换电梯", 1)


def test_an_outcome_taken_back_is_off_the_public_page_also_when_the_process_dies(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, put = world.context, classes.put
    member = Member(no="AAAA-AAAA-2", committee="c01", zone="z1")
    done = put(world.street.id, ClassCase(id="222222", state="done", title="充电难", members=(member,), lead="dispatcher@street"))
    CaseItem(*ledger.SUMMARY, card="{}").save()

    def dies(street: str, one: ClassCase) -> ClassCase:
        put(street, one)
        raise KeyboardInterrupt

    monkeypatch.setattr(classes, "put", dies)
    with pytest.raises(KeyboardInterrupt):
        use.act(ctx, CLERK, done.id, "reopen", {"text": "还没通电"}, done.version)
    assert CaseItem.get(*ledger.SUMMARY).card is None
