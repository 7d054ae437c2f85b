"""`make serve` as a person uses it: started as a process, spoken to over HTTP, stopped with Ctrl-C and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.client import FORM
from tests.http_visitor import HttpVisitor
from tests.picture_files import jpeg
from tests.server import ROOT, Server

SOON_S = 15.0
ROLES = {
    "committee",
    "grid_worker",
    "micro_grid",
    "verifier",
    "property",
    "zone_head",
    "station_head",
    "dispatcher",
    "department",
    "supervisor",
    "deputy",
    "street_admin",
}
STATES = {"received", "accepted", "handling", "waiting", "handled", "closed", "reopened"}

pytestmark = [pytest.mark.engine]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("serve")).by_day()
    server.start()
    yield server
    if server.process.poll() is None:
        server.stop()


def soon(check: Callable[[], Any]) -> Any:
    """What `check` gives as soon as it is true; a failing assertion after `SOON_S`."""
    until = time.monotonic() + SOON_S
    while time.monotonic() < until:
        found = check()
        if found:
            return found
        threading.Event().wait(0.1)
    raise AssertionError("it did not happen")


def path_of(address: str) -> str:
    return urlsplit(address).path


def report(server: Server, text: str, phone: str = "021-0012 4001") -> Any:
    """Sends a report as a person does: opens the printed address, types, presses the button."""
    visitor = server.visitor
    return visitor.get(path_of(server.demo["forms"]["issue"])).form("/f/issue").fill(text=text, phone=phone).submit()


def number_in(words: str) -> str:
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]", words)
    assert found, words[:300]
    return found[0]


def test_it_writes_what_can_be_visited_and_says_null_for_what_is_not_built(served: Server) -> None:
    demo = served.demo
    assert demo["base_url"] == f"http://127.0.0.1:{served.port}"
    assert {kind: link.startswith(demo["base_url"]) for kind, link in demo["forms"].items()} == dict.fromkeys(
        ("issue", "rental", "population"), True
    )
    assert served.visitor.get(path_of(demo["openapi"])).json()["openapi"] == "3.1.0"
    form = {"api_key": demo["open311"]["api_key"], "service_code": "other", "lat": "31.14", "long": "121.44"}
    where = path_of(demo["open311"]["base"])
    filed = served.visitor.call("POST", f"{where}/requests.json", urlencode(form).encode("ascii"), {"Content-Type": FORM})
    assert filed.status == 201
    assert served.visitor.get(f"{where}/requests/{filed.json()[0]['service_request_id']}.xml").status == 200
    assert {person["role"] for person in demo["staff"]} == ROLES
    assert all(set(person) == {"role", "scope", "username", "password"} for person in demo["staff"])
    for address in (*demo["forms"].values(), demo["outbox"], demo["clock"]):
        assert served.visitor.get(path_of(address)).status == 200
    assert served.visitor.get(path_of(demo["desk"])).path == "/desk/signin"


def test_the_demo_shows_a_case_in_every_state(served: Server) -> None:
    page = served.signed_in("supervisor").get("/desk?show=scope")
    assert page.status == 200
    from chalicelib.web.i18n import t

    messages = json.loads(served.visitor.get("/outbox?format=json").text)
    supervisor = served.signed_in("supervisor")
    cases = {message["case"] for message in messages if message["template"] == "received"}
    shown = [supervisor.get(f"/desk/cases/{case}").words for case in sorted(cases)]
    missing = {state for state in STATES if not any(t("zh-CN", f"state.{state}") in words for words in shown)}
    assert missing == set()


def test_a_report_sent_with_plain_posts_is_on_the_desk_within_a_second(served: Server) -> None:
    answer = report(served, "楼下的路灯不亮已经三天了。")
    assert answer.status == 200
    no = number_in(answer.words)
    before = time.monotonic()
    # By its own page: the queue shows a page at a time.
    assert no in served.signed_in("dispatcher").get(f"/desk/cases/{no}").words
    assert time.monotonic() - before < 1.0


def test_its_message_is_on_the_outbox_page_without_the_number(served: Server) -> None:
    no = number_in(report(served, "自行车棚顶漏雨。", "021-0012 4002").words)

    def sent() -> list[dict[str, str]]:
        found = json.loads(served.visitor.get("/outbox?format=json").text)
        return [line for line in found if line["case"] == no and line["to"] == "reporter" and line["state"] == "sent"]

    (line,) = soon(sent)
    assert (line["template"], line["mask"]) == ("received", "021-****4002")
    page = served.visitor.get("/outbox")
    assert no in page.words
    assert "00124002" not in page.text


def test_fifty_at_once_are_fifty_cases_and_no_connection_is_refused(served: Server) -> None:
    address = path_of(served.demo["forms"]["issue"])
    forms = [served.visitor.get(address).form("/f/issue").fill(text=f"第{number}盏灯不亮。") for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda form: form.submit(), forms))
    assert {answer.status for answer in answers} == {200}
    assert len({number_in(answer.words) for answer in answers}) == 50


def test_the_same_report_fifty_times_at_once_is_one_case(served: Server) -> None:
    form = served.visitor.get(path_of(served.demo["forms"]["issue"])).form("/f/issue").fill(text="同一份，发了很多次。")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: HttpVisitor(served.demo["base_url"]).post("/f/issue", form.fields), range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({number_in(answer.words) for answer in answers}) == 1


def test_pages_are_compressed_and_plain_for_who_can_not_read_that(served: Server) -> None:
    address = path_of(served.demo["forms"]["issue"])
    packed = served.visitor.call("GET", address)
    plain = served.visitor.call("GET", address, headers={"Accept-Encoding": "identity"})
    assert packed.header("Content-Encoding") == "gzip"
    assert plain.header("Content-Encoding") == ""
    assert int(packed.header("Content-Length")) < int(plain.header("Content-Length")) / 2
    assert packed.header("Vary") == plain.header("Vary") == "Accept-Encoding"


@pytest.mark.parametrize(("lang", "word"), [("zh-CN", '<html lang="zh-CN"'), ("en", '<html lang="en"')])
def test_an_unknown_address_is_answered_by_a_page_in_the_readers_language(served: Server, lang: str, word: str) -> None:
    page = HttpVisitor(served.demo["base_url"], lang=lang).get("/no/such/page")
    assert (page.status, page.header("Content-Type")) == (404, "text/html; charset=utf-8")
    assert word in page.text
    assert page.header("Content-Security-Policy")


def test_an_unknown_address_of_the_api_is_answered_by_a_problem_object(served: Server) -> None:
    page = served.visitor.get("/api/v1/nothing")
    assert (page.status, page.header("Content-Type")) == (404, "application/problem+json")
    assert page.json()["type"] == "/errors/not_found"


def test_a_body_over_six_megabytes_is_refused_with_a_page(served: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    page = served.visitor.call("POST", "/f/issue", b"x" * (6 * 1024 * 1024 + 1), headers)
    assert (page.status, page.header("Content-Type")) == (413, "text/html; charset=utf-8")
    assert served.visitor.get("/track").status == 200


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("Content-Length", "-1", 400), ("Content-Length", "x", 400), ("Transfer-Encoding", "chunked", 411)],
)
def test_a_length_that_can_not_be_read_is_refused(served: Server, header: str, value: str, status: int) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.putrequest("POST", "/track")
    connection.putheader(header, value)
    connection.endheaders()
    assert connection.getresponse().status == status
    connection.close()


def test_head_is_get_without_its_body_and_the_connection_stays_open(served: Server) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
    lengths = []
    sockets = set()
    for method in ("HEAD", "GET", "GET"):
        connection.request(method, "/track", headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        assert answer.status == 200
        lengths.append((int(answer.getheader("Content-Length") or 0), len(answer.read())))
        sockets.add(id(connection.sock))
    connection.close()
    assert len(sockets) == 1
    assert lengths[0] == (lengths[1][0], 0)
    assert lengths[1] == (lengths[2][1], lengths[2][1])


def test_log_lines_name_the_route_and_never_the_link(served: Server) -> None:
    answer = report(served, "请看日志里没有我的链接。")
    token = answer.path.split("/")[2]
    log = (served.local / "changqiao" / "serve.log").read_text("utf-8")
    assert "GET /t/{token}/{act} 200" in log
    assert token not in log
    assert [form for form in ("0012 4001", "00124001", "0012-4001") if form in log] == []


def test_a_photo_goes_from_a_page_of_another_origin_to_the_store_and_becomes_ready(served: Server) -> None:
    visitor = served.visitor
    form = visitor.get(path_of(served.demo["forms"]["issue"])).form("/f/issue").fill(text="请看照片。", phone="021-0012 4003")
    wanted = {"code": form.fields["code"], "key": form.fields["key"], "slot": 1, "type": "image/jpeg"}
    grant = visitor.post_json("/api/v1/photos", wanted).json()
    store = urlsplit(grant["url"])
    assert store.netloc != urlsplit(visitor.origin).netloc
    asked = {"Origin": visitor.origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = exchange(store.netloc, "OPTIONS", store.path, b"", asked)
    assert preflight[0] == 200
    assert preflight[1]["access-control-allow-origin"] in {"*", visitor.origin}
    assert "POST" in preflight[1]["access-control-allow-methods"]
    body, kind = multipart(grant["fields"], jpeg())
    posted = exchange(store.netloc, "POST", store.path, body, {"Origin": visitor.origin, "Content-Type": kind})
    assert posted[0] in {200, 201, 204}
    assert posted[1]["access-control-allow-origin"] in {"*", visitor.origin}
    form.fields["photos"] = "1"
    answer = form.submit()
    progress = answer.path.removesuffix("/received")

    def picture() -> str:
        found = re.search(r'<img[^>]+src="([^"]+/ready/[^"]+)"', visitor.get(progress).text)
        return found[1].replace("&amp;", "&") if found else ""

    shown = urlsplit(soon(picture))
    thumb = exchange(shown.netloc, "GET", f"{shown.path}?{shown.query}", b"", {})
    assert (thumb[0], thumb[1]["content-type"], thumb[2][:2]) == (200, "image/jpeg", b"\xff\xd8")


def exchange(host: str, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(host, timeout=10)
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def multipart(fields: dict[str, str], file: bytes) -> tuple[bytes, str]:
    line = "----doorstep"
    parts = [
        f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()
    ]
    head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return b"".join(parts) + head.encode() + file + f"\r\n--{line}--\r\n".encode(), f"multipart/form-data; boundary={line}"


def test_a_second_server_is_told_that_the_port_is_taken(served: Server, tmp_path: Path) -> None:
    environ = {**os.environ, "PORT": str(served.port), "DOORSTEP_LOCAL": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "infra.serve"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"port {served.port} is taken" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "said"), [("STREET", "nowhere", "there are changqiao"), ("PORT", "http", "from 1 to 65535")]
)
def test_a_wrong_setting_is_named_before_anything_is_started(tmp_path: Path, name: str, value: str, said: str) -> None:
    environ = {**os.environ, name: value, "DOORSTEP_LOCAL": str(tmp_path / "local")}
    done = subprocess.run(
        [sys.executable, "-m", "infra.serve"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, said in done.stdout) == (1, True), done.stdout
    assert not (tmp_path / "local").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_what_was_entered_is_there_again(served: Server, number: int) -> None:
    answer = report(served, "停机前写的。", "021-0012 4004")
    no, link = number_in(answer.words), answer.path.removesuffix("/received")
    before = served.demo
    assert served.stop(number) == 0
    assert not (served.local / "demo.json").exists()
    served.start()
    assert served.demo == before
    assert any("kept from last time" in line for line in served.lines)
    assert no in served.visitor.get(link).words
    # By its own page: the queue shows a page at a time.
    assert no in served.signed_in("dispatcher").get(f"/desk/cases/{no}").words


def test_killed_outright_it_leaves_no_engine_behind_and_keeps_what_was_entered(served: Server) -> None:
    answer = report(served, "被强行结束前写的。", "021-0012 4005")
    engine = engine_of(served.process.pid)
    served.kill()
    soon(lambda: not Path(f"/proc/{engine}").exists())
    served.start()
    assert number_in(answer.words) in served.visitor.get(answer.path.removesuffix("/received")).words


def engine_of(pid: int) -> int:
    children = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0]) for line in children.splitlines() if "engine_child" in line)
