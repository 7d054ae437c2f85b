"""What each function may do, and nothing else.

Every function has a role of its own. Reading a phone number is `kms:Decrypt` on the street's key with the street's name in the
encryption context: `Reveal`, `Export`, `Notify` and `Sweep` have it, the pages do not, so "no log, no reveal" does not
hang on the pages' code. Tables and buckets are encrypted with the same key, which the key's own policy allows through those
services alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.street import Street
from infra.template.cfn import Json, attr, ref, sub

READ = ("GetItem", "BatchGetItem", "Query")
# A recipient's messages, their lease and their number's count: read, changed, given back.
SENDING = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
# Rows of the Keys table: the root secret and the codes' keys, what we share with other systems, the SMS providers' keys.
ROOT, SHARED, SMS = "KEYS", "SHARED", "SMS"
WRITE = ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")


def statements(logical: str, street: Street, partition: str) -> list[Json]:
    """Policy statements of a function. Raises `KeyError` for a function unknown here: none gets a role by default."""
    return {
        "APIHandler": _web,
        "Reveal": _reveal,
        "Notify": _notify,
        "Photo": _photo,
        "Sweep": _sweep,
        "Digest": _digest,
        "Export": _export,
        "Tidy": _tidy,
        "Watch": _watch,
        "Webhooks": _webhooks,
        "Orders": _orders,
    }[logical](street, partition)


def role(logical: str, street: Street, partition: str, log_group: str) -> Json:
    """The role: trusted by Lambda, its statements, and its own log."""
    logs = {
        "Sid": "Log",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": attr(log_group, "Arn"),
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "Policies": [
                {
                    "PolicyName": "own",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [*statements(logical, street, partition), logs]},
                }
            ],
        },
    }


def trust(service: str) -> Json:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }


def _web(street: Street, partition: str) -> list[Json]:
    return [
        _table("CasesTable", (*READ, *WRITE), ("desk", "open", "ledger", "place")),
        # The providers' receipts are found by their ids and put on the message.
        _table("OutboxTable", ("GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"), ("handed",)),
        _table("StaffTable", (*READ, *WRITE)),
        _table("RegistersTable", (*READ, *WRITE), ("pending", "lease", "flat", "changes")),
        _keys(("GetItem",), ROOT, SHARED),
        # Whoever comes first makes the root.
        {**_keys(("PutItem",), ROOT), "Sid": "KeysMade"},
        _key("Seal", "kms:GenerateDataKey", street),
        _objects("Grant", "PhotosBucket", "incoming/", "s3:PutObject"),
        _objects("Show", "PhotosBucket", "ready/", "s3:GetObject"),
        _objects("Lists", "PhotosBucket", "lists/", "s3:PutObject", "s3:GetObject"),
        _objects("Imports", "PhotosBucket", "imports/", "s3:PutObject"),
        {
            "Sid": "Ask",
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": [attr("Reveal", "Arn"), attr("Export", "Arn"), attr("Orders", "Arn")],
        },
    ]


def _reveal(street: Street, partition: str) -> list[Json]:
    return [
        # It writes the log entry itself, as an event of the case, before anything is opened.
        _table("CasesTable", (*READ, *WRITE)),
        _table("OutboxTable", ("PutItem", "ConditionCheckItem")),
        _table("StaffTable", (*READ, "UpdateItem")),
        _table("RegistersTable", ("GetItem", "Query", "PutItem", "UpdateItem")),
        _keys(("GetItem",), ROOT),
        _key("Open", "kms:Decrypt", street),
    ]


def _notify(street: Street, partition: str) -> list[Json]:
    return [
        _table("CasesTable", ("GetItem",)),
        _table("OutboxTable", SENDING, ("waiting",)),
        _table("StaffTable", ("GetItem", "Query")),
        _keys(("GetItem",), ROOT, SMS),
        _key("Open", "kms:Decrypt", street),
        *_reads_stream(),
        *_sns(street, partition),
    ]


def _orders(street: Street, partition: str) -> list[Json]:
    """It takes lists in: seals phones, opens none."""
    return [
        _table("CasesTable", ("GetItem", "Query", "PutItem", "UpdateItem"), ("place",)),
        _table("OutboxTable", ("PutItem",)),
        _table("RegistersTable", ("PutItem",)),
        _keys(("GetItem",), ROOT),
        _key("Seal", "kms:GenerateDataKey", street),
        _objects("Imports", "PhotosBucket", "imports/", "s3:GetObject", "s3:DeleteObject"),
        _objects("Lists", "PhotosBucket", "lists/", "s3:PutObject"),
    ]


def _webhooks(street: Street, partition: str) -> list[Json]:
    """What it sends stands in the rows already: it reads no case and opens nothing."""
    return [
        _table("OutboxTable", ("GetItem", "Query", "UpdateItem", "DeleteItem"), ("pending", "waiting")),
        _keys(("GetItem",), ROOT, SHARED),
        *_reads_stream(),
    ]


def _reads_stream() -> list[Json]:
    return [
        {
            "Sid": "Stream",
            "Effect": "Allow",
            "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            "Resource": attr("OutboxTable", "StreamArn"),
        },
        # AWS knows no narrower resource for listing streams.
        {"Sid": "Streams", "Effect": "Allow", "Action": "dynamodb:ListStreams", "Resource": "*"},
    ]


def _sweep(street: Street, partition: str) -> list[Json]:
    return [
        _table("CasesTable", ("GetItem", "Query", "PutItem", "DeleteItem"), ("timers",)),
        _table("OutboxTable", SENDING, ("pending", "waiting")),
        _table("StaffTable", ("GetItem", "Query")),
        _keys(("GetItem",), ROOT, SMS),
        _key("Open", "kms:Decrypt", street),
        *_sns(street, partition),
    ]


def _digest(street: Street, partition: str) -> list[Json]:
    """It lists masks, so it opens nothing."""
    return [
        _table("RegistersTable", ("GetItem", "Query", "PutItem", "UpdateItem"), ("pending", "lease")),
        _table("OutboxTable", ("PutItem",)),
        _keys(("GetItem",), ROOT),
        _objects("Lists", "PhotosBucket", "lists/", "s3:PutObject"),
    ]


def _export(street: Street, partition: str) -> list[Json]:
    """Whole numbers lie under `full/`, where nobody else writes or reads: a link to them can be signed by this role alone."""
    return [
        _table("StaffTable", (*READ, "UpdateItem")),
        _table("RegistersTable", (*READ, "PutItem"), ("changes",)),
        _keys(("GetItem",), ROOT),
        _key("Open", "kms:Decrypt", street),
        _objects("Full", "PhotosBucket", "full/", "s3:PutObject", "s3:GetObject"),
    ]


def _tidy(street: Street, partition: str) -> list[Json]:
    """It deletes what erasing left and photos that belong to nobody, reads what reports have in common, and tells the members of
    a class case what became of it; it opens no number.
    """
    return [
        _table("CasesTable", (*READ, *WRITE), ("ledger",)),
        _table("OutboxTable", ("Query", "PutItem", "DeleteItem", "ConditionCheckItem")),
        _table("RegistersTable", ("DeleteItem",)),
        _keys(("GetItem",), ROOT),
        _objects("Arrived", "PhotosBucket", "incoming/", "s3:DeleteObject"),
        _objects("Ready", "PhotosBucket", "ready/", "s3:DeleteObject"),
        {"Sid": "Look", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": attr("PhotosBucket", "Arn")},
    ]


def _watch(street: Street, partition: str) -> list[Json]:
    """It looks at what is due and what waits, and takes away notes of messages that are parked no more."""
    return [
        _table("CasesTable", ("Query",), ("timers",)),
        _table("OutboxTable", ("GetItem", "Query", "DeleteItem"), ("pending",)),
        _keys(("GetItem",), ROOT),
    ]


def _photo(street: Street, partition: str) -> list[Json]:
    return [
        _table("CasesTable", ("GetItem", "Query", "PutItem", "UpdateItem")),
        _keys(("GetItem",), ROOT),
        _objects("Arrived", "PhotosBucket", "incoming/", "s3:GetObject", "s3:DeleteObject"),
        _objects("Ready", "PhotosBucket", "ready/", "s3:PutObject", "s3:GetObject", "s3:DeleteObject"),
        # Without it S3 answers 403 instead of 404 for an upload that is already gone, and a repeat would look like a fault.
        {
            "Sid": "Missing",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": attr("PhotosBucket", "Arn"),
        },
    ]


def _table(table: str, actions: Sequence[str], indexes: Sequence[str] = ()) -> Json:
    resources = [attr(table, "Arn"), *(sub(f"${{{table}.Arn}}/index/{index}") for index in indexes)]
    return {
        "Sid": table,
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": resources,
    }


def _keys(actions: Sequence[str], *rows: str) -> Json:
    """Of the Keys table only these rows: whoever needs the root needs no provider's keys, sealed as they are."""
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(rows)}}
    return {**_table("KeysTable", actions), "Condition": own}


def _objects(sid: str, bucket: str, prefix: str, *actions: str) -> Json:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": sub(f"${{{bucket}.Arn}}/{prefix}*")}


def _key(sid: str, action: str, street: Street) -> Json:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": action,
        "Resource": attr("VaultKey", "Arn"),
        "Condition": {"StringEquals": {"kms:EncryptionContext:street": street.id}},
    }


def _sns(street: Street, partition: str) -> list[Json]:
    """Only where the street sends through SNS, which China's regions don't offer. A phone number is no resource, so topics are
    excluded instead."""
    if street.sms.provider != "sns" or partition != "aws":
        return []
    topics = sub("arn:${AWS::Partition}:sns:*:*:*")
    return [{"Sid": "Sms", "Effect": "Allow", "Action": "sns:Publish", "NotResource": topics}]


def environment(logical: str) -> Json:
    """The variables of `chalicelib.settings` for that function; Lambda itself sets AWS_REGION."""
    own: Json = {
        "DOORSTEP_CASES_TABLE": ref("CasesTable"),
        "DOORSTEP_OUTBOX_TABLE": ref("OutboxTable"),
        "DOORSTEP_STAFF_TABLE": ref("StaffTable"),
        "DOORSTEP_REGISTERS_TABLE": ref("RegistersTable"),
        "DOORSTEP_KEYS_TABLE": ref("KeysTable"),
        "DOORSTEP_PHOTOS_BUCKET": ref("PhotosBucket"),
        "DOORSTEP_CODES_BUCKET": ref("CodesBucket"),
        "DOORSTEP_KMS_KEY": attr("VaultKey", "Arn"),
        "DOORSTEP_FUNCTIONS": "lambda",
        "DOORSTEP_SMS_PROVIDER": ref("SmsProvider"),
        "DOORSTEP_BASE_URL": {"Fn::If": ["HasDomain", sub("https://${DomainName}"), ""]},
    }
    if logical == "APIHandler":
        own["DOORSTEP_REVEAL_FUNCTION"] = ref("Reveal")
        own["DOORSTEP_EXPORT_FUNCTION"] = ref("Export")
        own["DOORSTEP_ORDERS_FUNCTION"] = ref("Orders")
    return own
