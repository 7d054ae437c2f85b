"""Photos that belong to nobody are swept, a piece of the bucket at a time; what is being worked on is never touched."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest
from msgspec.structs import replace as replace_case

from chalicelib import wiring
from chalicelib.casework.case import Case
from chalicelib.casework.photos import incoming_key, ready_key
from chalicelib.models import cases, photos
from chalicelib.usecases import submit, tidying
from chalicelib.usecases.submit import photo_ref
from tests import refold, steps
from tests.client import Page
from tests.picture_files import jpeg
from tests.test_erasing import Later, objects, put
from tests.world import World


def run(world: World, hours: float = 8, seconds: Any = None) -> tidying.Tidied:
    ctx = replace(world.context, clock=Later(hours))
    return tidying.tidy(ctx, wiring.house().photo_files, seconds or (lambda: 60.0))


def row(world: World, ref: str, slot: int, status: str, lease_hours: float) -> None:
    """A photo row in that state, its lease ending so many hours from now."""
    assert world.context.places
    lease = int(Later(lease_hours).wall().timestamp())
    if status == "reserved":
        photos.reserve(ref, slot, token="t", by="reporter", now=1, lease=lease, ttl=2**31)
        return
    photos.claim(ref, slot, source="s", at="2026-11-18T02:00:00Z", now=1, lease=lease, ttl=2**31)
    if status != "pending":
        photos.settle(ref, slot, source="s", status=status)


def test_orphans_go_and_nothing_else_does(both_worlds: World) -> None:
    world = both_worlds
    stays = {"readyone": "ready", "working1": "pending"}
    goes = {"refused1": "refused", "givenup1": "pending", "reserve1": "reserved"}
    for ref, status in (stays | goes).items():
        row(world, ref, 1, status, 24 if ref == "working1" else -1)
    for ref in (*stays, *goes, "rowless1"):
        for size in ("full", "thumb"):
            put(world, ready_key(ref, 1, size))
    put(world, incoming_key("rowless1", 2))
    put(world, "lists/export/c01/x.zip")
    everything = objects(world)
    # Young files are left alone, whatever stands in the table: their rows may only just be on the way.
    assert (run(world, 0).orphans, run(world, 6.9).left, objects(world)) == (0, 0, everything)
    found = run(world, 9)
    assert (found.orphans, found.left, found.finished) == (8, 1, True)
    assert objects(world) == [
        "lists/export/c01/x.zip",
        *sorted(ready_key(ref, 1, size) for ref in stays for size in ("full", "thumb")),
    ]
    assert run(world, 9).orphans == 0
    # An upload to a place that was swept comes too late instead of half.
    assert not photos.claim("rowless1", 1, source="new", at="", now=1, lease=2, ttl=3)
    assert photos.claim("rowless1", 3, source="new", at="", now=1, lease=2, ttl=3)


def test_a_photo_that_comes_back_at_the_very_moment_is_whole_or_not_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the row and the deletion another upload to the same place begins and ends."""
    put(world, ready_key("rowless1", 1, "full"))
    closing = photos.close

    def raced(ref: str, slot: int, **how: Any) -> bool:
        # It claims first, so that its row stands: the file it writes is not an orphan any more.
        photos.claim(ref, slot, source="new", at="", now=1, lease=int(Later(9).wall().timestamp()), ttl=2**31)
        return closing(ref, slot, **how)

    monkeypatch.setattr(photos, "close", raced)
    assert run(world, 8).orphans == 0
    assert objects(world) == [ready_key("rowless1", 1, "full")]


def test_a_large_bucket_is_swept_in_pieces_that_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "PIECE", 3)
    refs = [f"rowless{number}" for number in range(4)]
    for ref in refs:
        for size in ("full", "thumb"):
            put(world, ready_key(ref, 1, size))
    left = []
    for _ in range(4):
        run(world)
        left.append(len(objects(world)))
    assert left == [5, 2, 0, 0]
    for ref in refs:
        put(world, incoming_key(ref, 2))
    times = iter([60.0, 60.0, 5.0, *[60.0] * 20])
    assert not run(world, seconds=lambda: next(times)).finished
    assert len(objects(world)) == 2
    assert run(world, seconds=lambda: 60.0).finished
    assert objects(world) == []


def taken_out(world: World, photos_named: str) -> tuple[str, str]:
    """A case of which photos 1 and 2 were uploaded while it was written, and its link."""
    fields = steps.report(world, photos=photos_named)
    ref = photo_ref(world.context, fields["key"])
    for slot in (1, 2):
        row(world, ref, slot, "ready", -1)
        for size in ("full", "thumb"):
            put(world, ready_key(ref, slot, size))
    return ref, steps.token_of(steps.send(world.client(), fields))


def shown(page: Page) -> set[str]:
    return set(re.findall(r"ready/\w+/(\d\d)/", page.text))


def test_a_photo_that_was_taken_out_before_sending_is_shown_to_nobody_and_deleted(both_worlds: World) -> None:
    world = both_worlds
    one, none, both = taken_out(world, "2"), taken_out(world, ""), taken_out(world, "1,2")
    clerk = world.signed_in("dispatcher", "street")
    for (_, token), slots in ((one, {"02"}), (none, set()), (both, {"01", "02"})):
        for seen in (world.client().get(f"/t/{token}"), clerk.get(f"/desk/cases/{steps.number_of(token)}")):
            assert (shown(seen), "正在处理" in seen.words) == (slots, False)
    # Added later it has a place of its own, behind the form's; and there are as many of those as the form has.
    more = world.client().get(f"/t/{none[1]}/photos")
    assert (more.forms[0].fields["key"], "提交后还能再加6张" in more.words) == (incoming_key(none[0], 7), True)
    row(world, none[0], 7, "ready", -1)
    assert (shown(world.client().get(f"/t/{none[1]}/photos")), run(world, 0).unnamed) == ({"07"}, 0)
    assert "提交后还能再加5张" in world.client().get(f"/t/{none[1]}/photos").words
    world.clock.advance(hours=8)
    for seconds, deleted in ((9.0, 0), (60.0, 3), (60.0, 0)):
        done = tidying.tidy(world.context, wiring.house().photo_files, repeat(seconds).__next__)
        assert (done.unnamed, done.finished) == (deleted, seconds > 9)
    left = {ref: [row.slot for row in photos.list_photos(ref)] for ref, _ in (one, none, both)}
    assert left == {one[0]: [2], none[0]: [7], both[0]: [1, 2]}
    assert {key.rsplit("/", 1)[0] for key in objects(world, "ready/")} == {
        ready_key(ref, slot, "full").rsplit("/", 1)[0] for ref, slot in ((one[0], 2), (both[0], 1), (both[0], 2))
    }
    refolded = refold.lines_of(world.stored_items())
    assert (len(refolded), refold.in_another_process(refolded)) == (3, [])


def test_a_photo_that_could_not_be_deleted_is_tried_again_for_two_days_and_holds_no_other_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, _ = taken_out(world, "2")
    world.clock.advance(hours=1)
    free, _ = taken_out(world, "2")
    files, refused = wiring.house().photo_files, [True]
    deleting = files.delete

    def delete(key: str) -> None:
        if refused[0] and stuck in key:
            raise OSError("busy")
        deleting(key)

    monkeypatch.setattr(files, "delete", delete)

    def tidied() -> tuple[int, bool]:
        done = tidying.tidy(world.context, files, lambda: 60.0)
        return done.unnamed, done.finished

    world.clock.advance(hours=8)
    assert [tidied(), tidied()] == [(1, False), (0, False)]
    assert [len(photos.list_photos(ref)) for ref in (stuck, free)] == [2, 1]
    refused[0] = False
    assert [tidied(), tidied()] == [(1, True), (0, True)]
    refused[0] = True
    stuck, _ = taken_out(world, "2")
    world.clock.advance(hours=8)
    assert tidied() == (0, False)
    world.clock.advance(hours=48)
    assert [tidied(), tidied()] == [(0, True), (0, True)]


def test_a_case_from_before_its_photos_were_named_shows_and_keeps_them_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.submit.facts_of", _as_before(submit.facts_of))
    ref, token = taken_out(world, "1,2")
    row(world, ref, 3, "ready", -1)
    stored = cases.get(steps.number_of(token))
    assert stored is not None
    assert "slots" not in stored.events[0].data["case"]
    assert shown(world.client().get(f"/t/{token}/photos")) == {"01", "02", "03"}
    world.clock.advance(hours=8)
    assert tidying.tidy(world.context, wiring.house().photo_files, lambda: 60.0).unnamed == 0
    assert [row.slot for row in photos.list_photos(ref)] == [1, 2, 3]
    assert refold.in_another_process(refold.lines_of(world.stored_items())) == []


def _as_before(facts_of: Callable[..., Case]) -> Callable[..., Case]:
    return lambda *given: replace_case(facts_of(*given), slots=None)


def test_the_function_sweeps_what_the_photo_function_left(world: World) -> None:
    """As deployed: the event, the policy's names and the one-machine context."""
    files = wiring.house().photo_files
    world.aws("s3").put_object(Bucket=files.bucket, Key=incoming_key("uploaded1", 1), Body=jpeg(40, 30))
    from chalicelib.usecases.photos import process

    event = {"detail": {"bucket": {"name": files.bucket}, "object": {"key": incoming_key("uploaded1", 1)}}}
    assert [done.outcome for done in process(event, files, world.clock, 400)] == ["ready"]

    class Time:
        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    done = world.app.tidy({}, Time())
    assert {name: done[name] for name in ("erased", "orphans", "left", "finished")} == {
        "erased": 0,
        "orphans": 0,
        "left": 0,
        "finished": True,
    }
    assert run(world).orphans == 0
    assert len(objects(world, "ready/")) == 2
