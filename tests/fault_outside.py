"""What comes from outside and goes out under faults: other systems' orders, receipts, photos, and a street's file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from chalicelib.casework import signing
from chalicelib.casework.access import Actor
from chalicelib.casework.photos import incoming_key, ready_key
from chalicelib.models import photos
from chalicelib.usecases import apikeys, orders_import, receipts, submit
from infra import backup, messages
from tests import fault_town as whole
from tests import picture_files, steps
from tests.fault_rooms import next_hours, question
from tests.fault_script import KEY, Act, Scenario, Script
from tests.fault_town import Hour, press, stands
from tests.promises import people_did
from tests.town import Answer, Town

REF = "7K3MPQ9XA2W7K3MPQ9XA2W22"


# ---- other systems


ORDER = {"external": "XF-2026-1", "text": "二楼漏水", "place": "JNP3NT", "phone": "021-0012 7730"}
CHANGED = {**ORDER, "text": "二楼漏水，已经一周"}


def _delivery(town: Town, order: dict[str, str]) -> Act:
    """The bytes as signed, which their sender repeats as they are."""
    secrets = whole.house().shared_secrets
    secret = next(iter(secrets.valid("petition")), "") or secrets.make("petition")
    raw = json.dumps(order, ensure_ascii=False).encode()
    at = str(int(town.world.clock.wall().timestamp()))
    signed = {signing.TIMESTAMP: at, signing.SIGNATURE: signing.signature([secret], at, raw)}
    return partial(whole.call, town, "/api/v1/orders/petition", raw, {"Content-Type": "application/json", **signed})


def _ordered(town: Town) -> Act:
    return _delivery(town, ORDER)


def _changed(town: Town) -> Act:
    _delivery(town, ORDER)()
    whole.known_phones(town, {ORDER["external"]: ORDER["phone"]})
    town.calm()
    return _delivery(town, CHANGED)


def _phones_of_orders(town: Town) -> None:
    whole.known_phones(town, {ORDER["external"]: ORDER["phone"], **{f"H-{n}": f"021-0012 774{n}" for n in range(9)}})


LIST = """工单编号,诉求内容,居委会,联系电话,受理时间
H-1,第一盏灯不亮,c01,021-0012 7741,2026-11-17 09:00
H-2,第二盏灯不亮,c02,021-0012 7742,2026-11-17 09:00
H-1,第一盏灯不亮,c01,021-0012 7741,2026-11-17 09:00
H-3,,c01,,2026-11-17 09:00
H-4,第四盏灯不亮,c03,021-0012 7744,2026-11-17 09:00
H-5,第五盏灯不亮,c01,,很久以前
H-2,第二盏灯还是不亮,c02,021-0012 7742,2026-11-17 09:00
"""


def _listed(town: Town) -> Act:
    person = town.people["centre"]
    row = orders_import.begin(town.world.context, Actor(f"staff:{person.id}", "centre", (person.grant,)), "hotline_12345")
    key = f"imports/{row.sk}"
    town.world.aws("s3").put_object(Bucket=town.world.outputs["PhotosBucket"], Key=key, Body=LIST.encode())

    def act() -> Answer:
        done = town.world.app.import_orders({"batch": row.sk}, Hour())
        return Answer(200 if done["state"] == "done" else 500)

    return act


def _taken_once(town: Town, answers: Sequence[Answer]) -> list[str]:
    """Three cases, one of them with an addition; the file's counts say so; the report names the two lines that are none."""
    made = sorted([event.type for event in events] for events in people_did(town).values())
    wrong = [] if made == [["submitted"], ["submitted"], ["submitted", "added"]] else [f"the list made {made}"]
    (row,) = [row for row in town.rows("CasesTable") if row["pk"]["S"] == "IMPORTS"]
    counts = {name: int(row[name]["N"]) for name in ("done", "total", "made", "same", "added", "bad")}
    if (counts["done"], counts["total"], counts["bad"]) != (7, 7, 2) or sum(
        counts[one] for one in ("made", "same", "added")
    ) != 5:
        wrong.append(f"counted {counts}")
    return wrong


def _but_counts(town: Town) -> dict[str, str]:
    """Who died may have counted as new what is the same now; its file goes by the bucket's rule, if it is still there."""
    return {name: said for name, said in stands(town).items() if not name.startswith(("CasesTable IMPORTS", "imports/"))}


def _filed(town: Town) -> Act:
    _, key = apikeys.make(town.world.context, "测试应用")
    sent = {"api_key": key, "service_code": "hardware", "description": "路灯不亮", "address_id": town.world.places[0].id}
    return partial(whole.plain_post, town, "/open311/v2/requests.json", sent)


def _taken_in(town: Town) -> Act:
    fields = {"key": KEY, "channel": "phone", "place": "JNP3NT", "text": "楼上漏水", "phone": "", "category": "hardware"}
    return partial(press, town, "centre", "/desk/new", fields)


def _receipt(town: Town) -> Act:
    town.report()
    town.calm()
    rows = [row for row in town.rows("OutboxTable") if "provider_id" in row]
    at = "2026-11-18 10:00:01"
    entries = [
        {"success": True, "err_code": "DELIVERED", "biz_id": row["provider_id"]["S"], "report_time": at, "send_time": at}
        for row in rows
    ]
    path = f"/api/v1/receipts/aliyun/{receipts.token(town.world.context, 'aliyun')}"
    return partial(whole.call, town, path, json.dumps(entries).encode(), {"Content-Type": "application/json"})


def _reports(town: Town) -> dict[str, str]:
    rows = [row for row in town.rows("OutboxTable") if "template" in row]
    return {f"{row['to']['S']} {row['sk']['S']}": str(row.get("report")) for row in rows}


# ---- photos


def _uploaded(body: bytes) -> Callable[[Town], Act]:
    """A photo of a case that stands, added by its link's page."""

    def prepare(town: Town) -> Act:
        script = Script(town).reported()
        town.calm()
        ref = whole.stored(script.no).case.photo_ref
        bucket, key = town.world.outputs["PhotosBucket"], incoming_key(ref, 7)
        town.world.aws("s3").put_object(Bucket=bucket, Key=key, Body=body)
        event = {"detail": {"bucket": {"name": bucket}, "object": {"key": key}}}

        def act() -> Answer:
            town.world.app.photo(event, None)
            return Answer(200)

        return act

    return prepare


def _orphans(town: Town) -> Act:
    """Files without a row, an original that nobody works on any more, a photo that its report does not name; one stays."""
    fields = steps.report(town.world, key=KEY, photos="2")
    ref = submit.photo_ref(town.world.context, KEY)
    s3, bucket = town.world.aws("s3"), town.world.outputs["PhotosBucket"]
    for slot in (1, 2):
        photos.claim(ref, slot, source="s", at="2026-11-18T02:00:00Z", now=1, lease=2, ttl=2**31)
        photos.settle(ref, slot, source="s", status="ready", width=1, height=1)
    keys = [ready_key(one, slot, size) for one, slot in ((ref, 1), (ref, 2), (REF, 1)) for size in ("full", "thumb")]
    for key in (*keys, incoming_key(REF, 2)):
        s3.put_object(Bucket=bucket, Key=key, Body=b"jpeg")
    town.reported(fields)
    town.calm()
    town.world.clock.advance(hours=8)
    return partial(whole.tidied, town)


def _swept(town: Town, answers: Sequence[Answer]) -> list[str]:
    ref = submit.photo_ref(town.world.context, KEY)
    wanted = sorted(ready_key(ref, 2, size) for size in ("full", "thumb"))
    found = sorted(key for key in town.objects() if key.startswith(("ready/", "incoming/")))
    rows = [row.slot for row in photos.list_photos(ref)]
    return [] if (found, rows) == (wanted, [2]) else [f"left {found} and rows {rows}"]


def _but_places(town: Town) -> dict[str, str]:
    """Where the sweeper has come to is its own affair."""
    return {name: said for name, said in stands(town).items() if " TIDY-AT" not in name and f" P#{REF}" not in name}


# ---- a street's file


def _lived(town: Town) -> Path:
    """A case on its way, messages sent and messages that wait, a question, an offer that is none of these."""
    script = Script(town).at_committee()
    town.calm()
    script.do("committee", "sign", note="").do("committee", "ask", text="是几号楼")
    question(town)()
    folder = Path(tempfile.mkdtemp(prefix="doorstep-file-"))
    return folder / "street.gz"


def _exported(town: Town) -> Act:
    path = _lived(town)
    tables = backup.tables_of(town.world.outputs)

    def act() -> Answer:
        counts = backup.export(town.aws.client("dynamodb"), tables, path)
        return Answer(200 if backup.check(path) == counts else 500)

    return act


def _restored(town: Town) -> Act:
    path = _lived(town)
    tables = backup.tables_of(town.world.outputs)
    backup.export(town.world.aws("dynamodb"), tables, path)
    dynamo = town.world.aws("dynamodb")
    for name in tables.values():
        for item in dynamo.scan(TableName=name)["Items"]:
            dynamo.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})

    def act() -> Answer:
        backup.restore(town.aws.client("dynamodb"), tables, path)
        return Answer(200)

    return act


def _revived(town: Town) -> None:
    """Somebody says that what waited is to go out after all. The process is new: it reads the restored secrets."""
    town.restart()
    messages.revive(None)


def _sent_once(town: Town, answers: Sequence[Answer]) -> list[str]:
    times = town.sms.counted()
    return [f"{said[1]} went out {count} times" for said, count in times.items() if count > 1]


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("an order by webhook", _ordered, after=_phones_of_orders, seen=stands),
    Scenario("a changed order by webhook", _changed, seen=stands),
    Scenario("orders by a list", _listed, after=_phones_of_orders, holds=_taken_once, seen=_but_counts, pause=3),
    Scenario("a request by Open311", _filed, seen=stands),
    Scenario("take in at the desk", _taken_in, seen=stands),
    Scenario("receipts", _receipt, seen=_reports),
    Scenario("a photo added", _uploaded(picture_files.jpeg(160, 120)), seen=stands),
    Scenario("a photo refused", _uploaded(b"no picture at all"), seen=stands),
    Scenario("orphaned photos", _orphans, holds=_swept, after=next_hours, seen=_but_places),
    Scenario("copy a street to a file", _exported),
    Scenario("restore a street", _restored, holds=_sent_once, after=_revived, seen=stands),
)
