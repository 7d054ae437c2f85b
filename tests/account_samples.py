"""The account's page with made-up sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from chalicelib.errors import FieldError, NotAllowed
from chalicelib.street import Street
from chalicelib.usecases.account import Place
from chalicelib.web import pages_account as pages
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def samples(look: Look, street: Street, me: Viewer) -> dict[str, Callable[[], str]]:
    """Name → the page's HTML."""
    here = Place(NOW - timedelta(hours=1), NOW, True)
    there = Place(NOW - timedelta(hours=9), NOW - timedelta(hours=2), False)
    wrong = NotAllowed("fields", fields=[FieldError("current", "password_wrong"), FieldError("password", "password_common")])
    return {
        "account": lambda: pages.account(look, street, me, [here, there], NOW),
        "account, refused": lambda: pages.account(look, street, me, [here], NOW, wrong, "password"),
        "account, sessions refused": lambda: pages.account(look, street, me, [here], NOW, wrong, "sessions"),
    }
