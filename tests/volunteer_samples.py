"""The pages of offers of help with made-up people on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from chalicelib.casework.volunteers import Offer, Seen
from chalicelib.errors import FieldError, NotAllowed
from chalicelib.street import Street
from chalicelib.web import pages_volunteers as pages
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
AT = "2026-11-17T02:00:00.000Z"


def samples(look: Look, street: Street, me: Viewer, words: str) -> dict[str, Callable[[], str]]:
    """Name → the page's HTML."""
    one = Offer(
        no="K7M3-9QXA-C",
        committee="c1",
        skills=("repair", "mediate"),
        hours=("evening", "weekend"),
        other=f"修自行车{words}",
        nickname=f"老师傅{words}",
        phone_mask="138****0000",
        consent="2026-11",
        at=AT,
        log=(Seen(by="staff:C1", who="居委", at=AT, reason="call"),),
    )
    two = msgspec.structs.replace(one, no="AAAA-AAAA-2", nickname="", log=())
    names = ("committee", "skills", "hours", "phone", "agree")
    wrong = NotAllowed("fields", fields=[FieldError(name, "phone" if name == "phone" else "required") for name in names])
    typed = {"other": words, "nickname": words, "phone": words}
    mine, refused = street.committees, NotAllowed("reveal_reason")
    return {
        "volunteer": lambda: pages.form(look, street, "0" * 32, {"committee": "c1"}, ()),
        "volunteer, wrong": lambda: pages.form(look, street, "0" * 32, typed, ("repair", "weekend"), wrong, proof="{}"),
        "volunteer, own": lambda: pages.own(look, street, one, "2-token"),
        "volunteer, taken back": lambda: pages.gone(look, street),
        "desk volunteers": lambda: pages.listed(
            look, street, me, mine, "c1", "repair", [one, two], NOW, shown=(one.no, "021-0012 7788")
        ),
        "desk volunteers, none": lambda: pages.listed(look, street, me, mine[:1], "c1", "", [], NOW),
        "desk volunteers, refused": lambda: pages.listed(
            look, street, me, mine, "c1", "", [one, two], NOW, error=refused, tried=two.no
        ),
    }
