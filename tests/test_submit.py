"""A report, sent once or often: one case, its number from its key, its words never lost, its phone never in the clear."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.casework import numbers
from chalicelib.casework.events import VERSION
from chalicelib.models import cases
from chalicelib.usecases.submit import Report, submit
from tests import steps, wire
from tests.client import Page
from tests.world import World

AT_ONCE = 16


def case_rows(world: World) -> list[dict[str, Any]]:
    return [item for item in world.stored_items() if item["sk"]["S"] == "CASE"]


def in_parallel(work: Callable[[int], Page], count: int) -> list[Page]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, range(count)))


def a_report(world: World, key: str, **changes: str) -> Report:
    fields = steps.report(world, **changes)
    return Report(key=key, code=fields["code"], text=fields["text"], phone=fields["phone"])


def test_a_report_by_plain_form_posts_makes_a_case_with_number_and_link(both_worlds: World) -> None:
    visitor = both_worlds.client()
    form = visitor.get(f"/Q/{both_worlds.code()}").form("/f/issue")
    page = form.fill(text=steps.TEXT, phone=steps.PHONE, category="hardware", nickname="王阿姨").submit()
    assert page.status == 200
    assert page.path.endswith("/received")
    no = steps.number_of(page.path.removeprefix("/t/").split("/")[0])
    assert no in page.words
    link = page.path.removesuffix("/received")
    assert link in page.links
    progress = visitor.get(link)
    assert progress.status == 200
    assert "楼道灯不亮" in progress.words
    assert [item["pk"]["S"] for item in case_rows(both_worlds)] == [f"C#{no}"]
    stored = cases.get(no)
    assert stored is not None
    assert (stored.case.state, stored.case.nickname, stored.case.rung) == ("received", "王阿姨", "centre")


def test_only_the_text_is_required(world: World) -> None:
    no, token = steps.reported(world, category="", nickname="", phone="", elsewhere="", reporter="")
    stored = cases.get(no)
    assert stored is not None
    assert stored.sealed is None
    assert stored.case.phone_mac == ""
    assert world.client().get(f"/t/{token}").status == 200


def test_the_same_submission_again_is_the_same_case_and_the_same_answer(both_worlds: World) -> None:
    fields = steps.report(both_worlds)
    first = steps.send(both_worlds.client(), fields)
    outbox = len(steps.rows(both_worlds, "OutboxTable"))
    for _ in range(3):
        again = steps.send(both_worlds.client(), fields)
        assert (again.status, again.header("Location")) == (303, first.header("Location"))
    assert len(case_rows(both_worlds)) == 1
    assert len(steps.rows(both_worlds, "OutboxTable")) == outbox == 2


def test_a_repeat_after_the_case_went_on_finds_it_as_it_stands(world: World) -> None:
    fields = steps.report(world)
    first = steps.send(world.client(), fields)
    no = steps.number_of(steps.token_of(first))
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "renew_link")
    again = steps.token_of(steps.send(world.client(), fields))
    assert again != steps.token_of(first)
    assert world.client().get(f"/t/{again}").status == 200
    stored = cases.get(no)
    assert stored is not None
    assert [event.type for event in stored.events] == ["submitted", "accepted", "link_renewed"]


def test_the_same_submission_50_times_in_parallel_makes_one_case_and_one_set_of_messages(both_worlds: World) -> None:
    fields = steps.report(both_worlds)
    visitors = [both_worlds.client() for _ in range(50)]
    answers = in_parallel(lambda turn: steps.send(visitors[turn], fields), 50)
    assert {(page.status, page.header("Location")) for page in answers} == {(303, answers[0].header("Location"))}
    no = steps.number_of(steps.token_of(answers[0]))
    assert [item["pk"]["S"] for item in case_rows(both_worlds)] == [f"C#{no}"]
    templates = sorted(item["sk"]["S"] for item in steps.rows(both_worlds, "OutboxTable"))
    assert templates == [f"{no}#00001#new", f"{no}#00001#received"]


def test_another_body_under_the_same_key_is_a_conflict_and_keeps_the_words(both_worlds: World) -> None:
    fields = steps.report(both_worlds)
    steps.send(both_worlds.client(), fields)
    before = both_worlds.stored_items()
    page = steps.send(both_worlds.client(), {**fields, "text": "电梯困人,请马上来"})
    assert page.status == 409
    form = page.form("/f/issue")
    assert form.fields["text"] == "电梯困人,请马上来"
    assert form.fields["key"] != fields["key"]
    assert both_worlds.stored_items() == before
    # Sent as it stands there, it is a matter of its own.
    assert form.submit().status == 200
    assert len(case_rows(both_worlds)) == 2


@pytest.mark.parametrize("changed", ["phone", "nickname", "category", "elsewhere", "photos", "reporter"])
def test_every_field_counts_as_the_body(world: World, changed: str) -> None:
    other = {"phone": "021-0012 7789", "category": "property", "photos": "1", "reporter": "merchant"}
    fields = steps.report(world)
    steps.send(world.client(), fields)
    assert steps.send(world.client(), {**fields, changed: other.get(changed, "别的")}).status == 409


@pytest.mark.slow
def test_500_different_submissions_in_parallel_make_500_cases(engine_world: World, roomy: None) -> None:
    visitors = [engine_world.client() for _ in range(500)]
    reports = [steps.report(engine_world, text=f"第{turn}盏灯不亮") for turn in range(500)]
    answers = in_parallel(lambda turn: steps.send(visitors[turn], reports[turn]), 500)
    made = {steps.number_of(steps.token_of(page)) for page in answers}
    assert len(made) == 500
    assert {item["pk"]["S"] for item in case_rows(engine_world)} == {f"C#{no}" for no in made}
    assert len(steps.rows(engine_world, "OutboxTable")) == 1000


def test_the_number_derives_from_the_key_alone(world: World) -> None:
    key = "5" * 32
    expected = numbers.case_number(world.context.keys.mac("case", key, "0"))
    no, _ = steps.reported(world, key=key)
    assert no == expected


class Colliding:
    """A keyring whose case numbers collide until the counter `until`."""

    def __init__(self, keys: Any, until: int) -> None:
        self._keys = keys
        self._until = until

    def mac(self, label: str, *parts: str | bytes) -> bytes:
        if label == "case" and int(str(parts[1])) < self._until:
            return bytes(self._keys.mac("case", "the same for all", str(parts[1])))
        return bytes(self._keys.mac(label, *parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keys, name)


def test_another_key_on_the_same_number_takes_the_next_counter(world: World) -> None:
    ctx = replace(world.context, keys=Colliding(world.context.keys, until=2))
    made = [submit(ctx, a_report(world, key=digit * 32)).no for digit in "abc"]
    assert made[0] == numbers.case_number(ctx.keys.mac("case", "any", "0"))
    assert made[1] == numbers.case_number(ctx.keys.mac("case", "any", "1"))
    assert made[2] == numbers.case_number(world.context.keys.mac("case", "c" * 32, "2"))
    assert [submit(ctx, a_report(world, key=digit * 32)).no for digit in "abc"] == made
    assert len(case_rows(world)) == 3


def readable(value: Any) -> str:
    """Everything in a raw item that anybody could read, compressed bodies opened."""
    if isinstance(value, dict):
        return " ".join(f"{key} {readable(entry)}" for key, entry in value.items())
    if isinstance(value, list | set):
        return " ".join(readable(entry) for entry in value)
    if isinstance(value, bytes):
        try:
            return zlib.decompress(value).decode()
        except zlib.error:
            return value.decode("latin-1") + value.hex()
    return str(value)


def test_a_phone_is_stored_as_ciphertext_mask_and_keyed_hash_alone(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    no, token = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept")
    steps.act(clerk, no, "reveal", reason="contact")
    world.client().post("/track", {"number": no, "last4": "7788"})
    for _ in range(2):
        world.deliver()
    everything = {table: steps.rows(world, table) for table in ("CasesTable", "OutboxTable", "StaffTable", "KeysTable")}
    text = {table: readable(found) for table, found in everything.items()}
    assert no in text["CasesTable"]
    assert "021-****7788" in text["CasesTable"]
    assert "021-****7788" in text["OutboxTable"]
    stored = cases.get(no)
    assert stored is not None
    assert stored.sealed
    assert world.context.vault.open(f"case:{no}", stored.sealed) == {"phone": "+862100127788"}
    said = {**text, "logs": caplog.text, "output": "".join(capfd.readouterr()), "link": token}
    for where, words in said.items():
        digits = "".join(char for char in words if char.isdecimal() or char in "+")
        assert "00127788" not in words, where
        assert "0012 7788" not in words, where
        assert "862100127788" not in digits, where


def test_a_warm_submission_makes_at_most_three_calls_to_aws(world: World) -> None:
    visitor = world.client()
    steps.send(visitor, steps.report(world))
    fields = steps.report(world)
    with wire.counted() as first:
        assert steps.send(visitor, fields).status == 303
    assert first == ["Query", "GenerateDataKey", "TransactWriteItems"]
    with wire.counted() as unsorted:
        assert steps.send(visitor, steps.report(world, category="")).status == 303
    assert unsorted == ["GenerateDataKey", "TransactWriteItems"]
    with wire.counted() as again:
        assert steps.send(visitor, fields).status == 303
    assert len(again) <= 3, again
    with wire.counted() as conflict:
        assert steps.send(visitor, {**fields, "text": "别的"}).status == 409
    assert len(conflict) <= 3, conflict


@pytest.mark.parametrize("lose", [wire.reply_lost, wire.reply_lost_and_repeated])
@pytest.mark.parametrize("phone", [steps.PHONE, ""])
def test_a_submission_whose_reply_was_lost_succeeded(both_worlds: World, lose: Any, phone: str) -> None:
    visitor = both_worlds.client()
    fields = steps.report(both_worlds, phone=phone)
    wiring.house()
    with lose("TransactWriteItems") as lost:
        page = steps.send(visitor, fields)
    assert lost
    assert page.status == 303
    assert visitor.get(f"/t/{steps.token_of(page)}").status == 200
    assert len(case_rows(both_worlds)) == 1
    assert len(steps.rows(both_worlds, "OutboxTable")) == (2 if phone else 1)


def test_a_submission_that_was_never_stored_is_not_called_received(world: World) -> None:
    fields = steps.report(world)
    visitor = world.client()
    with wire.refused("TransactWriteItems", RuntimeError("no way out")):
        page = steps.send(visitor, fields)
    assert page.status == 500
    assert "no way out" not in page.text
    assert case_rows(world) == []
    # The form's key is still good: sent again, it is received.
    assert steps.send(visitor, fields).status == 303


def test_the_ledger_holds_the_report_as_it_was_typed(world: World) -> None:
    words = '一楼\r\n<b>灯</b> & "门" \' 坏了\r\n\r\n'
    no, _ = steps.reported(world, text=words, elsewhere="北门外", category="property", photos="2,1", reporter="merchant")
    item = next(item for item in case_rows(world) if item["pk"]["S"] == f"C#{no}")
    event = json.loads(zlib.decompress(item["body"]["B"]))["events"][0]
    facts = event["data"]["case"]
    assert facts["text"] == '一楼\n<b>灯</b> & "门" \' 坏了'
    assert (facts["elsewhere"], facts["category"], facts["photos"], facts["reporter"]) == ("北门外", "property", 2, "merchant")
    assert (event["v"], event["seq"], event["type"], event["by"]) == (VERSION, 1, "submitted", "reporter")
