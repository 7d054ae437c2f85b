"""What ships beside our own code: pinned, listed, under an allowed licence, and without a known flaw that nobody has accepted."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import date

import pytest

from infra import audit
from infra.package.wheels import PROVIDED, TRANSITIVE

PROJECT = tomllib.loads((audit.ROOT / "pyproject.toml").read_text("utf-8"))
DATA = audit.known()


def test_nothing_is_wrong_by_the_list() -> None:
    assert audit.problems(PROJECT, audit.installed(), DATA) == []


def test_what_ships_is_on_the_list_and_nothing_else() -> None:
    direct = {name for name, about in DATA["ships"].items() if about.get("direct")}
    assert set(DATA["ships"]) - direct == set(TRANSITIVE)
    assert {audit.normal(one.split("==")[0]) for one in PROJECT["project"]["dependencies"]} == direct
    assert direct >= PROVIDED
    assert set(DATA["ships"]) <= set(audit.installed())


def test_every_requirement_has_one_version() -> None:
    assert audit.unpinned(audit.pins(PROJECT)) == []
    assert audit.unpinned(["a>=1", "b", "c==1.*", "d==1.2", "e[x,y]==3"]) == ["a>=1", "b", "c==1.*"]


def test_an_interpreter_whose_version_is_mended_is_told_nothing_of_what_another_accepts() -> None:
    versions = {**audit.installed(), "pillow": "13.0.0"}
    assert not [one for one in audit.problems(PROJECT, versions, DATA) if "pillow" in one]


def test_a_flawed_version_is_found_by_its_range() -> None:
    data = {"advisory": [{"package": "x", "id": "A-1", "from": "1.2", "before": "2.0.1"}]}
    for has, flawed in (("1.1.9", False), ("1.2", True), ("2.0.0.post1", True), ("2.0.1", False), ("10.0", False)):
        assert bool(list(audit.flaws({"x": has}, data))) is flawed, has


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda project, versions, data: project["project"]["dependencies"].append("left-pad==1.0"),
            "left-pad ships and is not on the list",
        ),
        (lambda project, versions, data: project["project"]["dependencies"].append("segno>=1"), "pin it"),
        (lambda project, versions, data: versions.update(urllib3="2.6.0"), "urllib3 2.6.0 is flawed: CVE-2026-21441"),
        (
            lambda project, versions, data: data["ships"]["six"].update(licence="GPL-3.0-only"),
            "six: GPL-3.0-only is not what it says",
        ),
        (lambda project, versions, data: data["accepted"][0].update(version="12.1.0"), "is accepted and not there any more"),
        (lambda project, versions, data: data["accepted"].clear(), "pillow 12.2.0 is flawed: GHSA-8g5g-8vmr-9782"),
    ],
)
def test_each_thing_that_is_wrong_is_said(change: object, said: str) -> None:
    project, versions, data = deepcopy(PROJECT), {**audit.installed(), "pillow": "12.2.0"}, deepcopy(DATA)
    assert callable(change)
    change(project, versions, data)
    assert any(said in one for one in audit.problems(project, versions, data))


def test_what_is_accepted_has_its_reason_what_holds_it_up_and_its_end() -> None:
    ids = {one["id"] for one in DATA["advisory"]}
    for one in DATA["accepted"]:
        assert set(one["ids"]) <= ids
        assert all(len(one[name]) > 20 for name in ("why", "meanwhile", "until"))
    for one in DATA["advisory"]:
        assert one["severity"] in DATA["mend_days"]
        assert isinstance(one["published"], date)
        assert one["package"] in DATA["ships"]
        assert one["source"]


def test_a_service_that_does_not_answer_is_no_good_news(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "ask", lambda versions, names: ([], "nobody was there"))
    assert audit.main() == 3
    assert "COULD NOT BE ASKED: nobody was there" in capsys.readouterr().out
    monkeypatch.setattr(audit, "ask", lambda versions, names: (["x 1 is flawed: A-1"], ""))
    assert audit.main() == 1
    monkeypatch.setattr(audit, "ask", lambda versions, names: ([], ""))
    assert audit.main() == 0
