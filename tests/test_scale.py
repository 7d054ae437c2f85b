"""The page on many streets says what is computed now, and what it says of read units is what is metered."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from benchmarks import scale as metering
from infra import costs
from infra.scale.__main__ import PAGE, rendered
from infra.scale.figures import CITY, COUNTRY, Scale, read


def test_the_page_is_what_would_be_written_now() -> None:
    assert PAGE.read_text("utf-8") == rendered(), "python -m infra.scale"


def test_read_units_are_those_that_are_metered() -> None:
    kept = read("metered.toml")["among"]
    found = [asdict(one) for one in metering.measured((1_000, 10_000))]
    assert found == kept[:2], "python -m benchmarks.scale"
    # What one run or one page reads does not follow what is open; the shards round once.
    for name in ("sweep_idle", "sweep_due", "my_queue", "whole_street", "case"):
        assert max(one[name] for one in kept) <= min(one[name] for one in kept) + 1, name
    assert [one["open"] for one in kept] == list(metering.OPEN)


def test_an_account_of_streets_stays_within_every_quota() -> None:
    scale = Scale()
    for hold in scale.holds:
        assert not hold.most or hold.each * scale.per_account <= hold.most, hold.what
    assert scale.accounts(CITY) * scale.per_account >= CITY
    assert scale.accounts(COUNTRY) * scale.per_account >= COUNTRY
    assert scale.first.streets < (scale.last.streets_raised or 0)
    assert {one.basis.split(",")[0] for one in scale.holds} <= {"page", "quoted", "memory"}


def test_many_streets_cost_what_one_costs_as_often() -> None:
    scale = Scale()
    assert scale.cost(CITY, 0) == pytest.approx(CITY * scale.idle)
    assert scale.cost(1, 1000) == pytest.approx(scale.idle + scale.a_case * 1000)
    assert scale.runs["Sweep"] * CITY == pytest.approx(1440 * costs.DAYS * CITY)
    schedules = sum(scale.run_cost(name) for name in scale.runs)
    assert 0 < schedules < scale.idle


def test_streets_share_nothing_that_a_template_names() -> None:
    """No name is given to what is made, so that nothing of two streets can be the same; and none names another stack's."""
    named = ("TableName", "BucketName", "FunctionName", "RoleName", "QueueName", "AlarmName")
    for name, resource in Scale().template["Resources"].items():
        if resource["Type"] in {
            "AWS::DynamoDB::Table",
            "AWS::S3::Bucket",
            "AWS::Lambda::Function",
            "AWS::IAM::Role",
            "AWS::KMS::Key",
        }:
            assert not set(named) & set(resource["Properties"]), name
        assert "Fn::ImportValue" not in json.dumps(resource), name
