"""The security lists are whole, name what exists, and the documents say what the code does."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from chalicelib import imaging
from chalicelib.adapters import aws, sms_http, webhook_http
from chalicelib.adapters.lists import S3Lists
from chalicelib.casework import gates, passwords
from chalicelib.casework.signing import SKEW_S
from chalicelib.handlers import http
from chalicelib.usecases import follow, limits, orders_csv, signin, submit
from infra import audit
from infra.security import STATES, Chapter, Point, api_top10, asvs
from infra.template import api, functions

ROOT = Path(__file__).parent.parent
# ASVS 5.0.0: the level of every requirement, by section, in the standard's order.
_WRITTEN = """
    V1.1:22 V1.2:1111122223 V1.3:112222222223 V1.4:222 V1.5:123 V2.1:122 V2.2:112 V2.3:12223 V2.4:23 V3.1:3 V3.2:113
    V3.3:12223 V3.4:11222233 V3.5:11122333 V3.6:3 V3.7:22333 V4.1:12233 V4.2:23333 V4.3:22 V4.4:1222 V5.1:2 V5.2:112333
    V5.3:113 V5.4:222 V6.1:122 V6.2:111111112222 V6.3:11223333 V6.4:112233 V6.5:22222333 V6.6:2223 V6.7:33 V6.8:2222
    V7.1:222 V7.2:1111 V7.3:22 V7.4:11222 V7.5:223 V7.6:22 V8.1:1233 V8.2:1123 V8.3:133 V8.4:23 V9.1:111 V9.2:1222
    V10.1:22 V10.2:223 V10.3:22223 V10.4:1111122222233333 V10.5:22222 V10.6:22 V10.7:222 V11.1:2233 V11.2:22233
    V11.3:11233 V11.4:1222 V11.5:23 V11.6:23 V11.7:33 V12.1:12233 V12.2:11 V12.3:22223 V13.1:2333 V13.2:222223
    V13.3:2233 V13.4:1222233 V14.1:22 V14.2:12223333 V14.3:122 V15.1:12233 V15.2:12233 V15.3:1222222 V15.4:3333 V16.1:2
    V16.2:22222 V16.3:2222 V16.4:222 V16.5:2223 V17.1:23 V17.2:22223333 V17.3:22
"""
LEVELS = dict(pair.split(":") for pair in _WRITTEN.split())


def points() -> list[Point]:
    return [point for chapter in asvs() for point in chapter.points]


def test_the_standard_is_counted_right() -> None:
    every = "".join(LEVELS.values())
    assert (len(every), every.count("1"), every.count("2"), every.count("3")) == (345, 70, 183, 92)


def test_every_point_of_levels_one_and_two_is_listed_once_in_order() -> None:
    wanted = [
        (f"{section}.{number}", int(level))
        for section, levels in LEVELS.items()
        for number, level in enumerate(levels, 1)
        if level in "12"
    ]
    assert len(wanted) == 253
    assert [(point.id, point.level) for point in points()] == wanted


def test_the_api_list_has_its_ten() -> None:
    assert [point.id for point in api_top10().points] == [f"API{number}:2023" for number in range(1, 11)]


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("chapter", [*asvs(), api_top10()], ids=lambda chapter: chapter.id)
def test_every_point_is_decided_and_names_what_exists(chapter: Chapter) -> None:
    for point in chapter.points:
        assert point.state in STATES, point.id
        assert point.asks.endswith("."), point.id
        assert point.how.endswith("."), point.id
        for name in point.where:
            assert (ROOT / name).is_file(), (point.id, name)
        for test in point.tests:
            path, _, name = test.partition("::")
            assert (ROOT / path).is_file(), (point.id, path)
            assert name.startswith("test_"), (point.id, test)
            assert name in names_in(path), (point.id, test)


@pytest.mark.parametrize("chapter", [*asvs(), api_top10()], ids=lambda chapter: chapter.id)
def test_what_is_met_has_code_and_a_test_and_what_is_not_has_neither(chapter: Chapter) -> None:
    for point in chapter.points:
        if point.state == "met":
            assert point.where, point.id
            assert bool(point.tests) != bool(point.untested), point.id
        else:
            assert not point.where + point.tests, point.id
            assert not point.untested, point.id
        if point.state == "not met":
            assert len(point.how) > 80, f"{point.id}: say why, and what would mend it"


def test_limits_in_the_document_are_those_of_the_code() -> None:
    """Figures of docs/security.md that somebody could change in the code and forget there."""
    text = " ".join((ROOT / "docs" / "security.md").read_text("utf-8").split())
    hot, days = limits.BUCKETS, audit.known()["mend_days"]
    said = [
        f"counted for {signin.LOCK_S // 60} minutes, as keyed hashes: {signin.FAILURES} under one name from one address, "
        f"{signin.NAME_FAILURES} under one name from anywhere, {signin.ADDRESS_FAILURES} from one address",
        f"{signin.PASSWORD_MIN} to {signin.PASSWORD_MAX} characters of any kind",
        "argon2id (19456 KiB, 2 passes, 1 lane)",
        f"{signin.IDLE_S // 3600} hours after their last use and {signin.ABSOLUTE_S // 3600} hours after they began",
        f"192 bits, {signin.ACTIVATION_S // 3600} hours",
        ", ".join(passwords.WORDS),
        f"{hot['address'].hot} in {hot['address'].seconds // 60} minutes as they come, then with a proof of work, "
        f"at most {hot['address'].most:,}",
        f"{hot['phone'].hot} an hour as they come",
        f"{hot['place'].hot} in {hot['place'].seconds // 60} minutes as they come",
        f"| additions to a case by its reporter | {gates.ADDITIONS_MAX} |",
        f"at most {follow.WRONG_TRIES} failures an hour a case",
        f"{api.REQUESTS_PER_S} a second, {api.REQUESTS_AT_ONCE} at once",
        f"forms at most {http.BODY_MAX:,} bytes and {http.FIELDS_MAX} fields",
        f"{imaging.MAX_BYTES:,} bytes, {imaging.MAX_PIXELS['JPEG']:,} pixels ({imaging.MAX_PIXELS['PNG']:,} for PNG and WebP), "
        f"{submit.PHOTOS_MAX} to a report",
        f"{orders_csv.MAX_BYTES:,} bytes, {orders_csv.ROWS_MAX:,} rows",
        f"{aws.CONNECT_TIMEOUT_S} s to connect",
        f"{sms_http.CONNECT_S:.0f} s to connect, {sms_http.ANSWER_S:.0f} s to answer",
        f"{webhook_http.TIMEOUT_S:.0f} s, no redirects",
        f"within {SKEW_S // 60} minutes",
        f"{functions.LOG_DAYS_AT_LEAST} days at least",
        f"within {days['critical']} days of its publication when it is critical, {days['high']} when high, "
        f"{days['moderate']} when moderate, {days['low']} when low",
    ]
    assert [one for one in said if one not in text] == []
    stored = signin.hash_password("a password that nobody has")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("name", ['a".csv', "a\r\nSet-Cookie: x=1", "名单.csv", "a;b.csv", "../a.csv", "", "a b.csv"])
def test_a_name_that_could_break_a_header_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="plain name"):
        S3Lists(None, "bucket", "lists/").url("k", name)  # type: ignore[arg-type]  # it is refused before anything is asked


def test_files_of_security_are_linked_and_what_they_link_exists() -> None:
    for name in ("SECURITY.md", "docs/security.md"):
        text = (ROOT / name).read_text("utf-8")
        targets = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]
        assert targets
        for target in targets:
            assert ((ROOT / name).parent / target).exists(), (name, target)
    assert "SECURITY.md" in (ROOT / "README.md").read_text("utf-8")
