"""The whole template of a street, from what chalice's packager read in the app.

It is plain CloudFormation, not SAM: what is reviewed and linted here is what AWS executes (a macro would expand it there, by
whatever version it has then, and hide errors inside its functions from the linter), the same bytes come out of the same sources,
and `aws cloudformation deploy` needs no leave to expand anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.street import Street
from infra.template.api import api_outputs, api_resources
from infra.template.cfn import Json, check_partition, merge
from infra.template.data import data_resources
from infra.template.functions import SIZES, function_outputs, function_resources
from infra.template.watch import watch_resources

# The runtimes AWS offers whose byte code this builder can make, as `major.minor`.
RUNTIMES = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True)
class AppFacts:
    """What the packager found: handlers by logical name, the API's OpenAPI 2 document, and the Lambda runtime."""

    handlers: Mapping[str, str]
    api: Json
    runtime: str


def full_template(street: Street, partition: str, app: AppFacts, code_key: str) -> Json:
    """Raises `ValueError` when app.py declares other functions than those that have a role and a size here."""
    check_partition(partition)
    unknown = sorted(set(app.handlers) ^ set(SIZES))
    if unknown:
        raise ValueError(
            f"functions {', '.join(unknown)}: app.py and infra/template/functions.py do not agree; "
            "each function needs a size there and its least policy in infra/template/policies.py"
        )
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Doorstep {street.id} ({street.name.en or street.name.zh})",
        **merge(
            {"Parameters": _parameters(code_key)},
            data_resources(street, partition),
            function_resources(app.handlers, app.runtime, street, partition),
            api_resources(app.api, street),
            watch_resources(street),
            {"Outputs": {**function_outputs(), **api_outputs()}},
        ),
    }


def _parameters(code_key: str) -> Json:
    return {
        "CodeBucket": {"Type": "String", "Description": "Bucket that package.zip was copied to, in this region."},
        "CodeKey": {
            "Type": "String",
            "Default": code_key,
            "Description": "Its key there. It names the package's content, so that a new package is a new key.",
        },
        "SmsProvider": {
            "Type": "String",
            "Default": "",
            "Description": "Instead of the street file's provider: 'local' sends nothing and keeps the texts, for a rehearsal.",
        },
    }
