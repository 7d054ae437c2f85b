"""Every shipped street in both partitions: clean for the linter where it may be deployed, and nothing in it that China lacks."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.core import get_rules

from infra.package.build import Places
from tests import packages
from tests.test_package_template import strings

STREETS = Places().known()
EACH = [(street, partition) for street in STREETS for partition in packages.PARTITIONS]
REGIONS = {"aws": ["eu-central-1", "ap-southeast-1"], "aws-cn": ["cn-north-1", "cn-northwest-1"]}
# In China too these three services are called by the names that they have elsewhere; `.cn` would be refused there.
PRINCIPALS = {"lambda.amazonaws.com", "apigateway.amazonaws.com", "events.amazonaws.com"}


@cache
def rules() -> Any:
    return get_rules([], [], [])


def complaints(template: dict[str, Any], partition: str) -> list[str]:
    return [str(match) for match in lint(json.dumps(template), rules=rules(), regions=REGIONS[partition])]


@pytest.mark.parametrize(("street", "partition"), EACH)
def test_the_linter_has_nothing_to_say(street: str, partition: str) -> None:
    assert complaints(packages.template(partition, street), partition) == []


def test_the_linter_knows_what_a_region_lacks() -> None:
    """So that its silence about China says something."""
    sign_in = {"Type": "AWS::Cognito::UserPool", "Properties": {}}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Pool": sign_in}}
    assert complaints(template, "aws") == []
    assert [text for text in complaints(template, "aws-cn") if "does not exist in 'cn-north-1'" in text]


@pytest.mark.parametrize("street", STREETS)
def test_nothing_in_china_is_asked_of_the_rest_of_the_world(street: str) -> None:
    template = packages.template("aws-cn", street)
    said = list(strings(template))
    assert not [text for text in said if re.search(r"arn:aws(-cn)?:", text)]
    assert not [text for text in said if re.search(r"\bsns:|AWS::SNS|cognito|AWS/SNS", text, re.IGNORECASE)]
    assert not [text for text in said if text in {"EDGE", "PRIVATE"}]
    types = [found["EndpointConfiguration"]["Types"] for found in properties(template) if "EndpointConfiguration" in found]
    assert types == [["REGIONAL"]] * 2, "the API and its domain"


@pytest.mark.parametrize("partition", packages.PARTITIONS)
def test_services_are_called_by_the_names_they_have_there(partition: str) -> None:
    template = packages.template(partition)
    found = set(principals(template["Resources"]))
    assert found == PRINCIPALS
    hosts = {text for text in strings(template) if "amazonaws" in text} - PRINCIPALS
    through = {text for text in hosts if re.fullmatch(r"(dynamodb|s3)\.\$\{AWS::Region\}\.amazonaws\.com(\.cn)?", text)}
    assert hosts == through, "a host is named by ${AWS::URLSuffix}"
    suffixes = {text.partition("${AWS::Region}.")[2] for text in through}
    assert suffixes >= ({"amazonaws.com"} if partition == "aws" else {"amazonaws.com.cn"})
    assert template["Outputs"]["EndpointURL"]["Value"]["Fn::Sub"].endswith(".${AWS::Region}.${AWS::URLSuffix}/V1/")


def properties(template: dict[str, Any]) -> list[dict[str, Any]]:
    return [resource.get("Properties", {}) for resource in template["Resources"].values()]


def principals(value: Any) -> list[str]:
    """Of trust policies, and of leaves to call a function."""
    if isinstance(value, list):
        return [name for entry in value for name in principals(entry)]
    if not isinstance(value, dict):
        return []
    named = value.get("Principal")
    own = [named] if isinstance(named, str) else [named["Service"]] if isinstance(named, dict) and "Service" in named else []
    return own + [name for entry in value.values() for name in principals(entry)]
