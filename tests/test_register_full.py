"""The base register with whole numbers: a reason on record first, opened by one function alone, in parts that can be resumed."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from pynamodb.exceptions import PutError

from chalicelib import wiring
from chalicelib.casework import numbers
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import ROLES, Actor
from chalicelib.models.registers import RegisterItem
from chalicelib.ports import VaultBusy
from chalicelib.usecases import privacy, register_export, register_full
from tests import wire
from tests.client import FORM, Page, Visitor
from tests.register_people import household, id_number, phone, register_world, rental, rows, send, tenant
from tests.world import World

NO_WAY = EndpointConnectionError(endpoint_url="https://engine.example")
MANY = 200


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


@pytest.fixture
def clerk(town: World) -> Visitor:
    return town.signed_in("street_admin", "committee:c01")


def ask(visitor: Visitor, reason: str = "区里要底册") -> Page:
    return visitor.get("/desk/exports").form("/exports").fill(reason=reason, numbers="full").submit()


def standing(committee: str = "c01") -> register_export.Export:
    return next(one for one in register_export.latest(committee) if one.full)


def files(town: World, prefix: str = "full/") -> list[str]:
    found = town.aws("s3").list_objects_v2(Bucket=town.outputs["PhotosBucket"], Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def people(town: World, key: str) -> list[list[str]]:
    body = town.aws("s3").get_object(Bucket=town.outputs["PhotosBucket"], Key=key)["Body"].read()
    text = zipfile.ZipFile(io.BytesIO(body)).read("population.csv").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def session(visitor: Visitor) -> str:
    return next(iter(visitor.cookies.values()))


def step(town: World, visitor: Visitor, **event: str) -> dict[str, str]:
    """The function itself, as anybody could call it who may invoke it."""
    return wiring.house().export_here({"session": session(visitor), "committee": "c01", **event}, lambda: 900.0)


def test_whole_numbers_are_handed_out_after_reason_and_download_are_on_record(town: World, clerk: Visitor) -> None:
    send(town, rental(2, people=(tenant(0, employer="示例公司"), tenant(1))))
    left = send(town, rental(1, first=5, room="102"))
    privacy.erase(town.context, Actor("staff:X", grants=("street_admin@street",)), left.no, (), "本人要求", "e" * 32)
    town.clock.advance(minutes=5)
    page = ask(clerk)
    assert page.status == 200
    (key,) = files(town)
    told = {row[2]: row[4:7] for row in people(town, key) if row[1] != left.no}
    assert told["p1"] == [tenant(0).name, id_number(0), phone(0).replace(" ", "").replace("-", "")]
    assert told["p2"][1] == id_number(1)
    assert id_number(5) not in str(people(town, key))
    # The page shows that it is there, and no number; the link comes after its own entry.
    assert "完整号码" in page.words
    assert not [link for link in page.links if "full/" in link]
    got = next(form for form in page.forms if form.fields.get("part")).submit()
    (link,) = [link for link in got.links if "/full/" in link]
    assert "Expires=300" in link or "Expires" in link
    assert "取第1份" in got.words
    (taken,) = register_export.taken(standing())
    assert (taken.who, taken.part) == ("committee:c01 street_admin", 1)
    assert id_number(0) not in page.text + got.text
    # Masks stay what a form gives by itself.
    clerk.get("/desk/exports").form("/exports").fill(reason="再来一份").submit()
    assert len(files(town)) == 1
    assert len(files(town, "lists/export/")) == 1


def test_nothing_is_opened_when_the_reason_can_not_be_put_on_record(town: World, clerk: Visitor) -> None:
    send(town, rental(1))
    town.clock.advance(minutes=5)
    form = clerk.get("/desk/exports").form("/exports").fill(reason="区里要底册", numbers="full")
    with wire.refused("PutItem", NO_WAY), wire.counted() as calls:
        assert form.submit().status >= 500
    assert "Decrypt" not in calls
    assert files(town) == []
    assert ask(clerk, " ").status == 422
    # Nor is anything made that was never asked for.
    with wire.counted() as calls:
        assert step(town, clerk, do="make", id="2026-11-18T02:05:00Z#none")["reason"] == "export"
    assert "Decrypt" not in calls
    ask(clerk)
    with wire.refused("PutItem", NO_WAY), pytest.raises(PutError):
        step(town, clerk, do="link", id=standing().id, part="1")
    assert register_export.taken(standing()) == ()


def test_the_same_form_sent_twice_is_one_export(town: World, clerk: Visitor) -> None:
    send(town, rental(1))
    town.clock.advance(minutes=5)
    form = clerk.get("/desk/exports").form("/exports").fill(reason="区里要底册", numbers="full")
    form.submit()
    town.clock.advance(minutes=1)
    form.submit()
    assert len(register_export.latest("c01")) == 1
    assert len(files(town)) == 1


def test_out_of_time_or_broken_off_it_goes_on_where_it_stopped(
    town: World, clerk: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        send(town, household(1, first=number, room=f"{number}室"), "population")
        town.clock.advance(seconds=1)
    town.clock.advance(minutes=5)
    monkeypatch.setattr(register_full, "PART", 2)
    times = iter([900.0, 10.0])
    asked = {"session": session(clerk), "committee": "c01"}
    name = step(town, clerk, do="ask", reason="区里要底册", attempt="a" * 32)["id"]
    with pytest.raises(register_full.Unfinished):
        wiring.house().export_here({**asked, "do": "make", "id": name}, lambda: next(times))
    assert (standing().state, standing().parts, len(files(town))) == ("running", 1, 1)
    # One that changes meanwhile belongs to the next export, not twice to this one.
    broken = iter([False, True])
    opening = type(town.context.vault).open

    def busy(self: Any, record: str, envelope: bytes) -> dict[str, str]:
        if next(broken, False):
            raise VaultBusy("ThrottlingException")
        return opening(self, record, envelope)

    monkeypatch.setattr(type(town.context.vault), "open", busy)
    with pytest.raises(VaultBusy):
        step(town, clerk, do="make", id=name)
    assert standing().parts == 1
    # Links to what is there are given out meanwhile; who may, goes on from the page.
    page = clerk.get("/desk/exports")
    assert "正在生成，已有1份" in page.words
    next(form for form in page.forms if form.fields.get("id") and not form.fields.get("part")).submit()
    assert (standing().state, standing().parts) == ("done", 3)
    told = [row[5] for key in files(town) for row in people(town, key)]
    assert sorted(told) == sorted(id_number(number) for number in range(5))
    assert step(town, clerk, do="make", id=name) == {"state": "done"}


def test_the_function_trusts_nobody(town: World, clerk: Visitor) -> None:
    """Role × step × foreign scope: refused, with nothing written, opened or signed."""
    send(town, rental(1))
    town.clock.advance(minutes=5)
    ask(clerk)
    name, before, kept = standing().id, rows(town), files(town)
    steps = (
        {"do": "ask", "reason": "想看", "attempt": "b" * 32},
        {"do": "make", "id": name},
        {"do": "link", "id": name, "part": "1"},
    )
    foreign = [(role, unit) for role in sorted(rules.OPENERS) for unit in ("committee:c02", "zone:z2")]
    inside = [(role, "committee:c01") for role in sorted(ROLES - rules.OPENERS)]
    with wire.counted() as calls:
        for role, unit in [*foreign, *inside]:
            visitor = town.signed_in(role, unit)
            for event in steps:
                assert set(step(town, visitor, **event)) == {"error", "reason"}, (role, unit, event)
                sent = {"csrf": visitor.get("/desk").form("/signout").fields["csrf"], "committee": "c01", "numbers": "full"}
                assert post(visitor, {**sent, **event}).status in {403, 404, 422}
        for event in steps:
            answer = wiring.house().export_here({"session": "A" * 22, "committee": "c01", **event}, lambda: 900.0)
            assert answer == {"error": "Unauthenticated", "reason": "session"}
    assert "Decrypt" not in calls
    assert (rows(town), files(town)) == (before, kept)
    # A colleague who may read it takes no part of it over; a part that is not there has no link; a day later none has.
    other = town.signed_in("street_admin", "street")
    assert step(town, other, do="make", id=name)["reason"] == "export"
    for part in ("0", "2", "x", "²", "-1", ""):
        assert step(town, clerk, do="link", id=name, part=part)["reason"] == "export", part
    town.clock.advance(hours=25)
    assert step(town, clerk, do="link", id=name, part="1")["reason"] == "export"
    assert "文件已删除" in clerk.get("/desk/exports").words


def post(visitor: Visitor, fields: dict[str, str]) -> Page:
    from urllib.parse import urlencode

    return visitor.call(
        "POST", "/desk/exports", urlencode(fields).encode("ascii"), {"Content-Type": FORM, "Origin": visitor.origin}
    )


def test_hundreds_of_registrations_take_calls_in_proportion(town: World, clerk: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three calls a registration at most: 5,000 of them at 10 ms a call are three minutes of the fifteen that Lambda gives."""
    for number in range(5):
        send(town, household(1, first=number, room=f"{number}室"), "population")
    copied(town, MANY)
    monkeypatch.setattr(register_full, "PART", 50)
    town.clock.advance(minutes=5)
    with wire.counted() as calls:
        ask(clerk)
    made = standing()
    assert (made.state, made.parts, made.count, made.closed) == ("done", MANY // register_full.PART, MANY, 0)
    assert sum(len(people(town, key)) for key in files(town)) == MANY
    assert calls.count("Decrypt") == MANY
    assert len(calls) < 2.2 * MANY
    assert len(calls) * 0.010 * (5000 / MANY) < 900 - register_full.MARGIN_S


def copied(town: World, count: int) -> None:
    """The registrations that are there, again under other numbers until there are so many; each is sealed for itself."""
    found = [item for item in RegisterItem.scan() if item.sk == "RECORD"]
    with RegisterItem.batch_write() as batch:
        for number in range(count - len(found)):
            item = found[number % len(found)]
            old, no = item.pk.removeprefix("R#"), numbers.case_number(town.context.keys.mac("copy", str(number)))
            body = zlib.compress(zlib.decompress(item.body).replace(old.encode(), no.encode()))
            keys = {name: getattr(item, name) for name in ("version", "changes", "changed_at", "ttl")}
            batch.save(RegisterItem(f"R#{no}", "RECORD", body=body, card=item.card.replace(old, no), **keys))
            values = {"p1.name": "某某", "p1.id": id_number(number), "p1.phone": "+862100121000"}
            batch.save(RegisterItem(f"R#{no}", "E#0001", sealed=town.context.vault.seal(f"register:{no}#1", values)))
