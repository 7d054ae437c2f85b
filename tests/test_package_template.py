"""The template as packaged: what AWS will create, what it may do, and what it never says."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.settings import Settings
from infra.errors import InfraError
from infra.package import sdk
from infra.package.project import check_routes
from infra.template.assemble import AppFacts, full_template
from infra.template.gateway import gateway_responses
from tests import packages
from tests.packages import of_type
from tests.small_street import small_street

FUNCTIONS = {"APIHandler", "Reveal", "Notify", "Photo", "Sweep", "Digest", "Export", "Tidy", "Watch", "Webhooks", "Orders"}
MAY_DECRYPT = {"Reveal", "Export", "Notify", "Sweep"}


@pytest.fixture(params=packages.PARTITIONS)
def partition(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def template(partition: str) -> dict[str, Any]:
    return packages.template(partition)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from strings(entry)


def statements(template: dict[str, Any], function: str) -> list[dict[str, Any]]:
    role = template["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0]
    (policy,) = template["Resources"][role]["Properties"]["Policies"]
    return list(policy["PolicyDocument"]["Statement"])


def actions(statement: dict[str, Any]) -> set[str]:
    found = statement["Action"]
    return {found} if isinstance(found, str) else set(found)


def test_nothing_is_left_to_a_macro_of_the_region(template: dict[str, Any]) -> None:
    assert "Transform" not in template
    assert not [name for name, resource in template["Resources"].items() if "Serverless" in resource["Type"]]


def test_no_partition_is_written_out_and_china_has_what_is_used(template: dict[str, Any]) -> None:
    assert not [text for text in strings(template) if "arn:aws:" in text or "arn:aws-cn:" in text]
    services = {resource["Type"].split("::")[1] for resource in template["Resources"].values()}
    assert services <= {"ApiGateway", "CloudWatch", "DynamoDB", "Events", "IAM", "KMS", "Lambda", "Logs", "S3"}
    assert template["Resources"]["RestAPI"]["Properties"]["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert not [text for text in strings(template) if text == "EDGE"]


def test_nothing_has_a_physical_name(template: dict[str, Any]) -> None:
    names = {
        "AWS::DynamoDB::Table": "TableName",
        "AWS::S3::Bucket": "BucketName",
        "AWS::IAM::Role": "RoleName",
        "AWS::Lambda::Function": "FunctionName",
        "AWS::Logs::LogGroup": "LogGroupName",
        "AWS::Events::Rule": "Name",
        "AWS::ApiGateway::RestApi": "Name",
        "AWS::KMS::Alias": "AliasName",
    }
    named = [
        name
        for name, resource in template["Resources"].items()
        if names.get(resource["Type"]) in resource["Properties"] and resource["Type"] != "AWS::Lambda::Permission"
    ]
    assert named == []


def test_every_function_has_a_role_of_its_own(template: dict[str, Any]) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    assert set(functions) == FUNCTIONS
    roles = [function["Properties"]["Role"]["Fn::GetAtt"][0] for function in functions.values()]
    assert len(set(roles)) == len(FUNCTIONS)


def test_only_the_revealer_and_the_senders_can_open_a_phone_number(template: dict[str, Any]) -> None:
    for function in FUNCTIONS:
        kms = {action for statement in statements(template, function) for action in actions(statement) if "kms:" in action}
        if function in {"APIHandler", "Orders"}:
            assert kms == {"kms:GenerateDataKey"}
        else:
            assert kms == ({"kms:Decrypt"} if function in MAY_DECRYPT else set())


def test_opening_is_bound_to_the_street(template: dict[str, Any]) -> None:
    for function in FUNCTIONS:
        for statement in statements(template, function):
            if any("kms:" in action for action in actions(statement)):
                assert statement["Condition"] == {"StringEquals": {"kms:EncryptionContext:street": packages.STREET}}
                assert statement["Resource"] == {"Fn::GetAtt": ["VaultKey", "Arn"]}


def test_no_policy_has_a_star_that_aws_does_not_force(template: dict[str, Any]) -> None:
    for function in FUNCTIONS:
        for statement in statements(template, function):
            assert statement["Effect"] == "Allow"
            assert not [action for action in actions(statement) if "*" in action]
            if "*" in statement["Resource"]:
                assert actions(statement) == {"dynamodb:ListStreams"}


def test_tables_are_written_only_by_those_who_must(template: dict[str, Any]) -> None:
    def writers(table: str) -> set[str]:
        writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
        return {
            function
            for function in FUNCTIONS
            for statement in statements(template, function)
            if actions(statement) & writes and {"Fn::GetAtt": [table, "Arn"]} in statement["Resource"]
        }

    assert writers("CasesTable") == {"APIHandler", "Reveal", "Photo", "Sweep", "Tidy", "Orders"}
    assert writers("OutboxTable") == {"APIHandler", "Reveal", "Notify", "Sweep", "Digest", "Tidy", "Watch", "Webhooks", "Orders"}
    assert writers("RegistersTable") == {"APIHandler", "Reveal", "Digest", "Export", "Tidy", "Orders"}
    assert writers("StaffTable") == {"APIHandler", "Reveal", "Export"}
    assert writers("KeysTable") == {"APIHandler"}


def test_nobody_but_the_photo_function_reads_what_was_uploaded(template: dict[str, Any]) -> None:
    readers = {
        function
        for function in FUNCTIONS
        for statement in statements(template, function)
        if "s3:GetObject" in actions(statement) and "incoming/" in json.dumps(statement["Resource"])
    }
    assert readers == {"Photo"}


def test_whole_numbers_in_files_are_read_only_by_the_function_that_makes_them(template: dict[str, Any]) -> None:
    """The pages have neither the key nor the prefix: whoever takes over their role finds no list of ID numbers to sign."""
    objects = {
        (function, json.dumps(statement["Resource"]))
        for function in FUNCTIONS
        for statement in statements(template, function)
        if actions(statement) & {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
    }
    assert {function for function, where in objects if "/full/" in where} == {"Export"}
    assert all(re.search(r"/(incoming|ready|lists|full|imports)/\*", where) for _, where in objects)


def test_settings_find_everything_in_each_functions_environment(template: dict[str, Any]) -> None:
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        variables = function["Properties"]["Environment"]["Variables"]
        flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in variables.items()}
        settings = Settings.from_environ({**flat, "AWS_REGION": "cn-north-1"})
        assert settings.functions == "lambda"
        assert settings.endpoint is None
        asked = (settings.reveal_function, settings.export_function, settings.orders_function)
        assert set(map(bool, asked)) == {name == "APIHandler"}
        assert not set(variables) & {"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_logs_are_kept_half_a_year_and_every_function_writes_its_own(template: dict[str, Any]) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert all(group["Properties"]["RetentionInDays"] >= 184 for group in groups.values())
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        assert group in groups
        (log,) = [statement for statement in statements(template, name) if statement["Sid"] == "Log"]
        assert log["Resource"] == {"Fn::GetAtt": [group, "Arn"]}


def test_access_logs_name_the_route_and_no_person(template: dict[str, Any]) -> None:
    (stage,) = of_type(template, "AWS::ApiGateway::Stage").values()
    logged = json.loads(stage["Properties"]["AccessLogSetting"]["Format"])
    assert set(logged.values()) <= {
        "$context.requestTime",
        "$context.requestId",
        "$context.httpMethod",
        "$context.resourcePath",
        "$context.status",
        "$context.responseLength",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.error.responseType",
    }
    (method,) = stage["Properties"]["MethodSettings"]
    assert (method["LoggingLevel"], method["DataTraceEnabled"]) == ("OFF", False)
    assert method["ThrottlingRateLimit"] > 0
    assert stage["Properties"]["TracingEnabled"] is False


def test_a_changed_route_makes_a_new_deployment() -> None:
    facts = AppFacts(dict.fromkeys(FUNCTIONS, "app.x"), {"info": {}, "paths": {"/": {}}}, "python3.11")
    changed = AppFacts(facts.handlers, {"info": {}, "paths": {"/": {}, "/new": {}}}, "python3.11")

    def deployment(app: AppFacts) -> str:
        (name,) = of_type(full_template(small_street(), "aws", app, "k"), "AWS::ApiGateway::Deployment")
        return name

    assert deployment(facts) == deployment(copy.deepcopy(facts))
    assert deployment(facts) != deployment(changed)


def test_a_function_without_a_policy_is_refused() -> None:
    handlers = dict.fromkeys([*FUNCTIONS, "Extra"], "app.x")
    with pytest.raises(ValueError, match=r"functions Extra: .* needs a size there and its least policy"):
        full_template(small_street(), "aws", AppFacts(handlers, {"info": {}, "paths": {}}, "python3.11"), "k")


def test_what_starts_the_other_functions(template: dict[str, Any]) -> None:
    (mapping,) = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    stream = mapping["Properties"]
    assert stream["EventSourceArn"] == {"Fn::GetAtt": ["OutboxTable", "StreamArn"]}
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["BisectBatchOnFunctionError"] is True
    (wanted,) = stream["FilterCriteria"]["Filters"]
    assert json.loads(wanted["Pattern"])["eventName"] == ["INSERT"]
    rules = of_type(template, "AWS::Events::Rule")
    assert rules["SweepEveryMinute"]["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    pattern = rules["PhotoArrived"]["Properties"]["EventPattern"]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "incoming/"}]
    assert pattern["detail"]["bucket"]["name"] == [{"Ref": "PhotosBucket"}]


def test_one_name_per_level_of_the_urls(template: dict[str, Any]) -> None:
    check_routes(template["Resources"]["RestAPI"]["Properties"]["Body"]["paths"])
    with pytest.raises(InfraError, match=r"/t/\{token\}/\{act\}: the level below /t is \{link\} elsewhere; use one name"):
        check_routes({"/t/{token}/{act}": {}, "/t/{link}": {}})


def test_the_gateways_own_answers_are_pages_in_both_languages() -> None:
    street = small_street()
    answers = gateway_responses(street)
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert {"ACCESS_DENIED", "UNSUPPORTED_MEDIA_TYPE", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(answers)
    for answer in answers.values():
        pages = set(answer["responseTemplates"].values())
        assert len(pages) == 1
        page = pages.pop()
        # The gateway's template language acts on these two characters.
        assert re.findall(r"[$#][\w.]*", page) == ["$context.requestId", "$context.requestId"]
        assert street.phone in page
        assert '<html lang="zh-CN">' in page
        assert 'lang="en"' in page
        assert "<script" not in page
        assert len(page.encode()) < 2000
        for value in answer["responseParameters"].values():
            assert re.fullmatch(r"'[^']+'", value), "a constant of the gateway's has a quote at each end and none inside"
        assert answer["responseParameters"]["gatewayresponse.header.Content-Type"] == "'text/html; charset=utf-8'"
        assert answer["responseParameters"]["gatewayresponse.header.Referrer-Policy"] == "'no-referrer'"


def test_they_are_part_of_the_api(template: dict[str, Any]) -> None:
    body = template["Resources"]["RestAPI"]["Properties"]["Body"]
    assert "MISSING_AUTHENTICATION_TOKEN" in body["x-amazon-apigateway-gateway-responses"]
    assert template["Resources"]["RestAPI"]["Properties"]["MinimumCompressionSize"] == 1000


def test_every_operation_that_is_allowed_is_in_the_trimmed_sdk(template: dict[str, Any]) -> None:
    """And nothing else but what presigning and redirects need: a call is cut from both places or from none."""
    transactions = {"TransactGetItems", "TransactWriteItems"}  # allowed through the items they hold
    described = {f"{service}:{operation}" for service, (_, operations) in sdk.SERVICES.items() for operation in operations}
    described -= {f"dynamodb:{name}" for name in transactions}
    described -= {"s3:CreateBucket", "s3:HeadBucket"}
    described -= {"sns:Publish"}  # only where a street sends through it
    # Names that differ between IAM and the API, and rights that Lambda itself uses.
    names = {"lambda:InvokeFunction": "lambda:Invoke", "s3:ListBucket": "s3:ListObjectsV2"}
    by_lambda = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
    inside = {"dynamodb:ConditionCheckItem"}
    allowed = {
        names.get(action, action)
        for function in FUNCTIONS
        for found in statements(template, function)
        for action in actions(found)
    }
    allowed = {action for action in allowed if not action.startswith("logs:")} - by_lambda - inside
    # HeadObject is allowed by GetObject.
    assert described - {"s3:HeadObject"} == allowed
