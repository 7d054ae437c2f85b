"""The daily digest: right counts, right committee, once; late runs catch up; two at once are one."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib import wiring
from chalicelib.adapters.lists import S3Lists
from chalicelib.casework.registering import TypedPerson
from chalicelib.models import register_digests
from chalicelib.models.register_digests import Digest
from chalicelib.usecases import register_digest, register_link
from chalicelib.usecases.register_submit import Sent, submit
from infra.engine import Engine
from tests import steps, wire
from tests.register_people import REGION, id_number, register_world, rental, rows, send, tenant
from tests.world import World

CHANGQIAO = Path(__file__).parent.parent / "infra" / "streets" / "changqiao.toml"
FLATS, TENANTS, COMMITTEES = 165, 243, 33


@pytest.fixture(params=["moto", "ministack"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "moto":
        with register_world(request.getfixturevalue("moto"), tmp_path) as world:
            yield world
    else:
        engine: Engine = request.getfixturevalue("ministack")
        with register_world(engine.client, tmp_path, engine.endpoint) as world:
            yield world


def run(world: World) -> register_digest.Run:
    house = wiring.house()
    return register_digest.run(house.context, house.lists, lambda key, **_: key.rpartition(".")[2], lambda: 60.0)


def done(committee: str) -> dict[str, Digest]:
    return {day: digest for day, state, digest in register_digests.digests(committee, 60) if digest and state == "done"}


def told(world: World) -> dict[str, list[str]]:
    """Messages of the digest in the outbox: recipient → parameters."""
    found = [item for item in steps.rows(world, "OutboxTable") if item.get("template", {}).get("S") == "register"]
    return {item["to"]["S"] + item["case"]["S"]: json.loads(item["params"]["S"]) for item in found}


def listed(world: World, digest: Digest) -> list[list[str]]:
    body = world.aws("s3").get_object(Bucket=world.outputs["PhotosBucket"], Key=f"lists/{digest.key}")["Body"].read()
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def test_nothing_is_written_before_the_hour_and_everything_after_it(town: World) -> None:
    run(town)
    send(town, rental(2))
    assert run(town).written == 0
    assert "2026-11-18" not in done("c01")
    town.clock.advance(hours=7)
    assert run(town).written == 3
    digest = done("c01")["2026-11-18"]
    assert (digest.new, digest.changed, digest.waiting, digest.flats, digest.people) == (1, 0, 1, 1, 2)
    assert done("c02")["2026-11-18"].new == 0
    assert told(town) == {"office:committee@committee:c01G-c01-2026-11-18": ["1", "0", "1"]}
    # Twice is once.
    assert run(town).written == 0
    assert len(told(town)) == 1


def test_what_comes_while_a_day_is_being_written_belongs_to_the_next_one(town: World) -> None:
    """Its digest was closed by a machine whose clock is ahead; the registration is counted once all the same."""
    assert town.context.street.id == "small"
    register_digests.close_day("c01", "2026-11-18", 2_000_000_000)
    register = send(town, rental(1))
    assert register.no
    days = [item["pk"]["S"] for item in rows(town) if item["pk"]["S"].startswith("D#")]
    assert days == ["D#c01#2026-11-19"]
    town.clock.advance(days=1, hours=7)
    run(town)
    assert [digest.new for _, digest in sorted(done("c01").items())] == [0, 1]


def test_two_runs_at_once_are_one(town: World) -> None:
    for number in range(3):
        send(town, rental(1, first=number, room=f"10{number}"))
    town.clock.advance(hours=7)
    threads = [threading.Thread(target=run, args=(town,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run(town)
    assert done("c01")["2026-11-18"].new == 3
    assert told(town) == {"office:committee@committee:c01G-c01-2026-11-18": ["3", "0", "3"]}


def test_a_late_run_makes_up_for_every_missed_day_in_one_message(town: World) -> None:
    ctx = town.context
    first = send(town, rental(1))
    town.clock.advance(days=1)
    send(town, rental(1, first=5, room="102"))
    again = rental(0, landlord=TypedPerson(key="l"), people=(tenant(9),))
    register_link.edit(ctx, register_link.token_for(ctx, first), again, "e" * 32)
    town.clock.advance(days=4)
    run(town)
    found = done("c01")
    assert [(day, digest.new, digest.changed) for day, digest in sorted(found.items())] == [
        ("2026-11-18", 1, 0),
        ("2026-11-19", 1, 1),
        ("2026-11-22", 0, 0),
    ]
    assert list(told(town).values()) == [["2", "1", "2"]]
    town.clock.advance(days=3)
    run(town)
    assert sorted(done("c01"))[-3:] == ["2026-11-23", "2026-11-24", "2026-11-25"]


def test_a_run_that_breaks_between_two_missed_days_forgets_the_first_in_no_message(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(town, rental(1))
    town.clock.advance(days=1, hours=7)
    put = S3Lists.put

    def breaks(self: S3Lists, key: str, data: bytes, content_type: str) -> None:
        if "2026-11-19" in key:
            raise ConnectionError
        put(self, key, data, content_type)

    with monkeypatch.context() as patch:
        patch.setattr(S3Lists, "put", breaks)
        assert run(town).failed == len(town.street.committees)
    assert (sorted(done("c01")), told(town)) == (["2026-11-18"], {})
    run(town)
    town.clock.advance(days=1)
    run(town)
    assert list(told(town).values()) == [["1", "0", "1"], ["0", "0", "1"]]


def test_a_run_that_breaks_anywhere_is_gone_on_with(town: World) -> None:
    send(town, rental(1))
    town.clock.advance(hours=7)
    from botocore.exceptions import EndpointConnectionError

    nowhere = EndpointConnectionError(endpoint_url="https://engine.example")
    for operation in ("PutItem", "TransactWriteItems"):
        with wire.refused(operation, nowhere):
            assert run(town).failed > 0
    assert done("c01") == {}
    with wire.reply_lost("TransactWriteItems") as lost:
        run(town)
    assert lost
    run(town)
    assert done("c01")["2026-11-18"].new == 1
    assert len(told(town)) == 1


def test_leases_that_end_are_listed_ahead_and_marked_after_their_last_day(town: World) -> None:
    register = send(town, rental(1, lease_to="2026-12-01"))
    town.clock.advance(hours=7)
    run(town)
    digest = done("c01")["2026-11-18"]
    assert digest.ending == 1
    assert [line[:2] for line in listed(town, digest)[1:]] == [["new", register.no], ["ending", register.no]]
    from chalicelib.models import registers

    for days, state in ((13, "submitted"), (1, "ended")):
        town.clock.advance(days=days)
        run(town)
        stored = registers.get(register.no)
        assert stored is not None
        assert stored.register.state == state
    words = town.client().get(f"/t/{register_link.token_for(town.context, register)}").words
    assert "重新登记" in words and "已经核实" not in words


def test_the_list_holds_masks_alone_and_no_formula(town: World) -> None:
    send(town, rental(2, room="=1+1"))
    town.clock.advance(hours=7)
    run(town)
    text = "\n".join(",".join(line) for line in listed(town, done("c01")["2026-11-18"]))
    assert REGION not in text
    assert "'=1+1" in text
    assert id_number(0) not in text
    assert "021-****1000" in text


def test_a_days_figures_of_a_whole_street(ministack: Engine, tmp_path: Path) -> None:
    """165 flats and 243 tenants over Changqiao's 33 committees."""
    with register_world(ministack.client, tmp_path, ministack.endpoint, CHANGQIAO) as world:
        ctx = world.context
        by_committee: dict[str, list[Any]] = {}
        for place in world.places:
            if not place.retired:
                by_committee.setdefault(place.committee, []).append(place)
        assert len(by_committee) == COMMITTEES
        committees = sorted(by_committee)
        expected = dict.fromkeys(committees, (0, 0))
        number = 0
        for flat in range(FLATS):
            committee = committees[(flat * 7) % COMMITTEES]
            places = by_committee[committee]
            count = 2 if flat < TENANTS - FLATS else 1
            typed = rental(count, first=number, room=f"{flat + 1}室")
            number += count
            code = ctx.code_for("rental", places[flat % len(places)])
            register = submit(ctx, Sent(key=f"{flat:032x}", code=code, kind="rental", typed=typed))
            assert register.committee == committee
            flats, people = expected[committee]
            expected[committee] = (flats + 1, people + count)
        assert number == TENANTS
        world.clock.advance(hours=7)
        made = run(world)
        assert (made.written, made.failed, made.finished) == (COMMITTEES, 0, True)
        assert run(world).written == 0
        found = {committee: done(committee)["2026-11-18"] for committee in committees}
        assert {committee: (digest.flats, digest.people) for committee, digest in found.items()} == expected
        assert sum(digest.flats for digest in found.values()) == FLATS
        assert sum(digest.people for digest in found.values()) == TENANTS
        assert {to.partition("G-")[0].rpartition(":")[2]: params for to, params in told(world).items()} == {
            committee: [str(flats), "0", str(flats)] for committee, (flats, _) in expected.items()
        }
        lines = {committee: listed(world, digest) for committee, digest in found.items()}
        assert sum(len(one) - 1 for one in lines.values()) == FLATS
        assert sum(int(line[5]) for one in lines.values() for line in one[1:]) == TENANTS
        assert unquote(next(iter(found.values())).key).startswith("digest/")
