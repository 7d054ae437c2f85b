"""What nobody's form sends: answered with a clear 4xx in the reader's language, and nothing is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import steps
from tests.client import FORM, Page, Visitor
from tests.world import World

TABLES = ("CasesTable", "OutboxTable", "StaffTable")
FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def stored(world: World) -> dict[str, int]:
    return {table: len(steps.rows(world, table)) for table in TABLES}


@pytest.fixture
def untouched(world: World) -> Iterator[World]:
    """The street as it was, after whatever the test sends."""
    world.code()
    before = stored(world)
    yield world
    assert stored(world) == before


def refused(page: Page, *statuses: int) -> Page:
    """A page for people: its status is a refusal, it says more than a number, and nothing technical."""
    assert page.status in statuses, (page.status, page.words[:300])
    assert len(page.words) > 20
    for technical in ("Traceback", "Exception", "chalice", "botocore", "None"):
        assert technical not in page.text
    return page


def raw(visitor: Visitor, path: str, body: bytes, content_type: str = FORM) -> Page:
    return visitor.call("POST", path, body, {"Content-Type": content_type, "Origin": visitor.origin})


WRONG_FIELDS = {
    "an empty text": {"text": ""},
    "a text of spaces": {"text": " \r\n\u3000 "},
    "a text that nobody can see": {"text": "\u200b\u2060"},
    "an over-long text": {"text": "长" * 2001},
    "an over-long nickname": {"nickname": "名" * 21},
    "an over-long place": {"elsewhere": "远" * 101},
    "an over-long phone": {"phone": "0" * 5000},
    "a phone of letters": {"phone": "call me"},
    "a phone too short": {"phone": "12345"},
    "an unknown category": {"category": "no_such_category"},
    "a category with markup": {"category": "<script>"},
    "an unknown reporter": {"reporter": "admin"},
    "a seventh photo": {"photos": "1,2,3,4,5,6,7"},
    "a photo below the first": {"photos": "0"},
    "a negative photo": {"photos": "-1"},
}


def test_a_wrong_field_is_named_and_what_was_typed_stays(untouched: World) -> None:
    for name, wrong in WRONG_FIELDS.items():
        fields = steps.report(untouched, **wrong)
        page = refused(steps.send(untouched.client(), fields), 422)
        assert 'role="alert"' in page.text, name
        assert re.search(rf'href="#f-{next(iter(wrong))}', page.text), name
        form = page.form("/f/issue")
        assert form.fields["key"] == fields["key"], name
        for kept in ("text", "nickname", "phone", "elsewhere"):
            assert form.fields[kept].strip() == fields[kept].strip(), (name, kept)


def test_all_that_is_wrong_is_said_at_once_in_both_languages(untouched: World) -> None:
    wrong = steps.report(untouched, text="", phone="x", nickname="名" * 21)
    for lang in ("zh-CN", "en"):
        page = refused(steps.send(untouched.client(lang=lang), wrong), 422)
        assert all(f'href="#f-{name}"' in page.text for name in ("text", "phone", "nickname"))


def test_a_key_that_no_form_made_is_refused(untouched: World) -> None:
    for key in ("", "short", "G" * 32, "A" * 32, "0" * 31, "0" * 33, "０" * 32, "0" * 32 + "\n"):
        refused(steps.send(untouched.client(), steps.report(untouched, key=key)), 400)


BROKEN = {
    "broken UTF-8": b"text=%FF%FE",
    "a cut sequence": b"text=%E6%A5",
    "a surrogate": b"text=%ED%A0%80",
    "an over-long form of a slash": b"text=%C0%AF",
    "NUL": b"text=a%00b",
    "NUL in a name": b"te%00xt=a",
    "bytes that are no form": bytes(range(128, 256)),
    "no pairs at all": b"just words",
    "10,000 fields": b"&".join(b"f%d=1" % turn for turn in range(10_000)),
    "a body over the limit": b"text=" + b"a" * 300_000,
    "a number that is none": b"photos=one",
    "a number of 5,000 digits": b"photos=" + b"9" * 5000,
    "JSON": b'{"text": "a"}',
}


def test_words_in_another_encoding_are_refused_and_not_kept_unreadable(untouched: World) -> None:
    fields = urlencode(steps.report(untouched, text="")).encode("ascii")
    refused(raw(untouched.client(), "/f/issue", fields.replace(b"text=", b"text=" + "灯不亮".encode("gbk"))), 400)


@pytest.mark.parametrize("path", ["/f/issue", "/track", "/t/{token}/add", "/desk/signin", "/desk/cases/{no}/accept"])
def test_a_broken_body_is_refused_wherever_it_is_sent(world: World, path: str) -> None:
    no, token = steps.reported(world)
    visitor = world.signed_in("dispatcher", "street") if "/cases/" in path else world.client()
    before = stored(world)
    for name, body in BROKEN.items():
        page = raw(visitor, path.format(token=token, no=no), body)
        refused(page, 400, 401, 403, 404, 413, 422)
        assert stored(world) == before, name
    assert steps.events_of(no) == ["submitted"]


JUNK = {
    "nothing": b"",
    "a cut object": b"{",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "broken UTF-8": b'{"code": "\xff"}',
    "an empty object": b"{}",
    "wrong types": b'{"code": 1, "key": [], "slot": "1"}',
    "a slot of truth": b'{"code": "A", "key": "B", "slot": true}',
    "a slot of parts": b'{"code": "A", "key": "B", "slot": 1.5}',
    "a huge slot": b'{"code": "A", "key": "B", "slot": 99999999999999999999}',
    "a lone surrogate": b'{"code": "\\ud800", "key": "\\ud800", "slot": 1}',
    "no end of digits": b'{"slot": ' + b"9" * 5000 + b"}",
    "no end of brackets": b"[" * 100_000,
    "no end of objects": b'{"a":' * 30_000,
    "over the limit": b'{"code": "' + b"a" * 300_000 + b'"}',
}


def test_json_junk_gets_a_problem_object(untouched: World) -> None:
    for name, body in JUNK.items():
        page = raw(untouched.client(), "/api/v1/photos", body, "application/json")
        assert page.status in {400, 404, 413}, name
        assert page.header("Content-Type") == "application/problem+json"
        problem = page.json()
        assert problem["status"] == page.status
        assert problem["title"]
        assert problem["detail"]


def test_an_upload_needs_a_genuine_code_a_key_and_a_slot_of_the_form(untouched: World) -> None:
    visitor = untouched.client()
    good = {"code": untouched.code(), "key": "a" * 32, "slot": 1}
    assert visitor.post_json("/api/v1/photos", good).status == 200
    wrong: list[dict[str, Any]] = [
        {"code": "I2" + "A" * 19},
        {"code": untouched.code(kind="rental")},
        {"key": "A" * 32},
        {"slot": 0},
        {"slot": 7},
    ]
    assert [visitor.post_json("/api/v1/photos", {**good, **change}).status for change in wrong] == [404, 404, 400, 400, 400]


@settings(FUZZ, max_examples=60)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(
            lambda value: json.dumps({"code": value, "key": value, "slot": value}).encode()
        ),
    )
)
def test_no_json_at_all_breaks_the_upload_route(world: World, body: bytes) -> None:
    assert raw(world.client(), "/api/v1/photos", body, "application/json").status in {400, 404}


FIELDS = st.dictionaries(
    st.sampled_from(["key", "code", "text", "category", "nickname", "phone", "elsewhere", "photos", "reporter", "lang", "x"]),
    st.text(max_size=60),
)


@settings(FUZZ, max_examples=150)
@given(changes=FIELDS, keep=st.booleans())
def test_arbitrary_text_in_any_field_is_taken_or_refused_but_never_breaks(
    world: World, changes: dict[str, str], keep: bool
) -> None:
    fields = {**(steps.report(world) if keep else {}), **changes}
    body = urlencode(fields, errors="surrogatepass").encode("ascii")
    page = raw(world.client(), "/f/issue", body)
    assert page.status in {303, 400, 404, 409, 422}
    if page.status == 303:
        token = steps.token_of(page)
        assert world.client().get(f"/t/{token}").status == 200


def test_a_programs_form_with_characters_as_they_are_and_separators_to_spare_is_a_form(world: World) -> None:
    fields = steps.report(world, text="楼道灯坏了")
    body = "&" + "&&".join(f"{name}={value}" for name, value in fields.items()) + "&"
    page = raw(world.client(), "/f/issue", body.encode())
    assert page.status == 303, page.words[:200]
    assert "楼道灯坏了" in world.client().get(f"/t/{steps.token_of(page)}").text


@settings(FUZZ, max_examples=60)
@given(text=st.text(min_size=1, max_size=300).filter(lambda text: text.strip() and "\x00" not in text))
def test_whatever_was_typed_is_shown_as_text_and_nothing_else(world: World, roomy: None, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    no, token = steps.reported(world, text=f"<script>{text}", nickname="<b>")
    for page in (world.client().get(f"/t/{token}"), world.client().get(f"/t/{token}/received")):
        assert page.status == 200
        assert "<script>" not in page.text.replace("<script src=", "").replace("<script defer src=", "")
    assert no
