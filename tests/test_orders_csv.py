"""Lists of orders: every good row is taken, every bad one is told by its line, and nothing doubles, whatever the file is like."""

from __future__ import annotations

import csv
import http.client
import io
import os
import resource
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import encode_multipart_formdata

from chalicelib import wiring
from chalicelib.adapters.aws import Aws
from chalicelib.adapters.imports import S3Imports
from chalicelib.models import orders as stored
from chalicelib.usecases import orders as taking
from chalicelib.usecases import orders_csv, orders_import
from chalicelib.usecases.orders_csv import Row, Unreadable, harmless
from chalicelib.web import i18n
from tests import steps, strict_post, wire
from tests.faults import impatient
from tests.least import on_behalf
from tests.test_webhooks import CENTRE, act, context
from tests.world import World

TZ = ZoneInfo("Asia/Shanghai")
HEAD = "工单编号,诉求内容,居委会,联系电话,受理时间"
GOOD = "H-{n},第{n}盏灯不亮,c01,021-0012 7788,2026-11-17 09:00"
WORDS = partial(i18n.t, "zh-CN")
SOAK = bool(os.environ.get("DOORSTEP_SOAK"))


def read(text: str | bytes) -> list[Row]:
    return list(orders_csv.read(text.encode() if isinstance(text, str) else text, TZ))


def table(*rows: str, head: str = HEAD) -> str:
    return "\n".join((head, *rows)) + "\n"


def told(rows: list[Row]) -> list[tuple[int, str]]:
    """Line and external number, or line and reason."""
    return [(row.line, row.order.external if row.order else row.why) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_files_as_offices_save_them(encoding: str, ending: str) -> None:
    rows = read(table(GOOD.format(n=1), 'H-2,"第一行,有逗号\n第二行 ""引号""",c01,,').replace("\n", ending).encode(encoding))
    assert told(rows) == [(2, "H-1"), (3, "H-2")]
    assert rows[1].order is not None and rows[1].order.text == '第一行,有逗号\n第二行 "引号"'
    assert rows[0].order is not None and rows[0].order.received == "2026-11-17T09:00:00+08:00"


@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-17 09:00",
        "2026-11-17 09:00:00",
        "2026/11/17 9:00",
        "2026.11.17 09:00",
        "2026年11月17日 09:00",
        "2026年11月17日9时00分",
        "20261117090000",
        "2026-11-17T09:00:00+08:00",
        "2026-11-17T01:00:00Z",
        "46343.375",
    ],
)
def test_dates_as_people_write_them(typed: str) -> None:
    (row,) = read(table(f"H-1,灯不亮,c01,,{typed}"))
    assert row.order is not None
    assert datetime.fromisoformat(row.order.received) == datetime(2026, 11, 17, 9, tzinfo=TZ)


def test_english_heads_tabs_apostrophes_and_columns_of_no_meaning() -> None:
    text = 'Number\tContent\tRemark\tPhone\n\'0042\t=1+1\tnothing\t="02100127788"\n'
    (row,) = read(text)
    assert row.order is not None
    assert (row.order.external, row.order.text, row.order.phone) == ("0042", "=1+1", "02100127788")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_cell_may_stand_between_quotation_marks(encoding: str) -> None:
    rows = read('"工单编号","诉求内容"\r\n"H-1","灯不亮"\r\n'.encode(encoding))
    assert [(row.order.external, row.order.text) for row in rows if row.order] == [("H-1", "灯不亮")]


def test_spaces_behind_separators_move_nothing_into_another_column() -> None:
    (row,) = read(table('H-1, "三楼灯不亮, 五楼也是", c01, 021-0012 7788, '))
    assert row.order is not None
    assert (row.order.text, row.order.committee, row.order.phone) == ("三楼灯不亮, 五楼也是", "c01", "021-0012 7788")


def test_separators_left_out_where_columns_of_no_meaning_are_empty_cost_no_row() -> None:
    head = "工单编号,诉求内容,居委会,备注,领导批示"
    rows = read(table("H-1,灯不亮,c01,,", "H-2,灯不亮,c01", "H-3,灯不亮,c01,急", "H-4,灯不亮", head=head))
    assert told(rows) == [(2, "H-1"), (3, "H-2"), (4, "H-3"), (5, "columns_few")]
    assert rows[1].order is not None and rows[1].order.committee == "c01"


def test_a_bad_row_costs_itself_alone() -> None:
    rows = [GOOD.format(n=1), 'H-2,"never closed,c01,,', GOOD.format(n=3), "H-4,too,few", GOOD.format(n=5), "H-6,a,b,c,d,e"]
    rows += ["", GOOD.format(n=8), "H-9,灯,c01,,soon", 'H-10,a"b"c,c01,,', GOOD.format(n=11), 'H-12,"cut off']
    assert told(read(table(*rows))) == [
        (2, "H-1"),
        (3, "quotes"),
        (4, "H-3"),
        (5, "columns_few"),
        (6, "H-5"),
        (7, "columns_many"),
        (9, "H-8"),
        (10, "date"),
        (11, "H-10"),
        (12, "H-11"),
        (13, "quotes"),
    ]


@pytest.mark.parametrize(("mine", "other"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_lines_of_another_encoding_are_told_and_the_others_taken(mine: str, other: str) -> None:
    raw = table(GOOD.format(n=1)).encode(mine) + "H-2,龘坏行ü,c01,,\n".encode(other) + GOOD.format(n=3).encode(mine)
    rows = read(raw)
    assert [row.line for row in rows] == [2, 3, 4]
    assert told(rows)[0] == (2, "H-1") and told(rows)[2] == (4, "H-3")
    if mine == "utf-8":
        assert rows[1].why == "encoding"


def test_a_file_cut_off_within_a_letter_loses_its_last_row_only() -> None:
    whole = table(*(GOOD.format(n=n) for n in range(1, 5))).encode()
    for cut in range(len(whole) - len(GOOD.format(n=4).encode()), len(whole)):
        rows = read(whole[:cut])
        assert told(rows)[:3] == [(2, "H-1"), (3, "H-2"), (4, "H-3")]
        assert all(row.order is None or row.order.external == "H-4" for row in rows[3:])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        ("甲,乙\n1,2\n".encode(), "heading"),
        ("工单编号,备注\n1,2\n".encode(), "heading"),
        ("编号,工单号,内容\n1,2,3\n".encode(), "heading_twice"),
        (HEAD.encode("utf-16"), "utf16"),
        (b"PK\x03\x04" + bytes(200), "workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(200), "workbook"),
        ("\ufeff\r\n<html><meta charset=utf-8><table><tr><td>工单编号".encode(), "workbook"),
    ],
)
def test_a_file_that_is_no_list_says_why(raw: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(raw)
    assert refused.value.why == why


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.just(""), st.text(alphabet='",\n\r\t =灯a\x00', max_size=12)), max_size=6), st.binary(max_size=20))
def test_whatever_stands_between_them_good_rows_are_taken(noise: list[str], tail: bytes) -> None:
    """A good row before anything is taken with its own words; nothing ever raises but the heading's own reason."""
    raw = table(GOOD.format(n=1), *noise).encode() + tail
    rows = read(raw)
    assert told(rows)[0] == (2, "H-1")


def test_formulas_are_no_formulas_in_the_report() -> None:
    for cell in ("=1+1", "+1", "-1", "@x", "\t=1"):
        assert harmless(cell).startswith("'")
    assert harmless("H-1") == "H-1"


# ---- taken in


class Files:
    """Uploaded files by import."""

    def __init__(self, raw: bytes) -> None:
        self.raw: bytes | None = raw

    def grant(self, batch: str, redirect: str) -> object:
        raise AssertionError("nobody uploads here")

    def read(self, batch: str, limit: int) -> bytes | None:
        return self.raw

    def delete(self, batch: str) -> None:
        self.raw = None


class Reports:
    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self.made[key] = data

    def url(self, key: str, name: str) -> str:
        return key


def imported(raw: bytes, budget: Iterator[float] | None = None) -> tuple[stored.ImportRow, list[list[str]]]:
    """The import's row at its end and its report; `budget` is what the clock says at each part, for stops on the way."""
    ctx, files, reports = context(), Files(raw), Reports()
    # The pages are first to need the root secrets, and make them.
    ctx.keys.mac("first", "page")
    batch = orders_import.begin(ctx, CENTRE, "hotline_12345").sk
    left = (lambda: next(budget, 1000.0)) if budget is not None else (lambda: 1000.0)
    for _ in range(100):
        state = on_behalf("Orders", orders_import.run)(ctx, files, reports, WORDS, batch, left)["state"]
        if state != "running":
            break
    (report,) = reports.made.values()
    return orders_import.found(ctx, batch), list(csv.reader(io.StringIO(report.decode("utf-8-sig"))))[1:]


def counts(row: stored.ImportRow) -> tuple[int, ...]:
    return tuple(int(getattr(row, name) or 0) for name in ("total", "done", "made", "same", "added", "bad"))


def test_an_import_stops_and_goes_on_and_a_second_one_doubles_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_import, "PART", 3)
    rows = [GOOD.format(n=n) for n in range(1, 9)]
    rows[2] = "H-3,灯不亮,没有这个居委,,"
    rows[4] = "H-5,灯不亮,c01,匿名,"
    raw = table(*rows, "H-9,too,few").encode("gb18030")
    row, report = imported(raw, iter([1000.0, 1.0, 1000.0, 1.0]))
    assert counts(row) == (9, 9, 7, 0, 0, 2)
    assert row.state == "done"
    assert report == [
        ["4", "H-3", "没有收下", "地点: 认不出在哪里，请写点位、小区或居委会"],
        ["6", "H-5", "收下了，有内容没认出来", "电话"],
        ["10", "", "没有收下", "列数比表头少"],
    ]
    before = len(world.stored_items())
    again, _ = imported(raw.replace("第8盏".encode("gb18030"), "第八盏".encode("gb18030")))
    assert counts(again) == (9, 9, 0, 6, 1, 2)
    # The second import's own row came, and no case.
    assert len(world.stored_items()) == before + 1


def test_a_number_that_stands_twice_in_a_list_is_one_case_and_says_everything_once(world: World) -> None:
    """However often the list is imported, and whatever became of the case meanwhile."""
    raw = table(GOOD.format(n=1), GOOD.format(n=1), GOOD.format(n=2), "H-1,另一种说法,c01,,", GOOD.format(n=1)).encode()
    row, _ = imported(raw)
    assert counts(row) == (5, 5, 2, 2, 1, 0)
    found = stored.get("hotline_12345", "H-1")
    assert found is not None and found.case is not None
    assert steps.events_of(found.case) == ["submitted", "added"]
    assert counts(imported(raw)[0]) == (5, 5, 0, 5, 0, 0)
    act(found.case, "answer", outcome="solved", text="已修")
    assert counts(imported(raw)[0]) == (5, 5, 0, 5, 0, 0)
    assert counts(imported(table("H-1,又坏了,c01,,").encode())[0]) == (1, 1, 1, 0, 0, 0)
    assert counts(imported(raw)[0]) == (5, 5, 0, 5, 0, 0)


def test_who_looked_before_another_ended_it_does_not_begin_it_again(world: World) -> None:
    ctx, files = context(), Files(table(GOOD.format(n=1)).encode())
    ctx.keys.mac("first", "page")
    batch = orders_import.begin(ctx, CENTRE, "hotline_12345").sk
    late = orders_import.found(ctx, batch)
    assert on_behalf("Orders", orders_import.run)(ctx, files, Reports(), WORDS, batch) == {"state": "done"}
    assert not stored.lease(late, "2026-11-18T02:00:00.000Z", "2026-11-18T02:02:00.000Z")
    assert orders_import.found(ctx, batch).state == "done"


def test_an_import_whose_lease_was_given_without_an_answer_goes_on(world: World) -> None:
    ctx, files = context(), Files(table(GOOD.format(n=1)).encode())
    ctx.keys.mac("first", "page")
    batch = orders_import.begin(ctx, CENTRE, "hotline_12345").sk
    with impatient(), wire.reply_lost_and_repeated("UpdateItem") as lost:
        assert on_behalf("Orders", orders_import.run)(ctx, files, Reports(), WORDS, batch) == {"state": "done"}
    assert lost


def test_a_row_that_breaks_twice_is_told_and_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = taking.receive

    def broken(ctx: object, source: str, order: object, **known: str) -> object:
        if getattr(order, "external", "") == "H-2":
            raise ConnectionError
        return receive(ctx, source, order, **known)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(taking, "receive", broken)
    row, report = imported(table(*(GOOD.format(n=n) for n in range(1, 4))).encode())
    assert counts(row) == (3, 3, 2, 0, 0, 1)
    assert report[0][:3] == ["3", "H-2", "出错了"]


def test_leave_to_upload_is_for_one_file_of_one_size_and_no_longer_than_half_an_hour() -> None:
    """By the policy itself: engines are lax."""
    keys = strict_post.Keys("AKIDEXAMPLE", "example-secret", "cn-north-1", "example-token")
    aws = Aws(keys.region)
    client = aws.client("s3")
    client._request_signer._credentials = Credentials(keys.access, keys.secret, keys.token)
    grant = S3Imports(aws, "files").grant("20261118020000-AAAA", "https://street.example/desk/orders/20261118020000-AAAA")
    now = datetime.now(UTC)
    strict_post.check("files", grant.fields, 20_000_000, now, keys)
    strict_post.check("files", grant.fields, 1, now + timedelta(minutes=29, seconds=50), keys)
    wrong = [
        ({"key": "imports/another"}, 100, now),
        ({"key": "ready/x/1/full.jpg"}, 100, now),
        ({"Content-Type": "text/html"}, 100, now),
        ({"success_action_redirect": "https://elsewhere.example/"}, 100, now),
        ({}, 0, now),
        ({}, 20_000_001, now),
        ({}, 100, now + timedelta(minutes=31)),
    ]
    for change, size, at in wrong:
        with pytest.raises(strict_post.PostRefused):
            strict_post.check("files", {**grant.fields, **change}, size, at, keys)


def uploaded(url: str, fields: Mapping[str, str], raw: bytes) -> tuple[int, str]:
    """What a browser without script does: a form with a file, posted to the bucket. The status, and where it leads."""
    body, kind = encode_multipart_formdata([*fields.items(), ("file", ("list.csv", raw, "text/csv"))])
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("POST", parts.path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Location", "")


def test_at_the_desk_a_list_is_sent_up_started_and_its_report_taken_away(engine_world: World) -> None:
    """On the engine that enforces the upload's policy: key, type and size."""
    clerk = engine_world.signed_in("dispatcher", "street")
    page = clerk.get("/desk/orders").form("/desk/orders").fill(source="hotline_12345").submit()
    batch = page.path.rsplit("/", 1)[-1]
    grant = wiring.house().imports.grant(batch, f"{clerk.origin}/desk/orders/{batch}")
    assert f'action="{grant.url}"' in page.text and f"imports/{batch}" in page.text
    raw = table(GOOD.format(n=1), "H-2,x").encode()
    assert uploaded(grant.url, grant.fields, b"")[0] >= 400
    status, back = uploaded(grant.url, grant.fields, raw)
    assert status == 303
    arrived = clerk.get(back.removeprefix(clerk.origin))
    done = arrived.form(f"/desk/orders/{batch}").submit()
    assert "已完成" in done.words
    listed = engine_world.aws("s3").list_objects_v2(Bucket=engine_world.outputs["PhotosBucket"])
    assert [entry["Key"] for entry in listed["Contents"]] == [f"lists/orders/{batch}.csv"]
    assert batch in clerk.get("/desk/orders").text
    assert engine_world.signed_in("committee", "committee:c01").get("/desk/orders").status == 403
    assert clerk.get("/desk/orders/20200101000000-AAAAAAAAAA").status == 404


@pytest.mark.timeout(3600)
def test_many_rows_are_imported_and_again_without_doubling(engine_world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """10,000 rows with DOORSTEP_SOAK, on an engine of its own process; 60 in `make test`."""
    many = 10_000 if SOAK else 60
    rows = [GOOD.format(n=n) for n in range(many)]
    for n in range(0, many, 50):
        rows[n] = f"H-{n},灯不亮,没有这个居委,,"
    raw = table(*rows).encode("gb18030")
    tracemalloc.start()
    begun, cpu = time.monotonic(), time.process_time()
    row, report = imported(raw)
    seconds, used = time.monotonic() - begun, time.process_time() - cpu
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    bad = len(range(0, many, 50))
    assert counts(row) == (many, many, many - bad, 0, 0, bad)
    assert len(report) == bad
    begun = time.monotonic()
    again, _ = imported(raw)
    assert counts(again) == (many, many, 0, many - bad, 0, bad)
    assert sum(item["sk"]["S"] == "CASE" for item in engine_world.stored_items()) == many - bad
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with capsys.disabled():
        if SOAK:
            print(  # noqa: T201 - the figures of the soak run
                f"\n{many} rows ({len(raw) / 1e6:.1f} MB): {seconds:.0f} s, {used:.0f} s CPU, +{peak:.0f} MB peak traced, "
                f"{rss:.0f} MB resident; {len(report)} rows told; again {time.monotonic() - begun:.0f} s, none doubled"
            )
