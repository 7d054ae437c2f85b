"""What the application's code never does, read from the code itself; and small promises that no other test holds."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.usecases import signin, work
from chalicelib.usecases.register_digest import safe
from tests import steps
from tests.client import FORM
from tests.page_samples import all_pages
from tests.test_signin import enter, raw
from tests.world import World

ROOT = Path(__file__).parent.parent
SHIPS = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]
SCRIPTS = sorted((ROOT / "chalicelib" / "web" / "static").glob("*.js"))
# Starting other programs, running text as code, reading objects from bytes, parsing XML, guessable numbers, the world's mail.
NEVER = {
    "subprocess",
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "xml",
    "lxml",
    "xmltodict",
    "random",
    "smtplib",
    "imaplib",
    "telnetlib",
}
NEVER |= {"ldap3", "yaml", "ctypes", "sqlite3", "ftplib", "code", "codeop", "pty"}
NEVER_CALLED = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "system",
    "popen",
    "execv",
    "spawnl",
    "_create_unverified_context",
    "md5",
}
NEVER_CALLED |= {"sha1", "set_ciphers", "from_string", "mktemp"}
# Patterns compiled beforehand are read from the package itself, which nobody but a deployment writes.
ALLOWED = {("kept.py", "marshal"), ("kept.py", "compile"), ("kept.py", "exec")}
MODES = {"ECB", "CBC", "CTR", "CFB", "OFB", "PKCS1v15", "ARC4", "TripleDES", "Blowfish"}


@cache
def read() -> list[tuple[Path, ast.AST]]:
    return [(path, node) for path in SHIPS for node in ast.walk(ast.parse(path.read_text("utf-8")))]


def nodes(kind: type[ast.AST]) -> Iterator[tuple[Path, Any]]:
    return ((path, node) for path, node in read() if isinstance(node, kind))


def test_nothing_starts_programs_runs_text_or_reads_objects_from_bytes() -> None:
    found = [
        (path.name, alias.name) for path, node in nodes(ast.Import) for alias in node.names if alias.name.split(".")[0] in NEVER
    ]
    found += [(path.name, node.module) for path, node in nodes(ast.ImportFrom) if (node.module or "").split(".")[0] in NEVER]
    for path, node in nodes(ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        is_pattern = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "re"
        if name in NEVER_CALLED and not is_pattern:
            found.append((path.name, name))
        for keyword in node.keywords:
            if keyword.arg in {"verify", "shell", "check_hostname"} and isinstance(keyword.value, ast.Constant):
                found.append((path.name, keyword.arg))
    assert [one for one in found if one not in ALLOWED] == []


def test_ciphers_are_authenticated_and_everything_unguessable_is_from_the_system() -> None:
    names = {node.attr for _, node in nodes(ast.Attribute)} | {node.id for _, node in nodes(ast.Name)}
    assert names & MODES == set()
    assert {name for name in names if name.startswith("MODE_")} == {"MODE_GCM"}
    assert {"token_bytes", "token_urlsafe", "token_hex", "compare_digest"} <= names


def test_scripts_of_pages_write_text_and_never_markup_or_code() -> None:
    assert SCRIPTS
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        for never in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "javascript:",
            "jsonp",
        ):
            assert never not in text, (path.name, never)
        assert "document.cookie" not in text, path.name
        assert 'addEventListener("message"' not in text or path.name == "sw.js", path.name


def test_templates_escape_everything_but_our_own_sheets_and_drawings() -> None:
    folder = ROOT / "chalicelib" / "web" / "templates"
    marked = [
        path.name
        for path in folder.glob("*.html")
        if "|safe" in path.read_text("utf-8") or "autoescape" in path.read_text("utf-8")
    ]
    assert set(marked) <= {"place_poster.html", "figures.html", "parts.html"}, marked


@pytest.mark.parametrize(
    "cell", ["=1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "@x", "-1", "+1", "\t=1", "\r=1", " =1", "\u3000＝1", "\n=1", "\0=1"]
)
def test_no_cell_that_is_handed_out_begins_a_formula(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


def test_debugging_is_off_and_warnings_reach_the_log() -> None:
    """In a process that begins as deployed ones do: tests turn levels for themselves."""
    script = (
        "import logging, app\n"
        "from chalicelib.usecases import securitylog\n"
        "print(app.app.debug, *(logging.getLogger(name).getEffectiveLevel() for name in ('doorstep', 'doorstep.security')))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", str(logging.INFO), str(logging.INFO)]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_what_breaks_inside_is_told_with_a_reference_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lang: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("table t-secret in arn:aws:dynamodb at /var/task")

    clerk = world.signed_in("dispatcher", "street")
    monkeypatch.setattr(work, "open_case", broken)
    page = clerk.get(f"/desk/cases/2222-2222-2?lang={lang}")
    assert page.status == 500
    for secret in ("t-secret", "arn:aws", "/var/task", "RuntimeError", "Traceback"):
        assert secret not in page.text
    logged = [record for record in caplog.records if "unexpected ref=" in record.getMessage()]
    assert len(logged) == 1
    assert logged[0].getMessage().split("ref=")[1][:8] in page.text


def test_the_gateways_word_counts_for_where_a_request_comes_from(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signin, "ADDRESS_FAILURES", 3)
    answers = []
    for number in range(5):
        made_up = {"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}", "Forwarded": "for=1.1.1.1"}
        answers.append(
            raw(world.client(address="203.0.113.9"), "/desk/signin", {"username": f"n{number}", "password": "x"}, **made_up)
        )
    assert [answer.status for answer in answers] == [401] * 3 + [429] * 2


def test_a_name_given_twice_counts_once_and_query_never_stands_for_body(world: World) -> None:
    name = world.hire("dispatcher", "street")
    right = world.passwords[name]
    twice = urlencode([("username", name), ("password", right), ("password", "wrong")]).encode()
    assert world.client().call("POST", "/desk/signin", twice, {"Content-Type": FORM}).status == 401
    query = f"/desk/signin?{urlencode({'username': name, 'password': right})}"
    assert world.client().call("POST", query, b"", {"Content-Type": FORM}).status == 401


def test_a_new_street_has_nobody_who_may_sign_in(world: World) -> None:
    assert steps.rows(world, "StaffTable") == []
    for name in ("admin", "root", "doorstep", "street_admin", "demo"):
        assert enter(world.client(), name, "admin").status == 401


def test_password_fields_are_masked_and_work_with_password_managers() -> None:
    pages = all_pages("zh-CN")
    for name, field in (("signin", "current-password"), ("activate", "new-password"), ("account", "new-password")):
        text = pages[name]()
        assert 'type="password"' in text
        assert f'autocomplete="{field}"' in text
        assert "onpaste" not in text
    assert 'name="hint"' not in pages["activate"]()


def test_every_page_of_the_desk_offers_to_sign_out(world: World) -> None:
    clerk = world.signed_in("street_admin", "street")
    for path in ("/desk", "/desk/account", "/desk/figures", "/desk/places", "/desk/registers", "/desk/faq", "/desk/orders"):
        page = clerk.get(path)
        assert page.status == 200, path
        assert page.form("/desk/signout").method == "post"


def test_a_password_lasts_until_somebody_changes_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = world.hire("dispatcher", "street")
    later = datetime.now(UTC) + timedelta(days=2000)
    monkeypatch.setattr(world.clock, "wall", lambda: later)
    assert enter(world.client(), name, world.passwords[name]).path == "/desk"
