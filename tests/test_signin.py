"""Who is signed in, for how long, and what a change at the desk must carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from chalicelib import wiring
from chalicelib.models import cases
from chalicelib.usecases import signin
from tests import steps
from tests.client import FORM, Page, Visitor
from tests.world import World

COOKIE = "__Host-doorstep"


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@pytest.fixture
def wall(world: World, monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    monkeypatch.setattr(world.clock, "wall", made)
    return made


@pytest.fixture
def deployed(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The cookie as it is on AWS."""
    monkeypatch.delenv("DOORSTEP_COOKIE")
    wiring.use(clock=world.clock)
    return world


def enter(visitor: Visitor, username: str, password: str) -> Page:
    return visitor.get("/desk/signin").form().fill(username=username, password=password).submit()


def raw(visitor: Visitor, path: str, fields: dict[str, str], **headers: str) -> Page:
    """A post of which every header is the test's own."""
    return visitor.call("POST", path, urlencode(fields).encode("ascii"), {"Content-Type": FORM, **headers})


def where(visitor: Visitor) -> str:
    return visitor.get("/desk").path


def test_a_wrong_password_and_an_unknown_name_look_alike(world: World) -> None:
    name = world.hire("dispatcher", "street")
    wrong = enter(world.client(), name, "not the password")
    unknown = enter(world.client(), "no.such.person", "not the password")
    empty = enter(world.client(), "", "")
    assert {wrong.status, unknown.status, empty.status} == {401}
    assert wrong.words == unknown.words == empty.words
    assert wrong.form().fields["username"] == name
    assert not wrong.visitor.cookies
    assert "not the password" not in wrong.text


def test_a_name_is_taken_in_any_case_and_with_spaces_around(world: World) -> None:
    name = world.hire("dispatcher", "street")
    page = enter(world.client(), f"  {name.upper()} ", world.passwords[name])
    assert (page.status, page.path) == (200, "/desk")


@pytest.mark.parametrize("other", ['g_state={"i_l":0}', "who=中文", "no pair at all", "=nameless", 'half="open', "a b=c d"])
def test_what_other_sites_of_the_domain_have_set_signs_nobody_out(world: World, other: str) -> None:
    clerk = world.signed_in("dispatcher", "street")
    ours = "; ".join(f"{name}={value}" for name, value in clerk.cookies.items())
    for cookies in (f"{other}; {ours}", f"{ours}; {other}"):
        assert clerk.get("/desk", {"Cookie": cookies}).path == "/desk"


def test_five_failures_lock_the_name_for_a_while(world: World, wall: Wall) -> None:
    name = world.hire("dispatcher", "street")
    assert [enter(world.client(), name, "wrong").status for _ in range(5)] == [401] * 5
    right = world.passwords[name]
    assert enter(world.client(), name, right).status == 429
    wall.move(minutes=14)
    assert enter(world.client(), name, right).status == 429
    wall.move(minutes=2)
    assert enter(world.client(), name, right).path == "/desk"
    # A success forgets the failures before it.
    assert [enter(world.client(), name, "wrong").status for _ in range(4)] == [401] * 4
    assert enter(world.client(), name, right).path == "/desk"


def test_an_activation_link_sets_the_first_password_once(world: World, wall: Wall) -> None:
    staff_id = signin.create_staff(world.context, username="new.clerk", name="新同事", grants=("dispatcher@street",))
    assert enter(world.client(), "new.clerk", "").status == 401
    link = f"/desk/activate/{signin.activation_link(world.context, staff_id)}"
    visitor = world.client()
    page = visitor.get(link)
    short = page.form().fill(password="short").submit()
    assert short.status == 422
    assert "short" not in short.form().fields["password"]
    done = page.form().fill(password="a long enough secret").submit()
    assert (done.status, done.path) == (200, "/desk/signin")
    assert enter(visitor, "new.clerk", "a long enough secret").path == "/desk"
    assert page.form().fill(password="another long secret").submit().status == 404
    assert visitor.get(link).status == 404
    assert enter(world.client(), "new.clerk", "another long secret").status == 401


def test_an_activation_link_ends_after_three_days(world: World, wall: Wall) -> None:
    staff_id = signin.create_staff(world.context, username="new.clerk", name="新同事", grants=("dispatcher@street",))
    link = f"/desk/activate/{signin.activation_link(world.context, staff_id)}"
    wall.move(hours=71)
    assert world.client().get(link).status == 200
    wall.move(hours=2)
    assert world.client().get(link).status == 404
    assert world.client().post(link, {"password": "a long enough secret"}).status == 404


def test_a_new_password_ends_the_sessions_of_the_old_one(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    staff_id = signin.session(world.context, next(iter(clerk.cookies.values()))).actor.staff_id
    link = f"/desk/activate/{signin.activation_link(world.context, staff_id)}"
    world.client().get(link).form().fill(password="a long enough secret").submit()
    assert where(clerk) == "/desk/signin"


def test_a_session_ends_two_hours_after_its_last_use(world: World, wall: Wall) -> None:
    clerk = world.signed_in("dispatcher", "street")
    for _ in range(3):
        wall.move(minutes=115)
        assert where(clerk) == "/desk"
    wall.move(hours=2, minutes=1)
    assert where(clerk) == "/desk/signin"


def test_a_session_ends_after_twelve_hours_however_busy(world: World, wall: Wall) -> None:
    clerk = world.signed_in("dispatcher", "street")
    for _ in range(12):
        assert where(clerk) == "/desk"
        wall.move(minutes=60)
    assert where(clerk) == "/desk/signin"


def test_moving_the_civil_clock_signs_nobody_out(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    world.clock.advance(days=30)
    assert where(clerk) == "/desk"


def test_a_revoked_session_is_over_at_once(world: World) -> None:
    clerk, same = world.signed_in("dispatcher", "street"), world.signed_in("dispatcher", "street")
    other = world.signed_in("zone_head", "zone:z1")
    staff_id = signin.session(world.context, next(iter(clerk.cookies.values()))).actor.staff_id
    assert signin.revoke(staff_id) == 2
    assert [where(visitor) for visitor in (clerk, same, other)] == ["/desk/signin", "/desk/signin", "/desk"]


def test_signing_out_ends_this_session_alone_and_takes_the_cookie(world: World) -> None:
    clerk, same = world.signed_in("dispatcher", "street"), world.signed_in("dispatcher", "street")
    kept = dict(clerk.cookies)
    assert clerk.get("/desk").form("/signout").submit().path == "/desk/signin"
    assert not clerk.cookies
    clerk.cookies.update(kept)
    assert [where(visitor) for visitor in (clerk, same)] == ["/desk/signin", "/desk"]


def test_the_cookie_is_for_this_host_https_and_no_script(deployed: World) -> None:
    name = deployed.hire("dispatcher", "street")
    fields = {"username": name, "password": deployed.passwords[name]}
    answer = raw(deployed.client(), "/desk/signin", fields)
    assert answer.status == 303
    held = SimpleCookie(answer.header("Set-Cookie"))
    assert list(held) == [COOKIE]
    morsel = held[COOKIE]
    flags = (morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"])
    assert flags == (True, True, "Strict", "/", "")
    assert len(morsel.value) >= 22  # 128 bits
    assert morsel.value not in str(steps.rows(deployed, "StaffTable"))


def test_a_session_under_the_local_name_is_nobodys_when_deployed(deployed: World) -> None:
    clerk = deployed.signed_in("dispatcher", "street")
    session = clerk.cookies.pop(COOKIE)
    clerk.cookies["ds_session"] = session
    assert where(clerk) == "/desk/signin"


@pytest.mark.parametrize("csrf", [None, "", "0" * 32, "非", "theirs"])
def test_a_change_without_this_sessions_token_is_refused_and_changes_nothing(world: World, csrf: str | None) -> None:
    no, _ = steps.reported(world)
    clerk, colleague = world.signed_in("dispatcher", "street"), world.signed_in("dispatcher", "street")
    fields = dict(clerk.get(f"/desk/cases/{no}").form("/accept").fields)
    del fields["csrf"]
    if csrf is not None:
        theirs = colleague.get(f"/desk/cases/{no}").form("/accept").fields["csrf"]
        fields["csrf"] = theirs if csrf == "theirs" else csrf
    page = raw(clerk, f"/desk/cases/{no}/accept", fields, Origin=clerk.origin)
    assert page.status == 403
    stored = cases.get(no)
    assert stored is not None
    assert stored.case.version == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://small.example", "https://small.example.evil.example"])
def test_a_change_from_another_origin_is_refused_and_changes_nothing(world: World, origin: str) -> None:
    no, _ = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    form = clerk.get(f"/desk/cases/{no}").form("/accept")
    assert raw(clerk, form.action, form.fields, Origin=origin).status == 403
    stored = cases.get(no)
    assert stored is not None
    assert stored.case.version == 1
    # Browsers that send no Origin are held by cookie and token.
    assert raw(clerk, form.action, form.fields).status == 303


def test_who_has_cookies_switched_off_is_told_so_and_not_only_asked_again(world: World) -> None:
    name, visitor = world.hire("dispatcher", "street"), world.client()
    sent = raw(visitor, "/desk/signin", {"username": name, "password": world.passwords[name]}, Origin=visitor.origin)
    assert (sent.status, sent.header("Location")) == (303, "/desk")
    visitor.cookies.clear()
    page = visitor.get("/desk", {"Referer": f"{visitor.origin}/desk/signin"})
    assert "允许这个网站使用Cookie" in page.words
    assert "允许" not in visitor.get("/desk").words


def test_nobody_is_signed_in_from_another_origin(world: World) -> None:
    name = world.hire("dispatcher", "street")
    fields = {"username": name, "password": world.passwords[name]}
    page = raw(world.client(), "/desk/signin", fields, Origin="https://evil.example")
    assert page.status == 403
    assert not page.visitor.cookies


def test_a_change_without_a_session_is_refused(world: World) -> None:
    no, _ = steps.reported(world)
    page = raw(world.client(), f"/desk/cases/{no}/accept", {"csrf": "", "attempt": "a" * 32, "version": "1"})
    assert page.status == 401
    # What was written is shown once more, to whoever wrote it on a page of ours, and never what a password was.
    typed = {"text": "已联系电工<b>", "reason": "call", "password": "three words in a row"}
    kept = raw(world.client(), f"/desk/cases/{no}/prelim", typed, Origin=world.client().origin)
    assert (kept.status, "已联系电工&lt;b&gt;</textarea>" in kept.text, "three words" in kept.text) == (401, True, False)
    for elsewhere in ({"Origin": "https://evil.example"}, {}):
        assert "已联系电工" not in raw(world.client(), f"/desk/cases/{no}/prelim", typed, **elsewhere).text
    forged = world.client()
    forged.cookies["ds_session"] = "A" * 22
    assert forged.get(f"/desk/cases/{no}").path == "/desk/signin"
