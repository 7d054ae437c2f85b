"""What tests do again and again: a report as the form sends it, and steps at the desk through its own forms."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalicelib.casework import numbers
from tests.client import FORM

if TYPE_CHECKING:
    from tests.client import Page, Visitor
    from tests.world import World

TEXT = "楼道灯不亮。已经两个星期了"
PHONE = "021-0012 7788"
TOKEN = 36


def report(world: World, **changes: str) -> dict[str, str]:
    """The fields of a form filled in at the first place, under a new key."""
    return {
        "key": secrets.token_hex(16),
        "code": world.code(),
        "text": TEXT,
        "category": "hardware",
        "nickname": "王阿姨",
        "phone": PHONE,
        "elsewhere": "",
        "photos": "",
        "reporter": "resident",
        **changes,
    }


def send(visitor: Visitor, fields: dict[str, str]) -> Page:
    """One post, its 303 not followed."""
    sent = {"Content-Type": FORM, "Origin": visitor.origin}
    return visitor.call("POST", "/f/issue", urlencode(fields).encode("ascii"), sent)


def token_of(page: Page) -> str:
    """The link's token that a 303 leads to."""
    if page.status != 303:
        raise AssertionError(f"{page.path} answered {page.status}, not 303: {page.words[:300]}")
    token = page.header("Location").removeprefix("/t/").split("/")[0]
    if len(token) != TOKEN:
        raise AssertionError(f"no link: {page.header('Location')}")
    return token


def number_of(token: str) -> str:
    no = numbers.normalise_number(token[:9])
    if no is None:
        raise AssertionError(f"no case number in {token!r}")
    return no


def reported(world: World, **changes: str) -> tuple[str, str]:
    """A case made by a form's post: its number and its link's token."""
    token = token_of(send(world.client(), report(world, **changes)))
    return number_of(token), token


def act(visitor: Visitor, no: str, action: str, **values: str) -> Page:
    """One step through the form that the case's page offers; the page after it."""
    page = visitor.get(f"/desk/cases/{no}")
    if page.status != 200:
        raise AssertionError(f"{page.path} answered {page.status}")
    return page.form(f"/{action}").fill(**values).submit()


def choice(visitor: Visitor, no: str, action: str, field: str, holding: str) -> str:
    """The one option of a step's field whose value holds that text."""
    options = visitor.get(f"/desk/cases/{no}").form(f"/{action}").choices[field]
    found = [option for option in options if holding in option]
    if len(found) != 1:
        raise AssertionError(f"{holding!r} fits {found} of {options}")
    return found[0]


def rows(world: World, table: str) -> list[dict[str, Any]]:
    """Every raw item of one of the stack's tables (`CasesTable`, `OutboxTable`, `StaffTable`, `KeysTable`).

    Of the outbox only the messages: senders' leases and the counts of numbers come and go beside them.
    """
    pages = world.aws("dynamodb").get_paginator("scan").paginate(TableName=world.outputs[table], ConsistentRead=True)
    return [item for page in pages for item in page["Items"] if table != "OutboxTable" or "template" in item]


def colleague(world: World, name: str, *grants: str) -> Visitor:
    """Somebody of that name at the desk, signed in."""
    from chalicelib.usecases import signin

    username = f"user.{secrets.token_hex(4)}"
    password = f"a long enough secret of {username}"
    signin.create_staff(world.context, username=username, name=name, grants=grants, password=password)
    visitor = world.client()
    page = visitor.get("/desk/signin").form().fill(username=username, password=password).submit()
    if page.path != "/desk":
        raise AssertionError(f"{name} could not sign in: {page.status} {page.path}")
    return visitor


def events_of(no: str) -> list[str]:
    """The types of a case's events as stored, archive rows included."""
    from chalicelib.models import cases
    from chalicelib.usecases.pictures import all_events

    stored = cases.get(no)
    if stored is None:
        raise AssertionError(f"there is no case {no}")
    return [event.type for event in all_events(stored)]
