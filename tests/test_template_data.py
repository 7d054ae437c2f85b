"""The data half of the template: what it promises about people's data, and that both engines create it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from cfnlint.api import lint
from moto import mock_aws

from chalicelib.settings import Settings
from infra.template.data import TABLES, data_template, environment_from_outputs, outputs_of
from tests.small_street import small_street

PARTITIONS = ("aws", "aws-cn")
REGIONS = {"aws": "eu-central-1", "aws-cn": "cn-north-1"}


@pytest.fixture(params=PARTITIONS)
def partition(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def template(partition: str) -> dict[str, Any]:
    return data_template(small_street(), partition)


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def strings(value: Any) -> Iterator[str]:
    """Every string anywhere below."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from strings(entry)


def test_lints_clean(template: dict[str, Any], partition: str) -> None:
    assert [str(match) for match in lint(json.dumps(template), regions=[REGIONS[partition]])] == []


def test_every_table_is_protected_and_can_be_restored(template: dict[str, Any]) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert set(tables) == {"CasesTable", "OutboxTable", "StaffTable", "RegistersTable", "KeysTable"}
    for table in tables.values():
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["VaultKey", "Arn"]}
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"


def test_indexes_never_copy_the_body(template: dict[str, Any]) -> None:
    copied = {
        (name, index["IndexName"]): tuple(index["Projection"].get("NonKeyAttributes", ()))
        for name, table in of_type(template, "AWS::DynamoDB::Table").items()
        for index in table["Properties"].get("GlobalSecondaryIndexes", [])
    }
    assert copied == {
        ("CasesTable", "timers"): (),
        ("CasesTable", "desk"): ("card",),
        ("CasesTable", "open"): ("card",),
        ("CasesTable", "ledger"): ("figures", "card"),
        ("CasesTable", "place"): ("card",),
        ("CasesTable", "spare1"): ("card",),
        ("CasesTable", "spare2"): ("card",),
        ("OutboxTable", "pending"): (),
        ("OutboxTable", "handed"): (),
        ("OutboxTable", "spare1"): (),
        ("StaffTable", "spare1"): (),
        **{("RegistersTable", name): ("card",) for name in ("pending", "lease", "flat", "changes", "spare1", "spare2")},
    }


def test_the_only_local_index_is_of_what_waits(template: dict[str, Any]) -> None:
    """It can't be added later. No case lies in that table, so the whole row may be in it."""
    found = {
        (name, index["IndexName"], index["KeySchema"][1]["AttributeName"], index["Projection"]["ProjectionType"])
        for name, table in of_type(template, "AWS::DynamoDB::Table").items()
        for index in table["Properties"].get("LocalSecondaryIndexes", [])
    }
    assert found == {("OutboxTable", "waiting", "pending", "ALL")}


def test_buckets_are_private_encrypted_and_refuse_plain_http(template: dict[str, Any]) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")
    assert set(buckets) == {"PhotosBucket", "CodesBucket"}
    policies = {
        policy["Properties"]["Bucket"]["Ref"]: policy["Properties"]["PolicyDocument"]["Statement"]
        for policy in of_type(template, "AWS::S3::BucketPolicy").values()
    }
    for name, bucket in buckets.items():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        (statement,) = policies[name]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert bucket["DeletionPolicy"] == "Retain"


def test_photos_end_when_the_street_says_and_uploads_after_a_day(template: dict[str, Any]) -> None:
    rules = template["Resources"]["PhotosBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    ends = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert ends == {"incoming/": 1, "ready/": 400, "lists/": 30, "full/": 1, "imports/": 1}


def test_only_the_pages_own_origin_may_post_photos(template: dict[str, Any]) -> None:
    (rule,) = template["Resources"]["PhotosBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [{"Ref": "SiteOrigin"}]
    assert sorted(rule["AllowedMethods"]) == ["GET", "POST"]
    assert template["Parameters"]["SiteOrigin"]["Default"] == "https://door.example"


def test_the_key_rotates_and_opens_nothing_by_itself_but_through_tables_and_buckets(template: dict[str, Any]) -> None:
    key = template["Resources"]["VaultKey"]["Properties"]
    assert key["EnableKeyRotation"] is True
    account, through = key["KeyPolicy"]["Statement"]
    assert account["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert through["Condition"]["StringEquals"]["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    services = {entry["Fn::Sub"].split(".")[0] for entry in through["Condition"]["StringEquals"]["kms:ViaService"]}
    assert services == {"dynamodb", "s3"}


def test_nothing_has_a_physical_name_or_a_fixed_partition(template: dict[str, Any]) -> None:
    named = {"TableName", "BucketName", "AliasName", "RoleName", "FunctionName"}
    for name, resource in template["Resources"].items():
        assert not named & set(resource["Properties"]), name
    assert not [text for text in strings(template) if "arn:aws:" in text or "arn:aws-cn:" in text]


def test_an_unknown_partition_is_refused() -> None:
    with pytest.raises(ValueError, match="'aws-us'; it is one of aws, aws-cn"):
        data_template(small_street(), "aws-us")


def created(client: Any, template: dict[str, Any], name: str) -> dict[str, str]:
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return outputs_of(client.describe_stacks(StackName=name)["Stacks"][0])


def check_tables(dynamodb: Any, outputs: dict[str, str]) -> None:
    for name, table in TABLES.items():
        described = dynamodb.describe_table(TableName=outputs[name])["Table"]
        assert {index["IndexName"] for index in described.get("GlobalSecondaryIndexes", [])} == {
            index.name for index in table.indexes
        }
        assert {index["IndexName"] for index in described.get("LocalSecondaryIndexes", [])} == {
            index.name for index in table.local
        }
        assert described.get("StreamSpecification", {}).get("StreamViewType", "") == table.stream


@pytest.mark.filterwarnings("ignore:Tried to parse AWS..S3..BucketPolicy:UserWarning")
def test_moto_creates_it_and_the_environment_is_complete(
    template: dict[str, Any], partition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "testing")
    with mock_aws():
        region = REGIONS[partition]
        outputs = created(boto3.client("cloudformation", region), template, "doorstep")
        check_tables(boto3.client("dynamodb", region), outputs)
        settings = Settings.from_environ({"AWS_REGION": region, **environment_from_outputs(outputs)})
        assert settings.cases_table == outputs["CasesTable"]
        assert settings.kms_key.startswith(f"arn:{partition}:kms:")


def test_ministack_creates_it(ministack: Any) -> None:
    outputs = created(ministack.client("cloudformation"), data_template(small_street(), "aws"), "doorstep-data")
    check_tables(ministack.client("dynamodb"), outputs)
    arrival = ministack.client("s3").get_bucket_notification_configuration(Bucket=outputs["PhotosBucket"])
    assert "EventBridgeConfiguration" in arrival
    kms = ministack.client("kms")
    blob = kms.generate_data_key(KeyId=outputs["VaultKeyArn"], KeySpec="AES_256", EncryptionContext={"street": "sample"})
    opened = kms.decrypt(CiphertextBlob=blob["CiphertextBlob"], EncryptionContext={"street": "sample"})
    assert opened["Plaintext"] == blob["Plaintext"]
