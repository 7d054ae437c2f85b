"""What operators see of messages that need a person, and how they let them go after all."""

from __future__ import annotations

import logging

import pytest

from chalicelib.ports import SmsRefused, SmsUnknown
from infra.messages import main
from tests.mail import messages, person, provider, resident, states, tell, templates
from tests.world import World


def test_parked_and_unknown_messages_are_listed_without_a_number_or_anybodys_words(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "doorstep")
    provider(world, SmsRefused("opted out"), SmsUnknown("timeout"))
    parked, unknown = resident(world), resident(world, "138 0000 0002")
    tell(world, "office:micro_grid@street", "new", "CASE-1")
    world.deliver()
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert len([line for line in lines if " parked " in line or " unknown " in line]) == 5, "the dispatchers' office is empty too"
    assert "messages need a person" in lines[-1]
    assert parked in said
    assert unknown in said
    assert "nobody is behind it: give somebody the office" in said
    for secret in ("00000001", "00000002", "138", "王阿姨", "楼道灯"):
        assert secret not in said
        assert secret not in caplog.text


def test_one_parked_message_is_revived_by_its_name_and_sent(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    sms = provider(world, SmsRefused("opted out"))
    row = tell(world, person(world), "new")
    world.deliver()
    assert states(world) == ["parked"]
    main(["list"])
    name = capsys.readouterr().out.split()[0]
    assert main(["revive", name]) == 0
    world.deliver()
    assert templates(sms) == ["new"]
    assert [(row.sk, row.state, int(row.tries)) for row in messages(world)] == [(row.sk, "sent", 1)]
    assert main(["revive", name]) == 2
    assert f"no parked message is called {name!r}" in capsys.readouterr().err


def test_all_parked_messages_are_revived_and_unknown_ones_are_not(world: World) -> None:
    sms = provider(world, SmsUnknown("timeout"), mute=True)
    resident(world)
    tell(world, "office:zone_head@zone:z1", "new")
    world.deliver()
    assert sorted(states(world)) == ["parked", "parked", "unknown"]
    person(world, "zone_head@zone:z1", "dispatcher@street")
    assert main(["revive", "--all"]) == 0
    world.deliver()
    assert templates(sms) == ["new", "new"]
    assert sorted(states(world)) == ["expanded", "expanded", "sent", "sent", "unknown"]


def test_a_message_parked_because_nobody_knows_goes_out_when_a_person_says_so(world: World) -> None:
    sms = provider(world, SmsUnknown("timeout"), mute=True)
    resident(world)
    for _ in range(26):
        world.deliver()
        world.clock.advance(hours=1)
    assert states(world, "reporter") == ["parked"]
    assert main(["revive", "--all"]) == 0
    world.deliver()
    assert templates(sms) == ["received"]


def test_reviving_names_one_or_all(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["revive"]) == 2
    assert main(["revive", "x", "--all"]) == 2
    assert capsys.readouterr().err.count("name one message, or --all") == 2
