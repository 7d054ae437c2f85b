"""Showing a number: logged first, shown after, with a reason; and to nobody whom secrecy forbids it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.models import cases
from tests import steps, wire
from tests.client import FORM, Page, Visitor
from tests.world import World

SHOWN = "00127788"
NO_WAY = EndpointConnectionError(endpoint_url="https://engine.example")


def shows(page: Page) -> bool:
    return SHOWN in "".join(char for char in page.text if char.isdecimal())


def press(visitor: Visitor, no: str, **fields: str) -> Page:
    """A reveal as somebody sends it whose page offers none."""
    csrf = visitor.get("/desk").form("/signout").fields["csrf"]
    sent = {"csrf": csrf, "attempt": "a" * 32, "version": "1", **fields}
    headers = {"Content-Type": FORM, "Origin": visitor.origin}
    return visitor.call("POST", f"/desk/cases/{no}/reveal", urlencode(sent).encode("ascii"), headers)


@pytest.fixture
def clerk(world: World) -> Visitor:
    return steps.colleague(world, "查看人", "dispatcher@street")


@pytest.fixture
def case(world: World) -> str:
    return steps.reported(world)[0]


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No number in any log."""
    yield
    said = caplog.text + "".join(capfd.readouterr())
    assert SHOWN not in "".join(char for char in said if char.isdecimal())


def last_event(no: str) -> Any:
    stored = cases.get(no)
    assert stored is not None
    return stored.events[-1]


def test_a_number_is_shown_after_the_reason_is_on_record(world: World, clerk: Visitor, case: str, quiet: None) -> None:
    assert not shows(clerk.get(f"/desk/cases/{case}"))
    page = steps.act(clerk, case, "reveal", reason="visit", note="约周三上门")
    assert page.status == 200
    assert shows(page)
    event = last_event(case)
    assert event.type == "revealed"
    assert event.by.startswith("staff:")
    assert (event.data["reason"], event.data["note"], event.data["who"]) == ("visit", "约周三上门", "查看人")
    # On this one page only; and colleagues see that it happened.
    again = clerk.get(f"/desk/cases/{case}")
    assert not shows(again)
    assert "查看人" in steps.colleague(world, "另一位", "dispatcher@street").get(f"/desk/cases/{case}").words


def test_the_reporter_does_not_read_who_looked(world: World, clerk: Visitor) -> None:
    no, token = steps.reported(world)
    before = world.client().get(f"/t/{token}").words
    steps.act(clerk, no, "reveal", reason="contact", note="内部备注")
    after = world.client().get(f"/t/{token}").words
    assert "内部备注" not in after
    assert after == before


def test_without_a_reason_nothing_is_shown_and_nothing_logged(clerk: Visitor, case: str) -> None:
    for reason in ("", "curiosity"):
        page = press(clerk, case, reason=reason)
        assert page.status == 422
        assert not shows(page)
    assert steps.events_of(case) == ["submitted"]


def test_when_the_log_can_not_be_written_nothing_is_shown(clerk: Visitor, case: str, quiet: None) -> None:
    form = clerk.get(f"/desk/cases/{case}").form("/reveal").fill(reason="contact")
    with ExitStack() as writes:
        tried = [writes.enter_context(wire.refused(name, NO_WAY)) for name in ("PutItem", "TransactWriteItems", "UpdateItem")]
        page = form.submit()
    assert any(tried)
    assert page.status >= 500
    assert not shows(page)
    assert steps.events_of(case) == ["submitted"]


def test_a_log_that_was_written_without_reply_still_shows(clerk: Visitor, case: str) -> None:
    form = clerk.get(f"/desk/cases/{case}").form("/reveal").fill(reason="contact")
    with wire.reply_lost("PutItem") as lost:
        assert shows(form.submit())
    assert lost
    assert steps.events_of(case) == ["submitted", "revealed"]


def test_the_property_company_reads_the_matter_but_never_who_reported(world: World, case: str) -> None:
    centre = world.signed_in("dispatcher", "street")
    committee = world.signed_in("committee", "committee:c01")
    company = world.signed_in("property", "community:c01a")
    steps.act(centre, case, "allocate", to="committee@committee:c01")
    steps.act(committee, case, "sign")
    steps.act(committee, case, "assign", to=steps.choice(committee, case, "assign", "to", "property@community:c01a"))
    page = company.get(f"/desk/cases/{case}")
    assert page.status == 200
    assert steps.TEXT in page.words
    handlers = committee.get(f"/desk/cases/{case}")
    for secret in ("王阿姨", "****7788"):
        assert secret in handlers.text
        assert secret not in page.text
    assert not shows(page)
    assert "****7788" not in company.get("/desk").text
    assert not [form for form in page.forms if form.action.endswith("/reveal")]
    refused = press(company, case, reason="contact")
    assert refused.status in {403, 422}
    assert not shows(refused)
    assert "****7788" not in refused.text
    assert "revealed" not in steps.events_of(case)


def test_a_deputy_inspects_without_learning_who_reported(world: World, case: str) -> None:
    deputy = world.signed_in("deputy", "street")
    page = deputy.get(f"/desk/cases/{case}")
    assert page.status == 200
    assert steps.TEXT in page.words
    assert "王阿姨" not in page.text
    assert "****7788" not in page.text
    assert not shows(press(deputy, case, reason="contact"))
    assert steps.events_of(case) == ["submitted"]


def test_who_only_oversees_is_refused_and_reads_why(world: World, case: str) -> None:
    supervisor = world.signed_in("supervisor", "street")
    page = press(supervisor, case, reason="contact")
    assert page.status in {403, 422}
    assert not shows(page)
    assert steps.events_of(case) == ["submitted"]


def test_the_function_trusts_no_caller(world: World, case: str) -> None:
    """Called by itself, with sessions that are none or see nothing."""
    outsider = world.signed_in("committee", "committee:c02")
    sessions = ["", "A" * 22, *outsider.cookies.values()]
    for session in sessions:
        event = {"session": session, "case": case, "reason": "contact", "note": "", "attempt": "b" * 32}
        answer = world.app.reveal(event, None)
        assert "phone" not in answer
    assert steps.events_of(case) == ["submitted"]


def test_a_report_without_a_number_offers_none_to_show(world: World, clerk: Visitor) -> None:
    no, _ = steps.reported(world, phone="")
    page = clerk.get(f"/desk/cases/{no}")
    assert not [form for form in page.forms if form.action.endswith("/reveal")]
    assert press(clerk, no, reason="contact").status == 422
    assert steps.events_of(no) == ["submitted"]
