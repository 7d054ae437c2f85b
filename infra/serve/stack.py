"""The data stack on this machine's engine: made once from the deployed template, kept over restarts, changed only where that
is safe.

The engine replaces a table whose definition changed by an empty one (AWS changes it in place), so such a change is refused
here before anything is touched, with the remedy.
"""

from __future__ import annotations

import json
from typing import Any, cast

from infra.engine import describe, put_stack
from infra.errors import InfraError

STACK = "doorstep"
HOLDS_DATA = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket")


def ensure_stack(cloudformation: Any, template: dict[str, Any], parameters: dict[str, str]) -> tuple[dict[str, str], bool]:
    """Outputs, and whether the stack was made just now. Raises `InfraError` when data would be lost."""
    standing = describe(cloudformation, STACK)
    if standing is None:
        return put_stack(cloudformation, STACK, template, parameters), True
    body = cloudformation.get_template(StackName=STACK)["TemplateBody"]
    before = cast(dict[str, Any], json.loads(body) if isinstance(body, str) else body)
    given = {entry["ParameterKey"]: entry["ParameterValue"] for entry in standing.get("Parameters", [])}
    if before == template and given == parameters:
        return {output["OutputKey"]: output["OutputValue"] for output in standing["Outputs"]}, False
    changed = [name for name, resource in before["Resources"].items() if _loses_data(resource, template["Resources"].get(name))]
    if changed:
        raise InfraError(
            f"this version changes what holds the data ({', '.join(sorted(changed))}), and the local engine would empty it. "
            "Begin anew with `make serve-fresh`, or go back to the version that made .local/"
        )
    return put_stack(cloudformation, STACK, template, parameters), False


def _loses_data(before: dict[str, Any], after: dict[str, Any] | None) -> bool:
    kind = before["Type"]
    if kind not in HOLDS_DATA:
        return False
    # A bucket's and a key's settings are changed in place; only a table is made anew.
    return after is None or after["Type"] != kind or (kind == HOLDS_DATA[0] and after != before)
