"""Figures over HTTP: the desk's page by scope, its files and JSON, the hotline's months, and the speed of a month of 10,000."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from chalicelib.casework.figures import row_of
from chalicelib.casework.figures_count import Rate, count
from chalicelib.casework.figures_period import Period
from chalicelib.models import ledger
from chalicelib.usecases import figures_files
from chalicelib.usecases.figures_files import Sheet
from chalicelib.web import i18n
from tests import steps
from tests.client import Page, Visitor
from tests.figures_rows import answering, month_of_rows, pages
from tests.small_street import small_street
from tests.world import World


def cell(page: Page, label: str, tag: str = "th") -> list[str]:
    """The words of the table row that begins so."""
    at = page.text.index(f'<{tag} scope="row">{label}</{tag}>')
    row = page.text[at : page.text.index("</tr>", at)]
    return [part.split("<")[0] for part in row.split("<td>")[1:]]


def test_a_month_on_the_desk_by_scope_in_files_and_as_json(world: World) -> None:
    """One case handled, one open, one withdrawn before anybody had it; the second in another committee."""
    with i18n.strict():
        clerk = world.signed_in("dispatcher", "street")
        done, _ = steps.reported(world)
        steps.reported(world, code=world.code(2), category="property")
        _, token = steps.reported(world)
        world.clock.advance(minutes=18)
        steps.act(clerk, done, "accept")
        steps.act(clerk, done, "propose", outcome="solved", text="换了灯泡")
        steps.act(clerk, done, "confirm")
        world.client().get(f"/t/{token}").form("/withdraw").submit()
        page = clerk.get("/desk/figures")
        assert page.status == 200
        assert "收到3件，有效2件，办结1件" in page.words.replace(" ", "")
        assert cell(page, "社区硬件设施") == ["2", "1", "0", "100.0%", "100.0%"]
        assert cell(page, "物业管理") == ["1", "0", "0", "—", "—"]
        assert cell(page, "首次响应中位数（分钟）")[0] == "18.0"
        assert page.text.count('<svg xmlns="http://www.w3.org/2000/svg"') >= 3
        assert "style=" not in page.text
        _json(clerk)
        _scopes(world, clerk)
        _files(world, page)
        _empty(clerk)
        _hotline(world, clerk)


def _json(clerk: Visitor) -> None:
    found = clerk.get("/api/v1/figures?from=2026-11-01&to=2026-11-30").json()
    assert (found["received"], found["valid"], found["handled"]) == (3, 2, 1)
    assert found["period"] == {"from": "2026-11-01", "to": "2026-11-30"}
    assert found["rates"]["three_days"] == {"part": 1, "whole": 1, "value": 1.0}
    assert found["rates"]["satisfaction"]["value"] is None
    assert found["by"]["category"]["hardware"]["received"] == 2
    assert found["first_response"] == {"count": 1, "median": 1080.0, "p90": 1080.0}


def _scopes(world: World, clerk: Visitor) -> None:
    """Everybody sees their unit as a whole and nothing outside it."""
    committee = world.signed_in("committee", "committee:c02")
    assert committee.get("/api/v1/figures").json()["received"] == 1
    assert committee.get("/api/v1/figures?unit=community:c02a").json()["received"] == 1
    for outside in ("street", "zone:z1", "committee:c01", "place:JNP3NT", "community:nowhere", "dept:police"):
        assert committee.get(f"/api/v1/figures?unit={outside}").status == 404
        assert committee.get(f"/desk/figures?unit={outside}").status == 404
    assert clerk.get("/api/v1/figures?unit=place:JNP3NT").json()["received"] == 2
    assert world.signed_in("department", "dept:police").get("/desk/figures").status == 403
    assert world.client().get("/api/v1/figures").status == 401


def _files(world: World, page: Page) -> None:
    """Behind a 303 to a signed address, with every number of the page."""
    clerk = page.visitor
    links = {parse_qs(urlsplit(link).query)["kind"][0]: link for link in page.links if "/desk/figures/file" in link}
    made: dict[str, bytes] = {}
    for kind, link in links.items():
        answer = clerk.call("GET", link.replace("&amp;", "&"))
        assert answer.status == 303
        where = urlsplit(answer.header("Location"))
        signed = parse_qs(where.query)
        assert int(signed["X-Amz-Expires"][0]) <= 300
        assert f".{kind}" in signed["response-content-disposition"][0]
        key = where.path[where.path.index("lists/") :]
        made[kind] = world.aws("s3").get_object(Bucket=world.outputs["PhotosBucket"], Key=key)["Body"].read()
    rows = list(csv.reader(io.StringIO(made["csv"].decode("utf-8-sig"))))
    assert ["社区硬件设施", "2", "1", "0", "1.0", "1.0"] in rows
    assert ["物业管理", "1", "0", "0", "", ""] in rows
    book = zipfile.ZipFile(io.BytesIO(made["xlsx"]))
    assert "社区硬件设施" in book.read("xl/sharedStrings.xml").decode()
    assert clerk.get("/desk/figures/file?kind=exe").status == 404


def _empty(clerk: Visitor) -> None:
    """The table with 0 and a sentence, no chart."""
    page = clerk.get("/desk/figures?from=2026-08-01&to=2026-08-31")
    assert "这段时间没有收到事项" in page.words
    assert cell(page, "社区硬件设施") == ["0", "0", "0", "—", "—"]
    assert 'class="chart"' not in page.text
    for typed in ("from=2026-11-30&to=2026-11-01", "from=2001-01-01&to=2090-01-01"):
        found = clerk.get(f"/api/v1/figures?{typed}").json()["period"]
        assert (date.fromisoformat(found["to"]) - date.fromisoformat(found["from"])).days < 366
    for typed in ("from=never&to=2026-13-01", "from=1970-01-01"):
        assert clerk.get(f"/api/v1/figures?{typed}").status == 422
        assert clerk.get(f"/desk/figures?{typed}").status == 200


def _hotline(world: World, clerk: Visitor) -> None:
    admin = world.signed_in("street_admin", "street")
    refused = admin.get("/desk/figures").form("/hotline").fill(calls="2026-11").submit()
    assert refused.status == 422
    assert ">2026-11</textarea>" in refused.text
    typed = "month,calls\n2025-11,1000\n2026-11，918\n2026-10,5\n"
    page = admin.get("/desk/figures").form("/hotline").fill(calls=typed).submit()
    assert "12345来电比去年少8.2%：918个，去年1000个" in page.words.replace(" ", "")
    assert cell(page, "2026-10") == ["5", "—", "—"]
    admin.get("/desk/figures").form("/hotline").fill(calls="2026-11,1100").submit()
    assert clerk.get("/api/v1/figures").json()["hotline_12345"]["2026-11"] == {"calls": 1100, "last_year": 1000}
    assert not [form for form in clerk.get("/desk/figures").forms if "hotline" in form.action]
    csrf = clerk.get("/desk").form("/signout").fields["csrf"]
    assert clerk.post("/desk/figures/hotline", {"csrf": csrf, "calls": "2026-11,1"}, {"Origin": clerk.origin}).status == 403


@pytest.mark.parametrize("bad", ["=1+2", "+86 1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(bad: str) -> None:
    sheets = [Sheet(bad, [[bad, "数"], ["好", 3], [bad, Rate(1, 3)], ["−8.2%", -8.2], ["", None]])]
    rows = list(csv.reader(io.StringIO(figures_files.csv_of(sheets).decode("utf-8-sig"), newline="")))
    assert all(not text.startswith(("=", "+", "@", "\t", "\r")) for row in rows for text in row)
    assert [row[1] for row in rows[1:]] == ["数", "3", "0.3333", "-8.2", ""]
    book = zipfile.ZipFile(io.BytesIO(figures_files.xlsx_of(sheets)))
    inside = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in inside
    assert "<v>-8.1999" in inside or "<v>-8.2<" in inside
    assert "&apos;" in book.read("xl/sharedStrings.xml").decode() or "'" in book.read("xl/sharedStrings.xml").decode()


def test_a_month_of_ten_thousand_cases_in_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Read from the index by its keys, as DynamoDB answers: four shards in pages of a megabyte, parsed by the SDK."""
    street, period = small_street(), Period(date(2026, 11, 1), date(2026, 12, 1))
    rows = month_of_rows(10_000)
    answers = [page for shard in range(4) for page in pages(rows[shard::4])]
    client = _client()
    spent: dict[str, float] = {}
    with answering(client, answers) as asked:
        begin = time.process_time()
        texts = list(ledger.texts(period, street))
        spent["parsing"] = time.process_time() - begin
        begin = time.process_time()
        decoded = [row_of(text) for text in texts]
        spent["decoding"] = time.process_time() - begin
        begin = time.process_time()
        found = count(decoded, datetime(2026, 12, 5, tzinfo=UTC), period.parts(), street.tz)
        spent["computing"] = time.process_time() - begin
        assert asked() == len(answers) == 12
    assert found.all.received == 10_000
    assert decoded == [row for shard in range(4) for row in rows[shard::4]]
    with capsys.disabled():
        parts = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in spent.items())
        print(f"\nfigures of 10,000 cases: {sum(spent.values()) * 1000:.0f} ms of CPU ({parts})")  # noqa: T201 - asked for
    assert sum(spent.values()) <= 2


def _client() -> Any:
    """A client that has its models and goes nowhere."""
    from chalicelib.adapters.aws import Aws
    from chalicelib.models.base import bind

    aws = Aws("cn-north-1")
    bind(aws, {"cases": "cases"})
    return aws.client("dynamodb")


def test_a_row_of_the_ledger_stays_small() -> None:
    """What a page of the index holds decides how many there are to read."""
    assert max(len(msgspec.json.encode(row)) for row in month_of_rows(100)) < 700
