"""The rehearsal: the package is created on an engine from its template alone, and does its work there.

Nothing of this repository runs in the test's process but the operator's part (signing a code, hiring a clerk): the pages, the
sender and the photo function are the zip's, started by what the template says starts them.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework.numbers import normalise_number
from infra.engine import ISOLATION, REGION, Engine, put_stack
from infra.streetfile.compile import write
from infra.template.data import environment_from_outputs
from tests import packages, picture_files
from tests.gateway_visitor import GatewayVisitor
from tests.world import environment

pytestmark = [pytest.mark.engine]

TEXT = "三楼到四楼的楼道灯坏了，老人晚上下楼看不见台阶。"
PHONE = "13900001234"
PASSWORD = "a long enough rehearsal secret"
WAIT_S = 30
STREET_TOML = Path(__file__).parent.parent / "infra" / "streets" / f"{packages.STREET}.toml"


@dataclass(frozen=True)
class Deployed:
    """The stack: its outputs, the engine that runs it, and a context of the operator's."""

    engine: Engine
    outputs: dict[str, str]
    context: Any

    def visitor(self) -> GatewayVisitor:
        return GatewayVisitor(self.engine.endpoint, self.outputs["ApiId"])

    def logged(self, function: str) -> list[str]:
        """What a function wrote, from the log group that the template gave it."""
        logs = self.engine.client("logs")
        group = self.engine.client("lambda").get_function_configuration(FunctionName=self.outputs[function])
        name = group["LoggingConfig"]["LogGroup"]
        streams = logs.describe_log_streams(logGroupName=name)["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(logGroupName=name, logStreamName=stream["logStreamName"])["events"]
        ]


@pytest.fixture(scope="module")
def deployed(ministack: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """As the deployment guide says: copy the zip, deploy the template with the bucket's name, nothing else."""
    built = packages.package("aws")
    ministack.client("s3").create_bucket(Bucket="deployments")
    ministack.client("s3").upload_file(str(built.zip), "deployments", built.code_key)
    given = {"CodeBucket": "deployments", "CodeKey": built.code_key, "SmsProvider": "local"}
    outputs = put_stack(ministack.client("cloudformation"), "doorstep-rehearsal", packages.template("aws"), given)
    compiled = tmp_path_factory.mktemp("street")
    street_json, places_json = write(STREET_TOML, compiled)
    operator = {
        **ISOLATION,
        "AWS_REGION": REGION,
        **environment_from_outputs(outputs),
        "DOORSTEP_STREET_FILE": str(street_json),
        "DOORSTEP_PLACES_FILE": str(places_json),
        "DOORSTEP_SMS_PROVIDER": "local",
        "DOORSTEP_ENDPOINT": ministack.endpoint,
    }
    from chalicelib import wiring

    with environment(operator):
        wiring.use()
        try:
            yield Deployed(ministack, outputs, wiring.context())
        finally:
            wiring.use()


@pytest.fixture(scope="module")
def case_number(deployed: Deployed) -> str:
    """A resident's report, sent through the gateway with the form's own fields."""
    place = next(place for place in deployed.context.places.values() if not place.retired)
    page = deployed.visitor().get(f"/Q/{deployed.context.code_for('issue', place)}")
    assert page.status == 200, page.text
    received = page.form("/f/issue").fill(text=TEXT, phone=PHONE).submit()
    assert received.status == 200, received.text
    numbers = {number for word in received.words.split() if (number := normalise_number(word))}
    assert len(numbers) == 1, received.words
    return numbers.pop()


def until(what: Callable[[], Any], reason: str) -> Any:
    """The first true answer within `WAIT_S`; events take their own time."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {WAIT_S} s: {reason}")


def clerk(deployed: Deployed, username: str, grant: str) -> GatewayVisitor:
    """A new member of staff, signed in through the gateway."""
    from chalicelib.usecases import signin

    signin.create_staff(
        deployed.context, username=username, name="值班员", grants=(grant,), phone="13900005678", password=PASSWORD
    )
    visitor = deployed.visitor()
    page = visitor.get("/desk/signin").form().fill(username=username, password=PASSWORD).submit()
    assert page.status == 200, page.text
    assert page.path == "/V1/desk"
    return visitor


def test_a_report_through_the_gateway_is_on_the_desk(deployed: Deployed, case_number: str) -> None:
    desk = clerk(deployed, "rehearsal.clerk", "dispatcher@street").get("/desk")
    assert desk.status == 200
    assert f"/V1/desk/cases/{case_number}" in desk.links
    assert TEXT[:10] in desk.words
    shown = desk.visitor.get(f"/desk/cases/{case_number}")
    assert TEXT in shown.words
    assert PHONE not in shown.text


def test_staff_accept_and_the_pages_show_it(deployed: Deployed, case_number: str) -> None:
    visitor = clerk(deployed, "rehearsal.second", "dispatcher@street")
    page = visitor.get(f"/desk/cases/{case_number}").form(f"/desk/cases/{case_number}/accept").submit()
    assert page.status == 200, page.text
    assert page.path.endswith(f"/desk/cases/{case_number}")
    assert not [form for form in page.forms if form.action.endswith("/accept")], "it is accepted"


def test_a_phone_is_read_only_through_the_function_of_its_own(deployed: Deployed, case_number: str) -> None:
    visitor = clerk(deployed, "rehearsal.third", "dispatcher@street")
    form = visitor.get(f"/desk/cases/{case_number}").form("/reveal")
    for name, offered in form.choices.items():
        form.fill(**{name: offered[-1]})
    for name, value in form.fields.items():
        if not value:
            form.fill(**{name: "回访"})
    page = form.submit()
    assert page.status == 200, page.text
    assert PHONE in page.text.replace(" ", "").replace("\u202f", "").replace("&nbsp;", "")
    assert [line for line in deployed.logged("RevealFunction") if line.startswith("START")]


def test_messages_leave_at_once_through_the_stream(deployed: Deployed, case_number: str) -> None:
    table, dynamodb = deployed.outputs["OutboxTable"], deployed.engine.client("dynamodb")

    def sent() -> list[dict[str, Any]]:
        items = dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
        mine = [item for item in items if item.get("case", {}).get("S") == case_number]
        # At night the sender holds what can wait until the morning.
        return [item for item in mine if item["state"]["S"] in {"sent", "held"}]

    row = until(sent, "the outbox's stream did not start the sender")[0]
    assert row["state"]["S"] == "held" or row["provider"]["S"] == "local"
    assert PHONE not in json.dumps(row, default=str)


def test_an_uploaded_photo_is_made_harmless(deployed: Deployed) -> None:
    place = next(place for place in deployed.context.places.values() if not place.retired)
    wanted = {"code": deployed.context.code_for("issue", place), "key": uuid.uuid4().hex, "slot": 1}
    granted = deployed.visitor().post_json("/api/v1/photos", wanted)
    assert granted.status == 200, granted.text
    key = granted.json()["fields"]["key"]
    assert key.startswith("incoming/")
    s3, bucket = deployed.engine.client("s3"), deployed.outputs["PhotosBucket"]
    s3.put_object(Bucket=bucket, Key=key, Body=picture_files.jpeg(), ContentType="image/jpeg")

    def keys() -> set[str]:
        return {found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}

    ready = key.replace("incoming/", "ready/")
    until(lambda: {f"{ready}/full.jpg", f"{ready}/thumb.jpg"} <= keys(), f"the photo function was not started; {keys()}")
    until(lambda: key not in keys(), "the original was not deleted")


def test_the_sweep_runs_as_deployed(deployed: Deployed) -> None:
    """The schedule itself waits a minute; what it would call is called here as it calls it."""
    rules = deployed.engine.client("events").list_rules()["Rules"]
    assert [rule for rule in rules if rule.get("ScheduleExpression") == "rate(1 minute)"]
    answer = deployed.engine.client("lambda").invoke(FunctionName=deployed.outputs["SweepFunction"], Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_no_function_logs_the_phone_or_the_words(deployed: Deployed, case_number: str) -> None:
    for function in ("WebFunction", "RevealFunction", "NotifyFunction", "PhotoFunction", "SweepFunction"):
        said = "\n".join(deployed.logged(function))
        assert "START" in said, f"{function} was never called; there is nothing to look at"
        assert PHONE not in said
        assert TEXT not in said
        assert "Traceback" not in said, function
