"""The rehearsal: the package is created on an engine from its template alone, works there, and is replaced by a newer one.

Nothing of this repository runs in the test's process but the operator's part (signing a code, hiring a clerk): the pages and the
event functions are the zip's, started by what the template says starts them. The tests stand in the order of a deployment.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from chalicelib.handlers.routing import ROUTES
from chalicelib.street import Place
from chalicelib.usecases import watching
from infra.engine import REGION
from infra.proxy import Routes
from infra.serve.pumps import context, schedule_event
from infra.template.functions import SIZES
from tests import picture_files, rehearsed
from tests.client import Visitor
from tests.least import Guard, guarded, may
from tests.packages import of_type
from tests.rehearsal_tour import PHONE, TEXT, Answer, Tour
from tests.rehearsed import Deployed, until

# The first test makes both tours.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(400)]
HOUR_S, DAY_S = 3600, 86_400


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with rehearsed.deployed(tmp_path_factory.mktemp("rehearsal")) as it:
        yield it


@dataclass(frozen=True)
class Tours:
    """The same tour through the gateway and through the application here, on the same tables; both made. `guard` noted what the
    one here, and the event functions after it, needed of AWS.
    """

    through: Tour
    here: Tour
    guard: Guard


@pytest.fixture(scope="module")
def tours(deployed: Deployed) -> Tours:
    import app
    from chalicelib import wiring

    routes, secret = Routes(app.app.routes), wiring.house().shared_secrets.make("hotline_12345")
    through = Tour(deployed.visitor(), deployed.context, "through", routes, secret)
    through.make()
    wiring.use()
    with guarded(deployed.context.street, deployed.outputs) as guard:
        here = Tour(Visitor(app.app, stage="V1"), wiring.context(), "here", routes, secret, place=1)
        here.make()
        call_event_functions(deployed)
    return Tours(through, here, guard)


def call_event_functions(deployed: Deployed) -> None:
    """Each as what starts it would, with what the tours left behind."""
    import app

    minute = schedule_event("2026-11-22T02:00:00Z", REGION)
    new = [{**row, "state": {"S": "pending"}} for row in deployed.rows("OutboxTable") if "state" in row]
    rows = [{"eventName": "INSERT", "dynamodb": {"NewImage": row, "SequenceNumber": "1"}} for row in new]
    uploaded = {"bucket": {"name": deployed.outputs["PhotosBucket"]}, "object": {"key": f"incoming/{'a' * 32}/01", "size": 1}}
    app.notify({"Records": rows}, context("notify"))
    app.webhooks({"Records": rows}, context("webhooks"))
    app.photo({"source": "aws.s3", "detail-type": "Object Created", "detail": uploaded}, context("photo"))
    for function in (app.sweep, app.webhooks, app.digest, app.tidy):
        function(minute, context("minute"))
    with suppress(watching.Attention):
        app.watch(minute, context("watch"))


def named(answers: list[Answer]) -> set[tuple[str, str]]:
    return {(answer.route, answer.method) for answer in answers}


def test_every_route_was_asked_through_the_gateway_and_none_failed(tours: Tours) -> None:
    answers = tours.through.answers
    assert set(ROUTES) - named(answers) == set()
    assert [answer for answer in answers if answer.status >= 500] == []
    assert len(named([answer for answer in answers if answer.status < 400])) >= 0.85 * len(ROUTES)


def test_the_gateway_answers_as_the_application_does_here(tours: Tours) -> None:
    """Order, status and kind of every answer. Bytes of pictures are not compared: the engine hands them on as base64."""
    through, here = tours.through.answers, tours.here.answers
    assert [pair for pair in zip(through, here, strict=True) if pair[0] != pair[1]] == []


def test_every_function_asked_for_something_and_an_action_less_in_its_policy_would_be_noticed(tours: Tours) -> None:
    """Every call was compared with its function's policy while it was made; here each of those policies loses an action."""
    asked = tours.guard.asked
    assert {one.function for one in asked} == set(SIZES)
    assert len({(one.function, one.action) for one in asked}) > 35
    for one in asked:
        allowed = tours.guard.allowed(one.function)
        assert may(one, allowed), one
        fewer = [(actions - {one.action}, resources, held) for actions, resources, held in allowed]
        assert not may(one, fewer), one


def test_messages_and_other_systems_events_leave_at_once_through_the_stream(deployed: Deployed, tours: Tours) -> None:
    def sent() -> list[dict[str, Any]]:
        # At night the sender holds what can wait until the morning.
        return [row for row in deployed.rows("OutboxTable") if row.get("state", {}).get("S") in {"sent", "held"}]

    rows = until(sent, "the outbox's stream did not start the sender")
    assert all(row["state"]["S"] == "held" or row["provider"]["S"] == "local" for row in rows)
    assert PHONE not in json.dumps(rows, default=str)
    until(lambda: deployed.started("Webhooks"), "the outbox's stream did not start the events' function")


def test_an_uploaded_photo_is_made_harmless(deployed: Deployed, tours: Tours) -> None:
    wanted = {"code": tours.through.code("issue"), "key": uuid.uuid4().hex, "slot": 1}
    granted = deployed.visitor().post_json("/api/v1/photos", wanted)
    assert granted.status == 200, granted.text
    key = granted.json()["fields"]["key"]
    assert key.startswith("incoming/")
    put = {"Bucket": deployed.outputs["PhotosBucket"], "Key": key, "ContentType": "image/jpeg"}
    deployed.engine.client("s3").put_object(**put, Body=picture_files.jpeg())
    ready = key.replace("incoming/", "ready/")
    until(lambda: {f"{ready}/full.jpg", f"{ready}/thumb.jpg"} <= deployed.files(), "the photo function was not started")
    until(lambda: key not in deployed.files(), "the original was not deleted")


def test_what_takes_longer_than_a_page_is_done_by_functions_in_the_background(deployed: Deployed, tours: Tours) -> None:
    until(lambda: deployed.started("Export") > 1, "the export's function was asked at once, and not in the background")
    until(lambda: deployed.started("Orders"), "the lists' function was not started")


def test_every_schedule_of_the_template_starts_its_function_when_it_is_due(deployed: Deployed) -> None:
    """The engine's own scheduler, whose clock is put forward: first by a minute, then by an hour, then by a day."""
    rules = {name: rule["Properties"] for name, rule in of_type(deployed.template, "AWS::Events::Rule").items()}
    scheduled = {
        rule["Targets"][0]["Arn"]["Fn::GetAtt"][0]: rule["ScheduleExpression"]
        for rule in rules.values()
        if "ScheduleExpression" in rule
    }
    due = {"rate(1 minute)": 61, "rate(1 hour)": HOUR_S + 61}
    assert set(scheduled) == {"Sweep", "Webhooks", "Digest", "Tidy", "Watch"}
    for seconds in (61, HOUR_S + 61, DAY_S + HOUR_S):
        before = {function: deployed.started(function) for function in scheduled}
        deployed.engine.put_forward(seconds)
        now = {function for function, expression in scheduled.items() if due.get(expression, DAY_S + HOUR_S) == seconds}
        until(partial(all_more, deployed, now, before), f"the schedules of {', '.join(sorted(now))} did not start them")
        if seconds == 61:
            early = {"Tidy", "Watch"}
            assert {name: deployed.started(name) for name in early} == {name: before[name] for name in early}


def all_more(deployed: Deployed, functions: set[str], before: dict[str, int]) -> bool:
    return all(deployed.started(function) > before[function] for function in functions)


def test_what_starts_functions_stands_in_the_engine_as_in_the_template(deployed: Deployed) -> None:
    """Rules with their targets and their leave to call, streams with their filters, and how often is tried again."""
    ids, events, functions = deployed.physical(), deployed.engine.client("events"), deployed.engine.client("lambda")
    rules = of_type(deployed.template, "AWS::Events::Rule")
    assert len(rules) == 6
    for name, rule in rules.items():
        (target,) = events.list_targets_by_rule(Rule=ids[name].rpartition("/")[2].rpartition("|")[2])["Targets"]
        function = ids[rule["Properties"]["Targets"][0]["Arn"]["Fn::GetAtt"][0]]
        assert target["Arn"].endswith(f":function:{function}")
        policy = json.loads(functions.get_policy(FunctionName=function)["Policy"])
        assert any(
            "events.amazonaws.com" in json.dumps(statement["Principal"]) and ids[name] in json.dumps(statement["Condition"])
            for statement in policy["Statement"]
        ), name
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    found = {one["FunctionArn"].rpartition(":")[2]: one for one in mappings}
    for name, declared in of_type(deployed.template, "AWS::Lambda::EventSourceMapping").items():
        mapping = found[ids[declared["Properties"]["FunctionName"]["Ref"]]]
        assert mapping["EventSourceArn"] == deployed.outputs["OutboxStreamArn"], name
        assert mapping["FilterCriteria"] == declared["Properties"]["FilterCriteria"], name
        assert mapping["State"] in {"Enabled", "Creating"}, name
    for declared in of_type(deployed.template, "AWS::Lambda::EventInvokeConfig").values():
        wanted = declared["Properties"]
        config = functions.get_function_event_invoke_config(FunctionName=ids[wanted["FunctionName"]["Ref"]], Qualifier="$LATEST")
        assert config["MaximumRetryAttempts"] == wanted["MaximumRetryAttempts"]


def test_no_function_failed_or_logs_the_phone_or_the_words(deployed: Deployed) -> None:
    """All of the template's, and each was called. The watch fails on purpose when an operator has to hear of something."""
    for function in of_type(deployed.template, "AWS::Lambda::Function"):
        said = "\n".join(deployed.logged(function))
        assert "START" in said, f"{function} was never called; there is nothing to look at"
        assert PHONE not in said
        assert TEXT not in said
        assert "Traceback" not in said or function == "Watch", said


def test_a_newer_street_replaces_the_code_and_keeps_every_row_key_and_file(deployed: Deployed, tours: Tours) -> None:
    """Another clock, another length of keeping, one more door: a new package and a new template on the same stack."""
    tables = ("CasesTable", "RegistersTable", "StaffTable", "KeysTable")
    ids, template, files = deployed.physical(), deployed.template, deployed.files("ready/")
    rows = {table: sorted(map(repr, deployed.rows(table))) for table in tables}
    door = Place(id="ZZZZZZ", kind="building", name="新楼", committee="c01", community="c01a")
    code = deployed.context.code_for("issue", door)
    assert deployed.visitor().get(f"/Q/{code}").status == 404
    deployed.change({'late = "30m"': 'late = "45m"', "photo_days = 365": "photo_days = 400"}, door)
    deployed.deploy()
    assert template["Parameters"]["CodeKey"]["Default"] != deployed.template["Parameters"]["CodeKey"]["Default"]
    assert deployed.physical() == ids, "nothing was made anew"
    assert {table: sorted(map(repr, deployed.rows(table))) for table in tables} == rows
    assert deployed.files("ready/") == files
    again = deployed.visitor().get(f"/t/{tours.through.token}")
    assert (again.status, TEXT[:-1] in again.words) == (200, True), "the link that was given out opens"
    assert deployed.visitor().get(f"/Q/{code}").status == 200, "the new code runs, and knows the new door"
    # The engine leaves lifecycles out.
    kept = deployed.template["Resources"]["PhotosBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in kept if rule["Id"] == "ready"] == [400]
