"""Tables, buckets and the key of a street: everything that holds data.

No resource has a physical name: CloudFormation makes them, and functions learn them from their environment. All indexes
are here from the first day, spare ones included: an update of a table may add only one global index at a time, and a local one
never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.street import Street
from infra.template.cfn import Json, attr, check_partition, merge, ref, retained, sub

TTL = "ttl"
CORS_METHODS = ("POST", "GET")
CORS_HEADERS = ("content-type",)
CORS_SECONDS = 3600
LISTS_DAYS = 30
# The least that S3 knows; links to them are given out for as long.
FULL_DAYS = 1

# Output of the template -> variable that `chalicelib.settings` reads.
ENVIRONMENT = {
    "CasesTable": "DOORSTEP_CASES_TABLE",
    "OutboxTable": "DOORSTEP_OUTBOX_TABLE",
    "StaffTable": "DOORSTEP_STAFF_TABLE",
    "RegistersTable": "DOORSTEP_REGISTERS_TABLE",
    "KeysTable": "DOORSTEP_KEYS_TABLE",
    "PhotosBucket": "DOORSTEP_PHOTOS_BUCKET",
    "CodesBucket": "DOORSTEP_CODES_BUCKET",
    "VaultKeyArn": "DOORSTEP_KMS_KEY",
}


@dataclass(frozen=True)
class Index:
    """A global secondary index. `include` names what it copies besides keys; empty means keys only. The body is never copied."""

    name: str
    hash: str
    range: str
    include: tuple[str, ...] = ()


@dataclass(frozen=True)
class Local:
    """A local secondary index: whole items by the table's `pk` and another range. It can be read consistently, as no global one
    can. A `pk` may then hold 10 GB, which `ttl` keeps a recipient's messages far from.
    """

    name: str
    range: str


@dataclass(frozen=True)
class Table:
    """`stream` is a DynamoDB stream view type, or empty."""

    indexes: tuple[Index, ...] = ()
    stream: str = ""
    local: tuple[Local, ...] = ()


TABLES: Mapping[str, Table] = {
    "CasesTable": Table(
        (
            Index("timers", "timer", "timer_at"),
            Index("desk", "queue", "deadline", ("card",)),
            Index("open", "open_zone", "open_deadline", ("card",)),
            Index("ledger", "month", "month_at", ("figures", "card")),
            Index("place", "place", "place_at", ("card",)),
            Index("spare1", "spare1", "spare1_at", ("card",)),
            Index("spare2", "spare2", "spare2_at", ("card",)),
        )
    ),
    "OutboxTable": Table(
        (
            Index("pending", "pending", "pending_at"),
            Index("handed", "provider_id", "sent_at"),
            Index("spare1", "spare1", "spare1_at"),
        ),
        stream="NEW_IMAGE",
        local=(Local("waiting", "pending"),),
    ),
    "StaffTable": Table((Index("spare1", "spare1", "spare1_at"),)),
    "RegistersTable": Table(
        (
            Index("pending", "pending", "pending_at", ("card",)),
            Index("lease", "lease", "lease_to", ("card",)),
            Index("flat", "flat", "flat_at", ("card",)),
            Index("changes", "changes", "changed_at", ("card",)),
            Index("spare1", "spare1", "spare1_at", ("card",)),
            Index("spare2", "spare2", "spare2_at", ("card",)),
        )
    ),
    "KeysTable": Table(),
}


def data_template(street: Street, partition: str) -> Json:
    """A whole template of the data half alone: what one machine and the tests create before any code is packaged."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Doorstep {street.id}: tables, buckets and key",
        **data_resources(street, partition),
    }


def data_resources(street: Street, partition: str) -> Json:
    """`{"Parameters", "Resources", "Outputs"}`. Raises `ValueError` for an unknown partition."""
    check_partition(partition)
    resources: Json = {"VaultKey": _key(partition)}
    for name, table in TABLES.items():
        resources[name] = _table(table)
    resources["PhotosBucket"] = _photos(street)
    resources["CodesBucket"] = _bucket({"VersioningConfiguration": {"Status": "Enabled"}}, _rules(noncurrent_days=90))
    resources["PhotosBucketPolicy"] = _tls_only("PhotosBucket")
    resources["CodesBucketPolicy"] = _tls_only("CodesBucket")
    outputs: Json = {name: {"Value": ref(name)} for name in ENVIRONMENT if name in resources}
    outputs["VaultKeyArn"] = {"Value": attr("VaultKey", "Arn")}
    outputs["OutboxStreamArn"] = {"Value": attr("OutboxTable", "StreamArn")}
    return merge({"Parameters": _parameters(street), "Resources": resources, "Outputs": outputs})


def environment_from_outputs(outputs: Mapping[str, str]) -> dict[str, str]:
    """The DOORSTEP_* names of `chalicelib.settings`. Raises `KeyError` naming the output that is missing."""
    return {variable: outputs[output] for output, variable in ENVIRONMENT.items()}


def outputs_of(stack: Mapping[str, Any]) -> dict[str, str]:
    """Outputs of one entry of CloudFormation's `describe_stacks` as a plain dictionary."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def cors_configuration(origin: str) -> Json:
    """The photos bucket's rules for `put_bucket_cors`: the emulators leave them out when they create a bucket from a template."""
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": list(CORS_METHODS),
        "AllowedHeaders": list(CORS_HEADERS),
        "MaxAgeSeconds": CORS_SECONDS,
    }
    return {"CORSRules": [rule]}


def _parameters(street: Street) -> Json:
    return {
        "SiteOrigin": {
            "Type": "String",
            "Default": f"https://{street.domain}",
            "AllowedPattern": "https?://[^/*]+",
            "Description": "Origin of the pages: the only one that may post photos to the bucket from a script.",
        },
    }


def _table(table: Table) -> Json:
    keys = ["pk", "sk", *(key for index in table.indexes for key in (index.hash, index.range))]
    keys += [index.range for index in table.local if index.range not in keys]
    properties: Json = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": _schema("pk", "sk"),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": True,
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": attr("VaultKey", "Arn")},
        "TimeToLiveSpecification": {"AttributeName": TTL, "Enabled": True},
    }
    if table.indexes:
        properties["GlobalSecondaryIndexes"] = [
            {"IndexName": index.name, "KeySchema": _schema(index.hash, index.range), "Projection": _projection(index.include)}
            for index in table.indexes
        ]
    if table.local:
        properties["LocalSecondaryIndexes"] = [
            {"IndexName": index.name, "KeySchema": _schema("pk", index.range), "Projection": {"ProjectionType": "ALL"}}
            for index in table.local
        ]
    if table.stream:
        properties["StreamSpecification"] = {"StreamViewType": table.stream}
    return retained({"Type": "AWS::DynamoDB::Table", "Properties": properties})


def _schema(hash_key: str, range_key: str) -> list[Json]:
    return [{"AttributeName": hash_key, "KeyType": "HASH"}, {"AttributeName": range_key, "KeyType": "RANGE"}]


def _projection(include: Iterable[str]) -> Json:
    names = list(include)
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": names} if names else {"ProjectionType": "KEYS_ONLY"}


def _photos(street: Street) -> Json:
    return _bucket(
        {
            "CorsConfiguration": {
                "CorsRules": [
                    {
                        "AllowedOrigins": [ref("SiteOrigin")],
                        "AllowedMethods": list(CORS_METHODS),
                        "AllowedHeaders": list(CORS_HEADERS),
                        "MaxAge": CORS_SECONDS,
                    }
                ]
            },
            # Arrivals go to the event bus, where a rule picks `incoming/`. A notification on the bucket itself would name the
            # function, whose role names the bucket: a circle that only fixed bucket names could break.
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        },
        [
            {"Id": "incoming", "Status": "Enabled", "Prefix": "incoming/", "ExpirationInDays": 1},
            {"Id": "ready", "Status": "Enabled", "Prefix": "ready/", "ExpirationInDays": street.retention.photo_days},
            # Digests and exports of registers: made again when they are needed, so none is kept.
            {"Id": "lists", "Status": "Enabled", "Prefix": "lists/", "ExpirationInDays": LISTS_DAYS},
            # Other systems' orders hold phones: taken in and deleted, or gone the next day.
            {"Id": "imports", "Status": "Enabled", "Prefix": "imports/", "ExpirationInDays": 1},
            {"Id": "full", "Status": "Enabled", "Prefix": "full/", "ExpirationInDays": FULL_DAYS},
            *_rules(),
        ],
    )


def _rules(noncurrent_days: int | None = None) -> list[Json]:
    rules: list[Json] = [
        {"Id": "unfinished", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
    ]
    if noncurrent_days:
        rules.append(
            {
                "Id": "earlier-versions",
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": noncurrent_days},
            }
        )
    return rules


def _bucket(properties: Json, rules: list[Json]) -> Json:
    return retained(
        {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": attr("VaultKey", "Arn"),
                            },
                        }
                    ]
                },
                "LifecycleConfiguration": {"Rules": rules},
                **properties,
            },
        }
    )


def _tls_only(bucket: str) -> Json:
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": ref(bucket),
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "TlsOnly",
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": "s3:*",
                        "Resource": [attr(bucket, "Arn"), sub(f"${{{bucket}.Arn}}/*")],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    }


def _key(partition: str) -> Json:
    """One key: envelopes of personal data, tables and buckets.

    Tables and buckets use it through their service on behalf of whoever may call them (`kms:ViaService`), which opens no
    envelope: those are bound to the street and the record by their encryption context and need Decrypt in the caller's own role.
    """
    suffixes = ["amazonaws.com"] if partition == "aws" else ["amazonaws.com.cn", "amazonaws.com"]
    return retained(
        {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "Description": "Doorstep: personal data, tables and buckets of one street",
                "EnableKeyRotation": True,
                "PendingWindowInDays": 30,
                "KeyPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            # Lets the account's own policies speak for the key; without it nobody could ever manage it again.
                            "Sid": "Account",
                            "Effect": "Allow",
                            "Principal": {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
                            "Action": "kms:*",
                            "Resource": "*",
                        },
                        {
                            "Sid": "ThroughTablesAndBuckets",
                            "Effect": "Allow",
                            "Principal": {"AWS": "*"},
                            "Action": [
                                "kms:Encrypt",
                                "kms:Decrypt",
                                "kms:ReEncrypt*",
                                "kms:GenerateDataKey*",
                                "kms:CreateGrant",
                                "kms:DescribeKey",
                            ],
                            "Resource": "*",
                            "Condition": {
                                "StringEquals": {
                                    "kms:CallerAccount": ref("AWS::AccountId"),
                                    "kms:ViaService": [
                                        sub(f"{service}.${{AWS::Region}}.{suffix}")
                                        for service in ("dynamodb", "s3")
                                        for suffix in suffixes
                                    ],
                                }
                            },
                        },
                    ],
                },
            },
        }
    )
