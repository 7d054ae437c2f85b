"""The pages of answered questions with made-up entries on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from chalicelib.errors import Conflict, FieldError, NotAllowed
from chalicelib.models.faq import Entry
from chalicelib.street import Street
from chalicelib.web import pages, pages_faq
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer
from tests.ladder_walks import in_state

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def entries(words: str = "") -> list[Entry]:
    one = Entry(
        id="222222",
        question=f"电动车在哪里充电？{words}",
        answer=f"3号楼南侧有充电棚。\n每天6:00—23:00。{words}",
        case="K7M3-9QXA-C",
        by=f"调度员{words}",
        at="2026-11-17T02:00:00.000Z",
        version=1,
        hits=3,
    )
    gone = msgspec.structs.replace(one, id="333333", committee="c1", published=False, hits=1)
    return [one, gone]


def samples(look: Look, street: Street, me: Viewer, words: str) -> dict[str, Callable[[], str]]:
    """Name → the page's HTML."""
    found = entries(words)
    new = {
        "question": words,
        "answer": words,
        "category": "",
        "committee": "c1",
        "case": "K7M3-9QXA-C",
        "entry": "222222",
        "version": "0",
    }
    wrong = NotAllowed("fields", fields=[FieldError("question", "required"), FieldError("answer", "personal")])
    return {
        "faq": lambda: pages_faq.public(look, street, found, "", NOW),
        "faq, searched": lambda: pages_faq.public(look, street, found[:1], words or "充电", NOW),
        "faq, nothing found": lambda: pages_faq.public(look, street, [], words or "电梯", NOW),
        "faq, empty": lambda: pages_faq.public(look, street, [], "", NOW),
        "desk faq": lambda: pages_faq.desk(look, street, me, found, ("",), NOW, "已发布"),
        "desk faq, empty": lambda: pages_faq.desk(look, street, me, [], (), NOW),
        "desk faq, new": lambda: pages_faq.edit(look, street, me, new, ("", "c1"), wrong),
        "desk faq, edit": lambda: pages_faq.edit(
            look, street, me, {**new, "version": "2"}, ("c1",), Conflict("faq_stale"), shown=False
        ),
        "received, answered": lambda: pages.received(
            look, street, in_state("received", street).case, "2-token", NOW, answers=found[:1]
        ),
    }
