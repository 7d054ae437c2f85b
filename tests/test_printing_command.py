"""`make posters`: whose key signs, what it says, what it refuses; and the contact cards' lines in the street file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from moto import mock_aws

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.keyring import Keyring
from chalicelib.codes import verify
from chalicelib.web.present_print import card_lines
from infra.engine import ISOLATION
from infra.errors import InfraError
from infra.printing import keys
from infra.printing.__main__ import main
from infra.serve.home import Home
from infra.streetfile.compile import load
from tests.poster_pages import STREETS, Printed
from tests.test_codeimages import STACK
from tests.wrong_street import TEXT, refused

STREET = "zhujing-jinlai"


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command points its own process away from real accounts; the tests' process gets its variables back."""
    for name in {*ISOLATION, *(name for name in os.environ if name.startswith("AWS_")), "NO_PROXY", "no_proxy"}:
        monkeypatch.setenv(name, os.environ.get(name, ISOLATION.get(name, "")))


def test_posters_are_signed_by_the_key_that_make_serve_uses(
    tmp_path: Path, away: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a server the engine is started for a moment; with one, its engine is asked. Both print the same codes."""
    local, out = tmp_path / "local", tmp_path / "out"
    monkeypatch.setenv("DOORSTEP_LOCAL", str(local))
    assert main([STREET, "--out", str(out / "one"), "--month", "2026-11"]) == 0
    said = capsys.readouterr().out
    assert "posters  19/19" in said
    assert "19 posters" in said and "1 cards" in said
    assert "--stack" in said  # whose key it was
    street, _ = load(STREETS / f"{STREET}.toml")
    with keys.local(street, local) as ring:
        code_keys = ring.code_keys()
        # A server that holds the folder: the engine of this moment is its engine.
        with pytest.raises(InfraError, match="try again in a moment"), keys.local(street, local):
            pass
        home = Home(street.id, local)
        home.endpoint.write_text(_endpoint_of(ring), "utf-8")
        assert main([STREET, "--out", str(out / "two"), "--month", "2026-11"]) == 0
    assert (out / "one" / "posters.pdf").read_bytes() == (out / "two" / "posters.pdf").read_bytes()
    code = Printed(out / "one" / "posters.pdf").codes()[0].text.rpartition("/")[2]
    assert verify(code, code_keys).kind == "issue"


def _endpoint_of(ring: Keyring) -> str:
    """Where the engine answers that this keyring asks."""
    client = ring._dynamodb
    return str(client.meta.endpoint_url)


def test_a_deployed_streets_own_key_signs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mock_aws():
        aws = Aws("cn-north-1")
        aws.client("cloudformation").create_stack(StackName="jinlai", TemplateBody=STACK)
        path = str(STREETS / f"{STREET}.toml")
        place = load(Path(path))[1][2].id
        asked = [
            path,
            "--stack",
            "jinlai",
            "--place",
            place,
            "--out",
            str(tmp_path),
            "--lang",
            "en",
            "--domain",
            "https://Trial.Example/",
        ]
        assert main(asked) == 0
        code_keys = Keyring(aws.client("dynamodb"), aws.client("dynamodb").list_tables()["TableNames"][0]).code_keys()
    said = capsys.readouterr().out
    assert "1 posters" in said and "make serve" not in said
    pages = Printed(tmp_path / "posters.pdf")
    assert len(pages) == 1
    assert "trial.example" in pages.text()
    host, _, code = pages.codes()[0].text.rpartition("/Q/")
    assert host == "HTTPS://TRIAL.EXAMPLE"
    assert verify(code, code_keys).place == place


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["nowhere"], "there is no street 'nowhere'; there are changqiao"),
        ([STREET, "--place", "ZZZZZZ"], "no place 'ZZZZZZ'"),
        ([STREET, "--domain", "a b"], "is no host"),
    ],
)
def test_what_cannot_be_printed_is_said(argv: list[str], wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert wanted in capsys.readouterr().out


def test_wrong_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for argv, wanted in (([STREET, "--month", "11"], "write it as 2026-11"), ([STREET, "--local", "--stack", "x"], "use one")):
        with pytest.raises(SystemExit):
            main(argv)
        assert wanted in capsys.readouterr().err


CARD = '\n[[cards]]\npost = "{}"\nphone = "{}"\n{}'


@pytest.mark.parametrize(
    ("line", "key", "what", "remedy"),
    [
        (CARD.format("comittee", "021-0012 1101", ""), "post", "is not known here", 'did you mean "committee"?'),
        (CARD.format("police", "ring the bell", 'units = ["zone:z1"]'), "phone", "not of the right form", "021-0012 3456"),
        (CARD.format("police", "77889", 'units = ["zone:z1"]'), "phone", "can't be called", "area code"),
        (CARD.format("police", "021-0012 1102", 'units = ["comittee:c01"]'), "units[1]", "is not known here", "committee:c01"),
        (CARD.format("police", "021-0012 1102", "units = []"), "units", "is an empty list", "leave the key out"),
        (CARD.format("police", "021-0012 1102", ""), "post", "has a line for street above", "one line for each post and unit"),
        (CARD.format("police", "021-0012 1102", 'units = ["zone:z1"]\nfax = "1"'), "fax", "is not a key", "phone"),
        ('\n[[cards]]\npost = "police"\nunits = ["zone:z1"]\n', "phone", "required but missing", "021-0012 3456"),
    ],
)
def test_a_wrong_line_of_the_card_is_named_with_its_place_and_remedy(
    tmp_path: Path, line: str, key: str, what: str, remedy: str
) -> None:
    (problem,) = refused(tmp_path, TEXT + line)
    assert problem.key.partition(".")[2] == key
    assert problem.key.startswith("cards[")
    assert what in problem.what
    assert remedy in problem.remedy
    assert problem.line > TEXT.count("\n")


def test_the_nearest_line_is_printed_and_a_street_may_do_without(tmp_path: Path) -> None:
    street, _ = load(STREETS / "changqiao.toml")
    first, second, other = (street.community_by_id[name] for name in ("c01a", "c01b", "c02a"))
    phones = [{line.post: line.phone for line in card_lines(street, one, "zh-CN")} for one in (first, second, other)]
    assert [found["property"] for found in phones] == ["021-0012 1203", "021-0012 1103", "021-0012 1103"]
    assert [found["committee"] for found in phones] == ["021-0012 1201", "021-0012 1201", "021-0012 1101"]
    assert list(phones[0]) == ["committee", "police", "property", "doctor", "lawyer", "housing"]
    assert {line.name for line in card_lines(street, other, "en")} >= {"Community police", "Family doctor"}
