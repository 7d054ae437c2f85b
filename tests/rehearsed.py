"""A street as an infrastructure team has it running: package and template built from its two files, created on an engine.

The street is the shipped Changqiao with what it does not use switched on: the template then declares every event there is.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.street import Place
from infra.engine import ISOLATION, REGION, put_stack
from infra.package.build import Built, Places, build
from infra.streetfile.compile import write
from infra.template.data import environment_from_outputs
from tests import packages
from tests.gateway_visitor import GatewayVisitor
from tests.hasty_child import HastyEngine
from tests.world import environment

STREET = packages.STREET
STACK = "doorstep-rehearsal"
BUCKET = "deployments"
WAIT_S = 40
EVENTS = """
[[webhooks]]
id = "city"
url = "https://city.example/doorstep"

[orders]
place = "JNP3NT"
"""


@dataclass
class Deployed:
    """The stack: its outputs, the engine that runs it, where its street file lies, and a context of the operator's."""

    engine: HastyEngine
    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=dict)
    context: Any = None

    @property
    def street_file(self) -> Path:
        return self.folder / "streets" / f"{STREET}.toml"

    def visitor(self) -> GatewayVisitor:
        return GatewayVisitor(self.engine.endpoint, self.outputs["ApiId"])

    def deploy(self) -> None:
        """As the deployment guide says: copy the zip, deploy the template with the bucket's name, nothing else."""
        built = self.built()
        self.template = json.loads(built.template.read_text("utf-8"))
        self.engine.client("s3").upload_file(str(built.zip), BUCKET, built.code_key)
        given = {"CodeBucket": BUCKET, "CodeKey": built.code_key, "SmsProvider": "local"}
        self.outputs = put_stack(self.engine.client("cloudformation"), STACK, self.template, given)

    def built(self) -> Built:
        where = Places(build=self.folder / "build", streets=self.street_file.parent)
        return build(STREET, packages.quiet, "aws", where, packages.common())

    def change(self, lines: dict[str, str], door: Place) -> None:
        """Of the street's files: what stands there by what is to stand there, and one more place."""
        text = self.street_file.read_text("utf-8")
        for old, new in lines.items():
            assert old in text, old
            text = text.replace(old, new)
        self.street_file.write_text(text, "utf-8")
        with self.street_file.with_suffix(".csv").open("a", encoding="utf-8") as places:
            places.write(f"{door.id},{door.kind},{door.name},,{door.committee},{door.community},\n")

    def physical(self) -> dict[str, str]:
        """Physical ids of everything in the stack, by logical id."""
        found = self.engine.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def logged(self, function: str) -> list[str]:
        """What a function wrote, by its logical id, from the log group that the template gave it."""
        logs = self.engine.client("logs")
        name = self.physical()[f"{function}Log"]
        streams = logs.describe_log_streams(logGroupName=name)["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(logGroupName=name, logStreamName=stream["logStreamName"])["events"]
        ]

    def started(self, function: str) -> int:
        """How often it was called so far."""
        return sum(line.startswith("START") for line in self.logged(function))

    def failed(self, function: str) -> bool:
        return any("Traceback" in line for line in self.logged(function))

    def rows(self, table: str) -> list[dict[str, Any]]:
        pages = self.engine.client("dynamodb").get_paginator("scan")
        found = pages.paginate(TableName=self.outputs[table], ConsistentRead=True)
        return [item for page in found for item in page["Items"]]

    def files(self, prefix: str = "") -> set[str]:
        """Of the photos' bucket."""
        found = self.engine.client("s3").list_objects_v2(Bucket=self.outputs["PhotosBucket"], Prefix=prefix)
        return {one["Key"] for one in found.get("Contents", [])}


@contextmanager
def deployed(folder: Path) -> Iterator[Deployed]:
    """Until the end of the block; the operator's part of this process is wired to it."""
    from chalicelib import wiring

    engine = HastyEngine(folder / "engine", persist=False)
    engine.start()
    try:
        it = Deployed(engine, folder)
        it.street_file.parent.mkdir()
        shipped = Places().streets / f"{STREET}.toml"
        it.street_file.write_text(shipped.read_text("utf-8") + EVENTS, "utf-8")
        shutil.copyfile(shipped.with_suffix(".csv"), it.street_file.with_suffix(".csv"))
        engine.client("s3").create_bucket(Bucket=BUCKET)
        it.deploy()
        street_json, places_json = write(it.street_file, folder / "compiled")
        operator = {
            **ISOLATION,
            "AWS_REGION": REGION,
            **environment_from_outputs(it.outputs),
            "DOORSTEP_STREET_FILE": str(street_json),
            "DOORSTEP_PLACES_FILE": str(places_json),
            "DOORSTEP_SMS_PROVIDER": "local",
            "DOORSTEP_FUNCTIONS": "inline",
            "DOORSTEP_ENDPOINT": engine.endpoint,
        }
        with environment(operator):
            wiring.use()
            it.context = wiring.context()
            yield it
    finally:
        engine.stop()
        wiring.use()


def until(what: Callable[[], Any], reason: str) -> Any:
    """The first true answer within `WAIT_S`; events take their own time."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {WAIT_S} s: {reason}")
