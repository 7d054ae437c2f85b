"""The parts of the one-machine server by themselves: clock, routes, events, pumps, and the guard over what holds data."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from chalice.app import Chalice
from hypothesis import given
from hypothesis import strategies as st

from infra.engine import Engine, put_stack
from infra.errors import InfraError
from infra.proxy import Match, Routes, body_bytes, response_headers, rest_event
from infra.serve.clock import MovableClock
from infra.serve.machine import kept_clock
from infra.serve.pumps import PhotoPump, Pump, StreamPump, stream_record
from infra.serve.stack import STACK, ensure_stack
from infra.serve.threads import thread_safe
from infra.template.data import data_template
from tests.small_street import small_street


class FrozenWall(MovableClock):
    """Wall time as the test says, backwards too."""

    instant = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)

    def wall(self) -> datetime:
        return self.instant


def test_civil_time_is_wall_time_until_it_is_moved(tmp_path: Path) -> None:
    clock = FrozenWall(tmp_path / "clock.json")
    assert clock.civil() == clock.wall()
    clock.advance_to(clock.instant + timedelta(days=3))
    assert clock.civil() - clock.wall() == timedelta(days=3)
    clock.instant += timedelta(hours=1)
    assert clock.civil() - clock.wall() == timedelta(days=3)


@given(st.lists(st.tuples(st.sampled_from(["wall", "advance", "restart"]), st.integers(-90_000, 90_000)), max_size=20))
def test_civil_time_never_goes_back_whatever_the_machine_does(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    file = tmp_path_factory.mktemp("clock") / "clock.json"
    clock = FrozenWall(file)
    latest = clock.civil()
    for what, seconds in steps:
        if what == "wall":
            clock.instant += timedelta(seconds=seconds)
        elif what == "advance":
            clock.advance_to(latest + timedelta(seconds=seconds))
        else:
            clock.save()
            wall = clock.instant
            clock = FrozenWall(file)
            clock.instant = wall
        now = clock.civil()
        assert now >= latest
        latest = now


@pytest.mark.parametrize("left", ["", "null", "{}", '{"offset_seconds": 0, "latest": ""}', '{"offset_seconds": 1e99}'])
def test_a_file_that_a_lost_power_left_is_named_with_what_to_do(tmp_path: Path, left: str) -> None:
    file = tmp_path / "clock.json"
    file.write_text(left, "utf-8")
    with pytest.raises(InfraError, match=r"clock\.json holds no time.*make serve-fresh"):
        kept_clock(file)


def test_a_naive_instant_can_not_move_the_clock(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="naive"):
        MovableClock(tmp_path / "clock.json").advance_to(datetime(2026, 1, 1))  # noqa: DTZ001 - naive is what is refused


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", Match("/", {})),
        ("/desk", Match("/desk", {})),
        ("/desk/", Match("/desk", {})),
        ("/desk/cases/K7M3", Match("/desk/cases/{case}", {"case": "K7M3"})),
        ("/desk/signin", Match("/desk/signin", {})),
        ("/desk/other", Match("/desk/{page}", {"page": "other"})),
        ("/t/a%2Fb", Match("/t/{token}", {"token": "a/b"})),
        ("/t/", None),
        ("/nothing", None),
        ("/desk/cases/K7M3/accept/more", None),
    ],
)
def test_a_fixed_segment_wins_over_a_variable(path: str, found: Match | None) -> None:
    routes = Routes(["/", "/desk", "/desk/{page}", "/desk/signin", "/desk/cases/{case}", "/t/{token}"])
    assert routes.match(path) == found


def test_an_event_has_the_shape_of_api_gateways() -> None:
    headers = [("Host", "door.example"), ("Cookie", "a=1"), ("X-Two", "1"), ("x-two", "2"), ("Content-Type", "text/plain")]
    event = rest_event(
        "POST",
        "/t/AB?x=1&x=2&y=",
        headers,
        "光".encode(),
        match=Match("/t/{token}", {"token": "AB"}),
        client_ip="192.0.2.7",
        stage="V1",
    )
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["multiValueHeaders"]["x-two"] == ["1", "2"]
    assert event["headers"]["x-two"] == "2"
    assert (event["path"], event["requestContext"]["path"]) == ("/t/AB", "/V1/t/AB")
    assert event["requestContext"]["resourcePath"] == event["resource"] == "/t/{token}"
    assert event["requestContext"]["identity"]["sourceIp"] == "192.0.2.7"
    assert (event["body"], event["isBase64Encoded"]) == ("光", False)
    json.dumps(event)


def test_an_event_without_query_path_or_body_says_none() -> None:
    event = rest_event("GET", "/desk", [], b"", match=Match("/desk", {}), client_ip="192.0.2.7")
    names = ("multiValueQueryStringParameters", "queryStringParameters", "pathParameters", "body", "stageVariables")
    assert [event[name] for name in names] == [None] * 5


def test_a_picture_arrives_as_base64_and_broken_text_as_the_gateway_mends_it() -> None:
    sent = b"\xff\xd8\x00"
    picture = rest_event("POST", "/x", [("content-type", "image/jpeg")], sent, match=None, client_ip="192.0.2.7")
    assert (base64.b64decode(picture["body"]), picture["isBase64Encoded"]) == (sent, True)
    text = rest_event("POST", "/x", [("content-type", "text/plain")], sent, match=None, client_ip="192.0.2.7")
    assert (text["body"], text["isBase64Encoded"]) == ("\ufffd\ufffd\x00", False)


def test_an_answers_body_and_headers_go_out_as_bytes_and_pairs() -> None:
    answer = {
        "headers": {"Content-Type": "image/png", "Set-Cookie": "a=0"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "body": base64.b64encode(b"\x89PNG").decode(),
        "isBase64Encoded": True,
    }
    assert body_bytes(answer) == b"\x89PNG"
    assert response_headers(answer) == [("Content-Type", "image/png"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]


def test_a_stream_record_is_plain_json_as_lambda_hands_it_over() -> None:
    record = {
        "eventID": "1",
        "eventName": "INSERT",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2026, 11, 18, 2, 0, tzinfo=UTC),
            "Keys": {"pk": {"S": "TO#A"}},
            "NewImage": {"pk": {"S": "TO#A"}, "sealed": {"B": b"\x00\x01"}, "names": {"SS": {"a"}}},
            "SequenceNumber": "100",
        },
    }
    made = stream_record(record, "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/x")
    assert made["dynamodb"]["NewImage"] == {"pk": {"S": "TO#A"}, "sealed": {"B": "AAE="}, "names": {"SS": ["a"]}}
    json.dumps(made)


def test_a_pump_goes_on_after_an_error_and_stops_when_told(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise RuntimeError("once")
        if len(calls) < 3:
            pump.wake()

    pump = Pump("trial", work, 0.01)
    pump.start()
    until = datetime.now(UTC) + timedelta(seconds=10)
    while len(calls) < 3 and datetime.now(UTC) < until:
        pump.wake()
    assert pump.stop()
    assert len(calls) >= 3
    assert "trial: failed" in caplog.text


Template = dict[str, Any]


@pytest.fixture
def outbox(ministack: Engine) -> tuple[Engine, dict[str, str]]:
    name = f"pump-{datetime.now(UTC).timestamp():.0f}".replace(".", "")
    return ministack, put_stack(ministack.client("cloudformation"), name, data_template(small_street(), "aws"), {})


def test_the_stream_pump_hands_over_what_is_written_after_it_began(outbox: tuple[Engine, dict[str, str]]) -> None:
    engine, outputs = outbox
    events: list[dict[str, Any]] = []
    failures = [RuntimeError("the first try fails")]

    def notify(event: dict[str, Any], context: Any) -> None:
        if failures:
            raise failures.pop()
        assert context.get_remaining_time_in_millis() > 0
        events.append(event)

    dynamodb = engine.client("dynamodb")

    def write(sk: str) -> None:
        dynamodb.put_item(
            TableName=outputs["OutboxTable"], Item={"pk": {"S": "TO#A"}, "sk": {"S": sk}, "state": {"S": "pending"}}
        )

    write("before")
    pump = StreamPump(engine.client("dynamodbstreams"), outputs["OutboxStreamArn"], notify)
    write("after")
    write("later")
    pump.step()
    pump.step()
    seen = [record["dynamodb"]["NewImage"]["sk"]["S"] for event in events for record in event["Records"]]
    assert seen == ["after", "later"]


def test_the_photo_pump_calls_once_for_each_arrival_and_gives_up_after_three_tries(outbox: tuple[Engine, dict[str, str]]) -> None:
    engine, outputs = outbox
    s3, bucket = engine.client("s3"), outputs["PhotosBucket"]
    seen: list[str] = []

    def photo(event: dict[str, Any], context: Any) -> None:
        seen.append(event["detail"]["object"]["key"])
        if event["detail"]["object"]["key"].endswith("/2"):
            raise RuntimeError("this one never works")

    pump = PhotoPump(s3, bucket, engine.region, photo)
    pump.step()
    for slot in (1, 2):
        s3.put_object(Bucket=bucket, Key=f"incoming/A/{slot}", Body=b"x")
    for _ in range(6):
        pump.step()
    assert (seen.count("incoming/A/1"), seen.count("incoming/A/2")) == (1, 3)
    s3.delete_object(Bucket=bucket, Key="incoming/A/1")
    pump.step()
    s3.put_object(Bucket=bucket, Key="incoming/A/1", Body=b"another")
    pump.step()
    assert seen.count("incoming/A/1") == 2


@pytest.fixture
def own_engine(tmp_path: Path) -> Any:
    engine = Engine(tmp_path / "engine", persist=True)
    engine.start()
    yield engine
    engine.stop()


def with_table_changed(template: Template) -> Template:
    changed: Template = json.loads(json.dumps(template))
    changed["Resources"]["CasesTable"]["Properties"]["GlobalSecondaryIndexes"].pop()
    return changed


def with_table_added(template: Template) -> Template:
    changed: Template = json.loads(json.dumps(template))
    changed["Resources"]["NewTable"] = changed["Resources"]["KeysTable"]
    return changed


@pytest.mark.parametrize(("change", "refused"), [(with_table_changed, True), (with_table_added, False)])
def test_a_new_version_never_empties_a_table(own_engine: Engine, change: Callable[[Template], Template], refused: bool) -> None:
    """The engine makes a changed table anew, without its rows; so that is refused and everything else is let through."""
    template = data_template(small_street(), "aws")
    cloudformation = own_engine.client("cloudformation")
    outputs, made = ensure_stack(cloudformation, template, {"SiteOrigin": "http://127.0.0.1:1"})
    assert made
    row = {"pk": {"S": "C#1"}, "sk": {"S": "CASE"}, "body": {"B": b"\x00\xff"}}
    own_engine.client("dynamodb").put_item(TableName=outputs["CasesTable"], Item=row)
    own_engine.stop()
    own_engine.start()
    cloudformation = own_engine.client("cloudformation")
    assert ensure_stack(cloudformation, template, {"SiteOrigin": "http://127.0.0.1:1"}) == (outputs, False)
    # Another port alone changes a parameter, and nothing that holds data.
    assert ensure_stack(cloudformation, template, {"SiteOrigin": "http://127.0.0.1:2"}) == (outputs, False)
    if refused:
        with pytest.raises(InfraError, match=r"CasesTable.*make serve-fresh"):
            ensure_stack(cloudformation, change(template), {"SiteOrigin": "http://127.0.0.1:1"})
    else:
        assert ensure_stack(cloudformation, change(template), {"SiteOrigin": "http://127.0.0.1:1"}) == (outputs, False)
    assert own_engine.client("dynamodb").scan(TableName=outputs["CasesTable"])["Items"] == [row]
    assert cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_two_applications_of_one_process_stay_what_they_are() -> None:
    class Own(Chalice):
        def __call__(self, event: Any, context: Any) -> Any:
            return "own"

    first, second = Own(app_name="first"), Chalice(app_name="second")
    thread_safe(first)
    thread_safe(second)
    assert isinstance(first, Own)
    assert not isinstance(second, Own)
    assert first({}, None) == "own"
