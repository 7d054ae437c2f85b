"""The functions, and what starts those that no request starts.

Photos arrive through a rule on the event bus, messages through the outbox's stream, the sweep through a schedule. Asynchronous
calls are not repeated where the next minute does the same work anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from chalicelib.street import Street
from infra.template.cfn import Json, attr, ref, retained, sub
from infra.template.policies import environment, role

# Months of logs that have to be there, and the lengths that CloudWatch offers.
LOG_DAYS_AT_LEAST = 184
LOG_DAYS_OFFERED = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


MINUTE_S, TEN_MINUTES_S, HOUR_S = 60, 600, 3600


@dataclass(frozen=True)
class Size:
    """`memory` in MB (CPU comes in proportion), `timeout` in seconds."""

    memory: int
    timeout: int


# The gateway gives up after 29 s. A photo of many megapixels needs room. The sweep stops by itself before its minute is over. An
# export opens a registration in some 25 ms: thousands take minutes, and it goes on where it stopped when it is called again.
SIZES: Mapping[str, Size] = {
    "APIHandler": Size(1024, 28),
    "Reveal": Size(1024, 15),
    "Notify": Size(512, 60),
    "Photo": Size(1769, 60),
    "Sweep": Size(512, 58),
    "Digest": Size(512, 300),
    "Export": Size(1024, 900),
    "Tidy": Size(512, 120),
    "Watch": Size(512, 60),
    "Webhooks": Size(512, 58),
    "Orders": Size(1769, 900),
}


def log_days(street: Street) -> int:
    """The shortest length CloudWatch offers that keeps logs as long as the street asks and six months at least."""
    wanted = max(street.retention.log_days, LOG_DAYS_AT_LEAST)
    return next((days for days in LOG_DAYS_OFFERED if days >= wanted), LOG_DAYS_OFFERED[-1])


def log_group(street: Street) -> Json:
    return retained({"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": log_days(street)}})


def function_resources(handlers: Mapping[str, str], runtime: str, street: Street, partition: str) -> Json:
    """`handlers` maps logical names to `module.attribute`, as the packager read them from the app."""
    resources: Json = {}
    for logical, handler in handlers.items():
        group, own_role = f"{logical}Log", f"{logical}Role"
        resources[group] = log_group(street)
        resources[own_role] = role(logical, street, partition, group)
        resources[logical] = _function(logical, handler, runtime, own_role, group)
    resources |= _stream() | _arrival() | _schedules(street) | _export()
    if street.webhooks:
        resources |= _webhooks()
    return {"Resources": resources}


def _function(logical: str, handler: str, runtime: str, own_role: str, group: str) -> Json:
    size = SIZES[logical]
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Handler": handler,
            "Runtime": runtime,
            "Architectures": ["x86_64"],
            "Code": {"S3Bucket": ref("CodeBucket"), "S3Key": ref("CodeKey")},
            "Role": attr(own_role, "Arn"),
            "MemorySize": size.memory,
            "Timeout": size.timeout,
            "TracingConfig": {"Mode": "PassThrough"},
            "LoggingConfig": {"LogGroup": ref(group)},
            "Environment": {"Variables": environment(logical)},
        },
    }


def _stream() -> Json:
    """New messages, at once."""
    return _fed("Notify", '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"state":{"S":["pending"]}}}}')


def _webhooks() -> Json:
    """New events for other systems at once, and every minute what is due; only where the street has a subscriber."""
    return _fed("Webhooks", '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"stage":{"S":["waiting"]}}}}') | _scheduled(
        "Webhooks", "EveryMinute", "Events that other systems have not taken yet", "rate(1 minute)", MINUTE_S
    )


def _fed(function: str, new: str) -> Json:
    """By the outbox's stream with rows of that pattern. A poisoned one is separated by bisection and left to the sweep after
    three tries.
    """
    return {
        f"{function}FromOutbox": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": attr("OutboxTable", "StreamArn"),
                "FunctionName": ref(function),
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 10,
                "BisectBatchOnFunctionError": True,
                "MaximumRetryAttempts": 3,
                "MaximumRecordAgeInSeconds": 3600,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "FilterCriteria": {"Filters": [{"Pattern": new}]},
            },
        }
    }


def _arrival() -> Json:
    return {
        "PhotoArrived": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": "A resident's photo has arrived",
                "State": "ENABLED",
                "EventPattern": {
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "detail": {"bucket": {"name": [ref("PhotosBucket")]}, "object": {"key": [{"prefix": "incoming/"}]}},
                },
                "Targets": [{"Id": "photo", "Arn": attr("Photo", "Arn")}],
            },
        },
        "PhotoArrivedPermission": _permission("Photo", "PhotoArrived"),
    }


def _scheduled(function: str, when: str, said: str, expression: str, late_s: int) -> Json:
    """A rule that calls the function, its leave to, and no repeats: the next call does what this one left, and a repeat would
    only make them overlap. A call that comes more than `late_s` seconds late is left out.
    """
    rule = f"{function}{when}"
    return {
        rule: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": said,
                "State": "ENABLED",
                "ScheduleExpression": expression,
                "Targets": [{"Id": function.lower(), "Arn": attr(function, "Arn")}],
            },
        },
        f"{rule}Permission": _permission(function, rule),
        f"{function}Once": _repeats(function, 0, late_s),
    }


def _repeats(function: str, tries: int, late_s: int) -> Json:
    return {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": ref(function),
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": tries,
            "MaximumEventAgeInSeconds": late_s,
        },
    }


def _schedules(street: Street) -> Json:
    """The digest from the street's hour on, every ten minutes for up to two hours: a run finds nothing to do when another was
    there, and what a bad day leaves undone the next day's runs make up for. The watch's failing is the alarm
    (`infra/template/watch.py`).
    """
    hour, minute = (int(part) for part in street.register.digest_at.split(":"))
    local = datetime(2026, 1, 1, hour, minute, tzinfo=ZoneInfo(street.timezone)).astimezone(UTC)
    daily = f"cron({local.minute}/10 {local.hour},{(local.hour + 1) % 24} * * ? *)"
    return (
        _scheduled("Sweep", "EveryMinute", "Clocks that are due, messages that wait", "rate(1 minute)", MINUTE_S)
        | _scheduled("Digest", "Daily", "The committees' digests of the registers", daily, TEN_MINUTES_S)
        | _scheduled("Tidy", "Hourly", "What erasing left, and photos without a case", "rate(1 hour)", TEN_MINUTES_S)
        | _scheduled("Watch", "Hourly", "What an operator has to hear of", "rate(1 hour)", TEN_MINUTES_S)
    )


def _export() -> Json:
    """Called in the background by the pages. Out of time they raise; called again they go on where they stopped."""
    return {f"{function}GoesOn": _repeats(function, 2, HOUR_S) for function in ("Export", "Orders")}


def _permission(function: str, rule: str) -> Json:
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": ref(function),
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": attr(rule, "Arn"),
        },
    }


def function_outputs() -> Json:
    return {
        "ApiId": {"Value": ref("RestAPI")},
        "EndpointURL": {"Value": sub("https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/V1/")},
        "RevealFunction": {"Value": ref("Reveal")},
        "NotifyFunction": {"Value": ref("Notify")},
        "PhotoFunction": {"Value": ref("Photo")},
        "SweepFunction": {"Value": ref("Sweep")},
        "DigestFunction": {"Value": ref("Digest")},
        "ExportFunction": {"Value": ref("Export")},
        "TidyFunction": {"Value": ref("Tidy")},
        "WebhooksFunction": {"Value": ref("Webhooks")},
        "OrdersFunction": {"Value": ref("Orders")},
        "WebFunction": {"Value": ref("APIHandler")},
    }
