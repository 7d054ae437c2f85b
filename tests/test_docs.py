"""The committed documents say what would be rendered now, and what they say of steps is what steps do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.casework.folds import FOLDS, apply
from chalicelib.casework.ladder import LADDER, STEPS
from chalicelib.errors import NotAllowed
from chalicelib.street import Street
from infra.docs import effects, roles
from infra.docs.__main__ import ROOT, main, old, rendered, write
from infra.docs.street import render
from infra.docs.words import word
from infra.streetfile.compile import load
from tests.ladder_situations import PEOPLE, SITUATIONS, inputs
from tests.ladder_street import COMMITTEE, POLICE, ladder_street, with_rung
from tests.ladder_walks import Walk, began, in_state
from tests.test_ladder import WRITTEN

VARIANTS: dict[str, list[dict[str, str]]] = {
    "contact": [{"way": "phone", "reached": "no"}],
    "visit": [
        {"way": "phone", "reached": "no"},
        {"way": "phone", "reached": "yes", "said": "unsatisfied", "cause": "not_done"},
    ],
    "observe": [{"held": "no"}],
    "rate": [{"satisfied": "no"}],
    "accept": [{"class": "complex"}, {"class": "parking"}],
    "reclassify": [{"class": "complex", "reason": "多家单位"}],
    "release": [{"party": "department@dept:police", "reason": "逾期"}],
    "approve": [{"request": "extend"}, {"request": "invalid"}, {"request": "unreachable"}],
}
Done = tuple[str, Case, list[Event], Street]


def street_files() -> list[Street]:
    return [load(path)[0] for path in sorted((ROOT / "infra" / "streets").glob("*.toml"))]


def performed() -> Iterator[Done]:
    """Every step that is open in the situations of the ladder's table, in each way: the case before, and what it made."""
    for name, situation in SITUATIONS.items():
        for who, theirs in WRITTEN[name].may.items():
            for action in (action for action, held in theirs.items() if not held):
                first = situation()
                for data in (inputs(action, first), *VARIANTS.get(action, [])):
                    yield from tried(situation(), who, action, dict(data))
    yield from elsewhere()


def elsewhere() -> Iterator[Done]:
    """What those situations hold back: sorting on, triage, a rung above, other ways of confirming, replying from other states."""
    sorting = with_rung(ladder_street(), "centre", sorts=True, triage=True)
    for way in (("triage", "agree_triage"), ("accept",), ("reclassify",)):
        walk = began(sorting, rung="centre")
        for who, action in zip(("office", "supervisor"), way, strict=False):
            yield from tried(walk, who, action, {**inputs(action, walk), "class": "complex"})
    yield from tried(in_state("accepted"), "origin", "pass_up", {"reason": "线路归外单位"})
    yield from tried(in_state("accepted").do(COMMITTEE, "long_run"), "approver", "approve", {})
    yield from tried(in_state("accepted").do(COMMITTEE, "ask"), "reporter", "reply", {"text": "三号楼"})
    yield from tried(in_state("signed").do(POLICE, "ask"), "reporter", "reply", {"text": "三号楼"})
    yield from tried(in_state("accepted").do(COMMITTEE, "ask"), "origin", "resume", {})
    yield from tried(in_state("signed").do(POLICE, "ask"), "lead", "resume", {})
    for visit in (False, True):
        street = ladder_street(visit=visit)
        yield from tried(in_state("accepted", street).do(COMMITTEE, "propose"), "origin", "confirm", {})
        watched = began(street).do(COMMITTEE, "accept", {"class": "parking"}).do(COMMITTEE, "propose")
        yield from tried(watched, "origin", "confirm", {})
        yield from tried(watched.later(days=1), "origin", "observe", {"held": "yes"})


def tried(walk: Walk, who: str, action: str, data: dict[str, object]) -> Iterator[Done]:
    """Nothing, when these inputs don't fit there."""
    before, known = walk.case, len(walk.events)
    try:
        walk.do(PEOPLE[who], action, data)
    except NotAllowed:
        return
    yield action, before, walk.events[known:], walk.street


@pytest.fixture(scope="module")
def done() -> list[Done]:
    return list(performed())


def test_the_committed_documents_are_those_that_would_be_rendered_now() -> None:
    assert old() == [], "run make docs"


def test_rendering_is_the_same_every_time_and_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rendered() == rendered()
    assert sorted(write(tmp_path)) == sorted(map(str, rendered()))
    assert (write(tmp_path), old(tmp_path)) == ([], [])
    page = tmp_path / "docs" / "ladder.md"
    page.write_text("old\n", "utf-8")
    shutil.copy(page, tmp_path / "docs" / "ladder" / "nowhere.md")
    assert old(tmp_path) == ["docs/ladder.md", "docs/ladder/nowhere.md"]
    assert write(tmp_path) == ["docs/ladder.md", "docs/ladder/nowhere.md"]
    assert old(tmp_path) == []
    assert main(["--check"]) == 0
    assert f"{len(rendered())} pages, 0 old" in capsys.readouterr().out


def test_every_street_and_every_action_stands_in_the_documents() -> None:
    pages = {path.stem: text for path, text in rendered().items()}
    for street in street_files():
        assert f"ladder/{street.id}.md" in pages["ladder"]
        for rung in street.rungs:
            assert rung.name.zh in pages[street.id]
        for clock in street.clocks.values():
            assert f"`{clock.id}`" in pages[street.id]
        for step in LADDER:
            assert (f"**{word(f'action.{step.action}')}**" in pages[street.id]) == bool(roles.who(step.action, street))
    for step in LADDER:
        assert f"`{step.action}`" in pages["ladder"]


def test_a_table_has_as_many_cells_in_each_row_as_it_has_heads() -> None:
    for text in rendered().values():
        for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(counts) == 1, block


def test_what_an_action_makes_is_what_the_documents_say(done: list[Done]) -> None:
    assert set(effects.EFFECTS) == set(STEPS)
    seen: dict[str, set[str]] = {}
    for action, _, events, _ in done:
        made = {event.type for event in events if event.by != "system"}
        assert made <= set(effects.EFFECTS[action].events), action
        seen.setdefault(action, set()).update(made)
    assert {action: set(effect.events) for action, effect in effects.EFFECTS.items()} == seen
    assert {event for effect in effects.EFFECTS.values() for event in effect.events} <= set(FOLDS)


def test_where_an_action_leads_is_what_the_documents_say(done: list[Done]) -> None:
    reached: dict[str, set[str]] = {}
    for action, before, events, _ in done:
        case = before
        for event in events:
            case = apply(case, event)
        if "routed" in {event.type for event in events}:
            # It has just come in again, on another rung.
            reached.setdefault(action, set()).add(case.state)
        if case.state == before.state:
            stays = action in effects.MAYBE or before.state in effects.EFFECTS[action].states
            assert stays or not effects.ways(action), action
            continue
        assert (before.state, case.state) in effects.ways(action), action
        reached.setdefault(action, set()).add(case.state)
    for action in effects.EFFECTS:
        assert reached.get(action, set()) == {after for _, after in effects.ways(action)}, action


def test_the_clocks_that_an_action_turns_are_those_that_the_documents_name(done: list[Done]) -> None:
    for action, before, events, street in done:
        effect, through = effects.EFFECTS[action], effects.ways(action)
        runs = {run.key: run for run in before.clocks}
        for event in (event for event in events if event.by != "system" and event.type != "reinstated"):
            turned = event.data.get("clocks", {})
            classed = "class" in event.data
            for run in turned.get("start", ()):
                # A class brings its own clocks.
                assert classed or effects.starts(street.clocks[run["id"]], effect), (action, run["id"])
            for key in turned.get("stop", ()):
                assert key not in runs or effects.stops(street.clocks[runs[key].id], effect, street), (action, key)
            for key in turned.get("pause", ()):
                assert effects.pauses(street.clocks[runs[key].id], through), (action, key)
            for key in turned.get("resume", ()):
                assert effects.resumes(street.clocks[runs[key].id], through), (action, key)


def test_a_street_that_never_does_something_leaves_it_out() -> None:
    plain = render(ladder_street())
    assert word("action.triage") not in plain
    assert word("action.triage") in render(with_rung(ladder_street(), "centre", triage=True))
    assert "转办时" not in plain
    assert "转办时" in render(with_rung(ladder_street(), "centre", sorts=True))
