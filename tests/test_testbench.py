"""The test bench itself: a helper that lies would make every test after it worthless."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.engine import Engine
from tests.world import World

TABLE = {
    "TableName": "counter",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


def test_no_socket_leaves_this_machine() -> None:
    with pytest.raises(AssertionError, match=r"tried to reach 192\.0\.2\.1"), socket.socket() as outside:
        outside.connect(("192.0.2.1", 443))


def test_one_of_many_writers_wins_a_conditional_put_on_both_engines(moto: Callable[[str], Any], ministack: Engine) -> None:
    for client in (moto("dynamodb"), ministack.client("dynamodb")):
        client.create_table(**TABLE)

        def put(number: int, client: Any = client) -> bool:
            try:
                item = {"pk": {"S": "1"}, "by": {"N": str(number)}}
                client.put_item(TableName="counter", Item=item, ConditionExpression="attribute_not_exists(pk)")
            except client.exceptions.ConditionalCheckFailedException:
                return False
            return True

        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(put, range(64))) == 1
        client.delete_table(TableName="counter")


STREAMED = {**TABLE, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
RANGED = {
    **STREAMED,
    "TableName": "ranged",
    "KeySchema": [*TABLE["KeySchema"], {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [*TABLE["AttributeDefinitions"], {"AttributeName": "sk", "AttributeType": "S"}],
}


@pytest.mark.parametrize("table", [STREAMED, RANGED], ids=["one key", "two keys"])
def test_a_transaction_that_is_stopped_leaves_everything_as_it_was(moto: Callable[[str], Any], table: dict[str, Any]) -> None:
    """Puts, changes and deletions before the one that is stopped, and their stream; and so it stays while the table is used."""
    client, name = moto("dynamodb"), table["TableName"]
    client.create_table(**table)
    sort = {"sk": {"S": "x"}} if table is RANGED else {}

    def key(number: int) -> dict[str, Any]:
        return {"pk": {"S": str(number)}, **sort}

    def add(number: int) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": name,
                "Key": key(number),
                "UpdateExpression": "SET n = n + :one, m.#deep[0] = :one",
                "ExpressionAttributeNames": {"#deep": "deep"},
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
        }

    deep = {"m": {"M": {"deep": {"L": [{"N": "0"}]}}}}
    for number in range(4):
        client.put_item(TableName=name, Item={**key(number), "n": {"N": "0"}, **deep})

    def stands() -> Any:
        return sorted(client.scan(TableName=name)["Items"], key=lambda item: str(item["pk"]["S"]))

    def streamed() -> list[str]:
        stream = client.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        source = moto("dynamodbstreams")
        (shard,) = source.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
        begin = source.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        return [record["eventName"] for record in source.get_records(ShardIterator=begin["ShardIterator"])["Records"]]

    before = stands()
    stopped = [
        add(0),
        {"Put": {"TableName": name, "Item": {**key(1), "n": {"N": "7"}}}},
        {"Put": {"TableName": name, "Item": {**key(9), "n": {"N": "7"}}}},
        {"Delete": {"TableName": name, "Key": key(2)}},
        {"ConditionCheck": {"TableName": name, "Key": key(3), "ConditionExpression": "attribute_not_exists(pk)"}},
    ]
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=stopped)
    assert stands() == before
    assert streamed() == ["INSERT"] * 4
    client.transact_write_items(TransactItems=[add(0), add(3)])
    assert [item["n"]["N"] for item in stands()] == ["1", "0", "0", "1"]
    assert streamed() == ["INSERT"] * 4 + ["MODIFY"] * 2


def test_every_type_of_value_comes_back_as_it_was_stored_on_both_engines(moto: Callable[[str], Any], ministack: Engine) -> None:
    item = {
        "pk": {"S": "家"},
        "n": {"N": "-1.5"},
        "b": {"B": bytes(range(256))},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "none": {"NULL": True},
        "empty": {"S": ""},
        "list": {"L": [{"S": ""}, {"M": {"S": {"N": "1"}}}, {"L": []}]},
        "map": {"M": {"B": {"B": b""}, "empty": {"M": {}}}},
        "set": {"SS": ["a"]},
        "numbers": {"NS": ["3"]},
        "bytes": {"BS": [b"\x00"]},
    }
    for client in (moto("dynamodb"), ministack.client("dynamodb")):
        client.create_table(**TABLE)
        client.put_item(TableName="counter", Item=item)
        assert client.get_item(TableName="counter", Key={"pk": item["pk"]})["Item"] == item
        assert client.scan(TableName="counter")["Items"] == [item]
        client.delete_table(TableName="counter")


def test_a_report_walks_from_the_door_to_the_desk_on_both_engines(both_worlds: World) -> None:
    """The bench's own way through: a resident without JavaScript, a dispatcher, the outbox."""
    world = both_worlds
    resident = world.client()
    form = resident.get(f"/Q/{world.code()}").form("/f/issue")
    answer = form.fill(text="楼道灯坏了。", phone="021-0012 3333").submit()
    assert answer.status == 200
    assert answer.path.endswith("/received")
    desk = world.signed_in("dispatcher", "street").get("/desk")
    assert "楼道灯坏了" in desk.words
    world.deliver()
    rows = world.aws("dynamodb").scan(TableName=world.outputs["OutboxTable"])["Items"]
    assert {row["state"]["S"] for row in rows if row.get("to", {}).get("S") == "reporter"} == {"sent"}


def test_two_worlds_after_each_other_share_nothing(world: World) -> None:
    assert world.stored_items() == []


def test_a_visitor_fills_in_only_what_the_page_offers(world: World) -> None:
    form = world.client().get(f"/Q/{world.code()}").form("/f/issue")
    with pytest.raises(AssertionError, match="has no field 'colour'"):
        form.fill(colour="red")
    with pytest.raises(AssertionError, match="does not offer 'nonsense'"):
        form.fill(category="nonsense")


@pytest.mark.browser
def test_the_browser_shows_chinese_and_reaches_nobody_else(page: Any) -> None:
    page.set_content('<p lang="zh-CN" style="font-size:40px;display:inline">家门口</p>')
    assert page.locator("p").bounding_box()["width"] > 100
    with pytest.raises(Exception, match=r"ERR_NAME_NOT_RESOLVED|ERR_ADDRESS_UNREACHABLE|ERR_INTERNET_DISCONNECTED"):
        page.goto("http://elsewhere.example/")


def test_a_missing_browser_is_an_error_that_is_said_last_and_never_a_skip(tmp_path: Path) -> None:
    bare = {
        **os.environ,
        "PATH": str(tmp_path),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path),
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    bare.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/test_testbench.py", "-k", "shows_chinese", "-q"],
        cwd=Path(__file__).parent.parent,
        env=bare,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "1 error" in done.stdout
    assert "COULD NOT RUN: no Chromium" in done.stdout[done.stdout.index("!!! COULD NOT RUN") :]
    assert "test_the_browser_shows_chinese" in done.stdout[done.stdout.index("!!! COULD NOT RUN") :]
