"""Alarms, and a dashboard for those who want one.

Few, because each costs every month, and each with something to do: pages that fail, a sweep that does not come or fails, messages
and photos that fail, requests that are turned away, and whatever the hourly watch found (late steps, parked or unsent messages,
days off running out). Only metrics that AWS keeps anyway.
"""

from __future__ import annotations

import json

from chalicelib.street import Street
from infra.template.cfn import Json, ref, sub

MINUTE, HOUR = 60, 3600


def watch_resources(street: Street) -> Json:
    functions = {name: {"FunctionName": ref(name)} for name in ("Sweep", "Notify", "Photo", "Digest", "Watch", "APIHandler")}
    alarms = {
        "SweepMissing": _alarm(
            "The sweep has not come for ten minutes: is its schedule on, is it throttled?",
            "AWS/Lambda",
            "Invocations",
            functions["Sweep"],
            period=10 * MINUTE,
            below=5,
            missing="breaching",
        ),
        "SweepFailing": _alarm("The sweep fails: look at its log", "AWS/Lambda", "Errors", functions["Sweep"], above=3),
        "NotifyFailing": _alarm("Sending fails: look at the log of notify", "AWS/Lambda", "Errors", functions["Notify"], above=3),
        "PhotoFailing": _alarm("Photos fail: look at the log of photo", "AWS/Lambda", "Errors", functions["Photo"], above=3),
        "DigestFailing": _alarm("The registers' digest fails", "AWS/Lambda", "Errors", functions["Digest"], period=HOUR, above=3),
        "NeedsAttention": _alarm(
            "Something needs a person: the last error in the log of watch says what, and what to do",
            "AWS/Lambda",
            "Errors",
            functions["Watch"],
            period=HOUR,
        ),
        "PagesFailing": _alarm(
            "Pages answer with errors of ours: the log of the API has their reference",
            "AWS/ApiGateway",
            "5XXError",
            {"ApiName": f"Doorstep {street.id}", "Stage": ref("ApiStage")},
            above=5,
        ),
        "Throttled": _alarm(
            "Requests are turned away: raise the account's concurrency", "AWS/Lambda", "Throttles", functions["APIHandler"]
        ),
    }
    return {
        "Parameters": {
            "AlarmTopic": {
                "Type": "String",
                "Default": "",
                "Description": "ARN of an SNS topic (mail or webhook) that alarms go to; empty keeps them on the console.",
            },
            "Dashboard": {
                "Type": "String",
                "Default": "no",
                "AllowedValues": ["yes", "no"],
                "Description": "A dashboard, which costs about 3 USD a month.",
            },
        },
        "Conditions": {
            "HasAlarmTopic": {"Fn::Not": [{"Fn::Equals": [ref("AlarmTopic"), ""]}]},
            "HasDashboard": {"Fn::Equals": [ref("Dashboard"), "yes"]},
        },
        "Resources": {**alarms, "StreetDashboard": _dashboard(street)},
    }


def _alarm(
    said: str,
    namespace: str,
    metric: str,
    dimensions: Json,
    *,
    period: int = 5 * MINUTE,
    above: int = 1,
    below: int = 0,
    missing: str = "notBreaching",
) -> Json:
    """`above`: as many as that within the period; or fewer than `below`."""
    topic = {"Fn::If": ["HasAlarmTopic", [ref("AlarmTopic")], ref("AWS::NoValue")]}
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": said,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Statistic": "Sum",
            "Period": period,
            "EvaluationPeriods": 1,
            "Threshold": below or above,
            "ComparisonOperator": "LessThanThreshold" if below else "GreaterThanOrEqualToThreshold",
            "TreatMissingData": missing,
            "AlarmActions": topic,
            "OKActions": topic,
        },
    }


def _dashboard(street: Street) -> Json:
    """Requests and errors, the functions, what the tables are asked for."""
    functions = ("APIHandler", "Reveal", "Notify", "Photo", "Sweep", "Digest", "Export", "Tidy", "Watch")
    tables = ("CasesTable", "OutboxTable", "RegistersTable", "StaffTable")
    widgets = [
        _widget(
            0,
            "Pages",
            [["AWS/ApiGateway", name, "ApiName", f"Doorstep {street.id}"] for name in ("Count", "4XXError", "5XXError")],
        ),
        _widget(1, "Errors", [["AWS/Lambda", "Errors", "FunctionName", f"${{{name}}}"] for name in functions]),
        _widget(2, "Time", [["AWS/Lambda", "Duration", "FunctionName", f"${{{name}}}"] for name in functions], "p90"),
        _widget(3, "Reads", [["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", f"${{{name}}}"] for name in tables]),
        _widget(4, "Writes", [["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", f"${{{name}}}"] for name in tables]),
    ]
    body = json.dumps({"widgets": widgets}, sort_keys=True)
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Condition": "HasDashboard",
        "Properties": {"DashboardBody": sub(body)},
    }


def _widget(number: int, title: str, metrics: list[list[str]], stat: str = "Sum") -> Json:
    return {
        "type": "metric",
        "x": 12 * (number % 2),
        "y": 6 * (number // 2),
        "width": 12,
        "height": 6,
        "properties": {"title": title, "metrics": metrics, "stat": stat, "period": 300, "region": "${AWS::Region}"},
    }
