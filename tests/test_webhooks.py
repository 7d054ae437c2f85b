"""Other systems hear of every event: once under its id, in order for each case, signed; however long they were away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.casework.access import Actor
from chalicelib.casework.hooks import SENDABLE
from chalicelib.models import hooks
from chalicelib.street import Webhook
from chalicelib.usecases import watching, work
from chalicelib.usecases import webhooks as hooked
from chalicelib.usecases.context import Context
from chalicelib.usecases.intake import Taken, take_in
from chalicelib.usecases.webhooks import Sending, replay
from infra import webhooks as command
from infra.serve.pumps import stream_record
from tests import steps
from tests.least import on_behalf
from tests.strict_receiver import Receiver, receiver
from tests.town import LambdaTime
from tests.world import World

CENTRE = Actor(id="staff:AAAA", name="centre", grants=("dispatcher@street",))
CITY = Webhook(id="city", url="https://city.example/in", secret="city", events=SENDABLE)
RESULT = "已请物业换灯"
# What the function does is done with the function's leave alone.
sweep, on_stream = on_behalf("Webhooks", hooked.sweep), on_behalf("Webhooks", hooked.on_stream)


@pytest.fixture
def street(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small street with one subscriber, whose secret was made by the command."""
    subscribed(world, CITY)
    return world


def subscribed(world: World, *found: Webhook) -> None:
    house = wiring.house()
    context = replace(house.context, street=msgspec.structs.replace(house.context.street, webhooks=found))
    wiring._Process.house = replace(house, context=context)


@pytest.fixture
def city(street: World, capsys: pytest.CaptureFixture[str]) -> Iterator[Receiver]:
    assert command.main(["secret", "make", "city"]) == 0
    secret = capsys.readouterr().out.split()[1]
    with receiver(secret) as made:
        subscribed(street, msgspec.structs.replace(CITY, url=made.url))
        yield made
        assert made.wrong == []


def sending() -> Sending:
    """What the function sends with, on one machine: plain http to loopback may pass."""
    from chalicelib.adapters.webhook_http import HttpsPoster

    house = wiring.house()
    return Sending(house.context, house.secrets, HttpsPoster(loopback=True))


def case(text: str = "楼道灯不亮", **known: str) -> str:
    typed = {"key": text.encode().hex()[:32].ljust(32, "0"), "channel": "hotline_12345", "place": "JNP3NT", "text": text, **known}
    return take_in(context(), CENTRE, Taken(**typed)).no


def context() -> Context:
    return wiring.context()


def act(no: str, action: str, **data: Any) -> None:
    work.act(context(), CENTRE, no, action, data, f"{action}{len(data)}".ljust(32, "0"), None)


def answer(no: str) -> None:
    act(no, "accept")
    act(no, "propose", outcome="solved", text=RESULT)


def ids(found: Receiver) -> list[str]:
    return [one["id"] for one in found.kept]


def rows(world: World) -> list[dict[str, Any]]:
    pages = world.aws("dynamodb").get_paginator("scan").paginate(TableName=world.outputs["OutboxTable"], ConsistentRead=True)
    return [item for page in pages for item in page["Items"] if "hook" in item]


def test_six_hours_down_and_every_event_arrives_in_order_once_and_signed(street: World, city: Receiver) -> None:
    """The receiver refuses connections' work for six hours, sometimes taking an event without saying so."""
    cases = [case("一号楼灯不亮", phone="021-0012 7788", nickname="王阿姨", external="H-1"), case("二号楼灯不亮"), case("三号楼")]
    city.moods = [503, "lose", 503]
    tries = 0
    for step in range(72):
        street.clock.advance(minutes=5)
        if step in {10, 30, 50}:
            act(cases[step // 20], "accept")
        if step == 60:
            act(cases[1], "answer", outcome="solved", text=RESULT)
        street.app.sweep({}, LambdaTime())
        sweep(sending())
        tries = city.asked
    # Left alone more and more: a tenth of the sweeps would be thirty-six posts an hour for nothing.
    assert tries <= 40
    assert len(city.kept) <= 1
    city.moods = [200]
    street.clock.advance(minutes=16)
    for _ in range(3):
        sweep(sending())
    wanted = {row["pk"]["S"].split("#")[2] + "." + str(int(row["sk"]["S"][2:])) for row in rows(street)}
    assert set(ids(city)) == wanted
    assert len(ids(city)) == len(wanted) >= 7
    assert all(row["stage"]["S"] == "sent" and "body" not in row and "pending" not in row for row in rows(street))
    (done,) = [one for one in city.kept if one["type"] == "answered"]
    assert (done["answer"], done["state"]) == ({"outcome": "solved", "text": RESULT}, "closed")
    said = json.dumps(city.kept, ensure_ascii=False)
    assert "H-1" in said
    for personal in ("王阿姨", "7788", "灯不亮"):
        assert personal not in said


def test_the_stream_sends_at_once_and_a_lost_answer_brings_the_same_id_again(street: World, city: Receiver) -> None:
    no = case()
    raw = [
        stream_record({"eventName": "INSERT", "dynamodb": {"NewImage": row, "SequenceNumber": "1"}}, "arn:aws:dynamodb:x")
        for row in rows(street)
    ]
    city.moods = ["lose", 200]
    assert on_stream(sending(), {"Records": raw}) == {"batchItemFailures": []}
    assert ids(city) == [f"{no}.1"]
    street.clock.advance(minutes=16)
    assert sweep(sending()) == 1
    assert (city.again, ids(city)) == (1, [f"{no}.1"])
    assert sweep(sending()) == 0
    # The same records once more, as streams do: it is sent already.
    on_stream(sending(), {"Records": raw})
    assert city.asked == 2


def test_what_a_target_refuses_for_a_day_is_parked_with_all_behind_it_and_replayed_in_order(
    street: World, city: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    poison, other = case("第一件"), case("第二件")
    act(poison, "accept")
    city.refuses = {poison}
    sweep(sending())
    # A refusal holds up its own case alone.
    assert [one["case"] for one in city.kept] == [other]
    for _ in range(30):
        street.clock.advance(hours=1)
        sweep(sending())
    parked = hooks.parked("city")
    assert [(row.no, row.seq, row.why) for row in parked] == [(poison, 1, "status_422"), (poison, 2, "behind")]
    with pytest.raises(watching.Attention, match="2 for city"):
        watching.watch(context())
    asked = city.asked
    street.clock.advance(days=2)
    sweep(sending())
    assert city.asked == asked
    assert command.main(["list"]) == 0
    said = capsys.readouterr().out
    assert f"{poison}.1" in said and "it answered 422" in said and "an earlier event of the case is parked" in said
    assert command.main(["replay", "nobody"]) == 2
    city.refuses = set()
    assert command.main(["replay", "city", poison]) == 0
    assert "2 events wait again" in capsys.readouterr().out
    sweep(sending())
    assert [one["seq"] for one in city.kept if one["case"] == poison] == [1, 2]
    assert replay(context(), "city") == 0


def test_two_secrets_hold_while_they_are_exchanged(street: World, city: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["secret", "make", "city"]) == 2
    assert command.main(["secret", "retire", "city"]) == 2
    assert command.main(["secret", "make", "nobodys"]) == 2
    capsys.readouterr()
    assert command.main(["secret", "rotate", "city"]) == 0
    new, old = capsys.readouterr().out.split()[1], city.secrets[0]
    assert command.main(["secret", "rotate", "city"]) == 2
    for number, secrets in enumerate(([old], [new], [new])):
        if number == 2:
            assert command.main(["secret", "retire", "city"]) == 0
        wiring.house().shared_secrets._held.clear()
        city.secrets = secrets
        case(f"第{number}件")
        sweep(sending())
    assert len(city.kept) == 3
    assert wiring.house().shared_secrets.valid("city") == (new,)
    assert new not in json.dumps(rows(street), default=str)


def test_without_a_secret_nothing_leaves(street: World) -> None:
    case()
    assert sweep(sending()) == 0
    assert hooks.target("city").why == "no_secret"


def test_only_what_was_asked_for_is_sent(street: World, city: Receiver) -> None:
    hook = Webhook(id="city", url=city.url, secret="city", events=("accepted",), channels=("petition",))
    subscribed(street, hook)
    for channel in ("petition", "phone"):
        no = case(f"从{channel}来", channel=channel)
        if channel == "petition":
            act(no, "accept")
    sweep(sending())
    assert [(one["type"], one["channel"]) for one in city.kept] == [("accepted", "petition")]


def test_why_somebody_took_it_back_stays_here(street: World) -> None:
    no, token = steps.reported(street)
    street.client().get(f"/t/{token}").form("/withdraw").fill(text="三楼李家已经赔我了").submit()
    (back,) = [json.loads(row["body"]["S"]) for row in rows(street) if row["event"]["S"] == "withdrawn"]
    assert back["answer"] == {"outcome": "withdrawn", "text": ""}
    clerk = street.signed_in("dispatcher", "street")
    assert "李家" in clerk.get(f"/desk/cases/{no}").words
    assert "李家" not in clerk.get(f"/desk/faq/new?case={no}").text


def test_a_street_without_subscribers_writes_and_asks_nothing(world: World) -> None:
    case()
    assert rows(world) == []
    assert sweep(sending()) == 0


def test_the_street_file_says_what_is_wrong_with_a_subscription(tmp_path: Path) -> None:
    from infra.streetfile.compile import load
    from infra.streetfile.problems import StreetFileError
    from tests.world import SMALL

    file = tmp_path / SMALL.name
    file.with_suffix(".csv").write_text(SMALL.with_suffix(".csv").read_text("utf-8"), "utf-8")

    def read(more: str) -> Any:
        file.write_text(SMALL.read_text("utf-8") + more, "utf-8")
        return load(file)[0]

    fine = read('\n[[webhooks]]\nid = "city"\nurl = "https://city.example/in"\n[orders]\nplace = "jnp3nt"\n')
    assert fine.webhooks[0] == CITY
    assert fine.orders.place == "JNP3NT"
    wrong = {
        'url = "http://city.example/in"': "is not https",
        'url = "https://10.0.0.8/in"': "leads into a network",
        'url = "https://169.254.169.254/latest"': "leads into a network",
        'url = "https://localhost/in"': "leads into a network",
        'url = "https://me:secret@city.example/"': "holds a name",
        'url = "https://city.example/"\nevents = ["no_such"]': "is not known here",
        'url = "https://city.example/"\nevents = []': "is an empty list",
        'url = "https://city.example/"\nsecrets = "x"': "is not a key",
    }
    for lines, what in wrong.items():
        with pytest.raises(StreetFileError) as refused:
            read(f'\n[[webhooks]]\nid = "city"\n{lines}\n')
        assert what in str(refused.value), lines
        assert "webhooks[0]" in str(refused.value) or "webhooks" in str(refused.value)
    with pytest.raises(StreetFileError, match="hangs nowhere"):
        read('\n[orders]\nplace = "222222"\n')
