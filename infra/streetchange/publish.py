"""What runs under a stack, and putting another street under it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.errors import InfraError
from infra.streetchange.package import Package
from infra.template.data import outputs_of

READY_S = 900
LOOK_S = 5.0
CODE = ("CodeBucket", "CodeKey")


@dataclass(frozen=True)
class Running:
    """A stack as it stands: its parameters and outputs, and the package that its functions run."""

    stack: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    package: Package

    @property
    def key(self) -> str:
        return self.parameters["CodeKey"]


def running(cloudformation: Any, s3: Any, stack: str) -> Running:
    """Raises `InfraError` for a stack that is changing just now, and for what no `make package` made."""
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    if not found["StackStatus"].endswith("_COMPLETE"):
        raise InfraError(f"--stack {stack}: it is {found['StackStatus']}; wait until that is over")
    parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in found.get("Parameters", ())}
    missing = [name for name in CODE if not parameters.get(name)]
    if missing:
        raise InfraError(f"--stack {stack}: it has no parameter {missing[0]}; name the stack of a street")
    body = s3.get_object(Bucket=parameters["CodeBucket"], Key=parameters["CodeKey"])["Body"].read()
    return Running(stack, parameters, outputs_of(found), Package.read(body))


def publish(
    cloudformation: Any, s3: Any, now: Running, key: str, data: bytes, wait: Callable[[float], None] = time.sleep
) -> None:
    """Stores the package and has the stack take it, with its own template. Raises `InfraError` when it was rolled back."""
    s3.put_object(Bucket=now.parameters["CodeBucket"], Key=key, Body=data)
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in now.parameters if name != "CodeKey"]
    cloudformation.update_stack(
        StackName=now.stack,
        UsePreviousTemplate=True,
        Parameters=[*kept, {"ParameterKey": "CodeKey", "ParameterValue": key}],
        Capabilities=["CAPABILITY_IAM"],
    )
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        status = cloudformation.describe_stacks(StackName=now.stack)["Stacks"][0]["StackStatus"]
        if status == "UPDATE_COMPLETE":
            return
        if not status.endswith("_IN_PROGRESS") or "ROLLBACK" in status:
            raise InfraError(f"--stack {now.stack}: {status}; what ran before runs on. Its events in CloudFormation say why")
        wait(LOOK_S)
    raise InfraError(f"--stack {now.stack}: not ready after {READY_S // 60} minutes; look at its events in CloudFormation")
