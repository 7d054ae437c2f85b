"""A street with one of everything that is stored, and its rows as they lie in the tables: `python -m tests.stored_street FILE`.

Files of `tests/stored/` are written once, by the version of the code that stores so, and never again: they are what a later
version has to read. `docs/upgrading.md` says when a new one is due.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from infra.engine import REGION, isolate
from tests import steps
from tests.register_people import household, register_world, rental, send, tenant
from tests.world import World

TABLES = ("Cases", "Outbox", "Staff", "Registers", "Keys")
FOLDER = Path(__file__).parent / "stored"
# No person, no session: a hash of a session opens nothing here, and is different every time.
FLEETING = ("SS#", "AC#")


def live(world: World) -> dict[str, str]:
    """Everything that a street stores; the links of what it made, by name."""
    links = _cases(world) | _registers(world)
    _lists(world)
    _others(world)
    return links


def _cases(world: World) -> dict[str, str]:
    """A case that was worked on, reopened and is due; one that has just come; one so long that it spilled."""
    from chalicelib.models import store

    no, token = steps.reported(world)
    clerk = world.signed_in("dispatcher", "street")
    steps.act(clerk, no, "accept", **{"class": "simple"})
    world.deliver()
    steps.act(clerk, no, "assign", to=steps.choice(clerk, no, "assign", "to", "dispatcher@street"))
    world.clock.advance(hours=3)
    steps.act(clerk, no, "ask", text="几楼?")
    world.client().get(f"/t/{token}").form("/reply").fill(text="三楼").submit()
    steps.act(clerk, no, "propose", outcome="solved", text="换了")
    steps.act(clerk, no, "confirm")
    world.client().get(f"/t/{token}/rate").form("/rate").fill(satisfied="no", words="没亮").submit()
    _, fresh = steps.reported(world, phone="", text="门禁坏了")
    before, store.SPILL_BYTES = store.SPILL_BYTES, 1_500
    try:
        _, long = steps.reported(world, phone="", text="水管漏水")
        for number in range(8):
            said = "".join(chr(0x4E00 + (number * 7919 + place * 104729) % 0x5000) for place in range(120))
            world.client().post(f"/t/{long}/add", {"text": said, "attempt": f"{number:032x}"})
    finally:
        store.SPILL_BYTES = before
    return {"worked": token, "fresh": fresh, "long": long}


def _registers(world: World) -> dict[str, str]:
    from chalicelib.usecases import register_link

    found = {}
    for name, typed, kind in (("rental", rental(2), "rental"), ("household", household(2, first=5), "population")):
        found[name] = register_link.token_for(world.context, send(world, typed, kind))
    again = rental(0, landlord=tenant(0, key="l", id=""), people=(tenant(0, key="p1", phone="021-0012 7777"),), rooms="5")
    register_link.edit(world.context, found["rental"], again, "e" * 32)
    return found


def _lists(world: World) -> None:
    """What is kept as one JSON text a row."""
    from chalicelib.casework.property import Check, Mark
    from chalicelib.models import classes, faq, ledger, property, register_digests, warnings
    from chalicelib.models.outbox import OutboxRow
    from chalicelib.models.registers import RegisterItem
    from chalicelib.usecases import privacy_cases, register_export
    from tests import faq_samples, matters_samples
    from tests.test_volunteers import offered

    street, cases = world.street.id, _case_item()
    for entry in faq_samples.entries():
        faq.put(street, _new(entry))
    classes.put(street, matters_samples.matter(state="done"))
    warnings.put(
        street, warnings.Kept(series="word:电梯@street", count=9, usual=1.2, first="2026-11-16", last="2026-11-18"), 2**31
    )
    check = Check(month="2026-11", marks={"cleaning": Mark(ok=False, note="积灰")}, by="居委", at="2026-11-17T02:00:00.000Z")
    property.put("c01a", "K#2026-11", check)
    page = offered(world.client())
    if page.status != 200:
        raise AssertionError(page.words)
    ledger.keep_hotline({"2026-10": 1234})
    ledger.keep_summary(
        ledger.Summary(
            at="2026-11-18T02:00:00.000Z",
            first="2026-11",
            received=9,
            handled=8,
            quick=(1, 2),
            satisfied=(3, 4),
            median=1.5,
            lines={"hardware": (5, 4)},
        )
    )
    register_digests.close_day("c01", "2026-11-16", 2**31)
    told = register_digests.Digest(committee="c01", day="2026-11-16", new=2, at="2026-11-17T02:00:00.000Z")
    register_digests.finish_day(told, [OutboxRow("TO#X", "c01#2026-11-16#register", template="register", state="sent")])
    made = register_export.Export(
        committee="c01",
        by="staff:A",
        who="某人",
        reason="核对",
        since="",
        until="2026",
        count=2,
        at="2026-11",
        id="e1",
        full=True,
    )
    got = register_export.Taken(who="某人", by="staff:A", part=1, at="2026-11-17T02:00:00.000Z")
    RegisterItem("X#c01", "e1", card=_json(made)).save()
    RegisterItem("XT#e1", "1", card=_json(got)).save()
    todo = privacy_cases.Todo("AAAA-AAAA-2", "ref", "mac", "2026-11-17T02:00:00.000Z")
    cases(privacy_cases._TODO, todo.no, card=_json(todo)).save()


def _others(world: World) -> None:
    """Rows of attributes: orders, imports, photos, events for other systems, keys, duty hours, shared secrets."""
    from chalicelib import wiring
    from chalicelib.casework.hooks import Hooked
    from chalicelib.models import apikeys, hooks, orders, photos, staff
    from chalicelib.models.orders import ImportRow

    orders.row_of("hotline_12345", "SH-42", "AAAA-AAAA-2", content="c0ffee", changes=1).save()
    ImportRow("IMPORTS", "2026-11-17-1", source="hotline_12345", by="staff:A", at="2026-11-17", state="done", total=9).save()
    now = int(world.clock.wall().timestamp())
    photos.claim("photoref", 1, source="abc", at="2026-11-17T02:00:00.000Z", now=now, lease=now + 60, ttl=2**31)
    photos.settle("photoref", 1, source="abc", status="ready", width=4, height=3)
    said = Hooked(hook="city", no="AAAA-AAAA-2", seq=2, type="accepted", at="2026-11-17T02:00:00.000Z", body="{}")
    hooks.row_of(said, 30).save()
    apikeys.keep("K7", "d1gest", "城市应用", now)
    clerk = staff.holders("dispatcher@street")[0]
    staff.replace_roster("dispatcher@street", [(1, "08:00", "18:00", str(clerk.staff_id))])
    wiring.house().shared_secrets.make("hotline_12345")


def _case_item() -> Any:
    from chalicelib.models.cases import CaseItem

    return CaseItem


def _new(entry: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(entry, version=0)


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def packed(value: Any) -> Any:
    """A row as DynamoDB gives it, with bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: packed(part) for name, part in value.items()}
    return value


def rows_of(world: World) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for table in TABLES:
        pages = world.aws("dynamodb").get_paginator("scan").paginate(TableName=world.outputs[f"{table}Table"])
        rows = [packed(item) for page in pages for item in page["Items"]]
        kept = [row for row in rows if not any(row[key]["S"].startswith(FLEETING) for key in ("pk", "sk"))]
        found[table] = sorted(kept, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))
    return found


def restored(world: World, tables: Mapping[str, list[dict[str, Any]]]) -> None:
    """The tables of an empty world hold these rows and nothing else."""
    dynamo = world.aws("dynamodb")
    for table, rows in tables.items():
        for row in rows:
            item = {name: _unpacked(value) for name, value in row.items()}
            dynamo.put_item(TableName=world.outputs[f"{table}Table"], Item=item)


def _unpacked(typed: dict[str, Any]) -> dict[str, Any]:
    ((kind, value),) = typed.items()
    return {kind: base64.b64decode(value)} if kind == "B" else typed


def main(argv: list[str]) -> int:
    import boto3
    from moto import mock_aws

    isolate(os.environ)
    path = Path(argv[0])
    if path.exists():
        sys.stderr.write(f"{path} is there already: what an earlier version stored is never written anew\n")
        return 2
    aws = partial(boto3.client, region_name=REGION)
    with mock_aws(), tempfile.TemporaryDirectory() as folder, register_world(aws, Path(folder)) as world:
        made = {"links": live(world), "tables": rows_of(world)}
    lines = json.dumps(made, ensure_ascii=False, indent=0, sort_keys=True)
    path.write_text(lines + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
