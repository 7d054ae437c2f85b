"""Guessing at the door, passwords, sessions: what is refused, what is kept in the log, and who ends it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from chalicelib.casework import passwords
from chalicelib.models import staff
from chalicelib.usecases import securitylog, signin
from infra import staff as command
from tests import steps
from tests.client import Page, Visitor
from tests.test_signin import enter, where
from tests.world import World

RIGHT = "stork ladder umbrella 7"


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Any:
    """What the log of the doors says, event by event."""
    caplog.set_level(logging.INFO, "doorstep.security")
    return lambda: [json.loads(record.getMessage()) for record in caplog.records if record.name == "doorstep.security"]


def test_many_names_from_one_address_are_stopped_and_the_neighbour_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch, told: Any
) -> None:
    monkeypatch.setattr(signin, "ADDRESS_FAILURES", 6)
    name = world.hire("dispatcher", "street")
    spray = [enter(world.client(address="203.0.113.9"), f"person.{number}", "Sommer2026!").status for number in range(8)]
    assert spray == [401] * 6 + [429] * 2
    stopped = enter(world.client(address="203.0.113.9"), name, world.passwords[name])
    assert stopped.status == 429
    assert "15分钟后" in stopped.words
    assert enter(world.client(address="203.0.113.10"), name, world.passwords[name]).path == "/desk"
    events = told()
    assert [event["event"] for event in events] == ["sign_in_failed"] * 6 + ["sign_in_limited"] * 3 + ["signed_in"]
    assert len({event["from"] for event in events}) == 2
    assert "203.0.113" not in str(events)
    assert "person" not in str(events)
    assert str(steps.rows(world, "StaffTable")).count("203.0.113") == 0


def test_who_knows_a_name_locks_it_for_their_own_address_alone_until_it_comes_from_everywhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signin, "NAME_FAILURES", 8)
    name = world.hire("dispatcher", "street")
    assert [enter(world.client(address="203.0.113.9"), name, "wrong").status for _ in range(6)] == [401] * 5 + [429]
    assert enter(world.client(address="198.51.100.1"), name, world.passwords[name]).path == "/desk"
    assert [enter(world.client(address="203.0.113.10"), name, "wrong").status for _ in range(4)] == [401] * 3 + [429]
    assert enter(world.client(address="198.51.100.1"), name, world.passwords[name]).status == 429


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("1.2.3.4, 5.6.7.8", ""),
    ],
)
def test_an_address_is_its_subscribers(address: str, whose: str) -> None:
    assert securitylog.source(address) == whose


def test_what_anybody_sends_can_not_make_a_line_of_the_log(world: World, told: Any) -> None:
    forged = 'x"}\n{"event":"signed_in","who":"C1'
    enter(world.client(), forged, forged)
    clerk = world.signed_in("dispatcher", "street")
    clerk.call("POST", "/desk/signout", b"csrf=%0A%7B", {"Content-Type": "application/x-www-form-urlencoded"})
    clerk.get("/desk").form("/signout").submit()
    events = told()
    assert [event["event"] for event in events] == ["sign_in_failed", "signed_in", "refused", "signed_out"]
    assert events[2]["reason"] == "csrf"
    assert events[2]["route"] == "POST /desk/signout"
    assert events[2]["who"] == events[1]["who"] == events[3]["who"] != ""
    assert all(event["at"].endswith("+00:00") for event in events)
    for record in logging.getLogger("doorstep.security").handlers:
        raise AssertionError(f"the log of the doors has a handler of its own: {record}")
    assert "C1" not in json.dumps(events[0])


COMMON = [
    "1234567890",
    "qwertyuiop",
    "Password123!",
    "woaini1314520",
    "aaaaaaaaaaaaa",
    "abcabcabcabc",
    "13800138000",
    "zyxwvutsrqpo",
]
OWN = ["Changqiao2026", "doorstep-doorstep", "wang.fang.1988", "长桥街道居委社区长桥", "示例市示例区2026!!"]
GOOD = [
    "stork ladder umbrella",
    "三只红色的雨伞在桥上",
    "correct horse 电池",
    "x9$Kq2!vLm0p",
    " leading and trailing ",
    "ⒶⒷ ütf ✓ any",
]


@pytest.mark.parametrize("password", COMMON)
def test_what_everybody_tries_first_is_no_password(password: str) -> None:
    assert passwords.weakness(password, ()) == "common"


@pytest.mark.parametrize("password", OWN)
def test_what_is_known_of_a_person_and_their_street_is_no_password(password: str) -> None:
    around = ("wang.fang", "wang", "fang", "changqiao", "长桥街道", "长桥", "示例市", "示例区")
    assert passwords.weakness(password, around) == "own"


@pytest.mark.parametrize("password", GOOD)
def test_any_characters_make_a_password(password: str) -> None:
    assert passwords.weakness(password, ("changqiao", "wang.fang")) is None


def test_the_list_of_common_passwords_holds_as_many_as_it_should() -> None:
    assert len(passwords._common()) > 6000


def account(visitor: Visitor, form: str, **fields: str) -> Page:
    return visitor.get("/desk/account").form(f"/account/{form}").fill(**fields).submit()


def test_a_password_is_changed_by_who_knows_it_and_every_other_session_ends(world: World, told: Any) -> None:
    clerk, elsewhere = world.signed_in("dispatcher", "street"), world.signed_in("dispatcher", "street")
    name = world.hire("dispatcher", "street")
    before = dict(clerk.cookies)
    wrong = account(clerk, "password", current="not mine at all", password=RIGHT)
    assert wrong.status == 422
    assert "现在的密码不对" in wrong.words
    weak = account(clerk, "password", current=world.passwords[name], password="qwertyuiop123")
    assert weak.status == 422
    assert "太常见" in weak.words
    assert "qwertyuiop" not in weak.text
    short = account(clerk, "password", current=world.passwords[name], password="short")
    assert "至少10个字符" in short.words
    done = account(clerk, "password", current=world.passwords[name], password=RIGHT)
    assert (done.status, done.path) == (200, "/desk/account")
    assert where(elsewhere) == "/desk/signin"
    # The session's own id is a new one, and the one before is over.
    assert dict(clerk.cookies) != before
    old = world.client()
    old.cookies.update(before)
    assert [where(clerk), where(old)] == ["/desk", "/desk/signin"]
    assert enter(world.client(), name, world.passwords[name]).status == 401
    assert enter(world.client(), name, RIGHT).path == "/desk"
    assert {"password_refused", "password_set"} <= {event["event"] for event in told()}


def test_long_passwords_count_to_their_last_character(world: World) -> None:
    clerk, name = world.signed_in("dispatcher", "street"), world.hire("dispatcher", "street")
    long = "".join(chr(0x4E00 + 7 * number) for number in range(200))
    assert account(clerk, "password", current=world.passwords[name], password=long).path == "/desk/account"
    for wrong in (long[:-1], long + "x", long[:-1] + "x"):
        assert enter(world.client(address=f"192.0.2.{20 + len(wrong) % 7}"), name, wrong).status == 401
    assert enter(world.client(), name, long).path == "/desk"


def test_one_sees_where_one_is_signed_in_and_ends_it_with_the_password(world: World) -> None:
    clerk, elsewhere = world.signed_in("dispatcher", "street"), world.signed_in("dispatcher", "street")
    name = world.hire("dispatcher", "street")
    page = clerk.get("/desk/account")
    assert page.words.count("最近使用") == 2
    assert page.words.count("就是这里") == 1
    assert account(clerk, "sessions", current="wrong").status == 422
    assert where(elsewhere) == "/desk"
    assert account(clerk, "sessions", current=world.passwords[name]).status == 200
    assert [where(elsewhere), where(clerk)] == ["/desk/signin", "/desk"]
    # Guesses at a desk left open are counted too.
    answers = [account(clerk, "sessions", current="wrong").status for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_an_operator_ends_somebodys_sessions_or_their_leave_altogether(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    clerk, name = world.signed_in("dispatcher", "street"), world.hire("dispatcher", "street")
    other = world.signed_in("zone_head", "zone:z1")
    assert command.main(["out", name]) == 0
    assert [where(clerk), where(other)] == ["/desk/signin", "/desk"]
    assert enter(clerk, name, world.passwords[name]).path == "/desk"
    person = staff.by_username(name)
    assert person is not None
    link = f"/desk/activate/{signin.activation_link(world.context, person.staff_id or '')}"
    assert command.main(["remove", name]) == 0
    assert where(clerk) == "/desk/signin"
    assert enter(world.client(), name, world.passwords[name]).status == 401
    assert world.client().get(link).status == 404
    assert staff.holders("dispatcher@street") == []
    assert command.main(["remove", "nobody.here"]) == 2
    assert world.passwords[name] not in capsys.readouterr().out
