"""The desk's page about one's own account: a new password, and where one is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.errors import DoorstepError
from chalicelib.street import Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.pages_desk import DESK, grants
from chalicelib.web.present_common import frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.render import render
from chalicelib.web.views import Viewer


class SignedIn(Protocol):
    """One session (`usecases.account.Place`)."""

    @property
    def since(self) -> datetime: ...
    @property
    def seen(self) -> datetime: ...
    @property
    def this(self) -> bool: ...


def account(
    look: Look,
    street: Street,
    me: Viewer,
    places: Sequence[SignedIn],
    now: datetime,
    error: DoorstepError | None = None,
    act: str = "",
) -> str:
    """`act`: the form that `error` belongs to, password or sessions."""
    lang = look.lang
    return render(
        "account.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "desk.account.title")),
        me=me,
        grants=grants(street, me, lang),
        here="account",
        total="",
        act=act,
        problem=problem_view(lang, error),
        places=[
            {
                "since": dates.moment(lang, place.since, street.tz, now),
                "seen": dates.moment(lang, place.seen, street.tz, now),
                "this": place.this,
            }
            for place in places
        ],
    )
