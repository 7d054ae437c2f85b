"""What `make bench` compares is comparable: peers do the same job, the floor's call is a real one, every row has its words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks import coldstart, page, report, sweep
from benchmarks.contenders import BUILT, FASTAPI, PEERS
from benchmarks.held import Held
from benchmarks.peers import stdlib_put
from benchmarks.row import Row, table
from infra.package.build import ROOT
from tests import packages
from tests.world import World

HERE = Path(report.__file__).parent
# Bytes of a peer's call may differ from ours by so much.
ABOUT = 0.1
ROWS = [
    Row("cold start, built package", 200.0, 50.0, 3.5, of="stdlib, one PutItem", key="cold_floor"),
    Row("form page, first view", 12.5, 14.0, 1, unit="KiB", key="page"),
]


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, coldstart.Run]]:
    """One process of each, but for the package's own sources."""
    with coldstart.opened(packages.package("aws-cn"), (BUILT, *PEERS), lambda _: None) as (bench, everybody):
        yield {one.name: bench.one(one) for one in everybody}


def weighed(asked: Any) -> int:
    return len(json.dumps(asked, ensure_ascii=False))


def about(one: int, other: int) -> bool:
    return abs(one - other) <= ABOUT * other


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_whole_job_is_the_same_calls_rows_and_bytes(runs: dict[str, coldstart.Run]) -> None:
    ours, theirs = runs[BUILT], runs[FASTAPI]
    assert theirs.operations == ours.operations == ("GetItem", "GenerateDataKey", "TransactWriteItems")
    written = [run.calls[-1][1]["TransactItems"] for run in (ours, theirs)]
    kinds = [Counter((kind, what["TableName"]) for one in items for kind, what in one.items()) for items in written]
    assert kinds[0] == kinds[1]
    assert all("ConditionExpression" in one["Update"] for items in written for one in items if "Update" in one)
    assert about(weighed(written[1]), weighed(written[0])), [weighed(items) for items in written]
    for items in written:
        # Masked, sealed, and nowhere in the open.
        assert {"sealed", "body", "card"} <= set(items[0]["Put"]["Item"])
        assert "13900000000" not in json.dumps(items)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_bare_peers_put_one_item_of_a_case_s_weight(runs: dict[str, coldstart.Run]) -> None:
    case = weighed(runs[BUILT].calls[-1][1]["TransactItems"][0]["Put"])
    bare = [name for name in PEERS if name != FASTAPI]
    assert len(bare) == 4
    for name in bare:
        assert runs[name].operations == ("PutItem",), name
        assert about(weighed(runs[name].calls[0][1]), case), (name, weighed(runs[name].calls[0][1]), case)


def test_the_floor_is_signed_as_aws_has_it() -> None:
    environ = {"AWS_REGION": "cn-north-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    now = datetime.now(UTC).timestamp()
    ours = stdlib_put.signed("localhost:8000", "DynamoDB_20120810.PutItem", b'{"TableName": "Cases"}', environ, now)
    sent = {name: ours[name] for name in ("Content-Type", "X-Amz-Target")}
    request = AWSRequest("POST", "https://localhost:8000/", data=b'{"TableName": "Cases"}', headers=sent)
    request.context["timestamp"] = ours["X-Amz-Date"]
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "dynamodb", "cn-north-1")
    request.headers["X-Amz-Date"] = ours["X-Amz-Date"]
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert ours["Authorization"].endswith(f"Signature={signature}")


def test_every_row_has_its_words_and_nothing_else_has() -> None:
    keys = {key for source in HERE.glob("*.py") for key in re.findall(r'key="([a-z_]+)"', source.read_text("utf-8"))}
    said = report.words()
    assert keys == set(said)
    assert all(set(entry) <= {"how", "why"} and entry["how"] for entry in said.values())


def test_a_row_is_met_by_its_ratio_and_the_page_says_why_it_is_not() -> None:
    assert [row.met for row in ROWS] == [False, True]
    found = [row.to_json() for row in ROWS]
    assert all({"name", "value", "against", "ratio", "reach", "met"} <= set(row) for row in found)
    assert [row["ratio"] for row in found] == [4.0, 0.893]
    shown = table(ROWS).splitlines()
    assert shown[1].endswith("NOT MET")
    assert shown[2].endswith(" met")
    text = report.page(ROWS, "everybody", datetime(2026, 11, 22, 3, 4, tzinfo=UTC), report.machine())
    assert "2026-11-22 03:04 UTC, " in text
    assert "| 200 ms | 50 ms stdlib, one PutItem | 4.000 | ≤ 3.5 | **not met** |" in text
    why = report.words()["cold_floor"].get("why", report.UNEXPLAINED).strip()
    assert f"**cold start, built package, against stdlib, one PutItem**: 4.000, to reach 3.5. {why}" in text
    assert "form page" not in text.partition("## What is not met")[2].partition("##")[0]


def test_simulated_tables_page_and_count_as_dynamodb_does() -> None:
    source = next((ROOT / "infra" / "streets").glob("*.toml"))
    with sweep.opened(source) as (street, stories):
        assert sweep.idle(Held(stories, street, sweep.NOW, 5_000, 0)) == sweep.idle(Held(stories, street, sweep.NOW, 50, 0))
        held = Held(stories, street, sweep.NOW, 40, 40)
        assert sweep.one_pass(held) > 0
        assert (held.calls["GetItem"] > 40, held.calls["TransactWriteItems"]) == (True, 40)
        many = Held(stories, street, sweep.NOW, 160_000, 160_000)
        asked = {
            "IndexName": "timers",
            "ExpressionAttributeValues": {":0": {"S": "T#3"}, ":1": {"S": "2026-11-18T02:00:00.000Z"}},
        }
        first = many.query(asked)
        rest = many.query({**asked, "ExclusiveStartKey": first["LastEvaluatedKey"]})
        assert len(first["Items"]) + len(rest["Items"]) == 20_000
        assert "LastEvaluatedKey" not in rest
        # A megabyte in units of four kilobytes, half for an index.
        assert 128 <= first["ConsumedCapacity"]["CapacityUnits"] <= 128.5
        due = [item["timer_at"]["S"] for item in (*first["Items"], *rest["Items"])]
        assert due == sorted(due)


def test_the_form_is_weighed_with_its_headers(world: World) -> None:
    found = world.client().get(f"/Q/{world.code()}")
    assert len(found.body) > page.weight(found) > 2_000
    assert page.weight(found) <= page.LIMIT


def test_a_machine_that_changes_its_speed_between_turns_changes_no_ratio() -> None:
    speeds = (1.0, 1.0, 1.7, 1.7, 1.7, 1.0, 1.6)

    def runs(cost: float, off: int) -> list[coldstart.Run]:
        figures = [speed * cost * (2 if turn == off else 1) for turn, speed in enumerate(speeds)]
        return [coldstart.Run(1, figure / 2, figure / 2, figure, 303, "", "", ()) for figure in figures]

    for figure in ("total_ms", "warm_ms"):
        ours, theirs = coldstart.in_the_middle(runs(140, off=2), runs(42, off=0), figure)
        assert (round(ours / theirs, 6), theirs / 42 in speeds) == (round(140 / 42, 6), True)
