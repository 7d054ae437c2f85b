"""What an update of a stack may never do: make anew what holds data.

AWS replaces a resource, and leaves the old one aside, when certain of its properties change. Which ones stands in AWS's own
descriptions of its resources, which the linter brings along. None of them may depend on the street file, nor change at all.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from infra.package.build import Places
from infra.streetfile.compile import load
from infra.template.assemble import full_template
from infra.template.data import TABLES
from tests import many_streets, packages
from tests.packages import of_type

GENERATED = 5
HOLDS_DATA = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup")
# Of a bucket: how long it keeps things. Of a log: the same. Of a table and of the key: nothing.
FOLLOWS_THE_STREET = {"AWS::S3::Bucket": {"LifecycleConfiguration"}, "AWS::Logs::LogGroup": {"RetentionInDays"}}
# Beside what AWS's description says: a key of another kind is another key, and another local index another table.
BESIDES = {
    "AWS::KMS::Key": {"KeySpec", "KeyUsage", "MultiRegion", "Origin"},
    "AWS::DynamoDB::Table": {"LocalSecondaryIndexes", "AttributeDefinitions"},
}


@cache
def made_anew_by(kind: str) -> set[str]:
    """Properties whose change replaces a resource of that kind."""
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    paths = [*schema.get("createOnlyProperties", ()), *(schema.get("conditionalCreateOnlyProperties") or ())]
    return {path.removeprefix("/properties/").split("/")[0] for path in paths} | BESIDES.get(kind, set())


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Of all the shipped streets and some that nobody has seen, in one partition."""
    folder = tmp_path_factory.mktemp("streets")
    files = sorted(Places().streets.glob("*.toml"))
    files += [folder / f"{many_streets.write_street(folder, number)}.toml" for number in range(1, GENERATED + 1)]
    return [full_template(load(file)[0], "aws", packages.common().facts(), f"doorstep/{file.stem}/key.zip") for file in files]


def test_the_linters_descriptions_know_what_replaces() -> None:
    assert {"TableName", "KeySchema"} <= made_anew_by("AWS::DynamoDB::Table")
    assert "BucketName" in made_anew_by("AWS::S3::Bucket")
    assert "LogGroupName" in made_anew_by("AWS::Logs::LogGroup")


def test_nothing_that_is_made_anew_depends_on_the_street(templates: list[dict[str, Any]]) -> None:
    """Of every resource, not only those with data: the gateway's address and the roles stay too."""
    found: dict[tuple[str, str], set[str]] = {}
    for template in templates:
        for name, resource in template["Resources"].items():
            for key in made_anew_by(resource["Type"]):
                found.setdefault((name, key), set()).add(repr(resource["Properties"].get(key)))
    assert {where: values for where, values in found.items() if len(values) > 1} == {}


def test_of_what_holds_data_only_how_long_it_is_kept_follows_the_street(templates: list[dict[str, Any]]) -> None:
    for kind in HOLDS_DATA:
        names = [set(of_type(template, kind)) for template in templates]
        assert all(one == names[0] for one in names), f"the same {kind} in every street"
        for name in names[0]:
            rest = [
                {
                    key: value
                    for key, value in template["Resources"][name]["Properties"].items()
                    if key not in FOLLOWS_THE_STREET.get(kind, set())
                }
                for template in templates
            ]
            assert all(one == rest[0] for one in rest), name


def test_what_holds_data_outlives_its_stack_and_its_replacement(templates: list[dict[str, Any]]) -> None:
    for kind in HOLDS_DATA:
        for name, resource in of_type(templates[0], kind).items():
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_what_would_make_a_table_anew_is_what_it_was(templates: list[dict[str, Any]]) -> None:
    """Written out: whoever changes this empties the tables of every street that runs."""
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    tables = of_type(templates[0], "AWS::DynamoDB::Table")
    assert set(tables) == set(TABLES) == {"CasesTable", "OutboxTable", "StaffTable", "RegistersTable", "KeysTable"}
    for name, table in tables.items():
        properties = table["Properties"]
        assert properties["KeySchema"] == keys
        assert {definition["AttributeType"] for definition in properties["AttributeDefinitions"]} == {"S"}
        local = [
            (index["IndexName"], [key["AttributeName"] for key in index["KeySchema"]], index["Projection"])
            for index in properties.get("LocalSecondaryIndexes", [])
        ]
        assert local == ([("waiting", ["pk", "pending"], {"ProjectionType": "ALL"})] if name == "OutboxTable" else [])
    held = [resource for kind in HOLDS_DATA for resource in of_type(templates[0], kind).values()]
    named = {key for resource in held for key in resource["Properties"] if key in made_anew_by(resource["Type"]) - {"KeySchema"}}
    assert named <= BESIDES["AWS::DynamoDB::Table"], "a name of one's own could not even be replaced"
