"""Codes, links and look-ups that are not genuine: none opens anything, and none tells what exists."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import codes, wiring
from chalicelib.adapters.keyring import Keyring
from chalicelib.casework.numbers import ALPHABET
from chalicelib.errors import Unknown
from chalicelib.models import cases
from chalicelib.usecases import capability
from tests import steps
from tests.client import Page
from tests.world import World

FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
LETTERS = ALPHABET + "OI01-_~é"


def mutations(genuine: str, letters: str) -> Callable[[st.DataObject], str]:
    """One text near a genuine one: characters exchanged, taken out, put in, or all of them made up."""

    def draw(data: st.DataObject) -> str:
        chars = list(genuine)
        for _ in range(data.draw(st.integers(1, 3))):
            place = data.draw(st.integers(0, len(chars) - 1))
            kind = data.draw(st.sampled_from(["exchange", "swap", "insert", "delete", "case"]))
            letter = data.draw(st.sampled_from(letters))
            if kind == "exchange":
                chars[place] = letter
            elif kind == "swap":
                chars[place], chars[-1] = chars[-1], chars[place]
            elif kind == "insert":
                chars.insert(place, letter)
            elif kind == "delete" and len(chars) > 1:
                del chars[place]
            else:
                chars[place] = chars[place].lower()
        return "".join(chars)

    return draw


def test_of_ten_thousand_mutated_links_none_is_accepted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Distinct ones, most with the number of a case that is there. The case is read once: what is tried is the signature."""
    _, token = steps.reported(world)
    stored = cases.get(steps.number_of(token))
    monkeypatch.setattr(cases, "get", lambda no: stored if stored and no == stored.case.no else None)
    assert capability.open_link(world.context, token).case.no == token[:4] + "-" + token[4:8] + "-" + token[8]
    chance = random.Random(20261122)  # noqa: S311 - the same mutations in every run
    tried: set[str] = set()
    while len(tried) < 10_000:
        chars = list(token)
        for _ in range(chance.randint(1, 3)):
            chars[chance.randrange(0 if chance.random() < 0.1 else 9, len(chars))] = chance.choice(ALPHABET)
        altered = "".join(chars)
        if altered == token or altered in tried:
            continue
        tried.add(altered)
        with pytest.raises(Unknown):
            capability.open_link(world.context, altered)
    assert sum(altered[:9] == token[:9] for altered in tried) > 8000


def test_no_altered_link_opens_anything(world: World) -> None:
    _, token = steps.reported(world)
    _, foreign = steps.reported(world, text="另一件")
    draw = mutations(token, LETTERS)
    tried = []

    @settings(FUZZ, max_examples=2000)
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        altered = draw(data)
        if altered.upper() == token:
            return
        tried.append(altered)
        with pytest.raises(Unknown):
            capability.open_link(world.context, altered)

    attack()
    assert len(set(tried)) > 1000
    mixed = foreign[:9] + token[9:]
    for altered in (mixed, token[:-1], token + "2", "", "-" * 36, token.replace(token[9], "3", 1), *tried[:20]):
        if altered.isascii() and altered and altered.upper() != token:
            page = world.client().get(f"/t/{altered}")
            assert page.status == 404
            assert steps.TEXT not in page.text


def test_no_altered_code_opens_a_form(world: World) -> None:
    genuine = [world.code(0), world.code(1)]
    draw = mutations(genuine[0], LETTERS)

    @settings(FUZZ, max_examples=500)
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        altered = draw(data)
        if altered.upper() in genuine:
            return
        with pytest.raises(Unknown):
            world.context.scanned(altered)

    attack()
    assert world.client().get(f"/Q/{genuine[0][:8]}{genuine[1][8:]}").status == 404


def why(page: Page, status: int = 404) -> str:
    assert page.status == status
    return page.words


def test_each_kind_of_wrong_code_says_what_to_do_and_stores_nothing(world: World) -> None:
    visitor = world.client()
    genuine = world.code()
    said = {
        "forged": why(visitor.get(f"/Q/{genuine[:-1]}{'2' if genuine[-1] != '2' else '3'}")),
        "malformed": why(visitor.get("/Q/HELLO")),
        "unknown place": why(visitor.get(f"/Q/{_signed(world, 'issue', 'ZZZZZZ')}")),
        "kind switched off": why(visitor.get(f"/Q/{_signed(world, 'population', world.places[0].id)}")),
        "another form's": why(visitor.get(f"/f/rental?c={genuine}")),
    }
    assert said["forged"] == said["malformed"]
    assert len(set(said.values())) == 3
    assert all("021-0012 3456" in words for words in said.values())
    for code in (genuine[:-1], _signed(world, "issue", "ZZZZZZ"), world.code(kind="rental"), ""):
        assert steps.send(visitor, steps.report(world, code=code)).status == 404
    assert world.stored_items() == []
    assert visitor.get(f"/Q/{genuine.lower()}").status == 200


def test_a_place_taken_down_retires_its_codes(world: World) -> None:
    place = world.places[0]
    gone = {**world.context.places, place.id: msgspec.structs.replace(place, retired=True)}
    with pytest.raises(Unknown, match="code_retired"):
        replace(world.context, places=gone).scanned(world.code())


def _signed(world: World, kind: str, place: str) -> str:
    keys = world.context.keys
    version = keys.current_code_version()
    return codes.sign(kind, place, version, keys.code_keys()[version])


def test_codes_on_doors_survive_one_change_of_key_and_not_two(world: World) -> None:
    old = world.code()
    house = wiring.house()
    ring = house.context.keys
    assert isinstance(ring, Keyring)
    ring.rotate_codes()
    assert world.code() != old
    assert world.client().get(f"/Q/{old}").status == 200
    ring.rotate_codes()
    assert world.client().get(f"/Q/{old}").status == 404


@pytest.fixture
def still(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The wall clock in the middle of an hour, so that no test straddles the end of a window."""
    now = datetime.now(UTC).replace(minute=30, second=0)
    monkeypatch.setattr(world.clock, "wall", lambda: now)
    return world


def look_up(world: World, number: str, last4: str) -> Page:
    return world.client().get("/track").form("/track").fill(number=number, last4=last4).submit()


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


def test_a_number_and_four_digits_open_the_progress_to_read(still: World) -> None:
    no, token = steps.reported(still)
    plain = no.replace("-", "")
    for typed in (no, no.lower(), plain, full_width(no), full_width(plain.lower()), f" {no.replace('-', ' ')} "):
        for digits in ("7788", "７７８８", " 77 88 "):
            page = look_up(still, typed, digits)
            assert page.status == 200, (typed, digits)
            assert no in page.words
            assert "楼道灯不亮" in page.words
            # To read only: no form of the link's page, and not the link itself.
            assert [form for form in page.forms if form.method == "post" and "/t/" in form.action] == []
            assert token not in page.text


def test_no_look_up_tells_whether_a_number_exists(still: World) -> None:
    with_phone, _ = steps.reported(still)
    without, _ = steps.reported(still, phone="")
    unknown = "2222-2222-2"
    answers = {no: [look_up(still, no, "0000") for _ in range(8)] for no in (with_phone, without, unknown)}
    seen = {no: [(page.status, page.words.replace(no, "#")) for page in pages] for no, pages in answers.items()}
    assert seen[with_phone] == seen[without] == seen[unknown]
    assert [page.status for page in answers[unknown]] == [404] * 5 + [429] * 3


def test_wrong_digits_lock_a_case_to_this_way_in_for_an_hour(still: World, monkeypatch: pytest.MonkeyPatch) -> None:
    no, token = steps.reported(still)
    other, _ = steps.reported(still, text="另一件")
    assert [look_up(still, no, f"000{turn}").status for turn in range(5)] == [404] * 5
    locked = look_up(still, no, "7788")
    assert locked.status == 429
    assert "楼道灯不亮" not in locked.words
    assert look_up(still, other, "7788").status == 200
    assert still.client().get(f"/t/{token}").status == 200
    later = still.clock.wall() + timedelta(hours=1)
    monkeypatch.setattr(still.clock, "wall", lambda: later)
    assert look_up(still, no, "7788").status == 200


def test_looking_often_with_the_right_digits_locks_nothing(still: World) -> None:
    no, _ = steps.reported(still)
    assert [look_up(still, no, "7788").status for _ in range(12)] == [200] * 12


def test_what_can_be_no_number_is_refused_without_counting(still: World) -> None:
    no, _ = steps.reported(still)
    before = still.stored_items()
    numbers = [("", ""), ("K7M3", "7788"), ("a" * 500, "7788"), ("<b>", "7788"), (no[:-1] + "?", "7788")]
    for number, last4 in [*numbers, (no, "77"), (no, "七七八八"), (no, "77889"), (no, "")]:
        page = still.client().post("/track", {"number": number, "last4": last4})
        assert page.status == 404, (number, last4)
        assert page.form("/track").fields["number"] == number[:20]
        assert "<b>K" not in page.text
    assert still.stored_items() == before
