"""The REST API: chalice's description of the routes, made ours.

The stage is `V1`, so that codes printed with an execute-api address stay upper-case. REGIONAL, because China has no edge
endpoints. A deployment is a snapshot: its logical name carries a hash of the description, so that a changed route, compression or
gateway page makes a new one.
"""

from __future__ import annotations

import hashlib
import json

from chalicelib.street import Street
from infra.template.cfn import Json, attr, ref, retained, sub
from infra.template.functions import log_group
from infra.template.gateway import gateway_responses
from infra.template.policies import trust

STAGE = "V1"
COMPRESS_FROM_BYTES = 1000
# Of the whole API: what an incident may bring within a minute, below what an account has by default.
REQUESTS_PER_S = 200
REQUESTS_AT_ONCE = 400

# `resourcePath` is the route (`/t/{token}`), never the path itself, which carries capabilities; no address, no query, no agent.
ACCESS_LOG = {
    "at": "$context.requestTime",
    "ref": "$context.requestId",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "error": "$context.error.responseType",
}


def api_resources(description: Json, street: Street) -> Json:
    """`description` is the OpenAPI 2 document that chalice's packager wrote."""
    body = {**description, "x-amazon-apigateway-gateway-responses": gateway_responses(street)}
    body["info"] = {**description["info"], "title": f"Doorstep {street.id}"}
    api: Json = {
        "Type": "AWS::ApiGateway::RestApi",
        "Properties": {
            "Body": body,
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "MinimumCompressionSize": COMPRESS_FROM_BYTES,
            # With a domain there is one way in, under the TLS that the domain asks for. Taken over by the next deployment.
            "DisableExecuteApiEndpoint": {"Fn::If": ["HasDomain", True, False]},
        },
    }
    fingerprint = hashlib.sha256(json.dumps(api, sort_keys=True).encode()).hexdigest()[:12]
    deployment = f"ApiDeployment{fingerprint}"
    return {
        "Parameters": _parameters(),
        "Conditions": {
            "HasDomain": {"Fn::Not": [{"Fn::Equals": [ref("DomainName"), ""]}]},
            "MakesLogRole": {"Fn::Equals": [ref("GatewayLogRole"), "create"]},
        },
        "Resources": {
            "RestAPI": api,
            deployment: {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": ref("RestAPI")}},
            "ApiStage": _stage(deployment),
            "ApiAccessLog": log_group(street),
            **_log_role(),
            **_domain(),
            "APIHandlerPermission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "FunctionName": ref("APIHandler"),
                    "Action": "lambda:InvokeFunction",
                    "Principal": "apigateway.amazonaws.com",
                    "SourceArn": sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPI}/*"),
                },
            },
        },
    }


def _parameters() -> Json:
    return {
        "DomainName": {
            "Type": "String",
            "Default": "",
            "Description": "The printed domain. Empty until its certificate exists; printed codes need it.",
        },
        "CertificateArn": {
            "Type": "String",
            "Default": "",
            "Description": "Certificate of DomainName in this region. Needed with DomainName.",
        },
        "GatewayLogRole": {
            "Type": "String",
            "Default": "create",
            "AllowedValues": ["create", "existing"],
            "Description": "API Gateway has one role for logs per account and region: 'existing' leaves it as it is.",
        },
    }


def _stage(deployment: str) -> Json:
    return {
        "Type": "AWS::ApiGateway::Stage",
        "Properties": {
            # Access logs are refused until the account has its role: naming it here makes the stage wait for it. A
            # DependsOn can't be conditional.
            "Description": {
                "Fn::If": ["MakesLogRole", sub("logs by the role set in ${ApiAccount}"), "logs by the account's own role"]
            },
            "RestApiId": ref("RestAPI"),
            "DeploymentId": ref(deployment),
            "StageName": STAGE,
            "TracingEnabled": False,
            "AccessLogSetting": {
                "DestinationArn": attr("ApiAccessLog", "Arn"),
                "Format": json.dumps(ACCESS_LOG, separators=(",", ":")),
            },
            "MethodSettings": [
                {
                    "ResourcePath": "/*",
                    "HttpMethod": "*",
                    "ThrottlingRateLimit": REQUESTS_PER_S,
                    "ThrottlingBurstLimit": REQUESTS_AT_ONCE,
                    # Execution logs would hold whole requests.
                    "LoggingLevel": "OFF",
                    "DataTraceEnabled": False,
                    "MetricsEnabled": False,
                }
            ],
        },
    }


def _log_role() -> Json:
    """The account-wide setting outlives the stack: other APIs may log through it by then."""
    return {
        "ApiLogRole": retained(
            {
                "Type": "AWS::IAM::Role",
                "Condition": "MakesLogRole",
                "Properties": {
                    "AssumeRolePolicyDocument": trust("apigateway.amazonaws.com"),
                    "ManagedPolicyArns": [
                        sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
                    ],
                },
            }
        ),
        "ApiAccount": retained(
            {
                "Type": "AWS::ApiGateway::Account",
                "Condition": "MakesLogRole",
                "Properties": {"CloudWatchRoleArn": attr("ApiLogRole", "Arn")},
            }
        ),
    }


def _domain() -> Json:
    return {
        "ApiDomain": {
            "Type": "AWS::ApiGateway::DomainName",
            "Condition": "HasDomain",
            "Properties": {
                "DomainName": ref("DomainName"),
                "RegionalCertificateArn": ref("CertificateArn"),
                "EndpointConfiguration": {"Types": ["REGIONAL"]},
                "SecurityPolicy": "TLS_1_2",
            },
        },
        "ApiDomainMapping": {
            "Type": "AWS::ApiGateway::BasePathMapping",
            "Condition": "HasDomain",
            "Properties": {"DomainName": ref("ApiDomain"), "RestApiId": ref("RestAPI"), "Stage": ref("ApiStage")},
        },
    }


def api_outputs() -> Json:
    """What the street's DNS record has to point to, once there is a domain."""
    return {"DomainTarget": {"Condition": "HasDomain", "Value": attr("ApiDomain", "RegionalDomainName")}}
