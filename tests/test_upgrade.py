"""What earlier versions of the code stored is read, folded, acted on and written again; what later ones stored is left alone.

`tests/stored/` holds rows as those versions wrote them: `v1-early` from before cases counted their handlings and while
registrations still kept a contact apart, `v1` and `v2` from the ends of their versions.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.casework import folds, register
from chalicelib.casework.events import VERSION
from chalicelib.errors import Newer
from chalicelib.models import cases, classes, faq, ledger, outbox, property, registers, shapes, staff, store, warnings
from chalicelib.models.register_digests import digests
from chalicelib.models.volunteers import of as offers
from chalicelib.usecases import register_link, sweeping
from chalicelib.usecases.pictures import all_events
from infra import upgrade
from tests import refold, steps
from tests.register_people import register_world, rental, send, tenant
from tests.stored_street import FOLDER, restored
from tests.world import World

FILES = sorted(path.stem for path in FOLDER.glob("v*.json"))
WHOLE = [name for name in FILES if name != "v1-early"]


def kept(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    """A street with nothing in it."""
    with register_world(moto, tmp_path) as world:
        assert world.context.street.id == "small"
        yield world


def body_of(world: World, no: str, table: str = "CasesTable", key: str = "C#{}", sk: str = "CASE") -> dict[str, Any]:
    item = world.aws("dynamodb").get_item(
        TableName=world.outputs[table], Key={"pk": {"S": key.format(no)}, "sk": {"S": sk}}, ConsistentRead=True
    )["Item"]
    found: dict[str, Any] = json.loads(zlib.decompress(item["body"]["B"]))
    return found


def rewritten(world: World, no: str, change: dict[str, Any], *where: str) -> bytes:
    """The body of a case with these parts changed, as somebody else stored it; `where` as of `body_of`."""
    table, key, sk = where or ("CasesTable", "C#{}", "CASE")
    body = zlib.compress(json.dumps({**body_of(world, no, table, key, sk), **change}).encode())
    world.aws("dynamodb").update_item(
        TableName=world.outputs[table],
        Key={"pk": {"S": key.format(no)}, "sk": {"S": sk}},
        UpdateExpression="SET body = :b",
        ExpressionAttributeValues={":b": {"B": body}},
    )
    return body


@pytest.mark.parametrize("name", FILES)
def test_cases_of_every_version_are_read_acted_on_and_written_in_the_newest(town: World, name: str) -> None:
    made = kept(name)
    restored(town, made["tables"])
    seen = refold.lines_of(town.stored_items())
    links = {which: steps.number_of(made["links"][which]) for which in ("worked", "fresh", "long")}
    for no in links.values():
        stored = cases.get(no)
        assert stored is not None
        assert stored.case == folds.fold(no, all_events(stored))
    worked = cases.get(links["worked"])
    assert worked is not None
    # Counted by folding since the second version; stored as nothing in the first one's early days.
    assert (worked.case.handlings, worked.case.redone, worked.case.said) == (1, 1, "unsatisfied")
    clerk = town.signed_in("dispatcher", "street", "somebody.new")
    for which, no in ((which, links[which]) for which in ("worked", "long")):
        before = steps.events_of(no)
        assert town.client().get(f"/t/{made['links'][which]}").status == 200
        assert "已受理" in steps.act(clerk, no, "accept").words
        assert steps.events_of(no) == [*before, "accepted"]
        body = body_of(town, no)
        assert (body["v"], {event["v"] for event in body["events"]}) == (VERSION, {VERSION})
        assert body["state"]["handlings"] == (1 if which == "worked" else 0)
    seen += refold.lines_of(town.stored_items())
    # What was due then is due now, and what waited in the outbox goes out.
    town.clock.advance(days=30)
    swept = sweeping.sweep(town.context, lambda: 60.0)
    assert (swept.failed, swept.cases) == (0, 3)
    town.deliver()
    assert {row.state for row in outbox.every()} <= {"sent", "held", "expanded", "digested", "dropped", "capped"}
    # Another process folds the bytes as they lay there, after a step, and after time has acted.
    assert refold.in_another_process([*seen, *refold.lines_of(town.stored_items())]) == []


@pytest.mark.parametrize("name", FILES)
def test_registrations_of_every_version_are_read_changed_and_keep_no_contact_apart(town: World, name: str) -> None:
    made = kept(name)
    restored(town, made["tables"])
    for which in ("rental", "household"):
        stored = register_link.open_link(town.context, made["links"][which])
        no = stored.register.no
        assert stored.register == register.fold(no, stored.events)
        assert not [event for event in stored.events if "contact_mac" in event.data.get("register", {})]
    token, typed = made["links"]["rental"], rental(0, people=(tenant(0, key="p1", phone="021-0012 7766"),), rooms="4")
    assert register_link.edit(town.context, token, typed, "f" * 32).rooms == 4
    stored = register_link.open_link(town.context, token)
    body = body_of(town, stored.register.no, "RegistersTable", "R#{}", "RECORD")
    assert body["v"] == VERSION
    assert "contact_mac" not in json.dumps(body)
    assert stored.register == register.fold(stored.register.no, stored.events)


@pytest.mark.parametrize("name", WHOLE)
def test_everything_beside_the_records_is_read_as_it_was(town: World, name: str) -> None:
    made = kept(name)
    restored(town, made["tables"])
    street = town.street.id
    assert [entry.question[:4] for entry in faq.every(street)] == ["电动车在"] * 2
    assert [(one.state, one.count) for one in classes.every(street)] == [("done", 1300)]
    assert [one.series for one in warnings.every(street)] == ["word:电梯@street"]
    assert [check.marks["cleaning"].note for check in property.read("c01a").checks] == ["积灰"]
    assert len(property.versions("c01a", "K#2026-11")) == 1
    assert [one.nickname for one in offers("c01", 0)] == ["老师傅"]
    assert ledger.hotline("2026-01", "2026-12") == {"2026-10": 1234}
    summary = ledger.summary()
    assert summary is not None
    assert summary.lines == {"hardware": (5, 4)}
    assert [(day, state, found.new if found else 0) for day, state, found in digests("c01", 9)] == [("2026-11-16", "done", 2)]
    holders = staff.holders("dispatcher@street")
    assert [person.username for one in holders if (person := staff.person(str(one.staff_id)))] == ["dispatcher.street"]
    assert staff.roster("dispatcher@street") == [(1, "08:00", "18:00", holders[0].staff_id)]
    # Whoever had an account has it still, with their password.
    assert (
        town.client()
        .get("/desk/signin")
        .form()
        .fill(username="dispatcher.street", password="a long enough secret of dispatcher.street")
        .submit()
        .path.startswith("/desk")
    )
    assert town.client().get("/faq").words.count("电动车在哪里充电") >= 1
    # An entry is changed and stays readable.
    entry = faq.every(street)[0]
    faq.put(street, msgspec.structs.replace(entry, answer="有两处"))
    assert faq.every(street)[0].answer == "有两处"


def test_a_row_of_an_older_shape_is_lifted_and_written_in_the_newest(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up second and third version of answered questions: a field that had another name, and one that was a number."""
    street = town.street.id
    old = {"id": "222222", "asked": "哪里充电?", "answer": "车棚", "published": 1, "at": "2026-11-17T02:00:00.000Z"}
    cases.CaseItem(f"F#{street}", "222222", card=json.dumps(old), version=4).save()
    monkeypatch.setitem(
        shapes.LIFTS,
        "faq.Entry",
        {
            1: lambda was: {("question" if name == "asked" else name): value for name, value in was.items()},
            2: lambda was: {**was, "published": bool(was["published"])},
        },
    )
    entry = faq.get(street, "222222")
    assert entry is not None
    assert (entry.question, entry.published, entry.version) == ("哪里充电?", True, 4)
    faq.put(street, msgspec.structs.replace(entry, answer="东门车棚"))
    assert json.loads(row_of(town, f"F#{street}", "222222")["card"]["S"])["v"] == 3
    assert [one.answer for one in faq.every(street)] == ["东门车棚"]


def gone(world: World, no: str) -> None:
    """What a test has broken is not looked at at the end of the run."""
    world.aws("dynamodb").delete_item(TableName=world.outputs["CasesTable"], Key={"pk": {"S": f"C#{no}"}, "sk": {"S": "CASE"}})


def row_of(world: World, pk: str, sk: str) -> dict[str, Any]:
    found: dict[str, Any] = world.aws("dynamodb").get_item(
        TableName=world.outputs["CasesTable"], Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
    )["Item"]
    return found


def test_what_newer_code_wrote_is_never_written_over(town: World, caplog: pytest.LogCaptureFixture) -> None:
    no, token = steps.reported(town)
    other, _ = steps.reported(town, phone="")
    clerk = town.signed_in("dispatcher", "street")
    state = {**body_of(town, no)["state"], "mood": "grave"}
    body = rewritten(town, no, {"v": VERSION + 1, "state": state})
    # It can be looked at, as far as this code knows it, and nobody can change it; the reason is one for the operator.
    assert town.client().get(f"/t/{token}").status == 200
    page = steps.act(clerk, no, "accept")
    assert page.status == 500
    assert f"case {no} is stored in version {VERSION + 1} and this code writes version {VERSION}" in caplog.text
    assert "deploy the newer package again" in caplog.text
    assert town.client().post(f"/t/{token}/add", {"text": "又坏了", "attempt": "a" * 32}).status == 500
    town.clock.advance(days=5)
    swept = sweeping.sweep(town.context, lambda: 60.0)
    assert (swept.failed, swept.cases) == (1, 1)
    assert row_of(town, f"C#{no}", "CASE")["body"]["B"] == body
    assert "accepted" in body_of(town, other)["events"][-1]["type"] or steps.act(clerk, other, "accept").status == 200
    # A shape that this code can't read at all is said so, too.
    rewritten(town, no, {"v": VERSION + 1, "state": [1]})
    with pytest.raises(Newer, match=f"version {VERSION + 1}"):
        cases.get(no)
    gone(town, no)


def test_a_registration_that_newer_code_wrote_is_shown_and_not_written_over(town: World) -> None:
    register_no = send(town, rental(1)).no
    where = ("RegistersTable", "R#{}", "RECORD")
    body = rewritten(town, register_no, {"v": VERSION + 1}, *where)
    stored = registers.get(register_no)
    assert stored is not None
    token = register_link.token_for(town.context, stored.register)
    assert town.client().get(f"/t/{token}").status == 200
    typed = rental(0, people=(tenant(0, key="p1", phone="021-0012 7766"),), rooms="4")
    with pytest.raises(Newer, match=f"registration {register_no} is stored in version {VERSION + 1}"):
        register_link.edit(town.context, token, typed, "e" * 32)
    assert zlib.decompress(body) == json.dumps(body_of(town, register_no, *where)).encode()


def test_lists_leave_out_what_newer_code_wrote_and_say_so(town: World, caplog: pytest.LogCaptureFixture) -> None:
    street = town.street.id
    for number, v in (("222222", 1), ("333333", 2)):
        entry = {"v": v, "id": number, "question": "?", "answer": "!", "published": True}
        cases.CaseItem(f"F#{street}", number, card=json.dumps(entry), version=1).save()
    assert [one.id for one in faq.every(street)] == ["222222"]
    assert "faq.Entry is stored in version 2 and this code writes version 1" in caplog.text
    with pytest.raises(Newer):
        faq.get(street, "333333")


def test_nothing_is_folded_from_a_part_of_the_events(town: World) -> None:
    made = kept("v1")
    rows = made["tables"]["Cases"]
    made["tables"]["Cases"] = [row for row in rows if row["sk"]["S"] != "A#0003"]
    restored(town, made["tables"])
    no = steps.number_of(made["links"]["long"])
    with pytest.raises(ValueError, match="restore its archive rows"):
        cases.get(no)
    gone(town, no)


def test_the_command_writes_anew_what_is_older_and_leaves_the_rest(
    town: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kept("v1-early")
    restored(town, made["tables"])
    fresh, _ = steps.reported(town, phone="")
    standing = row_of(town, f"C#{fresh}", "CASE")
    assert upgrade.main(["show"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["cases: 3 of version 1, older", f"cases: 1 of version {VERSION}"]
    assert upgrade.main(["run"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"5 written in version {VERSION}",
        f"cases: 4 of version {VERSION}",
        f"registrations: 2 of version {VERSION}",
        f"this code writes version {VERSION}",
    ]
    assert row_of(town, f"C#{fresh}", "CASE") == standing
    # Archive rows too; lists and figures show what the newest version knows.
    long = steps.number_of(made["links"]["long"])
    old = json.loads(zlib.decompress(bytes(row_of(town, f"C#{long}", "A#0001")["body"]["B"])))
    assert {event["v"] for event in old} == {VERSION}
    worked = steps.number_of(made["links"]["worked"])
    assert row_of(town, f"C#{worked}", "CASE")["figures"]["S"] != row_in(made, worked)["figures"]["S"]
    assert upgrade.run() == (0, 0)
    # Whoever writes at the same time has written in the newest version by that.
    rewritten(town, worked, {"v": 1})
    monkeypatch.setattr(upgrade, "_case", lambda no: refused())
    assert upgrade.run() == (0, 1)
    monkeypatch.undo()
    assert upgrade.run() == (1, 0)


def refused() -> bool:
    raise cases.Stale(None)


def row_in(made: Any, no: str) -> dict[str, Any]:
    return next(row for row in made["tables"]["Cases"] if (row["pk"]["S"], row["sk"]["S"]) == (f"C#{no}", "CASE"))


def test_reading_what_is_newest_asks_for_nothing_more(town: World) -> None:
    no, _ = steps.reported(town)
    data = row_of(town, f"C#{no}", "CASE")["body"]["B"]

    def never(*_: Any) -> Any:
        raise AssertionError("folded anew")

    assert store.read_body(bytes(data), cases.Body, never).v == VERSION
